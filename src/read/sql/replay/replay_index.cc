// Constraints and indexes, as CREATE TABLE, ALTER TABLE and CREATE INDEX make them.
#include <algorithm>
#include <utility>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "sql/parse/ast.h"
#include "sql/parse/expression.h"
#include "sql/replay/replay_state.h"

namespace pgadvise::sql {
namespace {

using ConstraintKind = Constraint::Kind;

// ChooseIndexColumnNames: doubles get a number.
std::vector<std::string> distinct_names(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) {
    std::string candidate = name;
    for (int i = 1; is_one_of(candidate, out); ++i) {
      const std::string number = std::to_string(i);
      candidate = cut_identifier(name, longest_identifier - number.size()) + number;
    }
    out.push_back(std::move(candidate));
  }
  return out;
}

// `key`: of the parent.
void copy_foreign_key(SchemaState& schema, Table& child, const Constraint& key) {
  auto& links = schema.constraint_parents[child.name];
  for (const auto& [own, above] : links)
    if (above == key.name) return;
  for (Constraint& own : child.constraints)
    if (own.kind == ConstraintKind::foreign_key && own.columns == key.columns &&
        own.referenced_table == key.referenced_table && own.referenced_columns == key.referenced_columns &&
        own.on_delete == key.on_delete && own.match_full == key.match_full &&
        own.deferrable == key.deferrable && own.initially_deferred == key.initially_deferred &&
        !links.count(own.name)) {
      own.inherited = true;
      links[own.name] = key.name;
      return;
    }
  Constraint copy = key;
  copy.inherited = true;
  if (SchemaState::constraint(child, copy.name))
    copy.name = schema.choose_constraint_name(child.name.schema, child.name.name, joined_columns(key.columns),
                                              "fkey");
  links[copy.name] = key.name;
  schema.add_constraint(child, std::move(copy));
}

// An index of the partition that does the work already, attached; nullptr when there is none.
Index* adopt_index(SchemaState& schema, Table& child, const QualifiedName& above_name, const Index& above,
                   const Constraint* served) {
  for (Index& own : child.indexes) {
    const QualifiedName own_name{child.name.schema, own.name};
    if (schema.index_parents.count(own_name) || !ReplayState::same_definition(own, above)) continue;
    Constraint* constraint = own.constraint ? SchemaState::constraint(child, own.name) : nullptr;
    if (served && (!constraint || constraint->kind != served->kind)) continue;
    schema.index_parents[own_name] = above_name;
    if (served) {
      constraint->inherited = true;
      schema.constraint_parents[child.name][constraint->name] = served->name;
    }
    return &own;
  }
  return nullptr;
}

}  // namespace

// ---- constraints

Outcome ReplayState::add_constraints(Table& table, const std::vector<ConstraintDefinition>& pending,
                                     bool only) {
  std::vector<ConstraintDefinition> checks, indexes, foreign_keys;
  for (const ConstraintDefinition& p : pending) {
    switch (p.constraint.kind) {
      case ConstraintKind::check: checks.push_back(p); break;
      case ConstraintKind::foreign_key: foreign_keys.push_back(p); break;
      case ConstraintKind::primary_key: indexes.insert(indexes.begin(), p); break;
      default: indexes.push_back(p);
    }
  }
  for (const auto& p : checks)
    if (Outcome outcome = add_check(table, p)) return outcome;
  // A key that says the same as an earlier one is merged into it and lends its name
  // (transformIndexConstraints).
  std::vector<std::pair<ConstraintDefinition, IndexPlan>> plans;
  for (const auto& p : indexes) {
    IndexPlan plan = index_plan(p);
    const auto same = std::ranges::find_if(plans, [&](const auto& other) {
      return p.using_index.empty() && other.first.using_index.empty() &&
             other.second.index.keys == plan.index.keys && other.second.index.include == plan.index.include &&
             plan.constraint->kind != ConstraintKind::exclusion &&
             other.second.constraint->deferrable == plan.constraint->deferrable &&
             other.second.constraint->initially_deferred == plan.constraint->initially_deferred &&
             other.second.index.nulls_not_distinct == plan.index.nulls_not_distinct;
    });
    if (same == plans.end()) plans.push_back({p, std::move(plan)});
    else if (same->second.index.name.empty()) same->second.index.name = plan.index.name;
  }
  for (auto& [p, plan] : plans) {
    if (!p.using_index.empty()) {
      if (Outcome outcome = use_index(table, p)) return outcome;
      continue;
    }
    for (const IndexKey& key : plan.index.keys)
      if (!key.column.empty() && !table.column(key.column))
        return Problem{"column \"" + key.column + "\" named in key does not exist", Problem::Kind::missing};
    if (Outcome outcome = make_index(table, std::move(plan), only)) return outcome;
  }
  for (const auto& p : foreign_keys)
    if (Outcome outcome = add_foreign_key(table, p)) return outcome;
  return {};
}

