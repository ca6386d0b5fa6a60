#include "prisma/schema.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/declared_parts.h"
#include "prisma/field_sql.h"

namespace pgadvise::prisma {
namespace {

using Kind = Expression::Kind;

// The name that a model, an enum, a field or a value has in the database.
template <class Named>
std::string database_name(const Named& named) {
  const Attribute* map = named.attribute("map");
  const std::string name = map ? map->text("name", 0) : std::string();
  return name.empty() ? named.name : name;
}

QualifiedName qualified(const Block& block) {
  const Attribute* schema = block.attribute("schema");
  const std::string name = schema ? schema->text("name", 0) : std::string();
  return {name.empty() ? "public" : name, cut_identifier(database_name(block))};
}

// Prisma's own name of a key or index: cuts what is before the suffix.
std::string own_name(const Table& table, const std::vector<std::string>& columns, std::string_view suffix) {
  std::string base = table.name.name;
  for (const auto& column : columns) base += "_" + column;
  return cut_identifier(std::move(base), longest_identifier - suffix.size()) + std::string(suffix);
}

// The name that the attribute gives, else Prisma's own.
std::string mapped_name(const Attribute& attribute, const Table& table,
                        const std::vector<std::string>& columns, std::string_view suffix) {
  const std::string mapped = attribute.text("map");
  return mapped.empty() ? own_name(table, columns, suffix) : mapped;
}

std::string action(const Attribute& relation, std::string_view name, std::string_view otherwise) {
  static const std::map<std::string, std::string, std::less<>> actions = {{"Cascade", "CASCADE"},
                                                                          {"Restrict", "RESTRICT"},
                                                                          {"NoAction", "NO ACTION"},
                                                                          {"SetNull", "SET NULL"},
                                                                          {"SetDefault", "SET DEFAULT"}};
  const Expression* written = relation.argument(name);
  const auto found = written ? actions.find(written->text) : actions.end();
  return found == actions.end() ? std::string(otherwise) : found->second;
}

std::string relation_name(const Field& field) {
  const Attribute* relation = field.attribute("relation");
  return relation ? relation->text("name", 0) : std::string();
}

// `where: { active: true, email: { not: null } }`; "" if it is not of this form.
std::string condition(const std::string& column, const Expression& value, bool negated = false) {
  if (value.is(Kind::object) && !negated && value.members.size() == 1 && value.members[0].name == "not")
    return condition(column, value.members[0], true);
  if (value.is(Kind::word) && value.text == "null")
    return quote_identifier(column) + (negated ? " IS NOT NULL" : " IS NULL");
  if (!value.is(Kind::text) && !value.is(Kind::number) && !value.is(Kind::word)) return {};
  return quote_identifier(column) + (negated ? " <> " : " = ") +
         (value.is(Kind::text) ? quote_literal(value.text) : value.text);
}

class Builder {
 public:
  Builder(const std::vector<File>& files, JoinKey join_key) : files_(files), join_key_(join_key) {}

  Schema build() {
    out_.catalog.schemas.emplace_back("public");
    for (const auto& file : files_) {
      for (const auto& place : file.broken) gap(place, "a line that is not Prisma's schema language", {});
      for (const auto& block : file.blocks) collect(block);
    }
    for (const auto& [name, block] : enums_) add_enum(*block);
    for (const auto* block : models_in_order_) add_table(*block);
    for (const auto* block : models_in_order_) add_relations(*block);
    return std::move(out_);
  }

 private:
  void gap(SourceLocation place, std::string what, std::optional<QualifiedName> table) {
    if (table) out_.incomplete.insert(*table);
    out_.unknown.push_back({std::move(place), std::move(what), std::move(table)});
  }

  void collect(const Block& block) {
    if (block.keyword == "datasource") datasource(block);
    if (block.keyword == "enum") enums_.emplace(block.name, &block);
    if (block.keyword == "view") {
      views_.emplace(block.name, &block);
      out_.existing.insert(qualified(block));
    }
    if (block.keyword == "model" && models_.emplace(block.name, &block).second)
      models_in_order_.push_back(&block);
  }

