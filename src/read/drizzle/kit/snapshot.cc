#include "drizzle/kit/snapshot.h"

#include <algorithm>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "files/json_file.h"
#include "model/schema/declared_parts.h"
#include "model/schema/type_name.h"

namespace pgadvise::drizzle {
namespace {

// Of an array; of an object, too, for the labels of an enum before version 7.
std::vector<std::string> strings(const files::Json& list, bool or_of_object = false) {
  std::vector<std::string> out;
  if (list.is_array() || (or_of_object && list.is_object()))
    for (const auto& item : list)
      if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

// A default is SQL text, or a JSON scalar.
std::optional<std::string> expression_of(const files::Json& value) {
  if (value.is_string() && lower(trim(value.get_ref<const std::string&>())) == "null") return std::nullopt;
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

class SnapshotCatalog {
 public:
  SnapshotCatalog(const files::Json& root, std::string_view text, const std::string& file,
                  Diagnostics& diagnostics)
      : root_(root), file_(file), places_(text, file, 4), diagnostics_(diagnostics) {}

  Catalog read() {
    catalog_.schemas.push_back("public");
    if (files::member(root_, "ddl").is_array()) return read_rows();
    for (const auto& [key, value] : files::member(root_, "schemas").items())
      if (const auto name = value.is_string() ? value.get<std::string>() : key; name != "public")
        catalog_.schemas.push_back(name);
    std::ranges::sort(catalog_.schemas);
    for (const auto& [type, what] : {std::pair{"enums", "an enum"},
                                     {"sequences", "a sequence"},
                                     {"tables", "a table"},
                                     {"views", "a view"}})
      for (const auto& [key, value] : files::member(root_, type).items())
        if (Table* table = read_object(type, value, places_.at({type, key}), what))
          read_parts(*table, type, key, value);
    return std::move(catalog_);
  }

 private:
  // Version 8: a list of rows, each with its entityType. Tables, enums and the like come first, whatever the
  // order of the file.
  Catalog read_rows() {
    for (const auto* type : {"schemas", "enums", "sequences", "tables", "views"})
      each_row(type, [&](const files::Json& row, const SourceLocation& place) {
        read_object(type, row, place, "one of the " + std::string(type));
      });
    for (const auto* type : {"columns", "pks", "uniques", "fks", "checks", "indexes", "policies"})
      each_row(type, [&](const files::Json& row, const SourceLocation& place) {
        Table* table = catalog_.table(
            {or_public(files::text_member(row, "schema")), cut_identifier(files::text_member(row, "table"))});
        if (!table)
          return complain(place, "one of the " + std::string(type) + " refers to a missing table: " +
                                     ellipsis(files::text_member(row, "table"), 80));
        table_place_ = place;
        read_part(type, *table, row, place);
      });
    std::ranges::sort(catalog_.schemas);
    return std::move(catalog_);
  }

  template <class Use>
  void each_row(std::string_view type, Use use) {
    const files::Json& rows = files::member(root_, "ddl");
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (files::text_member(rows[i], "entityType") == type)
        use(rows[i], places_.at({"ddl", "[" + std::to_string(i) + "]"}));
  }

  // The table that the object is; nullptr for another object.
  Table* read_object(std::string_view type, const files::Json& object, const SourceLocation& place,
                     const std::string& what) {
    const QualifiedName name{or_public(files::text_member(object, "schema")),
                             cut_identifier(files::text_member(object, "name"))};
    if (name.name.empty()) {
      complain(place, what + " without a name");
    } else if (type == "schemas") {
      if (name.name != "public") catalog_.schemas.push_back(name.name);
    } else if (type == "enums") {
      catalog_.enums[name] = {
          name, strings(files::member(object, "values"), !files::member(root_, "ddl").is_array()), place};
    } else if (type == "sequences") {
      catalog_.sequences[name] = {name, "bigint", std::nullopt, "", place};
    } else {
      Table table;
      table.name = name;
      table.origin = place;
      // Version 8, and those before it.
      table.row_security =
          files::flag_member(object, "isRlsEnabled") || files::flag_member(object, "isRLSEnabled");
      if (type == "views") {
        table.kind =
            files::flag_member(object, "materialized") ? Table::Kind::materialized_view : Table::Kind::view;
        table.definition = files::text_member(object, "definition");
      }
      return &(catalog_.tables[name] = std::move(table));
    }
    return nullptr;
  }

  // What a table or view has, before version 8: members of its object.
  void read_parts(Table& table, std::string_view type, const std::string& key, const files::Json& object) {
    table_place_ = table.origin;
    for (const auto& [name, column] : files::member(object, "columns").items())
      read_column(table, places_.at({type, key, "columns", name}), column);
    // The parser sorts members by name; a table's columns stand in the order of the file.
    std::ranges::stable_sort(table.columns, {}, &Column::origin);
    for (const auto& [member, part] : {std::pair{"compositePrimaryKeys", "pks"},
                                       {"uniqueConstraints", "uniques"},
                                       {"foreignKeys", "fks"},
                                       {"checkConstraints", "checks"},
                                       {"indexes", "indexes"},
                                       {"policies", "policies"}})
      for (const auto& [name, value] : files::member(object, member).items())
        read_part(
            part, table, value,
            part == std::string_view("policies") ? table.origin : places_.at({type, key, member, name}));
  }

  void read_part(std::string_view type, Table& table, const files::Json& row, const SourceLocation& place) {
    if (type == "columns") read_column(table, place, row);
    if (type == "pks") read_primary_key(table, row);
    if (type == "uniques")
      add_key(table, Constraint::Kind::unique, files::text_member(row, "name"),
              strings(files::member(row, "columns")), files::flag_member(row, "nullsNotDistinct"));
    if (type == "fks") read_foreign_key(table, row);
    if (type == "checks") read_check(table, row, place);
    if (type == "indexes") read_index(table, row, place);
    if (type == "policies") read_policy(table, row, place);
  }

  void read_check(Table& table, const files::Json& object, const SourceLocation& place) {
    table.constraints.push_back({.kind = Constraint::Kind::check,
                                 .name = cut_identifier(files::text_member(object, "name")),
                                 .expression = files::text_member(object, "value"),
                                 .origin = place});
  }

  static void read_policy(Table& table, const files::Json& object, const SourceLocation& place) {
    table.row_security = true;
    table.policies.push_back({files::text_member(object, "name"), files::text_member(object, "for"),
                              files::text_member(object, "as") != "RESTRICTIVE",
                              files::text_member(object, "using"), files::text_member(object, "withCheck"),
                              place, policy_roles(strings(files::member(object, "to")))});
  }

  void complain(const SourceLocation& place, std::string what) {
    diagnostics_.push_back({Error::Kind::nonfatal, place.str(), std::move(what), ""});
  }

  void read_column(Table& table, const SourceLocation& place, const files::Json& object) {
    Column column;
    column.name = cut_identifier(files::text_member(object, "name"));
    column.origin = place;
    std::string type = files::text_member(object, "type");
    if (const files::Json& dimensions = files::member(object, "dimensions");
        dimensions.is_number_integer() && dimensions.get<int>() > 0)
      type += "[]";
    if (column.name.empty() || type.empty())
      return complain(column.origin, "a column without a name or a type");
    set_type(catalog_, column, type, files::text_member(object, "typeSchema"));
    if (table.kind != Table::Kind::ordinary) {  // a view's columns repeat those of its tables, keys and all
      table.columns.push_back(std::move(column));
      return;
    }
    column.not_null = files::flag_member(object, "notNull") || files::flag_member(object, "primaryKey");
    column.default_expression = expression_of(files::member(object, "default"));
    if (const files::Json& generated = files::member(object, "generated"); generated.is_object())
      column.generated_expression = files::text_member(generated, "as");
    if (const files::Json& identity = files::member(object, "identity"); identity.is_object())
      add_identity(catalog_, table, column, files::text_member(identity, "type") == "always",
                   files::text_member(identity, "name"));
    if (!serial_base(type).empty()) add_serial(catalog_, table, column);
    const std::string name = column.name;
    table.columns.push_back(std::move(column));
    if (files::flag_member(object, "primaryKey"))
      add_key(table, Constraint::Kind::primary_key, table.name.name + "_pkey", {name}, false);
    if (files::flag_member(object, "isUnique"))
      add_key(table, Constraint::Kind::unique, files::text_member(object, "uniqueName"), {name},
              files::flag_member(object, "nullsNotDistinct"));
  }

  void add_key(Table& table, Constraint::Kind kind, std::string name, std::vector<std::string> columns,
               bool nulls_not_distinct) {
    if (columns.empty())
      return complain(table_place_, "a key of " + display(table.name) + " without columns");
    pgadvise::add_key(table, kind, std::move(name), std::move(columns), nulls_not_distinct, table_place_);
  }

  void read_primary_key(Table& table, const files::Json& object) {
    const auto columns = strings(files::member(object, "columns"));
    for (auto& column : table.columns)
      if (std::ranges::find(columns, column.name) != columns.end()) column.not_null = true;
    add_key(table, Constraint::Kind::primary_key, files::text_member(object, "name"), columns, false);
  }

  void read_foreign_key(Table& table, const files::Json& object) {
    Constraint key{.kind = Constraint::Kind::foreign_key,
                   .name = cut_identifier(files::text_member(object, "name"))};
    key.columns = strings(
        files::member(object, files::member(object, "columnsFrom").is_array() ? "columnsFrom" : "columns"));
    key.referenced_columns = strings(files::member(object, "columnsTo"));
    key.referenced_table = {or_public(files::text_member(object, "schemaTo")),
                            cut_identifier(files::text_member(object, "tableTo"))};
    key.on_delete = referential_action_name(files::text_member(object, "onDelete"));
    key.on_update = referential_action_name(files::text_member(object, "onUpdate"));
    key.origin = table_place_;
    if (key.columns.empty() || key.referenced_table.name.empty())
      return complain(table_place_, "a foreign key of " + display(table.name) + " without columns or target");
    table.constraints.push_back(std::move(key));
  }

  void read_index(Table& table, const files::Json& object, const SourceLocation& place) {
    Index index{.name = cut_identifier(files::text_member(object, "name"))};
    if (const auto method = files::text_member(object, "method"); !method.empty()) index.method = method;
    index.unique = files::flag_member(object, "isUnique");
    if (const auto where = files::text_member(object, "where"); !where.empty()) index.predicate = where;
    index.origin = place;
    for (const auto& item : files::member(object, "columns")) {
      IndexKey key;
      if (item.is_string()) {  // version 6
        key.column = item.get<std::string>();
      } else {
        const std::string value =
            files::text_member(item, files::member(item, "value").is_string() ? "value" : "expression");
        if (files::flag_member(item, "isExpression")) key.expression = value;
        else key.column = cut_identifier(value);
      }
      key.descending = !files::optional_flag(item, "asc").value_or(true);
      key.nulls_first = item.is_object() ? files::text_member(item, "nulls") == "first" : false;
      if (key.descending && files::text_member(item, "nulls").empty()) key.nulls_first = true;
      if (const auto first = files::optional_flag(item, "nullsFirst")) key.nulls_first = *first;
      const files::Json& operator_class =
          files::member(item, "opclass");  // a word; of version 8, a name and whether it is the default
      key.operator_class = operator_class.is_object() ? files::text_member(operator_class, "name")
                                                      : files::text_member(item, "opclass");
      if (files::flag_member(operator_class, "default")) key.operator_class.clear();
      read_written_key(key, table);
      if (!key.column.empty() || !key.expression.empty()) index.keys.push_back(std::move(key));
    }
    if (index.name.empty() || index.keys.empty())
      return complain(place, "an index without a name or columns");
    if (index.predicate) index.predicate_not_null = not_null_columns(*index.predicate, table);
    table.indexes.push_back(std::move(index));
  }

  const files::Json& root_;
  std::string file_;
  files::JsonPlaces places_;
  Diagnostics& diagnostics_;
  Catalog catalog_;
  SourceLocation table_place_;
};

}  // namespace

bool looks_like_snapshot(std::string_view text) {
  text = trim(text.substr(0, 3) == "\xef\xbb\xbf" ? text.substr(3) : text);
  if (text.empty() || text.front() != '{') return false;
  return contains(text, "\"dialect\"") && contains(text, "\"version\"") &&
         contains_any(text, {"\"prevId\"", "\"prevIds\""});
}

Result<Catalog> read_snapshot(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  TRY(const files::Json root, files::parse_json(text, file));
  const std::string dialect = files::text_member(root, "dialect");
  if (!is_one_of(dialect, {"pg", "postgresql", "postgres"}))
    return fail(Error::Kind::input, file,
                "a drizzle snapshot of another database (" + ellipsis(dialect, 20) + ")",
                "pgadvise reads only PostgreSQL schemas");
  const std::string version = files::text_member(root, "version");
  if (version.size() != 1 || version < "5" || version > "8")
    return fail(
        Error::Kind::input, file,
        "drizzle snapshot version " + ellipsis(version, 10) + " is not supported: pgadvise reads 5 to 8",
        "run `drizzle-kit up` to upgrade it");
  if (version == "8" ? !files::member(root, "ddl").is_array() : !files::member(root, "tables").is_object())
    return fail(Error::Kind::input, file, "a drizzle snapshot without tables", "is the file truncated?");
  return SnapshotCatalog(root, text, file, diagnostics).read();
}

}  // namespace pgadvise::drizzle