Outcome ReplayState::add_check(Table& table, const ConstraintDefinition& pending) {
  Constraint check = pending.constraint;
  std::erase_if(check.columns, [&](const std::string& name) { return !table.column(name); });
  check.origin = location_of(pending.location);
  if (check.name.empty())
    check.name = schema.choose_constraint_name(table.name.schema, table.name.name,
                                               check.columns.size() == 1 ? check.columns[0] : "", "check");
  if (Constraint* same = SchemaState::constraint(table, check.name)) {
    if (same->kind == ConstraintKind::check && same->inherited) return {};  // merged with the inherited one
    return existing_constraint(table, check.name);
  }
  const std::string name = check.name;
  schema.add_constraint(table, std::move(check));
  if (pending.no_inherit) {
    schema.own_checks[table.name].insert(name);
    return {};
  }
  for (const auto& descent : schema.descendants(table.name)) inherit_checks(*descent.child, *descent.parent);
  return {};
}

Outcome ReplayState::add_foreign_key(Table& table, const ConstraintDefinition& pending) {
  Constraint key = schema.resolved(pending.constraint);
  const auto missing_in = [](const Table& of, const std::vector<std::string>& columns) -> Outcome {
    const auto column = std::ranges::find_if_not(columns, [&](const auto& name) { return of.column(name); });
    if (column == columns.end()) return {};
    return Problem{"column \"" + *column + "\" referenced in foreign key constraint does not exist",
                   Problem::Kind::missing};
  };
  if (Outcome outcome = missing_in(table, key.columns)) return outcome;
  const Table* referenced = schema.catalog.table(key.referenced_table);
  if (Outcome outcome = referenced ? missing_in(*referenced, key.referenced_columns) : Outcome())
    return outcome;
  key.origin = location_of(pending.location);
  if (key.name.empty())
    key.name = schema.choose_constraint_name(table.name.schema, table.name.name, joined_columns(key.columns),
                                             "fkey");
  if (SchemaState::constraint(table, key.name)) return existing_constraint(table, key.name);
  // A table that other files make (an auth service's, an extension's) does not make the key less real.
  if (!referenced && !supabase_table(key.referenced_table)) {
    report("foreign key " + key.name + " references " + display(key.referenced_table) +
               ", which these files don't create",
           statement_offset);
    counts.outside.emplace(diagnostics.back().line(), key.referenced_table);
    if (any_order)
      references_.push_back({table.name, key.referenced_table, key.name, diagnostics.back().line()});
  }
  const Constraint made = key;
  schema.add_constraint(table, std::move(key));
  if (table.kind == Table::Kind::partitioned)
    for (const auto& descent : schema.descendants(table.name, true))
      for (const Constraint& above : std::vector<Constraint>(descent.parent->constraints))
        if (above.kind == ConstraintKind::foreign_key && above.columns == made.columns &&
            above.referenced_table == made.referenced_table)
          copy_foreign_key(schema, *descent.child, above);
  return {};
}

