#include "sql/replay/steps.h"

#include <algorithm>
#include <variant>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"
#include "sql/parse/expression.h"
#include "sql/parse/lexer.h"
#include "sql/parse/type_name.h"

namespace pgadvise::sql {
namespace {

using Kind = SchemaAction::Kind;
using Change = TableChange::Kind;

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

Selectivity selectivity(const std::optional<DataChange::Condition>& where, const Table* table) {
  if (!where) return Selectivity::all;
  if (!table) {
    if (where->equal.count("id")) return Selectivity::few;
  } else {
    for (const Index& index : table->indexes)
      if (index.unique && !index.keys.empty() && std::ranges::all_of(index.keys, [&](const IndexKey& key) {
            return where->equal.count(key.column);
          }))
        return Selectivity::few;
  }
  return where->narrows ? Selectivity::some : Selectivity::most;
}

std::string normalized(std::string_view expression) {
  std::string out;
  for (char c : lower(expression))
    if (c != ' ' && c != '(' && c != ')') out += c;
  return out;
}

// `depth`: the dollar quotes around the text.
void add_cut_names(std::string_view text, int depth, std::set<std::string>& out) {
  constexpr int max_depth = 8;
  for (const Lexeme& token : Lexer(text)) {
    if (token.text.size() <= longest_identifier) continue;
    if (std::string name = token.name(); name.size() > longest_identifier)
      out.insert(cut_identifier(std::move(name)));
    if (depth < max_depth) add_cut_names(token.dollar_quoted(), depth + 1, out);  // of a DO block
  }
}

}  // namespace

std::set<std::string> cut_names(std::string_view text) {
  std::set<std::string> out;
  add_cut_names(text, 0, out);
  return out;
}

void StepRecorder::begin(const SchemaState& state, bool together) {
  lost_track_ = false;
  checks_of_unknown_.clear();
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
  Actions out;
  std::visit([&](const auto& definition) { describe(definition, state, out); }, statement);
  existing_is_kept(statement, state, out);
  std::erase_if(out, [&](const SchemaAction& action) { return !is_reliable(action); });
  return out;
}

std::vector<TableLock> StepRecorder::locks(const Statement& statement,
                                           const std::vector<SchemaAction>& actions,
                                           const SchemaState& state) const {
  auto out = locks_of(statement, actions, state);
  std::erase_if(out, [&](const TableLock& lock) { return !lock.table_known && lost_track_; });
  for (TableLock& lock : out)
    lock.on_new_table = (lock.table_known && !existing_.count(lock.table)) || lock.table.schema == "pg_temp";
  // A foreign key of a new table, which has no rows, checks none.
  if (!out.empty() && out.front().on_new_table && out.front().through == TableLock::Through::statement)
    for (TableLock& lock : out)
      if (lock.through == TableLock::Through::foreign_key) lock.work = TableLock::Work::none;
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
        const QualifiedName to = renamed_table(action);
        if (state.catalog.table(action.table) || !state.catalog.table(to)) break;
        move_key(existing_, action.table, to);
        move_key(added_, action.table, to);
        break;
      }
      case Kind::rename_column:
        if (auto* columns = value_at(added_, action.table)) {
          columns->erase(action.name);
          move_key(*columns, action.columns[0], action.name);
        }
        break;
      case Kind::drop_column:
        if (auto* columns = value_at(added_, action.table)) columns->erase(action.columns[0]);
        break;
      case Kind::add_column:
        added_[action.table][action.columns[0]] = action.on_null_columns ? now_ : 0;
        break;
      case Kind::change_type:
        if (action.converts && added(action.table, action.columns[0]))
          added_[action.table][action.columns[0]] = 0;
        break;
      case Kind::add_constraint:
        if (!action.table_known && action.constraint->kind == ConstraintKind::check)
          checks_of_unknown_[action.table].push_back(*action.constraint);
        break;
      case Kind::validate_constraint:
        if (auto* checks = value_at(checks_of_unknown_, action.table))
          for (Constraint& check : *checks) check.validated |= check.name == action.name;
        break;
      case Kind::drop_constraint:
        if (auto* checks = value_at(checks_of_unknown_, action.table))
          std::erase_if(*checks, [&](const Constraint& check) { return check.name == action.name; });
        break;
      case Kind::update: filled(action, state); break;
      default: break;
    }
  }
}

