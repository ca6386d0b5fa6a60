#include "sql/facts/scope.h"

#include <algorithm>

#include "base/text/text.h"
#include "sql/parse/type_name.h"

namespace pgadvise::sql {

void rename(FromItem& item, const PgQuery__Alias* alias) {
  if (!alias) return;
  item.alias = alias->aliasname;
  item.schema_name = {};
  const auto names = strings(NODES(*alias, colnames));
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i < item.columns.size()) item.columns[i].name = names[i];
    else item.columns.push_back({names[i], {}, {}, {}});
  }
}

const Column* column_of(const ColumnUse& use, const Catalog& catalog) {
  const Table* table = catalog.table(use.table);
  return table ? table->column(use.column) : nullptr;
}

const Output* resolve(const PgQuery__ColumnRef& reference, const Scope& scope) {
  const auto fields = strings(NODES(reference, fields));
  if (fields.empty() || fields.back().empty()) return nullptr;
  const std::string& name = fields.back();
  for (const Scope* level = &scope; level; level = level->parent) {
    for (const FromItem& item : level->items) {
      if (fields.size() == 2 && item.alias != fields[0]) continue;
      if (fields.size() >= 3 && (item.schema_name.name != fields[fields.size() - 2] ||
                                 item.schema_name.schema != fields[fields.size() - 3]))
        continue;
      for (const Output& column : item.columns)
        if (column.name == name) return &column;
      if (fields.size() >= 2) return nullptr;
    }
    // It may be a column of what is not known here: the outer levels must not claim it.
    if (fields.size() == 1 &&
        std::ranges::any_of(level->items, [](const FromItem& item) { return !item.complete; }))
      return nullptr;
  }
  return nullptr;
}

const Output* first_column(const ProtobufCMessage& part, const Scope& scope) {
  const Output* found = nullptr;
  each_node(part, [&](const Node& node) {
    if (!found && node.node_case == NODE(COLUMN_REF)) {
      const Output* column = resolve(*node.column_ref, scope);
      if (column && column->of_table()) found = column;
    }
    return !found && node.node_case != NODE(SUB_LINK);
  });
  return found;
}

std::string result_type(const Node* node, const Scope& scope) {
  if (!node) return {};
  switch (node->node_case) {
    case NODE(TYPE_CAST): return type_spelling(node->type_cast->type_name);
    case NODE(COLUMN_REF): {
      const Output* column = resolve(*node->column_ref, scope);
      return column ? column->type : std::string();
    }
    case NODE(BOOL_EXPR):
    case NODE(NULL_TEST):
    case NODE(BOOLEAN_TEST): return "boolean";
    case NODE(COLLATE_CLAUSE): return result_type(node->collate_clause->arg, scope);
    case NODE(COALESCE_EXPR):
      for (const Node* arg : NODES(*node->coalesce_expr, args))
        if (auto type = result_type(arg, scope); !type.empty()) return type;
      return {};
    case NODE(A_CONST):
      switch (node->a_const->val_case) {
        case PG_QUERY__A__CONST__VAL_IVAL: return "integer";
        case PG_QUERY__A__CONST__VAL_BOOLVAL: return "boolean";
        case PG_QUERY__A__CONST__VAL_FVAL: return "numeric";
        default: return "text";
      }
    case NODE(FUNC_CALL): {
      const std::string name = last_name(*node->func_call);
      if (is_one_of(name, {"count", "row_number", "rank", "dense_rank"})) return "bigint";
      if (is_one_of(name, {"lower", "upper", "concat", "string_agg"})) return "text";
      if (is_one_of(name, {"bool_or", "bool_and"})) return "boolean";
      if (is_one_of(name, {"json_agg", "json_build_object"})) return "json";
      if (is_one_of(name, {"jsonb_agg", "jsonb_build_object"})) return "jsonb";
      return name == "now" ? "timestamp with time zone" : "";
    }
    default: return {};
  }
}

}  // namespace pgadvise::sql