// ---- indexes

IndexPlan ReplayState::index_plan(const ConstraintDefinition& definition) const {
  IndexPlan plan{definition.index, definition.constraint};
  plan.index.origin = plan.constraint->origin = location_of(definition.location);
  return plan;
}

Outcome ReplayState::use_index(Table& table, const ConstraintDefinition& pending) {
  const QualifiedName from{table.name.schema, pending.using_index};
  Index* index = schema.index(from);
  if (!index || schema.index_tables[from] != table.name) return missing("index", from);
  const QualifiedName to{from.schema, pending.constraint.name.empty() ? from.name : pending.constraint.name};
  if (from != to) {
    if (schema.relation_exists(to)) return exists("relation", to);
    schema.rename_index(from, to);
    index = schema.index(to);
  }
  Constraint constraint = pending.constraint;
  constraint.name = to.name;
  constraint.nulls_not_distinct = index->nulls_not_distinct;
  constraint.origin = location_of(pending.location);
  for (const IndexKey& key : index->keys) {
    constraint.columns.push_back(key.column);
    Column* column = SchemaState::column(table, key.column);
    if (column && constraint.kind == ConstraintKind::primary_key) column->not_null = true;
  }
  index->constraint = true;
  schema.add_constraint(table, std::move(constraint));
  return {};
}

Outcome ReplayState::replay(const CreateIndex& create, Effect&) {
  const IndexDefinition& definition = create.definition;
  Table* table = schema.catalog.table(create.table);
  if (!table) return missing("relation", create.table);
  const QualifiedName name{table->name.schema, definition.index.name};
  if (!name.name.empty() && schema.relation_exists(name))
    return create.if_not_exists ? Outcome() : exists("relation", name);
  IndexPlan plan{definition};
  plan.index.origin = location_of(-1);
  Outcome unknown;
  for (IndexKey& key : plan.index.keys) {
    const Column* column = key.column.empty() ? nullptr : table->column(key.column);
    if (column && key.collation == column->collation) key.collation.clear();
    if (column || key.column.empty() || table->kind == Table::Kind::materialized_view) continue;
    if (!unknown) unknown = Problem{"column \"" + key.column + "\" does not exist", Problem::Kind::missing};
    // Something that is not replayed has added the column, so that the server has the index.
    key.expression = quote_identifier(std::exchange(key.column, {}));
  }
  if (unknown && any_order && !migration) return unknown;
  const Outcome made = make_index(*table, std::move(plan), create.only);
  return unknown ? unknown : made;
}

Outcome ReplayState::make_index(Table& table, IndexPlan plan, bool only) {
  const std::string& in = table.name.schema;
  const std::string columns = joined_columns(distinct_names(plan.name_columns));
  if (plan.constraint && plan.constraint->kind == ConstraintKind::primary_key &&
      SchemaState::primary_key(table))
    return Problem{"multiple primary keys for table \"" + display(table.name) + "\" are not allowed",
                   Problem::Kind::exists};
  if (plan.index.name.empty()) {
    if (!plan.constraint)
      plan.index.name = schema.choose_relation_name(in, table.name.name, columns, "idx", false);
    else if (plan.constraint->kind == ConstraintKind::primary_key)
      plan.index.name = schema.choose_relation_name(in, table.name.name, "", "pkey", true);
    else
      plan.index.name =
          schema.choose_relation_name(in, table.name.name, columns,
                                      plan.constraint->kind == ConstraintKind::unique ? "key" : "excl", true);
  }
  const QualifiedName name{in, plan.index.name};
  if (schema.relation_exists(name)) return exists("relation", name);
  if (plan.constraint && SchemaState::constraint(table, name.name))
    return existing_constraint(table, name.name);
  if (plan.constraint) {
    plan.constraint->name = name.name;
    if (plan.constraint->kind == ConstraintKind::primary_key) {
      const bool copy = plan.constraint->inherited;  // the parent's has reached all below already
      for (const auto& key : plan.constraint->columns)
        for (Column* column : schema.columns(table, key, !copy)) column->not_null = true;
    }
    schema.add_constraint(table, std::move(*plan.constraint));
  }
  const bool partitioned = table.kind == Table::Kind::partitioned;
  if (only && partitioned && schema.has_partitions(table.name)) plan.index.valid = false;
  schema.add_index(table, std::move(plan.index));
  if (only || !partitioned) return {};
  for (const auto& descent : schema.descendants(table.name, true)) {
    // Each level's index is the one that hangs on this index, directly or through the levels between.
    for (std::size_t i = 0; i < descent.parent->indexes.size(); ++i) {
      const Index& above = descent.parent->indexes[i];
      const QualifiedName above_name{descent.parent->name.schema, above.name};
      const bool ours = above_name == name || schema.index_parents.count(above_name) > 0;
      if (ours && above.valid) make_partition_index(*descent.child, *descent.parent, Index(above));
    }
  }
  return {};
}

