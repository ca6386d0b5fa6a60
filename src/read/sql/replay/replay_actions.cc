// StepRecorder::actions(): what a statement does to tables.
#include <algorithm>
#include <set>
#include <string>
#include <variant>

#include "base/text/text.h"
#include "sql/parse/expression.h"
#include "sql/parse/type_name.h"
#include "sql/replay/steps.h"

namespace pgadvise::sql {
namespace {

using Action = SchemaAction::Kind;
using Change = TableChange::Kind;
using ConstraintKind = Constraint::Kind;

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

// Collects the actions of one statement; those that change no table have none.
struct Describer {
  const StepRecorder& recorder;
  const SchemaState& state;
  std::vector<SchemaAction> out = {};

  template <class Other>
  void operator()(const Other&) {}

  SchemaAction on(Action kind, const QualifiedName& table) const { return recorder.on(kind, table, state); }

  // ---- ALTER TABLE

  void operator()(const AlterTable& alter) {
    if (!alter.table) return;
    const Table* table = state.catalog.table(alter.name);
    if (!table && (state.relation_exists(alter.name) || alter.if_exists)) return;  // an index, a sequence
    const SchemaAction base = on(Action::update, alter.name);
    const auto of = [&](Action kind) {
      SchemaAction action = base;
      action.kind = kind;
      return action;
    };
    const auto rewrites = [&](const char* how) { out.emplace_back(of(Action::rewrite_table)).detail = how; };
    for (const TableChange& change : alter.changes) {
      switch (change.kind) {
        case Change::add_column: add_column(alter, change, base); break;
        case Change::drop_column: {
          const Column* column = table ? table->column(change.name) : nullptr;
          if (table && !column) break;
          SchemaAction& action = out.emplace_back(of(Action::drop_column));
          action.columns = {change.name};
          action.cascade = change.cascade;
          if (column) action.before = *column;
          action.on_new_columns = recorder.added(alter.name, change.name);
          break;
        }
        case Change::change_type: change_type(change, of(Action::change_type)); break;
        case Change::set_not_null: set_not_null(alter, change.name, of(Action::set_not_null)); break;
        case Change::add_constraint: add_constraint(alter, *change.constraint, base); break;
        case Change::validate_constraint:
        case Change::drop_constraint: {
          SchemaAction& action =
              out.emplace_back(of(change.kind == Change::drop_constraint ? Action::drop_constraint
                                                                         : Action::validate_constraint));
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
        case Change::attach_partition: attach_partition(alter, change); break;
        case Change::detach_partition:
          out.push_back(of(Action::detach_partition));
          out.back().name = change.partition.name;
          out.back().concurrently = change.concurrently;
          break;
        case Change::set_tablespace: rewrites("SET TABLESPACE"); break;
        case Change::set_access_method: rewrites("SET ACCESS METHOD"); break;
        default: break;
      }
    }
  }

  void add_column(const AlterTable& alter, const TableChange& change, const SchemaAction& base) {
    const ColumnDefinition& definition = *change.column;
    const Table* table = state.catalog.table(base.table);
    // IF NOT EXISTS, or an error; unless the same statement drops it, which is done first.
    if (table && table->column(change.name) && !alter.drops_column(change.name)) return;
    SchemaAction action = base;
    action.kind = Action::add_column;
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
      add_constraint(alter, constraint, base);
      for (std::size_t i = before; i < out.size(); ++i) {
        out[i].with_column = out[i].on_new_columns = true;
        out[i].on_null_columns = nulls;
      }
    }
  }

  void add_constraint(const AlterTable& alter, const ConstraintDefinition& definition,
                      const SchemaAction& base) {
    const Table* table = state.catalog.table(base.table);
    SchemaAction action = base;
    action.kind = Action::add_constraint;
    action.constraint = state.resolved(definition.constraint);
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
        if (other.kind == Action::add_column && other.table == base.table && other.columns[0] == column)
          return &other;
      return nullptr;
    };
    if (const auto& columns = action.constraint->columns; !columns.empty()) {
      action.on_new_columns = std::ranges::all_of(columns, [&](const auto& column) {
        return by_statement(column) || recorder.added(base.table, column);
      });
      // A foreign key is not checked for rows in which one of its columns is NULL.
      action.on_null_columns =
          (action.on_new_columns || action.constraint->kind == ConstraintKind::foreign_key) &&
          std::ranges::any_of(columns, [&](const auto& column) {
            const SchemaAction* addition = by_statement(column);
            return addition ? addition->on_null_columns : recorder.all_null(base.table, column);
          });
    }
    // A name that is taken makes it fail, and do nothing; what the same statement drops is gone before. So
    // does an index of the name, where the constraint makes one, and a second primary key.
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
    if (table && !action.name.empty() && !alter.drops_constraint(action.name) &&
        table->constraint(action.name))
      return;
    out.push_back(std::move(action));
  }

