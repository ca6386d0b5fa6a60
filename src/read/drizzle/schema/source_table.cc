#include "drizzle/schema/source_table.h"

#include <algorithm>
#include <utility>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/declared_parts.h"
#include "model/schema/type_name.h"

namespace pgadvise::drizzle {
namespace {

using typescript::Property;
using typescript::Value;
using typescript::ValuePtr;
using Kind = Value::Kind;
using Columns = std::vector<std::string>;

class TableParts {
 public:
  TableParts(SourceSchema& out, SourceTables& tables, const SourceTable& source)
      : out_(out), tables_(tables), source_(source) {
    table_.name = {source.name->schema, cut_identifier(source.name->name)};
    table_.origin = source.value->node.location();
  }

  void read(bool row_security) {
    table_.row_security = row_security;
    read_columns();
    for (const auto& column : columns_) column_constraints(column);
    extras();
    out_.catalog.tables[table_.name] = std::move(table_);
  }

 private:
  void unknown(const SourceLocation& location, std::string what) {
    out_.incomplete.insert(table_.name);
    out_.unknown.push_back({location, std::move(what) + " of " + display(table_.name), table_.name});
  }

  void read_columns() {
    const Value& columns = *source_.columns;
    if (!columns.is(Kind::object)) return unknown(table_.origin, "the columns");
    if (columns.partial) unknown(table_.origin, "some columns");
    for (const auto& property : columns.properties) {
      if (property.value->is(Kind::undefined)) continue;
      auto column = read_column(tables_.context(), property);
      if (!column) {
        unknown(property.node.location(), "the column " + ellipsis(property.key, 80));
        continue;
      }
      for (const auto& what : column->unknown)
        unknown(column->location, what + " of the column " + ellipsis(column->name.name, 80));
      add_column(*column);
      columns_.push_back(std::move(*column));
    }
  }

  void add_column(const SourceColumn& source) {
    Column column;
    column.name = cut_identifier(source.name.name);
    column.origin = source.location;
    set_type(out_.catalog, column, source.type, source.type_schema);
    column.not_null = source.not_null;
    column.default_expression = source.default_expression;
    column.generated_expression = source.generated_expression;
    if (source.identity)
      add_identity(out_.catalog, table_, column, *source.identity == Column::Identity::always,
                   source.identity_sequence);
    if (!serial_base(source.type).empty()) add_serial(out_.catalog, table_, column);
    table_.columns.push_back(std::move(column));
  }

  void column_constraints(const SourceColumn& column) {
    const std::string& own = column.name.name;
    if (column.primary_key)
      add_key(table_, Constraint::Kind::primary_key, table_.name.name + "_pkey", {own}, false,
              column.location);
    if (column.unique)
      add_key(table_, Constraint::Kind::unique,
              column.unique_name.empty() ? source_.name->name + "_" + column.name.key_name + "_unique"
                                         : column.unique_name,
              {own}, column.nulls_not_distinct, column.location);
    if (!column.references) return;
    const auto target = tables_.column(column.references);
    if (!target || !target->table->name)
      return unknown(column.location, "the column that " + ellipsis(own, 80) + " references, a foreign key");
    add_foreign_key("", {own}, *target->table->name, {target->column}, column.on_delete, column.on_update,
                    column.location);
  }

  // Of two keys with one name, the later one replaces the earlier one, as in drizzle-kit's snapshots.
  void add_foreign_key(std::string name, Columns columns, const QualifiedName& target, Columns target_columns,
                       const std::string& on_delete, const std::string& on_update,
                       const SourceLocation& location) {
    if (name.empty())
      name = source_.name->name + "_" + join(columns, "_") + "_" + target.name + "_" +
             join(target_columns, "_") + "_fk";
    Constraint key{.kind = Constraint::Kind::foreign_key,
                   .name = cut_identifier(std::move(name)),
                   .columns = std::move(columns),
                   .referenced_table = {target.schema, cut_identifier(target.name)},
                   .referenced_columns = std::move(target_columns),
                   .on_delete = referential_action_name(on_delete),
                   .on_update = referential_action_name(on_update),
                   .origin = location};
    const auto twin = std::ranges::find_if(table_.constraints, [&](const auto& one) {
      return one.kind == Constraint::Kind::foreign_key && one.name == key.name;
    });
    if (twin != table_.constraints.end()) *twin = std::move(key);
    else table_.constraints.push_back(std::move(key));
  }

  // What the function of the third argument returns: an array or an object.
  void extras() {
    ValuePtr extra = argument(*source_.value, 2);
    if (extra->is(Kind::undefined)) return;
    if (extra->is(Kind::function)) extra = tables_.context().program.call(extra, {source_.value});
    if (extra->is(Kind::object))
      for (const auto& property : extra->properties) read_extra(property.value);
    for (const auto& item : extra->items)
      if (extra->is(Kind::array)) read_extra(item);
    if (!extra->is(Kind::object, Kind::array) || extra->partial)
      unknown(source_.value->node.location(), "some indexes and constraints");
  }