// As the server decides whether a partition's index may hang on its parent's: order and NULLS don't matter.
bool ReplayState::same_definition(const Index& a, const Index& b) {
  const auto same_key = [](const IndexKey& x, const IndexKey& y) {
    return x.column == y.column && x.expression == y.expression && x.operator_class == y.operator_class &&
           x.collation == y.collation;
  };
  return a.method == b.method && a.unique == b.unique && a.nulls_not_distinct == b.nulls_not_distinct &&
         a.predicate == b.predicate && a.include == b.include &&
         std::equal(a.keys.begin(), a.keys.end(), b.keys.begin(), b.keys.end(), same_key);
}

// The server looks for an index of the same definition first, then makes one.
void ReplayState::make_partition_index(Table& child, Table& parent, const Index& above) {
  if (child.kind == Table::Kind::foreign) return;
  const QualifiedName above_name{parent.name.schema, above.name};
  const Constraint* served = above.constraint ? parent.constraint(above.name) : nullptr;
  if (served && !has_index(*served)) served = nullptr;
  for (const Index& own : child.indexes)
    if (const auto* link = value_at(schema.index_parents, {child.name.schema, own.name});
        link && *link == above_name)
      return;
  if (const Index* adopted = adopt_index(schema, child, above_name, above, served)) {
    if (!adopted->valid) schema.invalidate_index(above_name);
    return;
  }
  IndexPlan plan;
  plan.index = above;
  plan.index.name.clear();
  plan.index.statistics.reset();
  for (const IndexKey& key : above.keys) {
    const std::string figured = key.column.empty() ? output_name(key.expression) : key.column;
    plan.name_columns.push_back(figured.empty() ? "expr" : figured);
  }
  plan.name_columns.insert(plan.name_columns.end(), above.include.begin(), above.include.end());
  if (served) {
    plan.constraint = *served;
    plan.constraint->inherited = true;
  }
  const std::string served_name = served ? served->name : std::string();
  if (make_index(child, std::move(plan), true)) return;
  Index& made = child.indexes.back();
  made.valid = true;
  schema.index_parents[{child.name.schema, made.name}] = above_name;
  if (served) schema.constraint_parents[child.name][made.name] = served_name;
}

void ReplayState::adopt_partition(Table& child, Table& parent) {
  std::vector<SchemaState::Descent> level = {{&child, &parent, true}};
  for (const auto& below : schema.descendants(child.name, true)) level.push_back(below);
  for (const auto& descent : level) {
    const std::vector<Index> above = descent.parent->indexes;
    for (const Index& index : above) make_partition_index(*descent.child, *descent.parent, index);
    const std::vector<Constraint> keys = descent.parent->constraints;
    for (const Constraint& key : keys)
      if (key.kind == ConstraintKind::foreign_key) copy_foreign_key(schema, *descent.child, key);
  }
}

}  // namespace pgadvise::sql
