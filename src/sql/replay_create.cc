#include <algorithm>
#include <set>

#include "base/identifier.h"
#include "model/ddl.h"
#include "sql/analyzer.h"
#include "sql/ddl.h"
#include "sql/predicate.h"
#include "sql/replay_state.h"
#include "sql/type_name.h"

namespace pgadvise::sql {
namespace {

using Kind = Constraint::Kind;

constexpr std::size_t most_columns = 1600;  // the server's limit

std::string partition_strategy(const PgQuery__PartitionSpec& spec) {
#if PG_VERSION_NUM >= 160000
  switch (spec.strategy) {
    case PG_QUERY__PARTITION_STRATEGY__PARTITION_STRATEGY_LIST:
      return "LIST";
    case PG_QUERY__PARTITION_STRATEGY__PARTITION_STRATEGY_HASH:
      return "HASH";
    default:
      return "RANGE";
  }
#else
  std::string out = spec.strategy;
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
  return out;
#endif
}

std::string partition_key(const PgQuery__PartitionSpec& spec) {
  std::vector<std::string> keys;
  for (const Node* node : NodeList(spec.n_part_params, spec.part_params)) {
    const PgQuery__PartitionElem& element = *node->partition_elem;
    if (element.name[0]) {
      keys.push_back(quote_identifier(element.name));
    } else {
      const std::string text = expression_text(element.expr);
      const bool call = element.expr && element.expr->node_case == PG_QUERY__NODE__NODE_FUNC_CALL;
      keys.push_back(call ? text : "(" + text + ")");
    }
  }
  return partition_strategy(spec) + " (" + join(keys, ", ") + ")";
}

std::string bound_value(const Node* node) {
  if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node->column_ref->n_fields == 1) {
    const std::string name = string_value(node->column_ref->fields[0]);
    if (name == "minvalue") return "MINVALUE";
    if (name == "maxvalue") return "MAXVALUE";
  }
  return expression_text(node);
}

std::string bound_list(NodeList list) {
  std::vector<std::string> out;
  for (const Node* node : list) out.push_back(bound_value(node));
  return "(" + join(out, ", ") + ")";
}

// ChooseIndexColumnNames: doubles get a number.
std::vector<std::string> distinct_names(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) {
    std::string candidate = name;
    for (int i = 1; std::find(out.begin(), out.end(), candidate) != out.end(); ++i) {
      const std::string number = std::to_string(i);
      candidate = clip_name(name, 63 - number.size()) + number;
    }
    out.push_back(std::move(candidate));
  }
  return out;
}

bool like_includes(const PgQuery__TableLikeClause& like, int option) {
  return (like.options >> (option - 1)) & 1u;
}

}  // namespace

// ---- tables

std::string Replayer::State::partition_bound_text(const PgQuery__PartitionBoundSpec& bound) {
  if (bound.is_default) return "DEFAULT";
  switch (bound.strategy[0]) {
    case 'h':
      return "FOR VALUES WITH (modulus " + std::to_string(bound.modulus) + ", remainder " +
             std::to_string(bound.remainder) + ")";
    case 'l':
      return "FOR VALUES IN " + bound_list(NodeList(bound.n_listdatums, bound.listdatums));
    default:
      return "FOR VALUES FROM " + bound_list(NodeList(bound.n_lowerdatums, bound.lowerdatums)) + " TO " +
             bound_list(NodeList(bound.n_upperdatums, bound.upperdatums));
  }
}

