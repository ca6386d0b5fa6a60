// locks_of(): the table-level locks of a statement.
#include <algorithm>
#include <ranges>
#include <set>
#include <variant>

#include "base/text/text.h"
#include "model/schema/type_change.h"
#include "sql/parse/type_name.h"
#include "sql/replay/steps.h"

namespace pgadvise::sql {
namespace {

using Change = TableChange::Kind;
using Action = SchemaAction::Kind;
using ConstraintKind = Constraint::Kind;
using Mode = LockMode;
using Through = TableLock::Through;
using Work = TableLock::Work;

class Collector {
 public:
  Collector(const std::vector<SchemaAction>& actions, const SchemaState& state)
      : actions_(actions), state_(state) {}

  std::vector<TableLock> take() { return std::move(out_); }

  template <class Other>
  void operator()(const Other&) {}

  void operator()(const CreateTable& create) {
    if (state_.relation_exists(create.name)) return;
    for (const CreateTable::Element& element : create.elements) {
      if (const auto* column = std::get_if<ColumnDefinition>(&element))
        for (const ConstraintDefinition& constraint : column->constraints) target(constraint.constraint);
      if (const auto* constraint = std::get_if<ConstraintDefinition>(&element))
        target(constraint->constraint);
    }
    for (const QualifiedName& parent : create.parents) {
      const bool partition = !create.partition_bound.empty();
      add(parent, partition ? Mode::access_exclusive : Mode::share_update_exclusive, Work::none,
          Through::parent);
      if (partition) default_partition(parent, create.partition_bound);
    }
  }

  void operator()(const CreateIndex& create) {
    if (!action(Action::create_index)) return;
    const Mode mode = create.concurrently ? Mode::share_update_exclusive : Mode::share;
    if (create.concurrently) concurrently_ = true;
    tree(create.table, mode, create.only ? Work::none : Work::build, !create.only);
  }

  void operator()(const AlterTable& alter) {
    if (!alter.table) return;
    const Table* table = state_.catalog.table(alter.name);
    if (!table && (state_.relation_exists(alter.name) || alter.if_exists)) return;
    for (const TableChange& change : alter.changes) this->change(alter, change, table);
  }

  void operator()(const Rename& rename) {
    if (rename.kind == Rename::Kind::table || rename.kind == Rename::Kind::policy) add(rename.relation);
    else if (rename.kind == Rename::Kind::constraint ||
             (rename.kind == Rename::Kind::column && rename.of_table))
      tree(rename.relation);
  }

  void operator()(const DropStatement& drop) {
    for (const DropStatement::Object& object : drop.objects) {
      switch (drop.kind) {
        case DropStatement::Kind::table: drop_table(object.relation); break;
        case DropStatement::Kind::materialized_view:
          if (state_.catalog.table(object.relation)) add(object.relation);
          break;
        case DropStatement::Kind::index:
          if (const QualifiedName* owner = value_at(state_.index_tables, object.relation)) {
            concurrently_ = drop.concurrently;
            tree(*owner, drop.concurrently ? Mode::share_update_exclusive : Mode::access_exclusive,
                 Work::none, true);
          }
          break;
        case DropStatement::Kind::policy:
        case DropStatement::Kind::trigger:
          if (!drop.if_exists || state_.catalog.table(object.relation)) add(object.relation);
          break;
        default: break;
      }
    }
  }

  void operator()(const CreatePolicy& policy) { add(policy.table); }
  void operator()(const AlterPolicy& policy) { add(policy.table); }
  void operator()(const CreateTrigger& trigger) { tree(trigger.table, Mode::share_row_exclusive); }
  void operator()(const Comment& comment) {
    if (comment.kind != Comment::Kind::other) add(comment.relation, Mode::share_update_exclusive);
  }

  void operator()(const Truncate& truncate) {
    for (const QualifiedName& table : truncate.tables) tree(table);
    for (std::size_t at = 0; truncate.cascade && at < out_.size(); ++at)
      for (const auto& [owner, key] : state_.foreign_keys_to(out_[at].table))
        tree(owner, Mode::access_exclusive, Work::none, true, Through::cascade);
  }

