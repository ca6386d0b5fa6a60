#include "sql/facts/assignments.h"

#include <string>
#include <utility>

#include "sql/parse/query_shape.h"

namespace pgadvise::sql {

void assigned(const FromItem& target, std::string_view column, const Node* value, QueryFacts& facts) {
  while (is(value, NODE(TYPE_CAST))) value = value->type_cast->arg;
  if (!is(value, NODE(PARAM_REF))) return;
  for (const Output& own : target.columns)
    if (own.name == column && !own.source.table.name.empty())
      facts.assigned_parameters.push_back({own.source, value->param_ref->number});
}

void assigned_by_insert(const PgQuery__InsertStmt& stmt, const FromItem& target, QueryFacts& facts) {
  if (!is(stmt.select_stmt, NODE(SELECT_STMT))) return;
  const PgQuery__SelectStmt& source = *stmt.select_stmt->select_stmt;
  for (const Node* row : NodeList(source.n_values_lists, source.values_lists)) {
    if (!is(row, NODE(LIST))) continue;
    for (std::size_t i = 0; i < row->list->n_items; ++i) {
      if (i < stmt.n_cols && is(stmt.cols[i], NODE(RES_TARGET)))
        assigned(target, stmt.cols[i]->res_target->name, row->list->items[i], facts);
      else if (stmt.n_cols == 0 && i < target.columns.size())
        assigned(target, target.columns[i].name, row->list->items[i], facts);
    }
  }
}

void updated(const FromItem& target, const Node* node, const PgQuery__OnConflictClause* conflict,
             const Scope& scope, QueryFacts& facts) {
  if (!is(node, NODE(RES_TARGET))) return;
  const std::string name = node->res_target->name;
  // DO UPDATE SET key = EXCLUDED.key changes nothing: that is how the row is returned.
  if (conflict && conflict->infer)
    for (const Node* key : NodeList(conflict->infer->n_index_elems, conflict->infer->index_elems))
      if (is(key, NODE(INDEX_ELEM)) && name == key->index_elem->name) return;
  const auto itself = [&](const Node& part) {
    if (part.node_case != NODE(COLUMN_REF)) return false;
    const auto fields = strings(NodeList(part.column_ref->n_fields, part.column_ref->fields));
    const Output* column = resolve(*part.column_ref, scope);
    return column && column->name == name && column->source.table == target.table &&
           (fields.size() < 2 || fields[fields.size() - 2] != "excluded");
  };
  for (const Output& own : target.columns) {
    if (own.name != name || own.source.table.name.empty()) continue;
    Assignment assignment{own.source, false};
    if (node->res_target->val)
      each_node(message(*node->res_target->val),
                [&](const Node& part) { return assignment.from_itself |= itself(part), true; });
    facts.updated.push_back(std::move(assignment));
  }
}

}  // namespace pgadvise::sql