Outcome Replayer::State::create_table(const PgQuery__CreateStmt& stmt, bool foreign) {
  const QualifiedName name = schema.new_name(*stmt.relation);
  if (schema.relation_exists(name)) return stmt.if_not_exists ? Outcome() : exists("relation", name);
  Table table;
  table.name = name;
  table.kind = foreign         ? Table::Kind::foreign
               : stmt.partspec ? Table::Kind::partitioned
                               : Table::Kind::ordinary;
  table.unlogged = stmt.relation->relpersistence[0] == 'u';
  table.temporary = name.schema == "pg_temp";
  table.origin = place(-1);
  if (stmt.partspec) table.partition_key = partition_key(*stmt.partspec);
  std::vector<QualifiedName> parents;
  for (const Node* node : NodeList(stmt.n_inh_relations, stmt.inh_relations)) {
    const Table* parent = schema.table(*node->range_var);
    if (!parent) return missing("relation", schema.find_table(*node->range_var));
    parents.push_back(parent->name);
    inherit_columns(table, *parent, stmt.partbound != nullptr);
  }
  std::vector<ConstraintDefinition> pending;
  std::vector<const PgQuery__TableLikeClause*> likes;
  schema.ensure_schema(name.schema);
  Table& made = schema.catalog.tables.emplace(name, std::move(table)).first->second;
  Outcome outcome = add_elements(made, stmt, pending, likes);
  if (outcome) {
    schema.drop_table(name);
    return outcome;
  }
  for (const auto& parent : parents) {
    schema.add_child(parent, name);
    inherit_checks(made, *schema.catalog.table(parent));
  }
  if (stmt.partbound && !parents.empty()) {
    made.partition_of = parents[0];
    made.partition_bound = partition_bound_text(*stmt.partbound);
  } else {
    made.inherits = parents;
  }
  if (!foreign)  // nothing is there that NOT VALID could leave unchecked
    for (ConstraintDefinition& each : pending) each.constraint.validated = true;
  const auto checks_end = std::stable_partition(
      pending.begin(), pending.end(),
      [](const ConstraintDefinition& each) { return each.constraint.kind == Kind::check; });
  outcome = add_constraints(made, {pending.begin(), checks_end});
  if (!outcome && made.partition_of) adopt_partition(made, *schema.catalog.table(*made.partition_of));
  for (const auto* like : likes) like_rest(made, *like);
  if (!outcome) outcome = add_constraints(made, {checks_end, pending.end()});
  if (outcome) schema.drop_table(name);
  return outcome;
}

Outcome Replayer::State::add_elements(Table& table, const PgQuery__CreateStmt& stmt,
                                      std::vector<ConstraintDefinition>& pending,
                                      std::vector<const PgQuery__TableLikeClause*>& likes) {
  if (stmt.of_typename) {
    const QualifiedName written = user_type_name(stmt.of_typename);
    const auto type = schema.types.find(schema.find_type(written.schema, written.name));
    if (type == schema.types.end()) return missing("type", written);
    table.columns = type->second;
  }
  for (const Node* node : NodeList(stmt.n_table_elts, stmt.table_elts)) {
    Outcome outcome;
    switch (node->node_case) {
      case PG_QUERY__NODE__NODE_COLUMN_DEF: {
        const ColumnDefinition definition = column_definition(*node->column_def, schema);
        Column* inherited = SchemaState::column(table, definition.column.name);
        if (inherited && stmt.n_inh_relations) schema.local_columns[table.name].insert(inherited->name);
        if (inherited && (!definition.typed || stmt.n_inh_relations || stmt.of_typename)) {
          set_properties(table, *inherited, definition, pending);
        } else if (!definition.typed) {
          return missing("column", {"", definition.column.name});
        } else {
          outcome = add_column(table, definition, pending);
        }
        break;
      }
      case PG_QUERY__NODE__NODE_CONSTRAINT:
        if (auto constraint = constraint_definition(*node->constraint, {})) pending.push_back(std::move(*constraint));
        break;
      case PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE:
        outcome = like_columns(table, *node->table_like_clause);
        likes.push_back(node->table_like_clause);
        break;
      default:
        break;
    }
    if (outcome) return outcome;
  }
  return {};
}

Outcome Replayer::State::add_column(Table& table, const ColumnDefinition& definition, std::vector<ConstraintDefinition>& pending) {
  if (table.column(definition.column.name))
    return Problem{"column \"" + definition.column.name + "\" of relation \"" + display(table.name) + "\" already exists",
                   Problem::Kind::exists};
  if (table.columns.size() >= most_columns) return Problem{"tables can have at most 1600 columns"};
  Column& made = table.columns.emplace_back();
  made.name = definition.column.name;
  made.type = definition.column.type;
  made.collation = definition.column.collation;
  made.origin = place(definition.location);
  if (definition.serial) add_serial(table, made);
  set_properties(table, made, definition, pending);
  return {};
}

