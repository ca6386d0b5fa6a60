#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text/text.h"
#include "lint/schema/by_schema.h"
#include "lint/schema/index_sql.h"
#include "lint/schema/tables.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::missing_primary_key {

static constexpr Option convention_tables{"convention_tables", 3,
                                          "tables of a schema with a unique key that could be the primary "
                                          "key, below which there is one finding for each table"};

// A unique index without a predicate, all of whose columns are NOT NULL: it can become the primary key.
static const Index* ready_key(const Table& table) {
  for (const auto& index : table.indexes) {
    if (!index.unique || !index.valid || index.predicate || index.nulls_not_distinct ||
        index.method != "btree" || index.keys.empty())
      continue;
    if (std::ranges::all_of(index.keys, [&](const IndexKey& key) {
          const Column* column = table.column(key.column);
          return column && column->not_null && !key.descending && key.operator_class.empty() &&
                 key.collation.empty();
        }))
      return &index;
  }
  return nullptr;
}

// A unique index without a predicate. A nullable column prevents it from becoming the primary key.
static const Index* nullable_key(const Table& table) {
  for (const auto& index : table.indexes) {
    const bool whole = index.unique && index.valid && !index.predicate && !index.keys.empty();
    if (whole && std::ranges::all_of(
                     index.keys, [&](const IndexKey& key) { return table.column(key.column) != nullptr; }))
      return &index;
  }
  return nullptr;
}

// A unique index without a predicate over an expression: it identifies the rows, but cannot become the
// primary key.
static const Index* expression_key(const Table& table) {
  for (const auto& index : table.indexes)
    if (index.unique && index.valid && !index.predicate &&
        std::ranges::any_of(index.keys, [](const IndexKey& key) { return key.column.empty(); }))
      return &index;
  return nullptr;
}

static Fix make_not_null_primary_key(const Table& table, const Index& unique) {
  std::vector<std::string> steps;
  std::vector<std::string> back;
  std::vector<std::string> columns;
  for (const auto& key : unique.keys) {
    columns.push_back(key.column);
    if (table.column(key.column)->not_null) continue;
    steps.push_back(ddl::alter_column(key.column) + " SET NOT NULL");
    back.push_back(ddl::alter_column(key.column) + " DROP NOT NULL");
  }
  const std::string alter = ddl::alter_table(table.name) + "\n  ";
  const Constraint primary = new_primary_key(table, columns);
  steps.push_back(ddl::add_constraint(primary));
  back.insert(back.begin(), ddl::drop_constraint(primary.name));
  return {.title = "If no row has a NULL in them, make the columns of " + unique.name +
                   " NOT NULL and the primary key: this scans the table and builds the index under an ACCESS "
                   "EXCLUSIVE lock",
          .sql = alter + join(steps, ",\n  ") + ";",
          .down_sql = alter + join(back, ",\n  ") + ";",
          .safety = Fix::Safety::manual};
}

// Whether a foreign key depends on the unique constraint, which then cannot be dropped.
static bool referenced(const Context& context, const Table& table, const std::vector<std::string>& columns) {
  const std::set<std::string> unique(columns.begin(), columns.end());
  const auto& keys = context.references_to(table.name);
  return std::ranges::any_of(keys, [&](const auto& of) {
    const auto& to = of.key->referenced_columns;
    return std::set<std::string>(to.begin(), to.end()) == unique;
  });
}

// A primary key in the place of the unique constraint, which would be a second index over the same columns.
static void replace_unique(const Context& context, const Table& table, const Constraint& primary,
                           const std::string& unique, Fix& fix) {
  const auto constraint =
      std::ranges::find_if(table.constraints, [&](const Constraint& one) { return one.name == unique; });
  if (constraint == table.constraints.end()) return;
  if (referenced(context, table, primary.columns)) {
    fix.title += "; a foreign key needs " + unique + ", so both indexes remain";
    fix.safety = Fix::Safety::manual;
    return;
  }
  const std::string alter = ddl::alter_table(table.name) + "\n  ";
  fix.title += "; " + unique + " is dropped in the same statement";
  fix.sql = alter + ddl::drop_constraint(unique) + ",\n  " + ddl::add_constraint(primary) + ";";
  fix.down_sql =
      alter + ddl::drop_constraint(primary.name) + ",\n  " + ddl::add_constraint(*constraint) + ";";
}

static Fix fix_of(const Context& context, const Table& table, const Index* ready) {
  Fix fix;
  if (ready && !ready->constraint && table.kind == Table::Kind::ordinary) {
    fix.title = "Make the unique index " + ready->name +
                " the primary key: the index exists already, so the lock is short";
    fix.sql = ddl::add_constraint_using_index(table.name, Constraint::Kind::primary_key, ready->name) + ";";
    fix.down_sql = ddl::drop_constraint(table.name, ready->name) + ";\n" + create_index_sql(table, *ready);
    return fix;
  }
  const Column* id = table.column("id");
  if (ready || id) {
    std::vector<std::string> columns;
    if (ready)
      for (const auto& key : ready->keys) columns.push_back(key.column);
    else columns.push_back("id");
    fix.title =
        "Add the primary key: this builds its index under an ACCESS EXCLUSIVE lock; on a large table, build "
        "a unique index concurrently first";
    const Constraint primary = new_primary_key(table, columns);
    fix.sql = ddl::add_constraint(table.name, primary) + ";";
    fix.down_sql = ddl::drop_constraint(table.name, primary.name) + ";";
    if (ready && ready->constraint) replace_unique(context, table, primary, ready->name, fix);
    return fix;
  }
  fix.title =
      "Choose the columns that identify a row, or add an identity column, which rewrites the table under an "
      "ACCESS EXCLUSIVE lock";
  if (table.kind == Table::Kind::ordinary) {
    const Column added{.name = "id", .type = "bigint", .identity = Column::Identity::always};
    fix.sql = ddl::add_column(table.name, added) + " PRIMARY KEY;";
    fix.down_sql = ddl::drop_column(table.name, added.name) + ";";
  }
  fix.safety = Fix::Safety::manual;
  return fix;
}

