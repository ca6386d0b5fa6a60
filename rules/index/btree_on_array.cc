#include <algorithm>

#include "lint/schema/index_sql.h"
#include "lint/schema/index_use.h"
#include "lint/schema/tables.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::btree_on_array {
namespace {

// Whether a logged query compares the whole array, or sorts by it: what a B-tree serves.
bool used_whole(const Context& context, const Table& table, const std::string& column) {
  const ColumnUse use{table.name, column};
  const auto whole = [&](const Predicate& predicate) {
    using Op = Predicate::Op;
    return predicate.column == use && predicate.wrapper.empty() &&
           (predicate.op == Op::equality || predicate.op == Op::in_list || predicate.op == Op::range);
  };
  const auto& queries = context.queries_on(table.name);
  return std::ranges::any_of(queries, [&](const Query* query) {
    const QueryFacts& facts = query->facts;
    return std::ranges::any_of(facts.predicates, whole) ||
           std::ranges::any_of(facts.sort, [&](const SortKey& key) { return key.column == use; });
  });
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables_and_partitions(context))
    for (const auto& index : table->indexes) {
      if (index.method != "btree" || index.unique || !index.valid || index.keys.empty() || !droppable(index))
        continue;
      const Column* column = table->column(index.keys.front().column);
      if (!column || !column->type.ends_with("[]") || summed(context, *table, index).scans > 0 ||
          used_whole(context, *table, column->name))
        continue;
      Finding& finding =
          report_index(reporter, *table, index,
                       " is a B-tree on the array " + column->name +
                           ": it finds whole arrays, and no query for an element (@>, &&) can use it.");
      finding.evidence.push_back(
          catalog_fact(definition(index) + "; " + column->name + " is " + column->type, index.origin));
      const Index gin{.name = new_index_name(context.catalog(), table->name.schema, index.name, "_gin"),
                      .method = "gin",
                      .keys = {{.column = column->name}}};
      finding.fix =
          replace_index(*table, index, gin,
                        "If queries look for elements, create a GIN index, and write the condition as column "
                        "@> ARRAY[…]: = ANY (column) does not use a GIN index. Then drop the B-tree");
    }
}

}  // namespace

constinit const Rule rule{
    .id = "btree-on-array",
    .severity = Severity::note,
    .needs = Input::schema,
    .summary = "a B-tree index that begins with an array column",
    .why =
        "A B-tree orders arrays as wholes. It serves `tags = '{a,b}'` and ORDER BY, and no query that looks "
        "for an element: `tags @> '{a}'`, `tags && '{a,b}'` and `'a' = ANY (tags)` scan the table. An INSERT "
        "fails if the array exceeds, after compression, the 2,704 bytes that a B-tree entry may have. A GIN "
        "index has an entry for each element.\n\n"
        "An index that the server has scanned is not reported, nor one whose whole arrays logged statements "
        "compare or sort.",
    .fix = "Create a GIN index and use `@>` or `&&`.",
    .when_to_ignore = "Queries compare or sort whole arrays.",
    .check = check};

}  // namespace pgadvise::rules::btree_on_array