void Replayer::State::set_properties(Table& table, Column& column, const ColumnDefinition& definition,
                                     std::vector<ConstraintDefinition>& pending) {
  const Column& wanted = definition.column;
  column.not_null |= wanted.not_null;
  if (definition.default_written || wanted.generated_expression) column.default_expression = wanted.default_expression;
  if (wanted.identity != Column::Identity::none) add_identity(table, column, definition);
  if (wanted.generated_expression) column.generated_expression = wanted.generated_expression;
  pending.insert(pending.end(), definition.constraints.begin(), definition.constraints.end());
}

void Replayer::State::make_sequence(Table& table, const Column& column, const std::string& wanted,
                                    const std::string& type) {
  Sequence sequence;
  const std::string& in = table.name.schema;
  sequence.name = {in, wanted.empty()
                           ? schema.choose_relation_name(in, table.name.name, column.name, "seq", false)
                           : wanted};
  sequence.type = type;
  sequence.owner_table = table.name;
  sequence.owner_column = column.name;
  sequence.origin = column.origin;
  schema.catalog.sequences[sequence.name] = std::move(sequence);
}

void Replayer::State::add_serial(Table& table, Column& column) {
  const QualifiedName name{
      table.name.schema == "public" ? "" : table.name.schema,
      schema.choose_relation_name(table.name.schema, table.name.name, column.name, "seq", false)};
  make_sequence(table, column, name.name, column.type);
  column.default_expression = "nextval(" + quote_literal(quote_name(name)) + "::regclass)";
}

void Replayer::State::add_identity(Table& table, Column& column, const ColumnDefinition& definition) {
  column.identity = definition.column.identity;
  column.not_null = true;
  make_sequence(table, column, definition.identity_sequence, column.type);
}

void Replayer::State::inherit_columns(Table& table, const Table& parent, bool partition) {
  constexpr bool identity_is_inherited = PG_VERSION_NUM >= 170000;
  for (const Column& column : parent.columns) {
    if (Column* same = SchemaState::column(table, column.name)) {
      same->not_null |= column.not_null;
      continue;
    }
    Column copy = column;
    copy.comment.clear();
    if (!partition || !identity_is_inherited) copy.identity = Column::Identity::none;
    table.columns.push_back(std::move(copy));
  }
}

void Replayer::State::inherit_checks(Table& child, const Table& parent) {
  const auto own = schema.own_checks.find(parent.name);
  for (const Constraint& check : parent.constraints) {
    if (check.kind != Kind::check || (own != schema.own_checks.end() && own->second.count(check.name)))
      continue;
    if (Constraint* same = SchemaState::constraint(child, check.name)) {
      same->inherited = true;
      continue;
    }
    Constraint copy = check;
    copy.inherited = true;
    schema.add_constraint(child, std::move(copy));
  }
}

// ---- LIKE

Outcome Replayer::State::like_columns(Table& table, const PgQuery__TableLikeClause& like) {
  const Table* source = schema.table(*like.relation);
  if (!source) return missing("relation", schema.find_table(*like.relation));
  if (table.columns.size() + source->columns.size() > most_columns)
    return Problem{"tables can have at most 1600 columns"};
  const std::vector<Column> columns = source->columns;
  for (const Column& column : columns) {
    if (table.column(column.name))
      return Problem{"column \"" + column.name + "\" specified more than once", Problem::Kind::exists};
    Column copy = column;
    copy.origin = place(like.relation->location);
    if (!like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_COMMENTS)) copy.comment.clear();
    if (!like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_DEFAULTS))
      copy.default_expression.reset();
    if (!like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_GENERATED))
      copy.generated_expression.reset();
    const bool identity = copy.identity != Column::Identity::none;
    if (!like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_IDENTITY))
      copy.identity = Column::Identity::none;
    table.columns.push_back(std::move(copy));
    if (identity && table.columns.back().identity != Column::Identity::none)
      make_sequence(table, table.columns.back(), {}, "bigint");  // the server forgets the type here
  }
  return {};
}

