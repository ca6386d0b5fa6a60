#include "sql/ddl.h"

#include <algorithm>

#include "base/text.h"

namespace pgadvise::sql {

NodeList list_of(const Node* node) {
  if (!node) return {};
  if (node->node_case == PG_QUERY__NODE__NODE_LIST) return NodeList(node->list->n_items, node->list->items);
  if (node->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
    return NodeList(node->type_name->n_names, node->type_name->names);
  return {};
}

std::string last_name(NodeList names) { return names.empty() ? std::string() : string_value(names.back()); }

std::string collation_name(NodeList names) {
  const auto parts = strings(names);
  if (parts.empty() || parts.back() == "default") return {};
  const bool plain = parts.size() == 1 || parts[0] == "pg_catalog" || parts[0] == "public";
  return plain ? parts.back() : join(parts, ".");
}

std::vector<std::string> column_names(const Node* expression) {
  std::vector<std::string> out;
  if (!expression) return out;
  each_node(message(*expression), [&](const Node& node) {
    if (node.node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node.column_ref->n_fields) {
      std::string name = string_value(node.column_ref->fields[node.column_ref->n_fields - 1]);
      if (!name.empty() && std::find(out.begin(), out.end(), name) == out.end())
        out.push_back(std::move(name));
    }
    return true;
  });
  return out;
}

}  // namespace pgadvise::sql