  void read_extra(const ValuePtr& value) {
    const Chain chain = chain_of(value);
    const Value& root = *chain.root;
    const SourceLocation location = root.node ? root.node.location() : table_.origin;
    if (++extras_ > max_extras) {
      if (extras_ == max_extras + 1) unknown(source_.value->node.location(), "some indexes and constraints");
      return;
    }
    if (root.is(Kind::array)) {  // of helpers that return several
      for (const auto& item : root.items)
        if (extras_ <= max_extras) read_extra(item);
      if (!root.partial) return;
    } else if (root.truthy().has_value()) {
      return;  // drizzle-orm passes over other values
    }
    const std::string name = root.is(Kind::call) ? pg_core_name(*root.base) : "";
    if (name == "index" || name == "uniqueIndex") return read_index(chain, name == "uniqueIndex", location);
    if (name == "primaryKey") return read_primary_key(root, location);
    if (name == "unique") return read_unique(chain, location);
    if (name == "foreignKey") return read_foreign_key(chain, location);
    if (name == "check") return read_check(root, location);
    if (name == "pgPolicy") return add_policy(root, location);
    unknown(location, "an index or constraint");
  }

  // The names of this table's columns; nullopt if one is not known. `keys`: their names without casing.
  std::optional<Columns> columns_of(const std::vector<ValuePtr>& values, Columns* keys = nullptr) {
    Columns out;
    for (const auto& value : values) {
      const auto column = tables_.column(value);
      if (!column) return std::nullopt;
      out.push_back(column->column);
      if (keys) keys->push_back(column->key_name);
    }
    return out.empty() ? std::nullopt : std::optional<Columns>(std::move(out));
  }

  // Of a member that is an array of columns, or one column.
  std::optional<Columns> columns_member(const Value& object, std::string_view key) {
    const Property* property = object.property(key);
    if (!property || property->value->partial) return std::nullopt;
    return property->value->is(Kind::array) ? columns_of(property->value->items)
                                            : columns_of({property->value});
  }

  void read_primary_key(const Value& call, const SourceLocation& location) {
    const ValuePtr options = argument(call, 0);
    const bool by_options = options->is(Kind::object);
    const auto columns = by_options ? columns_member(*options, "columns") : columns_of(call.items);
    if (!columns || call.partial) return unknown(location, "the primary key");
    std::string name = by_options ? text_member(*options, "name").value_or("") : "";
    if (name.empty()) name = source_.name->name + "_" + join(*columns, "_") + "_pk";
    for (auto& column : table_.columns)
      if (std::find(columns->begin(), columns->end(), column.name) != columns->end()) column.not_null = true;
    add_key(table_, Constraint::Kind::primary_key, std::move(name), *columns, false, location);
  }

  void read_unique(const Chain& chain, const SourceLocation& location) {
    const ChainCall* on = chain.find("on");
    Columns keys;
    const auto columns = on && !on->call->partial ? columns_of(on->call->items, &keys) : std::nullopt;
    const ValuePtr name = argument(*chain.root, 0);
    if (!columns || !(name->is(Kind::undefined) || text_of(name)))
      return unknown(location, "a unique constraint");
    add_key(table_, Constraint::Kind::unique,
            text_of(name).value_or(source_.name->name + "_" + join(keys, "_") + "_unique"), *columns,
            chain.find("nullsNotDistinct") != nullptr, location);
  }

  void read_foreign_key(const Chain& chain, const SourceLocation& location) {
    ValuePtr options = argument(*chain.root, 0);
    if (options->is(Kind::function)) options = tables_.context().program.call(options, {});
    const auto columns = columns_member(*options, "columns");
    const Property* foreign = options->property("foreignColumns");
    Columns target_columns;
    const SourceTable* target = nullptr;
    if (foreign && foreign->value->is(Kind::array) && !foreign->value->partial)
      for (const auto& value : foreign->value->items)
        if (const auto column = tables_.column(value)) {
          target = column->table;
          target_columns.push_back(column->column);
        }
    if (!columns || !target || !target->name || target_columns.size() != columns->size())
      return unknown(location, "a foreign key");
    std::string actions[2];
    for (const auto& [name, action] :
         {std::pair("onDelete", &actions[0]), std::pair("onUpdate", &actions[1])})
      if (const ChainCall* call = chain.find(name)) *action = text_of(argument(*call->call, 0)).value_or("");
    add_foreign_key(text_member(*options, "name").value_or(""), *columns, *target->name,
                    std::move(target_columns), actions[0], actions[1], location);
  }

  void read_check(const Value& call, const SourceLocation& location) {
    const auto name = text_of(argument(call, 0));
    const auto text = sql_text(argument(call, 1), tables_.names(), false);
    if (!name || !text) return unknown(location, "a check");
    table_.constraints.push_back({.kind = Constraint::Kind::check,
                                  .name = cut_identifier(*name),
                                  .expression = *text,
                                  .origin = location});
  }