void Replayer::State::like_rest(Table& table, const PgQuery__TableLikeClause& like) {
  const Table* found = schema.table(*like.relation);
  if (!found || found == &table) return;
  const Table source = *found;
  if (like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_CONSTRAINTS))
    for (const Constraint& check : source.constraints)
      if (check.kind == Kind::check && !SchemaState::constraint(table, check.name)) {
        Constraint copy = check;
        copy.inherited = false;
        copy.origin = table.origin;
        schema.add_constraint(table, std::move(copy));
      }
  if (!like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_INDEXES)) return;
  for (const Index& index : source.indexes) {
    IndexPlan plan;
    plan.index = index;
    plan.index.name.clear();
    plan.index.valid = true;
    plan.index.statistics.reset();
    plan.index.origin = table.origin;
    if (index.constraint)
      for (const Constraint& constraint : source.constraints)
        if (constraint.name == index.name && constraint.kind != Kind::check &&
            constraint.kind != Kind::foreign_key) {
          plan.constraint = constraint;
          plan.constraint->inherited = false;
          plan.constraint->origin = table.origin;
        }
    for (const IndexKey& key : index.keys)
      plan.name_columns.push_back(key.column.empty() ? "expr" : key.column);
    plan.name_columns.insert(plan.name_columns.end(), index.include.begin(), index.include.end());
    make_index(table, std::move(plan), false);
  }
}

// ---- constraints

