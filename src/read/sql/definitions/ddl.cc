#include "sql/definitions/ddl.h"

#include "base/text/text.h"
#include "sql/parse/type_name.h"

namespace pgadvise::sql {

QualifiedName written(const PgQuery__RangeVar& range) { return {range.schemaname, range.relname}; }

QualifiedName written(NodeList names) {
  if (names.empty()) return {};
  return {names.size() > 1 ? string_value(names[names.size() - 2]) : "", string_value(names.back())};
}

QualifiedName new_name(const PgQuery__RangeVar& range, const SchemaNames& state) {
  if (range.relpersistence[0] == 't') return {"pg_temp", range.relname};
  return state.new_name(written(range));
}

QualifiedName new_name(NodeList names, const SchemaNames& state) { return state.new_name(written(names)); }

std::string type_of(const PgQuery__TypeName* type, const SchemaNames& state) {
  const QualifiedName user = user_type_name(type);
  if (user.name.empty()) return type_spelling(type);
  const QualifiedName found = state.find_type(user);
  return state.type_exists(found) ? type_spelling(found) + type_suffix(type) : type_spelling(type);
}

NodeList list_of(const Node* node) {
  return is(node, NODE(TYPE_NAME)) ? NODES(*node->type_name, names) : list_items(node);
}

std::string collation_name(NodeList names) {
  const auto parts = strings(names);
  if (parts.empty() || parts.back() == "default") return {};
  const bool plain = parts.size() == 1 || parts[0] == "pg_catalog" || parts[0] == "public";
  return plain ? parts.back() : join(parts, ".");
}

}  // namespace pgadvise::sql