  void operator()(const RewriteTables& rewrite) {
    for (const QualifiedName& table : rewrite.tables) tree(table, Mode::access_exclusive, Work::rewrite);
  }

  void operator()(const Reindex& reindex) {
    if (!reindex.all_of.empty()) return;
    const QualifiedName* owner = value_at(state_.index_tables, reindex.name);
    concurrently_ = reindex.concurrently;
    tree(owner ? *owner : reindex.name, reindex.concurrently ? Mode::share_update_exclusive : Mode::share,
         Work::build);
  }

  void operator()(const LockTables& lock) {
    for (const QualifiedName& table : lock.tables) tree(table, lock.mode);
  }

  void operator()(const RefreshView& refresh) {
    add(refresh.view, refresh.concurrently ? Mode::exclusive : Mode::access_exclusive, Work::rewrite);
  }

  void operator()(const AlterDomain& alter) {
    if (alter.not_valid) return;
    const std::string spelled = type_spelling(alter.domain);
    for (const auto& [name, table] : state_.catalog.tables)
      if (std::ranges::any_of(table.columns, [&](const Column& column) { return column.type == spelled; }))
        add(name, Mode::share, Work::scan, Through::domain);
  }

  void operator()(const DataChange& change) { tree(change.table, Mode::row_exclusive, Work::rows); }

 private:
  static constexpr std::size_t max_locks = 10'000;  // of one statement

  void add(const QualifiedName& table, Mode mode = Mode::access_exclusive, Work work = Work::none,
           Through through = Through::statement) {
    if (table.name.empty()) return;
    const Table* known = state_.catalog.table(table);
    if (known && (known->kind == Table::Kind::view || known->kind == Table::Kind::foreign)) return;
    const auto there = std::ranges::find_if(out_, [&](const TableLock& lock) { return lock.table == table; });
    if (there != out_.end()) {
      there->mode = std::max(there->mode, mode);
      there->work = std::max(there->work, work);
      return;
    }
    if (out_.size() >= max_locks) return;
    TableLock& lock = out_.emplace_back();
    lock.table = table;
    lock.mode = mode;
    lock.work = work;
    lock.through = through;
    lock.table_known = known != nullptr;
    lock.concurrently = concurrently_;
  }

  // The table and, where the statement recurses, its partitions and children.
  void tree(const QualifiedName& table, Mode mode = Mode::access_exclusive, Work work = Work::none,
            bool recurses = true, Through through = Through::statement) {
    std::set<QualifiedName> seen = {table};
    std::vector<QualifiedName> todo = {table};
    while (!todo.empty()) {
      const QualifiedName name = std::move(todo.back());
      todo.pop_back();
      const Table* known = state_.catalog.table(name);
      // A partitioned table has no rows of its own.
      const bool empty = known && known->kind == Table::Kind::partitioned;
      add(name, mode, empty ? Work::none : work, name == table ? through : Through::partition);
      if (!recurses) continue;
      for (const QualifiedName& child : std::views::reverse(state_.children_of(name)))
        if (seen.insert(child).second) todo.push_back(child);
    }
  }

  const SchemaAction* action(Action kind, const std::string& column = {}) const {
    for (const SchemaAction& each : actions_)
      if (each.kind == kind && (column.empty() || is_one_of(column, each.columns))) return &each;
    return nullptr;
  }

  // The table to which a new foreign key refers.
  void target(const Constraint& constraint, Mode mode = Mode::share_row_exclusive, Work work = Work::none) {
    if (constraint.kind == ConstraintKind::foreign_key)
      add(state_.find_table(constraint.referenced_table), mode, work, Through::foreign_key);
  }

  // Tables whose foreign keys refer to `table`.
  void referencing(const QualifiedName& table, const std::vector<std::string>* columns = nullptr) {
    for (const auto& [owner, key] : state_.foreign_keys_to(table, columns))
      if (owner != table) add(owner, Mode::access_exclusive, Work::none, Through::foreign_key);
  }

  // The tables of foreign keys that have the column: those to which it refers and, of `both`, those that
  // refer to it.
  void foreign_keys_over(const std::string& column, const QualifiedName& name, const Table& table,
                         bool both) {
    for (const Constraint& constraint : table.constraints)
      if (is_one_of(column, constraint.columns)) target(constraint, Mode::access_exclusive);
    const std::vector<std::string> columns = {column};
    if (both) referencing(name, &columns);
  }