  void change_type(const TableChange& change, SchemaAction action) {
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

  void set_not_null(const AlterTable& alter, const std::string& name, SchemaAction action) {
    const Table* table = state.catalog.table(action.table);
    const Column* column = table ? table->column(name) : nullptr;
    if (column && column->not_null) return;
    action.columns = {name};
    if (column) action.before = *column;
    action.on_new_columns = recorder.added(action.table, name);
    // The same ALTER TABLE changes types first.
    const bool converted = std::ranges::any_of(alter.changes, [&](const auto& change) {
      return change.kind == Change::change_type && change.name == name && change.converts;
    });
    action.on_null_columns = recorder.all_null(action.table, name) && !converted;
    // A check that the same ALTER TABLE drops is gone before the server looks.
    if (!table) action.proven_not_null = recorder.checked_not_null(action.table, name);
    if (table)
      for (const Constraint& check : table->constraints) {
        if (check.kind != ConstraintKind::check || !check.validated || alter.drops_constraint(check.name))
          continue;
        action.proven_not_null |= check_excludes_null(check.expression, name);
      }
    out.push_back(std::move(action));
  }

  // ---- the others

  void operator()(const CreateTable& create) {
    if (create.kind == Table::Kind::foreign || state.relation_exists(create.name)) return;
    out.push_back(on(Action::create_table, create.name));
    out.back().on_new_table = out.back().table_known = true;
  }

  void operator()(const CreateFromQuery& create) {
    if (create.kind == Table::Kind::view) {
      out.push_back(on(Action::create_view, create.name));
      out.back().on_new_table = out.back().table_known = true;
    } else if (!create.select_into) {
      out.push_back(on(Action::insert_from, create.name));
      out.back().reads = create.names_read;
      out.back().reads_from = create.names_in_from;
    }
  }

  void operator()(const CreateIndex& create) {
    const QualifiedName& name = create.table;
    const Index& index = create.definition.index;
    if (!index.name.empty() && state.relation_exists({name.schema, index.name})) return;
    SchemaAction& action = out.emplace_back(on(Action::create_index, name));
    action.index = index;
    action.name = index.name;
    action.concurrently = create.concurrently;
    if (create.only) action.detail = "ONLY";
    for (const IndexKey& key : index.keys)
      action.columns.push_back(key.column.empty() ? "(" + key.expression + ")" : key.column);
    action.on_new_columns =
        !action.columns.empty() &&
        std::ranges::all_of(action.columns, [&](const auto& column) { return recorder.added(name, column); });
  }

  void operator()(const DropStatement& drop) {
    for (const DropStatement::Object& object : drop.objects) {
      switch (drop.kind) {
        case DropStatement::Kind::table:
        case DropStatement::Kind::materialized_view: {
          const QualifiedName& name = object.relation;
          if (!state.catalog.table(name) && drop.if_exists) break;
          SchemaAction& action = out.emplace_back(on(Action::drop_table, name));
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
          out.push_back(on(Action::drop_index, owner ? *owner : QualifiedName()));
          out.back().name = object.name;
          out.back().concurrently = drop.concurrently;
          break;
        }
        case DropStatement::Kind::schema: {
          SchemaAction& action = out.emplace_back();
          action.kind = Action::drop_schema;
          action.name = object.name;
          action.cascade = drop.cascade;
          for (const auto& [name, table] : state.catalog.tables)
            if (name.schema == action.name && recorder.existing().count(name) &&
                (table.kind == Table::Kind::ordinary || table.kind == Table::Kind::partitioned))
              action.reads_from.push_back(name);
          break;
        }
        case DropStatement::Kind::type: {
          if (!drop.cascade) break;
          const std::string spelled = type_spelling(object.type);
          for (const auto& [name, table] : state.catalog.tables) {
            SchemaAction action = on(Action::drop_type, name);
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

  void operator()(const Rename& rename) {
    if (rename.kind == Rename::Kind::schema) {
      SchemaAction& action = out.emplace_back();
      action.kind = Action::rename_schema;
      action.name = rename.name;
      action.detail = rename.new_name;
      action.on_new_table = std::ranges::none_of(
          recorder.existing(), [&](const auto& name) { return name.schema == rename.name; });
      return;
    }
    const bool column = rename.kind == Rename::Kind::column;
    if (column ? !rename.of_table : rename.kind != Rename::Kind::table) return;
    const QualifiedName& name = rename.relation;
    SchemaAction action = on(column ? Action::rename_column : Action::rename_table, name);
    action.detail = rename.new_schema;
    action.name = rename.new_schema.empty() ? rename.new_name : name.name;
    if (rename.new_schema.empty() && !action.table_known && (rename.if_exists || state.relation_exists(name)))
      return;
    if (column) action.columns = {rename.name};
    action.on_new_columns = column && recorder.added(name, rename.name);
    out.push_back(std::move(action));
  }

  void operator()(const Truncate& truncate) {
    for (const QualifiedName& table : truncate.tables) {
      out.emplace_back(on(Action::truncate, table)).cascade = truncate.cascade;
    }
  }

  void operator()(const RewriteTables& rewrite) {
    if (rewrite.how.empty()) return;
    for (const QualifiedName& table : rewrite.tables) out.push_back(on(Action::rewrite_table, table));
    if (rewrite.tables.empty()) out.emplace_back().kind = Action::rewrite_table;
    for (SchemaAction& action : out) action.detail = rewrite.how;
  }

  void operator()(const Reindex& reindex) {
    if (!reindex.all_of.empty()) {
      out.emplace_back().kind = Action::reindex;
      out.back().detail = reindex.all_of;
    } else {
      const QualifiedName* owner = value_at(state.index_tables, reindex.name);
      out.push_back(on(Action::reindex, owner ? *owner : reindex.name));
      if (owner) out.back().name = reindex.name.name;
    }
    out.back().concurrently = reindex.concurrently;
  }

  void operator()(const DataChange& change) {
    const Action kind = change.kind == DataChange::Kind::insert   ? Action::insert_from
                        : change.kind == DataChange::Kind::update ? Action::update
                                                                  : Action::remove;
    SchemaAction& action = out.emplace_back(on(kind, change.table));
    if (kind != Action::insert_from)
      action.rows = selectivity(change.where, state.catalog.table(change.table));
    action.columns = change.columns;
    action.reads = change.names_read;
    action.reads_from = change.reads_from;
  }

  void attach_partition(const AlterTable& alter, const TableChange& change) {
    if (state.index_tables.count(alter.name)) return;
    SchemaAction action = on(Action::attach_partition, state.find_table(change.partition));
    action.name = display(alter.name);
    const Table* parent = state.catalog.table(alter.name);
    const Table* partition = state.catalog.table(action.table);
    if (parent && partition) {
      std::set<std::string> key;
      for (const Column& column : parent->columns)
        if (names_in_expression(parent->partition_key).count(column.name)) key.insert(column.name);
      for (const Constraint& check : partition->constraints)
        action.proven_in_bound |=
            check.kind == Constraint::Kind::check && check.validated && !key.empty() &&
            std::ranges::all_of(key, [&](const auto& name) { return is_one_of(name, check.columns); });
    }
    out.push_back(std::move(action));
  }

  void operator()(const RefreshView& refresh) {
    out.push_back(on(Action::refresh_view, refresh.view));
    out.back().table_kind = Table::Kind::materialized_view;
    out.back().concurrently = refresh.concurrently;
  }

  void operator()(const DropDatabase& drop) {
    out.emplace_back().kind = Action::drop_database;
    out.back().name = drop.name;
  }

  void operator()(const AlterDomain& alter) {
    if (alter.not_valid) return;
    const std::string spelled = type_spelling(alter.domain);
    for (const auto& [name, table] : state.catalog.tables) {
      SchemaAction action = on(Action::change_domain, name);
      action.name = alter.domain.name;
      action.detail = alter.constraint;
      for (const Column& column : table.columns)
        if (column.type == spelled) action.columns.push_back(column.name);
      if (!action.columns.empty()) out.push_back(std::move(action));
    }
  }

  // Reported once, for the first table that uses the enum.
  void operator()(const AlterEnum& alter) {
    if (alter.old_value.empty()) return;
    const std::string spelled = type_spelling(alter.name);
    for (const auto& [name, table] : state.catalog.tables)
      for (const Column& column : table.columns) {
        if (column.type != spelled && column.type != spelled + "[]") continue;
        SchemaAction action = on(Action::rename_value, name);
        if (action.on_new_table) continue;
        action.name = alter.name.name;
        action.columns = {alter.old_value};
        action.detail = alter.value;
        out.push_back(std::move(action));
        return;
      }
  }
};

}  // namespace

std::vector<SchemaAction> StepRecorder::actions(const Statement& statement, const SchemaState& state) const {
  Describer describer{*this, state};
  std::visit(describer, statement);
  if (const auto found = kept_object(statement, state)) {
    SchemaAction& action = describer.out.emplace_back(on(Action::suppress_error, found->table, state));
    action.suppress_error = SchemaAction::Swallow::other_object;
    action.name = found->name;
    action.detail = found->how;
  }
  std::erase_if(describer.out,
                [&](const SchemaAction& action) { return !action.table_known && lost_track_; });
  return std::move(describer.out);
}

}  // namespace pgadvise::sql