  void datasource(const Block& block) {
    if (const Expression* provider = block.setting("provider")) out_.provider = provider->text;
    out_.provider_location = block.origin;
    for (const auto* name : {"relationMode", "referentialIntegrity"})
      if (const Expression* mode = block.setting(name); mode && mode->text == "prisma")
        out_.foreign_keys = false;
    if (const Expression* schemas = block.setting("schemas"))
      for (const auto& one : schemas->members)
        if (one.text != "public") out_.catalog.schemas.push_back(one.text);
    if (const Expression* extensions = block.setting("extensions"))
      for (const auto& one : extensions->members) {
        std::string name = one.text;
        for (const auto& option : one.members)
          if (option.name == "map") name = option.text;
        out_.catalog.extensions.push_back(std::move(name));
      }
  }

  void add_enum(const Block& block) {
    Enum out{qualified(block), {}, block.origin};
    for (const auto& value : block.fields) out.labels.push_back(database_name(value));
    for (const auto& place : block.broken) gap(place, "a value of the enum " + block.name, {});
    const QualifiedName name = out.name;
    out_.catalog.enums[name] = std::move(out);
  }

  const Block* find(const std::map<std::string, const Block*>& blocks, const std::string& name) const {
    const auto found = blocks.find(name);
    return found == blocks.end() ? nullptr : found->second;
  }

  void add_table(const Block& model) {
    Table table;
    table.name = qualified(model);
    table.origin = model.origin;
    if (out_.catalog.table(table.name)) return gap(model.origin, "a second model of the table", table.name);
    for (const auto& place : model.broken) gap(place, "a line of " + model.name, table.name);
    for (const auto& field : model.fields) add_column(model, field, table);
    for (const auto& field : model.fields) {
      if (const auto* id = field.attribute("id"); id && table.column(column_of(field)))
        add_primary_key(model, *id, {column_of(field)}, table);
      if (const auto* unique = field.attribute("unique")) add_field_index(field, *unique, table);
    }
    for (const auto& attribute : model.attributes) {
      if (attribute.name == "id") add_primary_key(model, attribute, columns(model, attribute, table), table);
      if (attribute.name == "unique" || attribute.name == "index") add_index(model, attribute, table);
    }
    const QualifiedName name = table.name;
    out_.catalog.tables[name] = std::move(table);
  }

  static std::string column_of(const Field& field) { return cut_identifier(database_name(field)); }

  void add_column(const Block& model, const Field& field, Table& table) {
    if (models_.count(field.type) || views_.count(field.type)) return;
    Column column;
    column.name = column_of(field);
    column.origin = field.origin;
    std::map<std::string, std::string> labels;
    if (const Block* type = find(enums_, field.type)) {
      const QualifiedName name = qualified(*type);
      column.type =
          name.schema == "public" ? quote_identifier(name.name) : quote_name(name.schema, name.name);
      for (const auto& value : type->fields) labels[value.name] = database_name(value);
    } else if (auto type_name = column_type(field)) {
      column.type = std::move(*type_name);
    } else {
      return gap(field.origin, "the type of " + model.name + "." + field.name, table.name);
    }
    if (field.list && !column.type.ends_with("[]")) column.type += "[]";
    column.not_null = !field.optional && !field.list;
    if (const Attribute* written = field.attribute("default"))
      if (const Expression* value = written->argument("value", 0)) {
        Default made = default_value(field, *value, labels, column.type);
        if (!made.known) gap(field.origin, "the default of " + model.name + "." + field.name, table.name);
        column.default_expression = std::move(made.sql);
        if (made.serial) {
          add_serial(out_.catalog, table, column);
          column.not_null = !field.optional;
        }
      }
    table.columns.push_back(std::move(column));
  }

  void add_primary_key(const Block& model, const Attribute& attribute, std::vector<std::string> columns,
                       Table& table) {
    if (columns.empty()) return gap(attribute.origin, "the key of " + model.name, table.name);
    add_key(table, Constraint::Kind::primary_key, mapped_name(attribute, table, {}, "_pkey"),
            std::move(columns), false, attribute.origin);
  }

  const Field* field_of(const Block& model, const std::string& name) const {
    const auto found = std::ranges::find_if(model.fields, [&](const Field& one) { return one.name == name; });
    return found == model.fields.end() ? nullptr : &*found;
  }