  // Materialized views that are dropped with a table or column.
  void views(const QualifiedName& table, const std::string* column = nullptr) {
    for (const QualifiedName& view : state_.views_on(table))
      if (const ViewUse* use = value_at(state_.views, view); !column || !use || use->columns.count(*column))
        add(view, Mode::access_exclusive, Work::none, Through::cascade);
  }

  // `work`: the server looks for rows of the new partition in the default one.
  void default_partition(const QualifiedName& parent, const std::string& bound, Work work = Work::scan) {
    if (bound == "DEFAULT") return;
    for (const QualifiedName& child : state_.children_of(parent))
      if (const Table* table = state_.catalog.table(child); table && table->partition_bound == "DEFAULT")
        add(child, Mode::access_exclusive, work, Through::default_partition);
  }

  void drop_table(const QualifiedName& name) {
    const Table* table = state_.catalog.table(name);
    if (!table) return;
    tree(name);
    for (const Constraint& constraint : table->constraints) target(constraint, Mode::access_exclusive);
    referencing(name);
    views(name);
    if (!table->partition_of) return;
    add(*table->partition_of, Mode::access_exclusive, Work::none, Through::parent);
    default_partition(*table->partition_of, table->partition_bound, Work::none);
  }

  void add_constraint(const QualifiedName& name, const SchemaAction& action, bool recurses) {
    const Constraint& constraint = *action.constraint;
    switch (constraint.kind) {
      case ConstraintKind::foreign_key: {
        const bool checks = constraint.validated && !(action.with_column && action.on_null_columns);
        tree(name, Mode::share_row_exclusive, checks ? Work::scan : Work::none, recurses);
        target(constraint, Mode::share_row_exclusive, checks ? Work::scan : Work::none);
        break;
      }
      case ConstraintKind::check:
        tree(name, Mode::access_exclusive, constraint.validated ? Work::scan : Work::none, recurses);
        break;
      default: {
        const Work indexed = constraint.kind == ConstraintKind::primary_key && !action.proven_not_null
                                 ? Work::scan
                                 : Work::none;
        tree(name, Mode::access_exclusive, action.using_index ? indexed : Work::build, recurses);
      }
    }
  }

  Work work_of_type(const SchemaAction& action) const {
    if (action.converts) return Work::rewrite;
    const TypeChange change =
        type_change(action.before ? action.before->type : "", action.after->type, action.enums);
    if (change.cost != TypeChange::Cost::none)
      return Work::rewrite;  // unknown: a domain, an extension's type
    if (action.index_rebuilt ||
        (action.indexed && action.before && action.before->collation != action.after->collation))
      return Work::build;
    return action.rechecked ? Work::scan : Work::none;
  }

  void change_type(const AlterTable& alter, const TableChange& change, const Table* table) {
    const SchemaAction* type = action(Action::change_type, change.name);
    if (!type) return;
    const Work work = work_of_type(*type);
    tree(alter.name, Mode::access_exclusive, work, !alter.only);
    if (!table || work == Work::none) return;
    foreign_keys_over(change.name, alter.name, *table, true);  // they are dropped and made again
  }

  void drop_column(const AlterTable& alter, const TableChange& change, const Table* table) {
    if (!action(Action::drop_column, change.name)) return;
    tree(alter.name, Mode::access_exclusive, Work::none, !alter.only);
    if (!table) return;
    foreign_keys_over(change.name, alter.name, *table, change.cascade);
    if (change.cascade) views(alter.name, &change.name);
  }

  void attach(const AlterTable& alter, const TableChange& change) {
    if (state_.index_tables.count(alter.name)) return;
    const SchemaAction* attached = action(Action::attach_partition);
    add(alter.name, Mode::share_update_exclusive);
    tree(state_.find_table(change.partition), Mode::access_exclusive,
         attached && attached->proven_in_bound ? Work::none : Work::scan, true);
    default_partition(alter.name, change.partition_bound);
  }

