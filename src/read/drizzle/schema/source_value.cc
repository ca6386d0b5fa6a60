#include "drizzle/schema/source_value.h"

#include <algorithm>

namespace pgadvise::drizzle {
namespace {

using typescript::Value;
using typescript::ValuePtr;
using Kind = Value::Kind;

bool is_pg_core(std::string_view package) {
  return package.starts_with("drizzle-orm/pg-core") || package.ends_with("/drizzle-orm/pg-core") ||
         package.ends_with("/drizzle/pg-core");
}

// Whether the call makes an object rather than going on with a chain: billing.table(…), pgTable.withRLS(…).
bool begins(const Value& call) {
  std::optional<std::string> schema;
  return !call.base->is(Kind::member) || !made_object(call, schema).empty();
}

}  // namespace

const ChainCall* Chain::find(std::string_view name) const {
  const auto found = std::ranges::find_if(calls, [&](const ChainCall& one) { return one.name == name; });
  return found == calls.end() ? nullptr : &*found;
}

Chain chain_of(const ValuePtr& value) {
  Chain out{value, {}};
  while (out.root->is(Kind::call) && !begins(*out.root)) {
    out.calls.push_back({out.root->base->name, out.root.get()});
    out.root = out.root->base->base;
  }
  std::ranges::reverse(out.calls);
  return out;
}

std::string pg_core_name(const Value& function) {
  return function.is(Kind::external) && is_pg_core(function.text) ? function.name : "";
}

std::string drizzle_orm_name(const Value& function) {
  return function.is(Kind::external) &&
                 (function.text == "drizzle-orm" || function.text.starts_with("drizzle-orm/"))
             ? function.name
             : "";
}

std::optional<std::string> schema_name(const Value& value) {
  if (!value.is(Kind::call) || pg_core_name(*value.base) != "pgSchema") return std::nullopt;
  return text_of(argument(value, 0));
}

std::string made_object(const Value& call, std::optional<std::string>& schema) {
  if (!call.is(Kind::call)) return {};
  const Value& function = *call.base;
  schema = "public";
  const std::string name = pg_core_name(function);
  if (name == "pgTable") return "table";
  if (name == "pgEnum") return "enum";
  if (name == "pgView") return "view";
  if (name == "pgMaterializedView") return "materializedView";
  if (name == "pgSequence") return "sequence";
  if (function.is(Kind::call) && pg_core_name(*function.base) == "pgTableCreator") return "table";
  if (!function.is(Kind::member)) return {};
  if (pg_core_name(*function.base) == "pgTable" && function.name == "withRLS") return "table";
  if (!function.base->is(Kind::call) || pg_core_name(*function.base->base) != "pgSchema") return {};
  schema = schema_name(*function.base);
  for (const auto* made : {"table", "enum", "view", "materializedView", "sequence"})
    if (function.name == made) return made;
  return {};
}

std::optional<std::string> text_of(const ValuePtr& value) {
  return value->is(Kind::string) ? std::optional<std::string>(value->text) : std::nullopt;
}

std::optional<std::string> text_member(const Value& object, std::string_view key) {
  const auto* property = object.property(key);
  return property ? text_of(property->value) : std::nullopt;
}

bool flag_member(const Value& object, std::string_view key) {
  const auto* property = object.property(key);
  return property && property->value->is(Kind::boolean) && property->value->truth;
}

ValuePtr argument(const Value& call, std::size_t index) {
  return index < call.items.size() ? call.items[index] : typescript::undefined_value(call.node);
}

}  // namespace pgadvise::drizzle