  // The items of an argument that lists fields; `@@index(name)` is a list of one.
  static std::vector<Expression> listed(const Attribute& attribute, std::string_view argument,
                                        std::size_t position) {
    const Expression* list = attribute.argument(argument, position);
    if (!list) return {};
    return list->is(Kind::array) ? list->members : std::vector<Expression>{*list};
  }

  // The columns of such an argument. Empty if the table lacks one of them.
  std::vector<std::string> columns(const Block& model, const Attribute& attribute, const Table& table,
                                   std::string_view argument = "fields", std::size_t position = 0) const {
    std::vector<std::string> out;
    for (const auto& one : listed(attribute, argument, position)) {
      const Field* field = field_of(model, one.text);
      if (!field || !table.column(column_of(*field))) return {};
      out.push_back(column_of(*field));
    }
    return out;
  }

  static void read_key(const std::vector<Expression>& options, IndexKey& key) {
    for (const auto& option : options) {
      if (option.name == "sort") key.descending = key.nulls_first = option.text == "Desc";
      if (option.name != "ops") continue;
      const bool raw = option.is(Kind::call);  // raw("gin_trgm_ops")
      if (raw && !option.members.empty()) key.operator_class = option.members[0].text;
      if (!raw) key.operator_class = operator_class(option.text);
    }
  }

  void add_field_index(const Field& field, const Attribute& unique, Table& table) {
    const std::string column = column_of(field);
    if (!table.column(column)) return;
    Index& index = table.indexes.emplace_back(Index{.name = mapped_name(unique, table, {column}, "_key"),
                                                    .keys = {{.column = column}},
                                                    .unique = true,
                                                    .origin = unique.origin});
    read_key(unique.arguments, index.keys.front());
  }

  void add_index(const Block& model, const Attribute& attribute, Table& table) {
    Index index{.unique = attribute.name == "unique", .origin = attribute.origin};
    const auto keys = columns(model, attribute, table);
    if (keys.empty()) return gap(attribute.origin, "an index of " + model.name, table.name);
    const auto written = listed(attribute, "fields", 0);
    for (std::size_t i = 0; i < keys.size(); ++i)
      read_key(written[i].members, index.keys.emplace_back(IndexKey{.column = keys[i]}));
    if (const Expression* method = attribute.argument("type")) index.method = lower(method->text);
    index.name = attribute.text("map");
    if (index.name.empty() && !index.unique) index.name = attribute.text("name");  // of old versions
    if (index.name.empty()) index.name = own_name(table, keys, index.unique ? "_key" : "_idx");
    if (const Expression* where = attribute.argument("where")) {
      index.predicate = predicate(model, *where);
      if (index.predicate->empty())
        return gap(attribute.origin, "the condition of an index of " + model.name, table.name);
      index.predicate_not_null = not_null_columns(*index.predicate, table);
    }
    table.indexes.push_back(std::move(index));
  }

  std::string predicate(const Block& model, const Expression& where) const {
    if (where.is(Kind::call) && where.text == "raw" && !where.members.empty()) return where.members[0].text;
    std::vector<std::string> parts;
    for (const auto& one : where.members) {
      const Field* field = field_of(model, one.name);
      parts.push_back(field ? condition(column_of(*field), one) : std::string());
      if (parts.back().empty()) return {};
    }
    return join(parts, " AND ");
  }

  void add_relations(const Block& model) {
    Table* table = out_.catalog.table(qualified(model));
    for (const auto& field : model.fields) {
      const Block* target = find(models_, field.type);
      if (!target || !table) continue;
      const Attribute* relation = field.attribute("relation");
      if (relation && relation->argument("fields")) add_foreign_key(model, field, *relation, *target, *table);
      else if (field.list) add_join_table(model, field, *target);
    }
  }