  void existing_constraint(const AlterTable& alter, const TableChange& change, const Table* table) {
    const Constraint* constraint = table ? table->constraint(change.name) : nullptr;
    if (!constraint && table) return;
    if (change.kind == Change::validate_constraint) {
      const bool done = constraint && constraint->validated;
      tree(alter.name, Mode::share_update_exclusive, done ? Work::none : Work::scan, !alter.only);
      return;
    }
    tree(alter.name, Mode::access_exclusive, Work::none, !alter.only);
    if (!constraint) return;
    target(*constraint, Mode::access_exclusive);
    if (change.cascade &&
        (constraint->kind == ConstraintKind::primary_key || constraint->kind == ConstraintKind::unique))
      referencing(alter.name, &constraint->columns);
  }

  void change(const AlterTable& alter, const TableChange& change, const Table* table) {
    const auto on_table = [&](Mode mode, Work work) { tree(alter.name, mode, work, !alter.only); };
    switch (change.kind) {
      case Change::add_column: {
        // The lock is taken even where IF NOT EXISTS finds the column.
        const SchemaAction* added = action(Action::add_column, change.name);
        const bool rewrites = added && (added->default_kind == DefaultKind::changing ||
                                        added->default_kind == DefaultKind::unknown);
        on_table(Mode::access_exclusive, rewrites ? Work::rewrite : Work::none);
        if (!added) break;
        for (const ConstraintDefinition& constraint : change.column->constraints)
          for (const SchemaAction& each : actions_)
            if (each.kind == Action::add_constraint && each.with_column &&
                each.constraint->kind == constraint.constraint.kind &&
                each.constraint->columns == constraint.constraint.columns)
              add_constraint(alter.name, each, !alter.only);
        break;
      }
      case Change::drop_column: drop_column(alter, change, table); break;
      case Change::change_type: change_type(alter, change, table); break;
      case Change::set_not_null: {
        const SchemaAction* set = action(Action::set_not_null, change.name);
        on_table(Mode::access_exclusive, set && !set->proven_not_null ? Work::scan : Work::none);
        break;
      }
      case Change::add_constraint:
        for (const SchemaAction& each : actions_)
          if (each.kind == Action::add_constraint && !each.with_column &&
              each.constraint->kind == change.constraint->constraint.kind &&
              (each.using_index || each.constraint->kind == ConstraintKind::exclusion ||
               each.constraint->columns == change.constraint->constraint.columns))
            add_constraint(alter.name, each, !alter.only);
        break;
      case Change::validate_constraint:
      case Change::drop_constraint: existing_constraint(alter, change, table); break;
      case Change::set_logged:
      case Change::set_unlogged:
        on_table(Mode::access_exclusive, action(Action::rewrite_table) ? Work::rewrite : Work::none);
        break;
      case Change::set_tablespace:
      case Change::set_access_method:
      case Change::set_expression: on_table(Mode::access_exclusive, Work::rewrite); break;
      case Change::set_fillfactor: on_table(Mode::share_update_exclusive, Work::none); break;
      case Change::attach_partition: attach(alter, change); break;
      case Change::detach_partition:
        concurrently_ = change.concurrently;
        add(alter.name, change.concurrently ? Mode::share_update_exclusive : Mode::access_exclusive);
        add(state_.find_table(change.partition), Mode::access_exclusive, Work::none, Through::partition);
        if (!change.concurrently) default_partition(alter.name, "", Work::none);
        break;
      case Change::drop_inherit: add(alter.name); break;
      case Change::add_inherit:
        add(alter.name);
        add(state_.find_table(change.parent), Mode::share_update_exclusive, Work::none, Through::parent);
        break;
      case Change::other: break;
      default: on_table(Mode::access_exclusive, Work::none); break;
    }
  }

  const std::vector<SchemaAction>& actions_;
  const SchemaState& state_;
  std::vector<TableLock> out_;
  bool concurrently_ = false;
};

}  // namespace

std::vector<TableLock> locks_of(const Statement& statement, const std::vector<SchemaAction>& actions,
                                const SchemaState& state) {
  Collector collector(actions, state);
  std::visit(collector, statement);
  return collector.take();
}

}  // namespace pgadvise::sql
