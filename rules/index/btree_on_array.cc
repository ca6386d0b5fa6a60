#include "lint/index_sql.h"
#include "lint/tables.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

// Whether a logged query compares the whole array, or sorts by it: what a B-tree serves.
bool compared_whole(const Context& context, const Table& table, const std::string& column) {
  if (!context.has_workload()) return false;
  for (const Query* query : context.queries_on(table.name))
    for (const auto& predicate : query->facts.predicates)
      if (predicate.column.table == table.name && predicate.column.column == column &&
          predicate.wrapper.empty() && predicate.op == Predicate::Op::equality)
        return true;
  return false;
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables_and_partitions(context))
    for (const auto& index : table->indexes) {
      if (index.method != "btree" || index.unique || !index.valid || index.keys.empty() || !droppable(index))
        continue;
      const Column* column = table->column(index.keys.front().column);
      if (!column || !column->type.ends_with("[]") || compared_whole(context, *table, column->name)) continue;
      Finding& finding = reporter.add(
          {.kind = "index", .schema = table->name.schema, .table = table->name.name, .index = index.name},
          "The index " + index.name + " on " + display(table->name) + " is a B-tree on the array " +
              column->name + ": it finds whole arrays, and no query for an element (@>, &&) can use it.");
      finding.location = index.origin;
      finding.evidence.push_back(
          catalog_fact(definition(index) + "; " + column->name + " is " + column->type, index.origin));
      Index gin;
      gin.name = (index.name + "_gin").substr(0, 63);
      gin.method = "gin";
      gin.keys = {{.column = column->name}};
      const bool concurrently = table->kind != Table::Kind::partitioned;
      Fix fix;
      fix.title =
          "If queries look for elements, create a GIN index, and write the condition as column @> ARRAY[…], "
          "as "
          "= ANY (column) does not use it; then drop the B-tree";
      fix.sql = create_index_sql(*table, gin) + "\n" + drop_index(*table, index, Fix::Safety::review).sql;
      fix.down_sql = create_index_sql(*table, index) + "\n" +
                     ddl::drop_index({table->name.schema, gin.name}, concurrently) + ";";
      fix.safety = Fix::Safety::review;
      finding.fix = std::move(fix);
    }
}

}  // namespace

constinit const Rule btree_on_array{
    .id = "btree-on-array",
    .severity = Severity::note,
    .needs = Input::schema,
    .summary = "a B-tree index that begins with an array column",
    .why =
        "A B-tree orders arrays as wholes. It serves `tags = '{a,b}'` and ORDER BY, and no query that looks "
        "for an element: `tags @> '{a}'`, `tags && '{a,b}'` and `'a' = ANY (tags)` scan the table. An "
        "INSERT fails if the array exceeds, after compression, the 2,704 bytes that a B-tree entry may "
        "have. A GIN index has an entry for each element.",
    .fix = "Create a GIN index and use `@>` or `&&`.",
    .when_to_ignore = "Queries compare or sort whole arrays.",
    .check = check};

}  // namespace pgadvise::rules