  void add_foreign_key(const Block& model, const Field& field, const Attribute& relation, const Block& target,
                       Table& table) {
    Constraint key{.kind = Constraint::Kind::foreign_key,
                   .columns = columns(model, relation, table, "fields", std::string_view::npos),
                   .referenced_table = qualified(target),
                   .origin = field.origin};
    if (const Table* referenced = out_.catalog.table(key.referenced_table))
      key.referenced_columns = columns(target, relation, *referenced, "references", std::string_view::npos);
    const std::string relation_of = model.name + "." + field.name;
    if (key.columns.empty() || key.columns.size() != key.referenced_columns.size()) {
      if (out_.foreign_keys) gap(field.origin, "the foreign key of " + relation_of, table.name);
      return;
    }
    const bool required = std::ranges::any_of(
        key.columns, [&](const std::string& name) { return table.column(name)->not_null; });
    key.on_delete = action(relation, "onDelete", required ? "RESTRICT" : "SET NULL");
    key.on_update = action(relation, "onUpdate", "CASCADE");
    key.name = out_.foreign_keys ? relation.text("map") : relation_of;
    if (key.name.empty()) key.name = own_name(table, key.columns, "_fkey");
    (out_.foreign_keys ? table.constraints : table.logical_keys).push_back(std::move(key));
  }

  // Of an implicit many-to-many relation: both sides are lists. Made once, from the side of column A.
  void add_join_table(const Block& model, const Field& field, const Block& target) {
    const std::string name = relation_name(field);
    const auto other = std::ranges::find_if(target.fields, [&](const Field& one) {
      return one.list && one.type == model.name && &one != &field && relation_name(one) == name;
    });
    if (other == target.fields.end() || target.name < model.name || (&target == &model && &*other < &field))
      return;
    Table table;
    const QualifiedName of_model = qualified(model);
    table.name = {of_model.schema,
                  cut_identifier("_" + (name.empty() ? model.name + "To" + target.name : name))};
    table.origin = field.origin;
    if (out_.catalog.table(table.name)) return;
    for (const auto& [column_name, block] : {std::pair{"A", &model}, {"B", &target}}) {
      const Table* referenced = out_.catalog.table(qualified(*block));
      const Column* id = referenced ? id_column(*referenced) : nullptr;
      if (!id) return gap(field.origin, "the join table of " + model.name + "." + field.name, std::nullopt);
      table.columns.push_back(
          {.name = column_name, .type = id->type, .not_null = true, .origin = field.origin});
      if (out_.foreign_keys) table.constraints.push_back(join_key(table, column_name, *referenced, *id));
    }
    add_join_indexes(table);
    const QualifiedName key = table.name;
    out_.catalog.tables[key] = std::move(table);
  }

  static const Column* id_column(const Table& table) {
    for (const auto& key : table.constraints)
      if (key.kind == Constraint::Kind::primary_key && key.columns.size() == 1)
        return table.column(key.columns[0]);
    for (const auto& index : table.indexes)
      if (index.unique && index.keys.size() == 1) return table.column(index.keys[0].column);
    return nullptr;
  }

  static Constraint join_key(const Table& table, const std::string& column, const Table& referenced,
                             const Column& id) {
    return {.kind = Constraint::Kind::foreign_key,
            .name = own_name(table, {column}, "_fkey"),
            .columns = {column},
            .referenced_table = referenced.name,
            .referenced_columns = {id.name},
            .on_delete = "CASCADE",
            .on_update = "CASCADE",
            .origin = table.origin};
  }

  void add_join_indexes(Table& table) const {
    if (join_key_ == JoinKey::primary_key)
      add_key(table, Constraint::Kind::primary_key, table.name.name + "_AB_pkey", {"A", "B"}, false,
              table.origin);
    else
      table.indexes.push_back({.name = cut_identifier(table.name.name + "_AB_unique"),
                               .keys = {{.column = "A"}, {.column = "B"}},
                               .unique = true,
                               .origin = table.origin});
    table.indexes.push_back({.name = cut_identifier(table.name.name + "_B_index"),
                             .keys = {{.column = "B"}},
                             .origin = table.origin});
  }

  const std::vector<File>& files_;
  JoinKey join_key_;
  Schema out_;
  std::map<std::string, const Block*> enums_, models_, views_;
  std::vector<const Block*> models_in_order_;
};

}  // namespace

bool is_postgresql(const std::string& provider) { return provider == "postgresql" || provider == "postgres"; }

Schema read_schema(const std::vector<File>& files, JoinKey join_key) {
  return Builder(files, join_key).build();
}

}  // namespace pgadvise::prisma