  void add_policy(const Value& call, const SourceLocation& location) {
    std::vector<std::string> gaps;
    Policy policy = read_policy(call, tables_.names(), gaps);
    for (const auto& what : gaps) unknown(location, what + " of a policy");
    table_.row_security = true;
    policy.origin = location;
    table_.policies.push_back(std::move(policy));
  }

  // An element of .on(…): a column with calls such as .desc() behind, or SQL.
  std::optional<IndexKey> index_key(const ValuePtr& value) {
    const Chain chain = chain_of(value);
    IndexKey key;
    if (const auto column = tables_.column(chain.root)) {
      key.column = cut_identifier(column->column);
      for (const auto& step : chain.calls) {
        if (step.name == "desc") key.descending = true;  // and NULLS LAST, as drizzle-kit writes it
        else if (step.name == "nullsFirst") key.nulls_first = true;
        else if (step.name == "op") key.operator_class = text_of(argument(*step.call, 0)).value_or("");
        else if (step.name != "asc" && step.name != "nullsLast") return std::nullopt;
      }
      return key;
    }
    const auto text = sql_text(value, tables_.names(), true);
    if (!text) return std::nullopt;
    key.expression = *text;
    read_written_key(key, table_);
    return key;
  }

  void read_index(const Chain& chain, bool unique, const SourceLocation& location) {
    Index index{.unique = unique, .origin = location};
    const ValuePtr name = argument(*chain.root, 0);
    bool known = !chain.root->partial && (name->is(Kind::undefined) || text_of(name));
    std::vector<ValuePtr> keys;
    for (const auto& step : chain.calls) {
      known = known && !step.call->partial;
      if (step.name == "on" || step.name == "onOnly") keys = step.call->items;
      if (step.name == "using") {
        const auto method = text_of(argument(*step.call, 0));
        known = known && method;
        index.method = method.value_or("");
        if (step.call->items.size() > 1) keys.assign(step.call->items.begin() + 1, step.call->items.end());
      }
      if (step.name == "where") {
        index.predicate = sql_text(argument(*step.call, 0), tables_.names(), false);
        known = known && index.predicate;
      }
    }
    Columns names;
    for (const auto& value : keys) {
      auto key = index_key(value);
      if (!key) return unknown(location, "an index");
      names.push_back(key->column);
      index.keys.push_back(std::move(*key));
    }
    if (!known || index.keys.empty()) return unknown(location, "an index");
    index.name =
        cut_identifier(text_of(name).value_or(source_.name->name + "_" + join(names, "_") + "_index"));
    if (index.predicate) index.predicate_not_null = not_null_columns(*index.predicate, table_);
    table_.indexes.push_back(std::move(index));
  }

  SourceSchema& out_;
  SourceTables& tables_;
  const SourceTable& source_;
  Table table_;
  std::vector<SourceColumn> columns_;
  static constexpr int max_extras = 10'000;
  int extras_ = 0;
};

}  // namespace

void add_table(SourceSchema& out, SourceTables& tables, const SourceTable& table, bool row_security) {
  if (!table.name)
    return out.unknown.push_back({table.value->node.location(), "the name of a table", std::nullopt});
  TableParts(out, tables, table).read(row_security);
}

Policy read_policy(const Value& call, const SqlNames& names, std::vector<std::string>& unknown) {
  Policy out;
  const auto name = text_of(argument(call, 0));
  if (!name) unknown.emplace_back("the name");
  out.name = name.value_or("");
  const ValuePtr options = argument(call, 1);
  if (options->is(Kind::undefined)) return out;
  if (!options->is(Kind::object) || options->partial) unknown.emplace_back("the options");
  out.permissive = text_member(*options, "as") != "restrictive";
  if (const auto command = text_member(*options, "for"))
    out.command = *command == "all" ? "ALL" : referential_action_name(*command);
  if (const Property* to = options->property("to")) {
    std::vector<std::string> roles;
    const auto add = [&](const ValuePtr& role) {
      const Chain chain = chain_of(role);
      const Value& root = *chain.root;
      const auto text = root.is(Kind::call) && pg_core_name(*root.base) == "pgRole"
                            ? text_of(argument(root, 0))
                            : text_of(role);
      if (text) roles.push_back(*text);
      else unknown.emplace_back("a role");
    };
    if (to->value->is(Kind::array)) std::ranges::for_each(to->value->items, add);
    else add(to->value);
    out.roles = policy_roles(std::move(roles));
  }
  for (const auto& [key, text] :
       {std::pair("using", &out.using_expression), std::pair("withCheck", &out.check_expression)})
    if (const Property* property = options->property(key)) {
      const auto sql = sql_text(property->value, names, false);
      if (sql) *text = *sql;
      else if (!property->value->is(Kind::undefined)) unknown.push_back("the expression " + std::string(key));
    }
  return out;
}

}  // namespace pgadvise::drizzle