// A table and its unique index that can become the primary key.
struct ReadyTable {
  const Table* table;
  const Index* ready;
};

static std::string fact_of(const Index& ready) {
  return ready.name + " is unique, has no predicate, and all its columns are NOT NULL";
}

static void report_ready(const Context& context, Reporter& reporter, const ReadyTable& found) {
  const Table& table = *found.table;
  Finding& finding = reporter.add(table_subject(table.name), table.origin,
                                  display(table.name) + " has no primary key, although " + found.ready->name +
                                      " could be one: tools and logical replication look for a primary key.",
                                  Severity::note);
  finding.evidence.push_back(catalog_fact(fact_of(*found.ready), found.ready->origin));
  finding.fix = fix_of(context, table, found.ready);
}

static void report_ready_of_schema(const Context& context, Reporter& reporter, const std::string& schema,
                                   const std::vector<ReadyTable>& tables) {
  std::vector<SchemaMember> members;
  std::vector<std::string> names;
  Fix fix{.title =
              "Make the unique keys the primary keys. Where the key is a unique index, the lock is short; "
              "where it is a constraint, this builds its index again under an ACCESS EXCLUSIVE lock"};
  std::vector<std::string> steps;
  std::vector<std::string> back;
  for (const auto& [table, ready] : tables) {
    members.push_back({display(table->name), "has no primary key: " + fact_of(*ready), table->origin});
    names.push_back(display(table->name));
    const Fix one = fix_of(context, *table, ready);
    if (one.safety == Fix::Safety::manual) fix.safety = one.safety;
    steps.push_back(one.sql);
    back.push_back(one.down_sql);
  }
  fix.sql = join(steps, "\n");
  fix.down_sql = join(back, "\n");
  Finding& finding = report_schema(reporter, schema,
                                   std::to_string(tables.size()) + " tables in schema " + schema +
                                       " have no primary key, which tools and logical replication look for, "
                                       "although each has a unique key that could be one: " +
                                       join_first(std::move(names), 5) + ".",
                                   members, members.size());
  finding.severity = Severity::note;
  finding.fix = std::move(fix);
}

static void report_without_key(const Context& context, Reporter& reporter, const Table& table) {
  const Index* unique = table.column("id") ? nullptr : nullable_key(table);
  const Index* expression = unique ? nullptr : expression_key(table);
  std::string message =
      display(table.name) + " has no primary key: " +
      (expression ? expression->name +
                        " is unique, but over an expression, and logical replication cannot UPDATE or DELETE "
                        "the rows."
       : unique ? unique->name +
                      " is unique, but one of its columns may be NULL, and logical replication cannot UPDATE "
                      "or DELETE the rows."
                : "it may contain duplicate rows, and logical replication cannot UPDATE or DELETE its rows.");
  Finding& finding = reporter.add(table_subject(table.name), table.origin, std::move(message),
                                  unique || expression ? std::optional(Severity::note) : std::nullopt);
  if (unique)
    finding.evidence.push_back(
        catalog_fact(unique->name + " is unique and has no predicate", unique->origin));
  finding.fix = unique ? make_not_null_primary_key(table, *unique) : fix_of(context, table, nullptr);
}

static void check(const Context& context, Reporter& reporter) {
  std::map<std::string, std::vector<ReadyTable>> schemas;
  for (const Table* table : checked_tables(context)) {
    if (primary_key(*table) || at_most_one_row(*table)) continue;
    const Junction links = junction(*table);
    if (links.is && !unique_among(*table, links.links)) continue;  // junction-table-without-key reports it
    if (const Index* ready = ready_key(*table)) schemas[table->name.schema].push_back({table, ready});
    else report_without_key(context, reporter, *table);
  }
  for (const auto& [schema, tables] : schemas) {
    if (tables.size() >= context.option(convention_tables))
      report_ready_of_schema(context, reporter, schema, tables);
    else
      for (const auto& one : tables) report_ready(context, reporter, one);
  }
}

constinit const Rule rule{
    .id = "missing-primary-key",
    .severity = Severity::warning,
    .harm = Harm::correctness,
    .needs = Input::schema,
    .summary = "a table without a primary key",
    .why =
        "Without a primary key, a table may contain duplicate rows, and a duplicate can be removed only by "
        "its physical location (ctid). Logical replication refuses UPDATE and DELETE on such a table, most "
        "ORMs cannot address its rows, and no foreign key can reference it.\n\n"
        "Partitions are not reported in addition to their parent. Tables of migration tools are left out, "
        "and tables that hold at most one row, because a unique index is on a constant. The finding is a "
        "note if a unique index without a predicate already identifies the rows, also where one of its "
        "columns may be NULL. Several tables of a schema whose unique key could be the primary key as it is "
        "are one finding.",
    .fix =
        "Make a unique index over NOT NULL columns the primary key (`ADD PRIMARY KEY USING INDEX`), or add "
        "an identity column.",
    .when_to_ignore =
        "Rows are only appended and read in bulk (staging, logs), and no logical replication includes the "
        "table.",
    .options = {&convention_tables},
    .check = check};

}  // namespace pgadvise::rules::missing_primary_key