// ---- ALTER TABLE

void StepRecorder::describe(const AlterTable& alter, const SchemaState& state, Actions& out) const {
  if (!alter.table) return;
  const Table* table = state.catalog.table(alter.name);
  if (!table && (state.relation_exists(alter.name) || alter.if_exists)) return;  // an index, a sequence
  const SchemaAction base = on(Kind::update, alter.name, state);
  const auto of = [&](Kind kind) {
    SchemaAction action = base;
    action.kind = kind;
    return action;
  };
  const auto rewrites = [&](const char* how) { out.emplace_back(of(Kind::rewrite_table)).detail = how; };
  for (const TableChange& change : alter.changes) {
    switch (change.kind) {
      case Change::add_column: add_column(alter, change, base, state, out); break;
      case Change::drop_column: {
        const Column* column = table ? table->column(change.name) : nullptr;
        if (table && !column) break;
        SchemaAction& action = out.emplace_back(of(Kind::drop_column));
        action.columns = {change.name};
        action.cascade = change.cascade;
        if (column) action.before = *column;
        action.on_new_columns = added(alter.name, change.name);
        break;
      }
      case Change::change_type: change_type(change, of(Kind::change_type), state, out); break;
      case Change::set_not_null: set_not_null(alter, change.name, of(Kind::set_not_null), state, out); break;
      case Change::add_constraint: add_constraint(alter, *change.constraint, base, state, out); break;
      case Change::validate_constraint:
      case Change::drop_constraint: {
        SchemaAction& action = out.emplace_back(
            of(change.kind == Change::drop_constraint ? Kind::drop_constraint : Kind::validate_constraint));
        action.name = change.name;
        if (const Constraint* constraint = table ? table->constraint(action.name) : nullptr)
          action.constraint = *constraint;
        break;
      }
      case Change::set_logged:  // nothing where it is so already
        if (!table || table->unlogged) rewrites("SET LOGGED");
        break;
      case Change::set_unlogged:
        if (!table || !table->unlogged) rewrites("SET UNLOGGED");
        break;
      case Change::attach_partition: attach_partition(alter, change, state, out); break;
      case Change::detach_partition:
        out.push_back(of(Kind::detach_partition));
        out.back().name = change.partition.name;
        out.back().concurrently = change.concurrently;
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
  for (const auto& [name, domain] : state.domains) {
    if (type_spelling(name) != definition.column.type) continue;
    action.domain_not_null = domain.not_null;
    // DEFAULT NULL of the column replaces the default of the domain.
    if (!definition.default_written && action.default_kind == DefaultKind::none)
      action.default_kind = domain.default_kind;
  }
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
  const auto by_statement = [&](const std::string& column) -> const SchemaAction* {
    for (const SchemaAction& other : out)
      if (other.kind == Kind::add_column && other.table == base.table && other.columns[0] == column)
        return &other;
    return nullptr;
  };
  if (const auto& columns = action.constraint->columns; !columns.empty()) {
    action.on_new_columns = std::ranges::all_of(
        columns, [&](const auto& column) { return by_statement(column) || added(base.table, column); });
    // A foreign key is not checked for rows in which one of its columns is NULL.
    action.on_null_columns =
        (action.on_new_columns || action.constraint->kind == ConstraintKind::foreign_key) &&
        std::ranges::any_of(columns, [&](const auto& column) {
          const SchemaAction* addition = by_statement(column);
          return addition ? addition->on_null_columns : all_null(base.table, column);
        });
  }
  // A name that is taken makes it fail, and do nothing; what the same statement drops is gone before. So does
  // an index of the name, where the constraint makes one, and a second primary key.
  const bool makes_index = (action.constraint->kind == ConstraintKind::primary_key ||
                            action.constraint->kind == ConstraintKind::unique) &&
                           !action.using_index;
  const bool drops = std::ranges::any_of(alter.changes, [](const TableChange& change) {
    return change.kind == Change::drop_constraint || change.kind == Change::drop_column;
  });
  if (table && makes_index && !drops &&
      ((!action.name.empty() && state.relation_exists({base.table.schema, action.name})) ||
       (action.constraint->kind == ConstraintKind::primary_key && SchemaState::primary_key(*table))))
    return;
  if (table && !action.name.empty() && !alter.drops_constraint(action.name) && table->constraint(action.name))
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
    return std::ranges::any_of(state.catalog.enums,
                               [&](const auto& each) { return type_spelling(each.first) == type; });
  };
  action.columns = {change.name};
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
      action.rechecked |=
          constraint.kind == ConstraintKind::check && is_one_of(change.name, constraint.columns);
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
  action.on_new_columns = added(action.table, name);
  // The same ALTER TABLE changes types first.
  const bool converted = std::ranges::any_of(alter.changes, [&](const auto& change) {
    return change.kind == Change::change_type && change.name == name && change.converts;
  });
  action.on_null_columns = all_null(action.table, name) && !converted;
  // A check that the same ALTER TABLE drops is gone before the server looks.
  if (!table) action.proven_not_null = checked_not_null(action.table, name);
  if (table)
    for (const Constraint& check : table->constraints) {
      if (check.kind != ConstraintKind::check || !check.validated || alter.drops_constraint(check.name))
        continue;
      action.proven_not_null |= check_excludes_null(check.expression, name);
    }
  out.push_back(std::move(action));
}

bool StepRecorder::checked_not_null(const QualifiedName& table, const std::string& column) const {
  const auto* checks = value_at(checks_of_unknown_, table);
  return checks && std::ranges::any_of(*checks, [&](const Constraint& check) {
           return check.validated && check_excludes_null(check.expression, column);
         });
}

// ---- the others

void StepRecorder::describe(const CreateTable& create, const SchemaState& state, Actions& out) const {
  if (create.kind == Table::Kind::foreign || state.relation_exists(create.name)) return;
  out.push_back(on(Kind::create_table, create.name, state));
  out.back().on_new_table = out.back().table_known = true;
}

void StepRecorder::describe(const CreateFromQuery& create, const SchemaState& state, Actions& out) const {
  if (create.kind == Table::Kind::view) {
    out.push_back(on(Kind::create_view, create.name, state));
    out.back().on_new_table = out.back().table_known = true;
  } else if (!create.select_into) {
    out.push_back(on(Kind::insert_from, create.name, state));
    out.back().reads = create.names_read;
    out.back().reads_from = create.names_in_from;
  }
}

void StepRecorder::describe(const CreateIndex& create, const SchemaState& state, Actions& out) const {
  const QualifiedName& name = create.table;
  const Index& index = create.definition.index;
  if (!index.name.empty() && state.relation_exists({name.schema, index.name})) return;
  SchemaAction& action = out.emplace_back(on(Kind::create_index, name, state));
  action.index = index;
  action.name = index.name;
  action.concurrently = create.concurrently;
  if (create.only) action.detail = "ONLY";
  for (const IndexKey& key : index.keys)
    action.columns.push_back(key.column.empty() ? "(" + key.expression + ")" : key.column);
  action.on_new_columns =
      !action.columns.empty() &&
      std::ranges::all_of(action.columns, [&](const auto& column) { return added(name, column); });
}

void StepRecorder::describe(const DropStatement& drop, const SchemaState& state, Actions& out) const {
  for (const DropStatement::Object& object : drop.objects) {
    switch (drop.kind) {
      case DropStatement::Kind::table:
      case DropStatement::Kind::materialized_view: {
        const QualifiedName& name = object.relation;
        if (!state.catalog.table(name) && drop.if_exists) break;
        SchemaAction& action = out.emplace_back(on(Kind::drop_table, name, state));
        action.cascade = drop.cascade;
        if (drop.kind == DropStatement::Kind::materialized_view)
          action.table_kind = Table::Kind::materialized_view;
        std::vector<std::string> with;
        for (const auto& [owner, key] : state.foreign_keys_to(name))
          if (owner != name) with.push_back("the foreign key " + key + " on " + display(owner));
        for (const auto& view : state.views_on(name)) with.push_back("the view " + display(view));
        if (drop.cascade) action.detail = join(with, ", ");
        break;
      }
      case DropStatement::Kind::index: {
        const QualifiedName* owner = value_at(state.index_tables, object.relation);
        if (!owner && drop.if_exists) break;
        out.push_back(on(Kind::drop_index, owner ? *owner : QualifiedName(), state));
        out.back().name = object.name;
        out.back().concurrently = drop.concurrently;
        break;
      }
      case DropStatement::Kind::schema: {
        SchemaAction& action = out.emplace_back();
        action.kind = Kind::drop_schema;
        action.name = object.name;
        action.cascade = drop.cascade;
        for (const auto& [name, table] : state.catalog.tables)
          if (name.schema == action.name && existing_.count(name) &&
              (table.kind == Table::Kind::ordinary || table.kind == Table::Kind::partitioned))
            action.reads_from.push_back(name);
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

void StepRecorder::describe(const Rename& rename, const SchemaState& state, Actions& out) const {
  if (rename.kind == Rename::Kind::schema) {
    SchemaAction& action = out.emplace_back();
    action.kind = Kind::rename_schema;
    action.name = rename.name;
    action.detail = rename.new_name;
    action.on_new_table =
        std::ranges::none_of(existing_, [&](const auto& name) { return name.schema == rename.name; });
    return;
  }
  const bool column = rename.kind == Rename::Kind::column;
  if (column ? !rename.of_table : rename.kind != Rename::Kind::table) return;
  const QualifiedName& name = rename.relation;
  SchemaAction action = on(column ? Kind::rename_column : Kind::rename_table, name, state);
  action.detail = rename.new_schema;
  action.name = rename.new_schema.empty() ? rename.new_name : name.name;
  if (rename.new_schema.empty() && !action.table_known && (rename.if_exists || state.relation_exists(name)))
    return;
  if (column) action.columns = {rename.name};
  action.on_new_columns = column && added(name, rename.name);
  out.push_back(std::move(action));
}

void StepRecorder::describe(const Truncate& truncate, const SchemaState& state, Actions& out) const {
  for (const QualifiedName& table : truncate.tables) {
    out.emplace_back(on(Kind::truncate, table, state)).cascade = truncate.cascade;
  }
}

void StepRecorder::describe(const RewriteTables& rewrite, const SchemaState& state, Actions& out) const {
  if (rewrite.how.empty()) return;
  for (const QualifiedName& table : rewrite.tables) out.push_back(on(Kind::rewrite_table, table, state));
  if (rewrite.tables.empty()) out.emplace_back().kind = Kind::rewrite_table;
  for (SchemaAction& action : out) action.detail = rewrite.how;
}

void StepRecorder::describe(const Reindex& reindex, const SchemaState& state, Actions& out) const {
  if (!reindex.all_of.empty()) {
    out.emplace_back().kind = Kind::reindex;
    out.back().detail = reindex.all_of;
  } else {
    const QualifiedName* owner = value_at(state.index_tables, reindex.name);
    out.push_back(on(Kind::reindex, owner ? *owner : reindex.name, state));
    if (owner) out.back().name = reindex.name.name;
  }
  out.back().concurrently = reindex.concurrently;
}

void StepRecorder::describe(const DataChange& change, const SchemaState& state, Actions& out) const {
  const Kind kind = change.kind == DataChange::Kind::insert   ? Kind::insert_from
                    : change.kind == DataChange::Kind::update ? Kind::update
                                                              : Kind::remove;
  SchemaAction& action = out.emplace_back(on(kind, change.table, state));
  if (kind != Kind::insert_from) action.rows = selectivity(change.where, state.catalog.table(change.table));
  action.columns = change.columns;
  action.reads = change.names_read;
  action.reads_from = change.reads_from;
}

// ---- names that are taken

namespace {

using Difference = std::optional<StepRecorder::Difference>;

template <class Other>
Difference difference_of(const Other&, const SchemaState&) {
  return std::nullopt;
}

Difference difference_of(const CreateEnum& create, const SchemaState& state) {
  const QualifiedName& name = create.name;
  const Enum* there = value_at(state.catalog.enums, name);
  if (!there && !state.type_exists(name)) return std::nullopt;
  if (!there) return {{name.name, "the type " + display(name) + " that is there is no enum", {}}};
  std::vector<std::string> lacking;
  for (const auto& label : create.labels)
    if (!is_one_of(label, there->labels)) lacking.push_back(quote_literal(label));
  if (lacking.empty()) return std::nullopt;
  return {{name.name, "the type " + display(name) + " that is there lacks " + join(lacking, ", "), {}}};
}

Difference difference_of(const CreateTable& create, const SchemaState& state) {
  const QualifiedName& name = create.name;
  const Table* table = create.kind == Table::Kind::foreign ? nullptr : state.catalog.table(name);
  if (!table) return std::nullopt;
  std::vector<std::string> parts;
  for (const CreateTable::Element& element : create.elements) {
    const auto* definition = std::get_if<ColumnDefinition>(&element);
    if (!definition || !definition->typed) continue;
    const Column& wanted = definition->column;
    const Column* column = table->column(wanted.name);
    if (!column) parts.push_back("it has no column " + wanted.name);
    else if (column->type != wanted.type && !column->type.empty())
      parts.push_back("its column " + wanted.name + " is " + column->type + ", not " + wanted.type);
  }
  if (parts.empty()) return std::nullopt;
  return {{name.name, "the table " + display(name) + " that is there is another one: " + join(parts, ", "),
           name}};
}

Difference difference_of(const CreateIndex& create, const SchemaState& state) {
  const Index& wanted = create.definition.index;
  const QualifiedName name{create.table.schema, wanted.name};
  if (wanted.name.empty() || !state.relation_exists(name)) return std::nullopt;
  const QualifiedName* owner = value_at(state.index_tables, name);
  if (!owner) return {{name.name, "that name belongs to a table or sequence", create.table}};
  const Table* table = state.catalog.table(*owner);
  const Index* there = table ? table->index(name.name) : nullptr;
  if (!there) return std::nullopt;
  if (*owner != create.table)
    return {{name.name, "the index of that name is on " + display(*owner), create.table}};
  if (there->keys.size() == wanted.keys.size() &&
      normalized(index_text(*there)) == normalized(index_text(wanted)))
    return std::nullopt;
  return {{name.name, "the index that is there is " + index_text(*there) + ", not " + index_text(wanted),
           create.table}};
}

Difference difference_of(const AlterTable& alter, const SchemaState& state) {
  const Table* table = state.catalog.table(alter.name);
  if (!table || alter.changes.size() != 1) return std::nullopt;
  const TableChange& change = alter.changes.front();
  if (change.kind == Change::add_column) {
    const Column* column = table->column(change.name);
    const std::string& type = change.column->column.type;
    if (!column || column->type == type || column->type.empty()) return std::nullopt;
    return {{column->name, "the column that is there is " + column->type + ", not " + type, alter.name}};
  }
  if (change.kind != Change::add_constraint ||
      change.constraint->constraint.kind == ConstraintKind::exclusion ||
      !change.constraint->using_index.empty())
    return std::nullopt;
  const Constraint wanted = resolved(change.constraint->constraint, state);
  for (const Constraint& there : table->constraints)
    if (there.name == wanted.name &&
        normalized(constraint_text(there)) != normalized(constraint_text(wanted)))
      return {
          {wanted.name,
           "the constraint that is there is " + constraint_text(there) + ", not " + constraint_text(wanted),
           alter.name}};
  return std::nullopt;
}

bool keeps_existing(const Statement& statement) {
  if (const auto* create = std::get_if<CreateTable>(&statement)) return create->if_not_exists;
  if (const auto* create = std::get_if<CreateIndex>(&statement)) return create->if_not_exists;
  const auto* alter = std::get_if<AlterTable>(&statement);
  return alter && alter->changes.size() == 1 && alter->changes[0].if_exists;
}

}  // namespace

Difference StepRecorder::difference(const Statement& statement, const SchemaState& state) {
  return std::visit([&](const auto& definition) { return difference_of(definition, state); }, statement);
}

void StepRecorder::existing_is_kept(const Statement& statement, const SchemaState& state,
                                    Actions& out) const {
  if (!keeps_existing(statement)) return;
  if (const auto found = difference(statement, state)) {
    SchemaAction& action = out.emplace_back(on(Kind::suppress_error, found->table, state));
    action.suppress_error = SchemaAction::Swallow::other_object;
    action.name = found->name;
    action.detail = found->how;
  }
}

}  // namespace pgadvise::sql
