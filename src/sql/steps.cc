#include "sql/steps.h"

#include <algorithm>

#include "base/identifier.h"
#include "base/text.h"
#include "model/ddl.h"
#include "sql/ddl.h"
#include "sql/lexer.h"
#include "sql/predicate.h"
#include "sql/type_name.h"

namespace pgadvise::sql {
namespace {

using Kind = SchemaAction::Kind;
using Change = TableChange::Kind;
#define OBJECT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

bool has(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

QualifiedName relation(const PgQuery__RangeVar& range, const SchemaState& state) {
  return state.find_relation(range.schemaname, range.relname);
}

// ---- constraints and indexes

using ConstraintKind = Constraint::Kind;

// With the names resolved that the definition leaves to the search path.
Constraint resolved(Constraint constraint, const SchemaState& state) {
  if (constraint.kind != ConstraintKind::foreign_key) return constraint;
  constraint.referenced_table = state.find_table(constraint.referenced_table);
  if (const Table* to = state.catalog.table(constraint.referenced_table);
      to && constraint.referenced_columns.empty())
    if (const Constraint* primary = SchemaState::primary_key(*to))
      constraint.referenced_columns = primary->columns;
  return constraint;
}

// For messages, as display() names tables.
std::string index_text(const Index& index) {
  return (index.unique ? "UNIQUE " : "") + ddl::index_definition(index);
}

std::string constraint_text(Constraint constraint) {
  if (constraint.referenced_table.schema == "public") constraint.referenced_table.schema.clear();
  return ddl::constraint(constraint);
}

// ---- WHERE

bool names_column(const Node* node) { return node && !column_names(node).empty(); }

bool is_equality(const PgQuery__AExpr& expression) {
  return expression.n_name == 1 && string_value(expression.name[0]) == "=" &&
         (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP ||
          expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN ||
          expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY);
}

// Columns that a conjunct sets equal to something that no row decides.
void equal_columns(const Node* where, std::set<std::string>& out) {
  if (!where) return;
  if (where->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR &&
      where->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
    for (const Node* part : NodeList(where->bool_expr->n_args, where->bool_expr->args))
      equal_columns(part, out);
    return;
  }
  if (where->node_case != PG_QUERY__NODE__NODE_A_EXPR || !is_equality(*where->a_expr)) return;
  const Node* left = where->a_expr->lexpr;
  const Node* right = where->a_expr->rexpr;
  if (names_column(right)) std::swap(left, right);
  if (left && left->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && !names_column(right))
    out.insert(string_value(left->column_ref->fields[left->column_ref->n_fields - 1]));
}

// Compares with a constant, takes a part by LIMIT, or looks for exceptions: rows out of order, orphans.
bool narrows(const Node& where) {
  bool out = false;
  each_node(message(where), [&](const Node& node) {
    if (node.node_case == PG_QUERY__NODE__NODE_SELECT_STMT) out |= node.select_stmt->limit_count != nullptr;
    if (node.node_case == PG_QUERY__NODE__NODE_SUB_LINK)
      out |= node.sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK;
    if (node.node_case != PG_QUERY__NODE__NODE_A_EXPR) return !out;
    const PgQuery__AExpr& expression = *node.a_expr;
    const std::string name = expression.n_name ? string_value(expression.name[0]) : std::string();
    if (name == "<>" || name == "!=") return false;
    if (name == "<" || name == ">" || name == "<=" || name == ">=") out = true;
    if (names_column(expression.lexpr) != names_column(expression.rexpr)) out = true;
    return !out;
  });
  return out;
}

Selectivity rows_of(const Node* where, const Table* table) {
  if (!where) return Selectivity::all;
  std::set<std::string> equal;
  equal_columns(where, equal);
  if (!table) {
    if (equal.count("id")) return Selectivity::few;
  } else {
    for (const Index& index : table->indexes)
      if (index.unique && !index.keys.empty() &&
          std::all_of(index.keys.begin(), index.keys.end(),
                      [&](const IndexKey& key) { return equal.count(key.column); }))
        return Selectivity::few;
  }
  return narrows(*where) ? Selectivity::some : Selectivity::most;
}

void relations_in(const ProtobufCMessage& tree, const SchemaState& state, std::vector<QualifiedName>& out) {
  each_node(tree, [&](const Node& node) {
    if (node.node_case == PG_QUERY__NODE__NODE_RANGE_VAR) out.push_back(state.find_table(*node.range_var));
    return true;
  });
}

std::string normalized(std::string_view expression) {
  std::string out;
  for (char c : lower(expression))
    if (c != ' ' && c != '(' && c != ')') out += c;
  return out;
}

}  // namespace

std::set<std::string> cut_names(std::string_view text) {
  std::set<std::string> out;
  Lexer lexer(text);
  for (Lexeme token = lexer.next_token(); token.kind != Lexeme::Kind::end; token = lexer.next_token()) {
    if (token.text.size() <= 63) continue;
    std::string name;
    if (token.kind == Lexeme::Kind::word) name = lower(token.text);
    if (token.kind == Lexeme::Kind::quoted_name && token.text.size() > 2)
      name = replace_all(std::string(token.text.substr(1, token.text.size() - 2)), "\"\"", "\"");
    if (name.size() > 63) out.insert(clip_name(name));
    // What stands in a DO block's dollar quotes.
    if (token.kind == Lexeme::Kind::string && token.text[0] == '$') {
      const auto body = token.text.find('$', 1);
      if (body != std::string_view::npos && body + 1 < token.text.size() - body)
        out.merge(cut_names(token.text.substr(body + 1, token.text.size() - 2 * (body + 1))));
    }
  }
  return out;
}

void StepRecorder::begin(const SchemaState& state, bool together) {
  lost_track_ = false;
  if (together) return;
  added_.clear();
  auto known = existing_.begin();  // most are those of the migration before
  for (const auto& [name, table] : state.catalog.tables) {
    if (table.temporary) continue;
    while (known != existing_.end() && *known < name) known = existing_.erase(known);
    if (known != existing_.end() && *known == name) ++known;
    else existing_.insert(known, name);
  }
  existing_.erase(known, existing_.end());
}

SchemaAction StepRecorder::on(Kind kind, const QualifiedName& name, const SchemaState& state) const {
  SchemaAction out;
  out.kind = kind;
  out.table = name;
  const Table* table = state.catalog.table(name);
  out.table_known = table != nullptr;
  if (table) out.table_kind = table->kind;
  out.on_new_table = (table && !existing_.count(name)) || name.schema == "pg_temp";
  return out;
}

std::vector<SchemaAction> StepRecorder::actions(const Statement& statement, const SchemaState& state) const {
  const Node& node = statement.node;
  Actions out;
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_INDEX_STMT:
      create_index(*node.index_stmt->relation, *statement.create_index, state, out);
      break;
    case PG_QUERY__NODE__NODE_VIEW_STMT:
      out.push_back(on(Kind::create_view, state.new_name(*node.view_stmt->view), state));
      out.back().on_new_table = out.back().table_known = true;
      break;
    case PG_QUERY__NODE__NODE_CREATE_STMT: {
      const QualifiedName name = state.new_name(*node.create_stmt->relation);
      if (state.relation_exists(name)) break;
      out.push_back(on(Kind::create_table, name, state));
      out.back().on_new_table = out.back().table_known = true;
      break;
    }
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT: alter_table(*statement.alter_table, state, out); break;
    case PG_QUERY__NODE__NODE_DROP_STMT: drop(*statement.drop, state, out); break;
    case PG_QUERY__NODE__NODE_RENAME_STMT:
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT: rename(*statement.rename, state, out); break;
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
      for (const Node* target : NodeList(node.truncate_stmt->n_relations, node.truncate_stmt->relations)) {
        out.push_back(on(Kind::truncate, relation(*target->range_var, state), state));
        out.back().cascade = node.truncate_stmt->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
      }
      break;
    case PG_QUERY__NODE__NODE_CLUSTER_STMT:
      if (node.cluster_stmt->relation) {
        out.push_back(on(Kind::rewrite_table, relation(*node.cluster_stmt->relation, state), state));
        out.back().detail = "CLUSTER";
      }
      break;
    case PG_QUERY__NODE__NODE_VACUUM_STMT: {
      bool full = false;
      for (const Node* option : NodeList(node.vacuum_stmt->n_options, node.vacuum_stmt->options))
        full |=
            option->node_case == PG_QUERY__NODE__NODE_DEF_ELEM && lower(option->def_elem->defname) == "full";
      for (const Node* target : NodeList(node.vacuum_stmt->n_rels, node.vacuum_stmt->rels))
        if (full && target->node_case == PG_QUERY__NODE__NODE_VACUUM_RELATION &&
            target->vacuum_relation->relation) {
          out.push_back(on(Kind::rewrite_table, relation(*target->vacuum_relation->relation, state), state));
          out.back().detail = "VACUUM FULL";
        }
      break;
    }
    case PG_QUERY__NODE__NODE_REINDEX_STMT: {
      const PgQuery__ReindexStmt& stmt = *node.reindex_stmt;
      if (!stmt.relation) break;
      QualifiedName name = relation(*stmt.relation, state);
      const auto owner = state.index_tables.find(name);
      SchemaAction action =
          on(Kind::reindex, owner == state.index_tables.end() ? name : owner->second, state);
      if (owner != state.index_tables.end()) action.name = name.name;
      for (const Node* option : NodeList(stmt.n_params, stmt.params))
        action.concurrently |= option->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
                               lower(option->def_elem->defname) == "concurrently";
      out.push_back(std::move(action));
      break;
    }
    case PG_QUERY__NODE__NODE_INSERT_STMT:
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
    case PG_QUERY__NODE__NODE_DELETE_STMT:
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT: write(node, state, out); break;
    default: break;
  }
  existing_is_kept(statement, state, out);
  std::erase_if(out, [&](const SchemaAction& action) { return !judged(action); });
  return out;
}

void StepRecorder::happened(const std::vector<SchemaAction>& actions, const SchemaState& state) {
  for (const SchemaAction& action : actions) {
    switch (action.kind) {
      case Kind::drop_table:
        if (!state.catalog.table(action.table)) existing_.erase(action.table), added_.erase(action.table);
        break;
      case Kind::drop_schema:
        std::erase_if(existing_, [&](const QualifiedName& name) { return !state.catalog.table(name); });
        break;
      case Kind::rename_table: {
        const QualifiedName to{action.detail.empty() ? action.table.schema : action.detail, action.name};
        if (state.catalog.table(action.table) || !state.catalog.table(to)) break;
        if (existing_.erase(action.table)) existing_.insert(to);
        if (auto columns = added_.extract(action.table)) {
          columns.key() = to;
          added_.insert(std::move(columns));
        }
        break;
      }
      case Kind::add_column: added_[action.table][action.columns[0]] = action.on_null_columns; break;
      case Kind::update:
        for (const auto& column : action.columns)
          if (auto& columns = added_[action.table]; columns.count(column)) columns[column] = false;
        break;
      default: break;
    }
  }
}

// ---- ALTER TABLE

void StepRecorder::alter_table(const AlterTable& alter, const SchemaState& state, Actions& out) const {
  if (!alter.table) return;
  const Table* table = state.catalog.table(alter.name);
  if (!table && (state.relation_exists(alter.name) || alter.if_exists)) return;  // an index, a sequence
  const SchemaAction base = on(Kind::update, alter.name, state);
  const auto of = [&](Kind kind) {
    SchemaAction action = base;
    action.kind = kind;
    return action;
  };
  const auto rewrites = [&](const char* how) {
    out.push_back(of(Kind::rewrite_table));
    out.back().detail = how;
  };
  for (const TableChange& change : alter.changes) {
    switch (change.kind) {
      case Change::add_column: add_column(alter, change, base, state, out); break;
      case Change::drop_column: {
        const Column* column = table ? table->column(change.name) : nullptr;
        if (table && !column) break;
        SchemaAction action = of(Kind::drop_column);
        action.columns = {change.name};
        action.cascade = change.cascade;
        if (column) action.before = *column;
        const auto added = added_.find(alter.name);
        action.on_new_columns = added != added_.end() && added->second.count(change.name);
        out.push_back(std::move(action));
        break;
      }
      case Change::change_type: {
        SchemaAction action = of(Kind::change_type);
        action.columns = {change.name};
        change_type(change, std::move(action), state, out);
        break;
      }
      case Change::set_not_null: set_not_null(alter, change.name, of(Kind::set_not_null), state, out); break;
      case Change::add_constraint: add_constraint(alter, *change.constraint, base, state, out); break;
      case Change::validate_constraint:
      case Change::drop_constraint: {
        SchemaAction action =
            of(change.kind == Change::drop_constraint ? Kind::drop_constraint : Kind::validate_constraint);
        action.name = change.name;
        if (table)
          for (const Constraint& constraint : table->constraints)
            if (constraint.name == action.name) action.constraint = constraint;
        out.push_back(std::move(action));
        break;
      }
      case Change::set_logged:  // nothing where it is so already
        if (!table || table->unlogged) rewrites("SET LOGGED");
        break;
      case Change::set_unlogged:
        if (!table || !table->unlogged) rewrites("SET UNLOGGED");
        break;
      case Change::set_tablespace: rewrites("SET TABLESPACE"); break;
      case Change::set_access_method: rewrites("SET ACCESS METHOD"); break;
      default: break;
    }
  }
}

void StepRecorder::add_column(const AlterTable& alter, const TableChange& change, const SchemaAction& base,
                              const SchemaState& state, Actions& out) const {
  const ColumnDefinition& definition = *change.column;
  const Table* table = state.catalog.table(base.table);
  // IF NOT EXISTS, or an error; unless the same statement drops it, which is done first.
  if (table && table->column(change.name) && !alter.drops_column(change.name)) return;
  SchemaAction action = base;
  action.kind = Kind::add_column;
  action.columns = {change.name};
  action.after = definition.column;
  action.default_kind = definition.default_kind;
  action.detail = definition.column.generated_expression                 ? "generated"
                  : definition.column.identity != Column::Identity::none ? "identity"
                  : definition.serial                                    ? "serial"
                                                                         : "";
  const bool nulls = action.default_kind == DefaultKind::none;
  action.on_null_columns = nulls && !change.if_exists;  // where it was there before, it may hold anything
  out.push_back(std::move(action));
  for (const ConstraintDefinition& constraint : definition.constraints) {
    const std::size_t before = out.size();
    add_constraint(alter, constraint, base, state, out);
    for (std::size_t i = before; i < out.size(); ++i) {
      out[i].with_column = out[i].on_new_columns = true;
      out[i].on_null_columns = nulls;
    }
  }
}

void StepRecorder::add_constraint(const AlterTable& alter, const ConstraintDefinition& definition,
                                  const SchemaAction& base, const SchemaState& state, Actions& out) const {
  const Table* table = state.catalog.table(base.table);
  SchemaAction action = base;
  action.kind = Kind::add_constraint;
  action.constraint = resolved(definition.constraint, state);
  // A finding's id holds the columns: those of earlier versions have none of an exclusion constraint.
  if (action.constraint->kind == ConstraintKind::exclusion) action.constraint->columns.clear();
  action.name = action.constraint->name;
  action.using_index = !definition.using_index.empty();
  if (action.using_index) {
    action.detail = definition.using_index;
    const Index* index = table ? table->index(definition.using_index) : nullptr;
    if (index)
      for (const IndexKey& key : index->keys) action.constraint->columns.push_back(key.column);
    action.proven_not_null = index != nullptr;
  }
  for (const auto& each : action.constraint->columns) {
    const Column* own = table ? table->column(each) : nullptr;
    action.proven_not_null = action.proven_not_null && own && own->not_null;
  }
  std::map<std::string, bool> added;  // whether they hold nothing
  if (const auto before = added_.find(base.table); before != added_.end()) added = before->second;
  for (const SchemaAction& other : out)  // by the same statement
    if (other.kind == Kind::add_column && other.table == base.table)
      added[other.columns[0]] = other.on_null_columns;
  if (const auto& columns = action.constraint->columns; !columns.empty()) {
    action.on_new_columns =
        std::all_of(columns.begin(), columns.end(), [&](const auto& c) { return added.count(c); });
    action.on_null_columns = action.on_new_columns && std::any_of(columns.begin(), columns.end(),
                                                                  [&](const auto& c) { return added.at(c); });
  }
  // A name that is taken makes it fail, and do nothing; what the same statement drops is gone before.
  if (table && !action.name.empty() && !alter.drops_constraint(action.name) &&
      std::any_of(table->constraints.begin(), table->constraints.end(),
                  [&](const Constraint& c) { return c.name == action.name; }))
    return;
  out.push_back(std::move(action));
}

void StepRecorder::change_type(const TableChange& change, SchemaAction action, const SchemaState& state,
                               Actions& out) const {
  const Table* table = state.catalog.table(action.table);
  const Column* column = table ? table->column(change.name) : nullptr;
  if (table && !column) return;
  const auto is_enum = [&](std::string type) {
    if (type.ends_with("[]")) type.resize(type.size() - 2);
    return std::any_of(state.catalog.enums.begin(), state.catalog.enums.end(),
                       [&](const auto& each) { return type_spelling(each.first) == type; });
  };
  if (column) action.before = *column;
  Column after = column ? *column : Column{};
  after.name = change.name;
  after.type = change.column->column.type;
  after.collation = change.column->column.collation;
  action.after = std::move(after);
  action.enums = is_enum(action.after->type) || (column && is_enum(column->type));
  action.converts = change.converts;
  action.explicit_cast = change.explicit_cast;
  if (table) {
    for (const Constraint& constraint : table->constraints)
      action.rechecked |= constraint.kind == ConstraintKind::check && has(constraint.columns, change.name);
    for (const Index& index : table->indexes) {
      const auto mentions = [&](const std::string& text) {
        return names_in_expression(text).count(change.name) > 0;
      };
      action.index_rebuilt |= index.predicate && mentions(*index.predicate);
      for (const IndexKey& key : index.keys) {
        action.index_rebuilt |= key.column.empty() && mentions(key.expression);
        action.indexed |= key.column == change.name;
      }
    }
  }
  out.push_back(std::move(action));
}

void StepRecorder::set_not_null(const AlterTable& alter, const std::string& name, SchemaAction action,
                                const SchemaState& state, Actions& out) const {
  const Table* table = state.catalog.table(action.table);
  const Column* column = table ? table->column(name) : nullptr;
  if (column && column->not_null) return;
  action.columns = {name};
  if (column) action.before = *column;
  if (const auto added = added_.find(action.table); added != added_.end()) {
    const auto it = added->second.find(name);
    action.on_new_columns = it != added->second.end();
    action.on_null_columns = action.on_new_columns && it->second;
  }
  // A check that the same ALTER TABLE drops is gone before the server looks.
  if (table)
    for (const Constraint& check : table->constraints) {
      if (check.kind != ConstraintKind::check || !check.validated || alter.drops_constraint(check.name))
        continue;
      const auto tree = Tree::parse("SELECT 1 WHERE " + check.expression);
      if (!tree || tree->size() != 1 || tree->statement(0)->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        continue;
      const Node* where = tree->statement(0)->select_stmt->where_clause;
      std::vector<const Node*> parts = {where};
      for (std::size_t i = 0; i < parts.size() && parts[i]; ++i) {
        const Node* part = parts[i];
        if (part->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR &&
            part->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
          for (const Node* each : NodeList(part->bool_expr->n_args, part->bool_expr->args))
            parts.push_back(each);
        action.proven_not_null |= part->node_case == PG_QUERY__NODE__NODE_NULL_TEST &&
                                  part->null_test->nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL &&
                                  has(column_names(part->null_test->arg), name);
      }
    }
  out.push_back(std::move(action));
}

// ---- the others

void StepRecorder::create_index(const PgQuery__RangeVar& range, const IndexDefinition& definition,
                                const SchemaState& state, Actions& out) const {
  const QualifiedName name = relation(range, state);
  if (!definition.index.name.empty() && state.relation_exists({name.schema, definition.index.name})) return;
  SchemaAction action = on(Kind::create_index, name, state);
  action.index = definition.index;
  action.name = definition.index.name;
  action.concurrently = definition.concurrently;
  if (definition.only) action.detail = "ONLY";
  for (const IndexKey& key : action.index->keys)
    action.columns.push_back(key.column.empty() ? "(" + key.expression + ")" : key.column);
  if (const auto added = added_.find(name); added != added_.end() && !action.columns.empty())
    action.on_new_columns = std::all_of(action.columns.begin(), action.columns.end(),
                                        [&](const auto& c) { return added->second.count(c); });
  out.push_back(std::move(action));
}

void StepRecorder::drop(const DropStatement& drop, const SchemaState& state, Actions& out) const {
  for (const DropStatement::Object& object : drop.objects) {
    switch (drop.kind) {
      case DropStatement::Kind::table:
      case DropStatement::Kind::materialized_view: {
        const QualifiedName& name = object.relation;
        if (!state.catalog.table(name) && drop.if_exists) break;
        SchemaAction action = on(Kind::drop_table, name, state);
        action.cascade = drop.cascade;
        if (drop.kind == DropStatement::Kind::materialized_view)
          action.table_kind = Table::Kind::materialized_view;
        std::vector<std::string> with;
        for (const auto& [owner, key] : state.foreign_keys_to(name))
          if (owner != name) with.push_back("the foreign key " + key + " on " + display(owner));
        for (const auto& view : state.views_on(name)) with.push_back("the view " + display(view));
        if (drop.cascade) action.detail = join(with, ", ");
        out.push_back(std::move(action));
        break;
      }
      case DropStatement::Kind::index: {
        const auto owner = state.index_tables.find(object.relation);
        if (owner == state.index_tables.end() && drop.if_exists) break;
        SchemaAction action =
            on(Kind::drop_index, owner == state.index_tables.end() ? QualifiedName{} : owner->second, state);
        action.name = object.name;
        action.concurrently = drop.concurrently;
        out.push_back(std::move(action));
        break;
      }
      case DropStatement::Kind::schema: {
        SchemaAction action;
        action.kind = Kind::drop_schema;
        action.name = object.name;
        action.cascade = drop.cascade;
        for (const auto& [name, table] : state.catalog.tables)
          if (name.schema == action.name && existing_.count(name) &&
              (table.kind == Table::Kind::ordinary || table.kind == Table::Kind::partitioned))
            action.reads_from.push_back(name);
        out.push_back(std::move(action));
        break;
      }
      case DropStatement::Kind::type: {
        if (!drop.cascade) break;
        const std::string spelled = type_spelling(object.type);
        for (const auto& [name, table] : state.catalog.tables) {
          SchemaAction action = on(Kind::drop_type, name, state);
          action.name = object.name;
          for (const Column& column : table.columns)
            if (column.type == spelled || column.type == spelled + "[]")
              action.columns.push_back(column.name);
          if (!action.columns.empty()) out.push_back(std::move(action));
        }
        break;
      }
      default: break;
    }
  }
}

void StepRecorder::rename(const Rename& rename, const SchemaState& state, Actions& out) const {
  const bool column = rename.kind == Rename::Kind::column;
  if (column ? !rename.of_table : rename.kind != Rename::Kind::table) return;
  const QualifiedName& name = rename.relation;
  SchemaAction action = on(column ? Kind::rename_column : Kind::rename_table, name, state);
  action.detail = rename.new_schema;
  action.name = rename.new_schema.empty() ? rename.new_name : name.name;
  if (rename.new_schema.empty() && !action.table_known && (rename.if_exists || state.relation_exists(name)))
    return;
  if (column) action.columns = {rename.name};
  if (const auto added = added_.find(name); column && added != added_.end())
    action.on_new_columns = added->second.count(rename.name) > 0;
  out.push_back(std::move(action));
}

void StepRecorder::write(const Node& node, const SchemaState& state, Actions& out) const {
  SchemaAction action;
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_UPDATE_STMT: {
      const PgQuery__UpdateStmt& stmt = *node.update_stmt;
      action = on(Kind::update, relation(*stmt.relation, state), state);
      action.rows = rows_of(stmt.where_clause, state.catalog.table(action.table));
      for (const Node* target : NodeList(stmt.n_target_list, stmt.target_list))
        if (target->node_case == PG_QUERY__NODE__NODE_RES_TARGET)
          action.columns.push_back(target->res_target->name);
      action.reads = column_names(&node);
      relations_in(stmt.base, state, action.reads_from);
      action.reads_from.push_back(action.table);
      break;
    }
    case PG_QUERY__NODE__NODE_DELETE_STMT: {
      const PgQuery__DeleteStmt& stmt = *node.delete_stmt;
      action = on(Kind::remove, relation(*stmt.relation, state), state);
      action.rows = rows_of(stmt.where_clause, state.catalog.table(action.table));
      break;
    }
    case PG_QUERY__NODE__NODE_INSERT_STMT: {
      const PgQuery__InsertStmt& stmt = *node.insert_stmt;
      if (!stmt.select_stmt || stmt.select_stmt->node_case != PG_QUERY__NODE__NODE_SELECT_STMT ||
          !stmt.select_stmt->select_stmt->n_from_clause)
        return;
      action = on(Kind::insert_from, relation(*stmt.relation, state), state);
      action.reads = column_names(stmt.select_stmt);
      relations_in(message(*stmt.select_stmt), state, action.reads_from);
      break;
    }
    default: {
      const PgQuery__CreateTableAsStmt& stmt = *node.create_table_as_stmt;
      if (!stmt.into || !stmt.into->rel || !stmt.query) return;
      action = on(Kind::insert_from, state.new_name(*stmt.into->rel), state);
      action.reads = column_names(stmt.query);
      relations_in(message(*stmt.query), state, action.reads_from);
      break;
    }
  }
  out.push_back(std::move(action));
}

// ---- names that are taken

std::optional<StepRecorder::Difference> StepRecorder::difference(const Statement& statement,
                                                                 const SchemaState& state) {
  const Node& node = statement.node;
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT: {
      const QualifiedName name =
          state.new_name(NodeList(node.create_enum_stmt->n_type_name, node.create_enum_stmt->type_name));
      const auto wanted = strings(NodeList(node.create_enum_stmt->n_vals, node.create_enum_stmt->vals));
      const auto it = state.catalog.enums.find(name);
      if (it == state.catalog.enums.end()) {
        if (!state.type_exists(name)) return std::nullopt;
        return Difference{name.name, "the type " + display(name) + " that is there is no enum", {}};
      }
      std::vector<std::string> lacking;
      for (const auto& label : wanted)
        if (!has(it->second.labels, label)) lacking.push_back(quote_literal(label));
      if (lacking.empty()) return std::nullopt;
      return Difference{
          name.name, "the type " + display(name) + " that is there lacks " + join(lacking, ", "), {}};
    }
    case PG_QUERY__NODE__NODE_CREATE_STMT: {
      const QualifiedName name = state.new_name(*node.create_stmt->relation);
      const Table* table = state.catalog.table(name);
      if (!table) return std::nullopt;
      std::vector<std::string> parts;
      for (const Node* element : NodeList(node.create_stmt->n_table_elts, node.create_stmt->table_elts)) {
        if (element->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF || !element->column_def->type_name)
          continue;
        const Column wanted = column_definition(*element->column_def, state).column;
        const Column* column = table->column(wanted.name);
        if (!column) parts.push_back("it has no column " + wanted.name);
        else if (column->type != wanted.type && !column->type.empty())
          parts.push_back("its column " + wanted.name + " is " + column->type + ", not " + wanted.type);
      }
      if (parts.empty()) return std::nullopt;
      return Difference{name.name,
                        "the table " + display(name) + " that is there is another one: " + join(parts, ", "),
                        name};
    }
    case PG_QUERY__NODE__NODE_INDEX_STMT: {
      const Index& wanted = statement.create_index->index;
      const QualifiedName table_name = relation(*node.index_stmt->relation, state);
      const QualifiedName name{table_name.schema, wanted.name};
      if (wanted.name.empty() || !state.relation_exists(name)) return std::nullopt;
      const auto owner = state.index_tables.find(name);
      if (owner == state.index_tables.end())
        return Difference{name.name, "that name belongs to a table or sequence", table_name};
      const Table* table = state.catalog.table(owner->second);
      const Index* there = table ? table->index(name.name) : nullptr;
      if (!there) return std::nullopt;
      if (owner->second != table_name)
        return Difference{name.name, "the index of that name is on " + display(owner->second), table_name};
      if (there->keys.size() == wanted.keys.size() &&
          normalized(index_text(*there)) == normalized(index_text(wanted)))
        return std::nullopt;
      return Difference{name.name,
                        "the index that is there is " + index_text(*there) + ", not " + index_text(wanted),
                        table_name};
    }
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT: {
      const AlterTable& alter = *statement.alter_table;
      const Table* table = state.catalog.table(alter.name);
      if (!table || alter.changes.size() != 1) return std::nullopt;
      const TableChange& change = alter.changes.front();
      if (change.kind == Change::add_column) {
        const Column* column = table->column(change.name);
        const std::string& type = change.column->column.type;
        if (!column || column->type == type || column->type.empty()) return std::nullopt;
        return Difference{column->name, "the column that is there is " + column->type + ", not " + type,
                          alter.name};
      }
      if (change.kind != Change::add_constraint ||
          change.constraint->constraint.kind == ConstraintKind::exclusion ||
          !change.constraint->using_index.empty())
        return std::nullopt;
      const Constraint wanted = resolved(change.constraint->constraint, state);
      for (const Constraint& there : table->constraints)
        if (there.name == wanted.name &&
            normalized(constraint_text(there)) != normalized(constraint_text(wanted)))
          return Difference{wanted.name,
                            "the constraint that is there is " + constraint_text(there) + ", not " +
                                constraint_text(wanted),
                            alter.name};
      return std::nullopt;
    }
    default: return std::nullopt;
  }
}

void StepRecorder::existing_is_kept(const Statement& statement, const SchemaState& state,
                                    Actions& out) const {
  const Node& node = statement.node;
  bool kept = false;
  if (node.node_case == PG_QUERY__NODE__NODE_CREATE_STMT) kept = node.create_stmt->if_not_exists;
  if (statement.create_index) kept = statement.create_index->if_not_exists;
  if (statement.alter_table && statement.alter_table->changes.size() == 1)
    kept = statement.alter_table->changes[0].if_exists;
  if (!kept) return;
  if (const auto found = difference(statement, state)) {
    SchemaAction action = on(Kind::suppress_error, found->table, state);
    action.suppress_error = SchemaAction::Swallow::other_object;
    action.name = found->name;
    action.detail = found->how;
    out.push_back(std::move(action));
  }
}

}  // namespace pgadvise::sql
