#include "sql/ddl.h"

#include <algorithm>

#include "base/text.h"

namespace pgadvise::sql {

NodeList list_of(const Node* node) {
  if (!node) return {};
  if (node->node_case == PG_QUERY__NODE__NODE_LIST) return NodeList(node->list->n_items, node->list->items);
  if (node->node_case == PG_QUERY__NODE__NODE_TYPE_NAME) return NodeList(node->type_name->n_names, node->type_name->names);
  return {};
}

std::string last_name(NodeList names) { return names.empty() ? std::string() : string_value(names.back()); }

std::string collation_name(NodeList names) {
  const auto parts = strings(names);
  if (parts.empty() || parts.back() == "default") return {};
  const bool plain = parts.size() == 1 || parts[0] == "pg_catalog" || parts[0] == "public";
  return plain ? parts.back() : join(parts, ".");
}

std::optional<Constraint::Kind> constraint_kind(const PgQuery__Constraint& node) {
  switch (node.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
      return Constraint::Kind::primary_key;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
      return Constraint::Kind::unique;
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
      return Constraint::Kind::foreign_key;
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
      return Constraint::Kind::check;
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
      return Constraint::Kind::exclusion;
    default:
      return std::nullopt;
  }
}

std::vector<std::string> column_names(const Node* expression) {
  std::vector<std::string> out;
  if (!expression) return out;
  each_node(message(*expression), [&](const Node& node) {
    if (node.node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node.column_ref->n_fields) {
      std::string name = string_value(node.column_ref->fields[node.column_ref->n_fields - 1]);
      if (!name.empty() && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
    }
    return true;
  });
  return out;
}

IndexKey index_key(const PgQuery__IndexElem& element) {
  IndexKey key;
  if (element.name[0])
    key.column = element.name;
  else if (element.expr && element.expr->node_case == PG_QUERY__NODE__NODE_COLUMN_REF)
    key.column = last_name(NodeList(element.expr->column_ref->n_fields, element.expr->column_ref->fields));
  else
    key.expression = expression_text(element.expr);
  key.descending = element.ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
  key.nulls_first = element.nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT
                        ? key.descending
                        : element.nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST;
  key.operator_class = last_name(NodeList(element.n_opclass, element.opclass));
  key.collation = collation_name(NodeList(element.n_collation, element.collation));
  return key;
}

}  // namespace pgadvise::sql