Outcome Replayer::State::add_constraints(Table& table, const std::vector<ConstraintDefinition>& pending,
                                         bool only) {
  std::vector<ConstraintDefinition> checks, indexes, foreign_keys;
  for (const ConstraintDefinition& p : pending) {
    switch (p.constraint.kind) {
      case Kind::check:
        checks.push_back(p);
        break;
      case Kind::foreign_key:
        foreign_keys.push_back(p);
        break;
      case Kind::primary_key:
        indexes.insert(indexes.begin(), p);
        break;
      default:
        indexes.push_back(p);
    }
  }
  for (const auto& p : checks)
    if (Outcome outcome = add_check(table, p)) return outcome;
  // A key that says the same as an earlier one is merged into it and lends its name
  // (transformIndexConstraints).
  std::vector<std::pair<ConstraintDefinition, IndexPlan>> plans;
  for (const auto& p : indexes) {
    IndexPlan plan = index_plan(p);
    const auto same = std::find_if(plans.begin(), plans.end(), [&](const auto& other) {
      return p.using_index.empty() && other.first.using_index.empty() &&
             other.second.index.keys == plan.index.keys && other.second.index.include == plan.index.include &&
             plan.constraint->kind != Kind::exclusion &&
             other.second.constraint->deferrable == plan.constraint->deferrable &&
             other.second.index.nulls_not_distinct == plan.index.nulls_not_distinct;
    });
    if (same == plans.end())
      plans.push_back({p, std::move(plan)});
    else if (same->second.index.name.empty())
      same->second.index.name = plan.index.name;
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

Outcome Replayer::State::add_check(Table& table, const ConstraintDefinition& pending) {
  Constraint check = pending.constraint;
  std::erase_if(check.columns, [&](const std::string& name) { return !table.column(name); });
  check.origin = place(pending.location);
  if (check.name.empty())
    check.name = schema.choose_constraint_name(table.name.schema, table.name.name,
                                               check.columns.size() == 1 ? check.columns[0] : "", "check");
  if (Constraint* same = SchemaState::constraint(table, check.name)) {
    if (same->kind == Kind::check && same->inherited) return {};  // merged with the inherited one
    return Problem{
        "constraint \"" + check.name + "\" for relation \"" + display(table.name) + "\" already exists",
        Problem::Kind::exists};
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

Outcome Replayer::State::add_foreign_key(Table& table, const ConstraintDefinition& pending) {
  Constraint key = pending.constraint;
  for (const auto& column : key.columns)
    if (!table.column(column))
      return Problem{"column \"" + column + "\" referenced in foreign key constraint does not exist",
                     Problem::Kind::missing};
  key.referenced_table = schema.find_table(key.referenced_table);
  const Table* referenced = schema.catalog.table(key.referenced_table);
  if (referenced && key.referenced_columns.empty())
    if (const Constraint* primary = SchemaState::primary_key(*referenced))
      key.referenced_columns = primary->columns;
  for (const auto& column : key.referenced_columns)
    if (referenced && !referenced->column(column))
      return Problem{"column \"" + column + "\" referenced in foreign key constraint does not exist",
                     Problem::Kind::missing};
  key.origin = place(pending.location);
  if (key.name.empty())
    key.name = schema.choose_constraint_name(table.name.schema, table.name.name, joined_columns(key.columns), "fkey");
  if (SchemaState::constraint(table, key.name))
    return Problem{
        "constraint \"" + key.name + "\" for relation \"" + display(table.name) + "\" already exists",
        Problem::Kind::exists};
  // A table that other files make (an auth service's, an extension's) does not make the key less real.
  if (!referenced && !supabase_table(key.referenced_table))
    note("foreign key " + key.name + " references " + display(key.referenced_table) +
             ", which these files don't create",
         statement_offset);
  const Constraint made = key;
  schema.add_constraint(table, std::move(key));
  if (table.kind == Table::Kind::partitioned)
    for (const auto& descent : schema.descendants(table.name, true))
      for (const Constraint& above : std::vector<Constraint>(descent.parent->constraints))
        if (above.kind == Kind::foreign_key && above.columns == made.columns &&
            above.referenced_table == made.referenced_table)
          copy_foreign_key(*descent.child, *descent.parent, above);
  return {};
}

void Replayer::State::copy_foreign_key(Table& child, const Table& parent, const Constraint& key) {
  auto& links = schema.constraint_parents[child.name];
  for (const auto& [own, above] : links)
    if (above == key.name) return;
  for (Constraint& own : child.constraints)
    if (own.kind == Kind::foreign_key && own.columns == key.columns &&
        own.referenced_table == key.referenced_table && own.referenced_columns == key.referenced_columns &&
        own.on_delete == key.on_delete && !links.count(own.name)) {
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
  (void)parent;
}

// ---- indexes

IndexPlan Replayer::State::index_plan(const ConstraintDefinition& definition) const {
  IndexPlan plan{definition.index.index, definition.constraint, definition.index.name_columns};
  plan.index.origin = plan.constraint->origin = place(definition.location);
  return plan;
}

Outcome Replayer::State::use_index(Table& table, const ConstraintDefinition& pending) {
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
  constraint.origin = place(pending.location);
  for (const IndexKey& key : index->keys) {
    constraint.columns.push_back(key.column);
    Column* column = SchemaState::column(table, key.column);
    if (column && constraint.kind == Kind::primary_key) column->not_null = true;
  }
  index->constraint = true;
  schema.add_constraint(table, std::move(constraint));
  return {};
}

Outcome Replayer::State::create_index(const PgQuery__RangeVar& range, const IndexDefinition& definition) {
  Table* table = schema.table(range);
  if (!table) return missing("relation", schema.find_table(range));
  const QualifiedName name{table->name.schema, definition.index.name};
  if (!name.name.empty() && schema.relation_exists(name)) return definition.if_not_exists ? Outcome() : exists("relation", name);
  for (const IndexKey& key : definition.index.keys)
    if (!key.column.empty() && !table->column(key.column) && table->kind != Table::Kind::materialized_view)
      return Problem{"column \"" + key.column + "\" does not exist", Problem::Kind::missing};
  IndexPlan plan{definition.index, {}, definition.name_columns};
  plan.index.origin = place(-1);
  return make_index(*table, std::move(plan), definition.only);
}

Outcome Replayer::State::make_index(Table& table, IndexPlan plan, bool only) {
  const std::string& in = table.name.schema;
  const std::string columns = joined_columns(distinct_names(plan.name_columns));
  if (plan.constraint && plan.constraint->kind == Kind::primary_key && SchemaState::primary_key(table))
    return Problem{"multiple primary keys for table \"" + display(table.name) + "\" are not allowed",
                   Problem::Kind::exists};
  if (plan.index.name.empty()) {
    if (!plan.constraint)
      plan.index.name = schema.choose_relation_name(in, table.name.name, columns, "idx", false);
    else if (plan.constraint->kind == Kind::primary_key)
      plan.index.name = schema.choose_relation_name(in, table.name.name, "", "pkey", true);
    else
      plan.index.name = schema.choose_relation_name(
          in, table.name.name, columns, plan.constraint->kind == Kind::unique ? "key" : "excl", true);
  }
  const QualifiedName name{in, plan.index.name};
  if (schema.relation_exists(name)) return exists("relation", name);
  if (plan.constraint && SchemaState::constraint(table, name.name))
    return Problem{
        "constraint \"" + name.name + "\" for relation \"" + display(table.name) + "\" already exists",
        Problem::Kind::exists};
  if (plan.constraint) {
    plan.constraint->name = name.name;
    if (plan.constraint->kind == Kind::primary_key) {
      for (const auto& key : plan.constraint->columns)
        if (Column* column = SchemaState::column(table, key)) column->not_null = true;
      const bool copy = plan.constraint->inherited;  // the parent's has reached all below already
      for (const auto& descent : copy ? std::vector<SchemaState::Descent>{} : schema.descendants(table.name))
        for (const auto& key : plan.constraint->columns)
          if (Column* column = SchemaState::column(*descent.child, key)) column->not_null = true;
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
      const auto link = schema.index_parents.find(above_name);
      const bool ours = above_name == name || link != schema.index_parents.end();
      if (ours && above.valid) make_partition_index(*descent.child, *descent.parent, Index(above));
    }
  }
  return {};
}

// As the server decides whether a partition's index may hang on its parent's: order and NULLS don't matter.
bool Replayer::State::same_definition(const Index& a, const Index& b) {
  const auto same_key = [](const IndexKey& x, const IndexKey& y) {
    return x.column == y.column && x.expression == y.expression && x.operator_class == y.operator_class &&
           x.collation == y.collation;
  };
  return a.method == b.method && a.unique == b.unique && a.nulls_not_distinct == b.nulls_not_distinct &&
         a.predicate == b.predicate && a.include == b.include &&
         std::equal(a.keys.begin(), a.keys.end(), b.keys.begin(), b.keys.end(), same_key);
}

// An index of the partition that does the work already, attached; nullptr when there is none.
Index* Replayer::State::adopt_index(Table& child, const QualifiedName& above_name, const Index& above,
                                    const Constraint* served) {
  for (Index& own : child.indexes) {
    const QualifiedName own_name{child.name.schema, own.name};
    if (schema.index_parents.count(own_name) || !same_definition(own, above)) continue;
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

// The server looks for an index of the same definition first, then makes one.
void Replayer::State::make_partition_index(Table& child, Table& parent, const Index& above) {
  if (child.kind == Table::Kind::foreign) return;
  const QualifiedName above_name{parent.name.schema, above.name};
  const Constraint* served = nullptr;
  if (above.constraint)
    for (const Constraint& candidate : parent.constraints)
      if (candidate.name == above.name && candidate.kind != Kind::check &&
          candidate.kind != Kind::foreign_key)
        served = &candidate;
  for (const Index& own : child.indexes)
    if (const auto link = schema.index_parents.find({child.name.schema, own.name});
        link != schema.index_parents.end() && link->second == above_name)
      return;
  if (const Index* adopted = adopt_index(child, above_name, above, served)) {
    if (!adopted->valid) schema.invalidate_index(above_name);
    return;
  }
  IndexPlan plan;
  plan.index = above;
  plan.index.name.clear();
  plan.index.statistics.reset();
  for (const IndexKey& key : above.keys) {
    std::string figured = key.column;
    if (figured.empty()) {
      const auto tree = Tree::parse("SELECT " + key.expression);
      if (tree && tree->size() == 1 && tree->statement(0)->select_stmt->n_target_list)
        figured = figure_name(tree->statement(0)->select_stmt->target_list[0]->res_target->val);
    }
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

void Replayer::State::adopt_partition(Table& child, Table& parent) {
  std::vector<SchemaState::Descent> level = {{&child, &parent, true}};
  for (const auto& below : schema.descendants(child.name, true)) level.push_back(below);
  for (const auto& descent : level) {
    const std::vector<Index> above = descent.parent->indexes;
    for (const Index& index : above) make_partition_index(*descent.child, *descent.parent, index);
    const std::vector<Constraint> keys = descent.parent->constraints;
    for (const Constraint& key : keys)
      if (key.kind == Kind::foreign_key) copy_foreign_key(*descent.child, *descent.parent, key);
  }
}

// ---- queries as tables

Outcome Replayer::State::create_from_query(const PgQuery__RangeVar& range, NodeList names, const Node& query,
                                           Table::Kind kind, bool if_not_exists, bool replace) {
  const QualifiedName name = schema.new_name(range);
  const Table* before = schema.catalog.table(name);
  if (schema.relation_exists(name) && !(replace && before && before->kind == kind))
    return if_not_exists ? Outcome() : exists("relation", name);
  std::vector<std::string> path = schema.search_path;
  path.insert(path.begin(), "pg_temp");
  Analyzer analyzer(schema.catalog, std::move(path));
  const auto outputs = analyzer.statement(query);
  Table table;
  table.name = name;
  table.kind = kind;
  table.unlogged = range.relpersistence[0] == 'u';
  table.temporary = name.schema == "pg_temp";
  table.origin = place(-1);
  const auto given = strings(names);
  for (std::size_t i = 0; i < std::max(outputs.size(), given.size()) && i < most_columns; ++i) {
    Column column;
    if (i < outputs.size())
      column.name = outputs[i].name, column.type = outputs[i].type, column.collation = outputs[i].collation;
    if (i < given.size()) column.name = given[i];
    column.origin = table.origin;
    if (!table.column(column.name)) table.columns.push_back(std::move(column));
  }
  const bool view = kind == Table::Kind::view || kind == Table::Kind::materialized_view;
  if (view) {
    table.definition = statement_text(&query);
    ViewUse use;
    use.relations = analyzer.reads();
    each_node(message(query), [&](const Node& node) {
      if (node.node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node.column_ref->n_fields)
        use.columns.insert(string_value(node.column_ref->fields[node.column_ref->n_fields - 1]));
      return true;
    });
    schema.views[name] = std::move(use);
  }
  if (before) table.comment = before->comment;
  schema.ensure_schema(name.schema);
  schema.catalog.tables[name] = std::move(table);
  return {};
}

Outcome Replayer::State::create_table_as(const PgQuery__CreateTableAsStmt& stmt) {
  if (!stmt.into || !stmt.into->rel || !stmt.query) return Problem{"has no target"};
  const bool materialized = stmt.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
  return create_from_query(*stmt.into->rel, NodeList(stmt.into->n_col_names, stmt.into->col_names),
                           *stmt.query, materialized ? Table::Kind::materialized_view : Table::Kind::ordinary,
                           stmt.if_not_exists, false);
}

Outcome Replayer::State::create_view(const PgQuery__ViewStmt& stmt) {
  return create_from_query(*stmt.view, NodeList(stmt.n_aliases, stmt.aliases), *stmt.query, Table::Kind::view,
                           false, stmt.replace);
}

// ---- the small ones

Outcome Replayer::State::create_sequence(const PgQuery__CreateSeqStmt& stmt) {
  Sequence sequence;
  sequence.name = schema.new_name(*stmt.sequence);
  if (schema.relation_exists(sequence.name))
    return stmt.if_not_exists ? Outcome() : exists("relation", sequence.name);
  sequence.origin = place(-1);
  if (Outcome outcome = sequence_options(sequence, NodeList(stmt.n_options, stmt.options))) return outcome;
  schema.ensure_schema(sequence.name.schema);
  schema.catalog.sequences[sequence.name] = std::move(sequence);
  return {};
}

Outcome Replayer::State::sequence_options(Sequence& sequence, NodeList options) {
  for (const Node* node : options) {
    const PgQuery__DefElem& option = *node->def_elem;
    const std::string_view what = option.defname;
    if (what == "as" && option.arg && option.arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
      sequence.type = type_spelling(option.arg->type_name);
    if (what != "owned_by" || !option.arg || option.arg->node_case != PG_QUERY__NODE__NODE_LIST) continue;
    auto names = strings(NodeList(option.arg->list->n_items, option.arg->list->items));
    if (names.size() < 2) {  // NONE
      sequence.owner_table.reset();
      sequence.owner_column.clear();
      continue;
    }
    const QualifiedName owner =
        schema.find(names.size() > 2 ? names[names.size() - 3] : "", names[names.size() - 2],
                    [&](const QualifiedName& n) { return schema.catalog.tables.count(n) > 0; });
    if (!schema.catalog.table(owner)) return missing("relation", owner);
    sequence.owner_table = owner;
    sequence.owner_column = names.back();
  }
  return {};
}

Outcome Replayer::State::create_enum(const PgQuery__CreateEnumStmt& stmt) {
  Enum type;
  type.name = schema.new_name(NodeList(stmt.n_type_name, stmt.type_name));
  if (schema.type_exists(type.name)) return exists("type", type.name);
  type.labels = strings(NodeList(stmt.n_vals, stmt.vals));
  if (std::set<std::string>(type.labels.begin(), type.labels.end()).size() != type.labels.size())
    return Problem{"an enum label stands twice"};
  type.origin = place(-1);
  schema.ensure_schema(type.name.schema);
  schema.catalog.enums[type.name] = std::move(type);
  return {};
}

Outcome Replayer::State::create_policy(const PgQuery__CreatePolicyStmt& stmt) {
  Table* table = schema.table(*stmt.table);
  if (!table) return missing("relation", schema.find_table(*stmt.table));
  Policy policy;
  policy.name = stmt.policy_name;
  policy.command = stmt.cmd_name;
  for (char& c : policy.command) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  policy.permissive = stmt.permissive;
  if (stmt.qual) policy.using_expression = expression_text(stmt.qual);
  if (stmt.with_check) policy.check_expression = expression_text(stmt.with_check);
  policy.origin = place(-1);
  for (const Policy& other : table->policies)
    if (other.name == policy.name) return exists("policy", {"", policy.name});
  table->policies.push_back(std::move(policy));
  return {};
}

Outcome Replayer::State::alter_policy(const PgQuery__AlterPolicyStmt& stmt) {
  Table* table = schema.table(*stmt.table);
  if (!table) return missing("relation", schema.find_table(*stmt.table));
  for (Policy& policy : table->policies) {
    if (policy.name != stmt.policy_name) continue;
    if (stmt.qual) policy.using_expression = expression_text(stmt.qual);
    if (stmt.with_check) policy.check_expression = expression_text(stmt.with_check);
    return {};
  }
  return missing("policy", {"", stmt.policy_name});
}

Outcome Replayer::State::create_schema(const PgQuery__CreateSchemaStmt& stmt, Effect& effect) {
  const std::string name = stmt.schemaname[0] ? stmt.schemaname
                           : stmt.authrole    ? stmt.authrole->rolename
                                              : "";
  auto& schemas = schema.catalog.schemas;
  // Schemas that were only assumed so far, because something was created in them, look the same: not worth a
  // complaint.
  if (std::find(schemas.begin(), schemas.end(), name) == schemas.end()) schema.ensure_schema(name);
  auto path = schema.search_path;
  schema.search_path.insert(schema.search_path.begin(), name);
  Outcome outcome;
  for (const Node* node : NodeList(stmt.n_schema_elts, stmt.schema_elts))
    if (!outcome) outcome = dispatch(read_statement(*node, schema), effect);
  schema.search_path = std::move(path);
  effect = Effect::replayed;
  return outcome;
}

void Replayer::State::create_function(const PgQuery__CreateFunctionStmt& stmt) {
  const QualifiedName name = schema.new_name(NodeList(stmt.n_funcname, stmt.funcname));
  std::vector<std::string> arguments;
  for (const Node* node : NodeList(stmt.n_parameters, stmt.parameters))
    if (node->function_parameter->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT &&
        node->function_parameter->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE)
      arguments.push_back(schema.type_of(node->function_parameter->arg_type));
  schema.functions[name.schema + "." + name.name].insert(join(arguments, ","));
}

}  // namespace pgadvise::sql
