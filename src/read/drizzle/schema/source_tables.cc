#include "drizzle/schema/source_tables.h"

namespace pgadvise::drizzle {
namespace {

using typescript::Value;
using typescript::ValuePtr;
using Kind = Value::Kind;

std::string full_name(const QualifiedName& name) {
  return name.schema == "public" ? double_quoted(name.name)
                                 : double_quoted(name.schema) + "." + double_quoted(name.name);
}

}  // namespace

SourceTables::SourceTables(typescript::Program& program, Casing casing, std::optional<bool> array_forgets)
    : program_(program), casing_(casing), array_forgets_(array_forgets) {
  names_.column = [this](const ValuePtr& value, bool bare) -> std::optional<std::string> {
    const auto found = column(value);
    if (!found || (!bare && !found->table->name)) return std::nullopt;
    return (bare ? "" : full_name(*found->table->name) + ".") + double_quoted(found->column);
  };
  names_.table = [this](const ValuePtr& value) -> std::optional<std::string> {
    const SourceTable* found = table(value);
    return found && found->name ? std::optional<std::string>(full_name(*found->name)) : std::nullopt;
  };
}

const SourceTable* SourceTables::table(const ValuePtr& value) {
  const ValuePtr root = chain_of(value).root;
  if (const auto known = tables_.find(root.get()); known != tables_.end()) return &known->second;
  std::optional<std::string> schema;
  if (made_object(*root, schema) != "table") return nullptr;
  // Entered first, since a column may refer to its own table.
  tables_[root.get()].value = root;
  return &(tables_[root.get()] = make_table(root, std::move(schema)));
}

SourceTable SourceTables::make_table(const ValuePtr& call, std::optional<std::string> schema) {
  SourceTable out{.value = call};
  ValuePtr name = argument(*call, 0);
  if (call->base->is(Kind::call)) name = program_.call(argument(*call->base, 0), {name});  // pgTableCreator
  if (const auto text = text_of(name); text && schema && !call->partial)
    out.name = QualifiedName{*schema, *text};
  out.columns = argument(*call, 1);
  if (out.columns->is(Kind::function)) {
    const ValuePtr builders =
        typescript::make({.kind = Kind::external, .text = "drizzle-orm/pg-core", .name = "*"});
    out.columns = program_.call(out.columns, {builders}, out.columns->node);
  }
  if (out.columns->is(Kind::object))
    for (const auto& property : out.columns->properties)
      if (auto column = column_name(context(), property.key, property.value))
        out.column_names[property.key] = std::move(*column);
  return out;
}

std::optional<SourceTables::ColumnOf> SourceTables::column(const ValuePtr& value) {
  if (!value->is(Kind::member)) return std::nullopt;
  const SourceTable* of = table(value->base);
  if (!of) return std::nullopt;
  const auto name = of->column_names.find(value->name);
  if (name == of->column_names.end()) return std::nullopt;
  return ColumnOf{of, name->second.name, name->second.key_name};
}

}  // namespace pgadvise::drizzle
