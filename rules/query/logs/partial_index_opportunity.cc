#include <algorithm>
#include <map>
#include <set>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "lint/queries/plans.h"
#include "lint/queries/queries.h"
#include "lint/schema/index_sql.h"
#include "lint/schema/tables.h"
#include "model/schema/ddl.h"
#include "model/schema/index_comparison.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::partial_index_opportunity {

static constexpr Option min_rows = size_option("rows", 10000, "rows below which a table is not reported");
static constexpr Option min_calls{"calls", 20,
                                  "logged calls on the table below which the table is not reported"};
static constexpr Option min_percent{"percent", 80, "percent of these calls that must have the filter"};
static constexpr Option kept_percent{"kept_percent", 30,
                                     "largest percentage of the rows that may pass the filter"};
static constexpr Option null_percent{"null_percent", 80,
                                     "percent of NULLs in the first column from which an index is reported"};

namespace {

// "deleted_at IS NULL", "NOT archived", "status = 'open'".
struct Filter {
  std::string condition;  // SQL
  std::string shown;      // without a logged literal
  std::string column;
  bool literal = false;  // the condition contains a literal
  auto operator<=>(const Filter&) const = default;
};

// The statements on one table that have the filter.
struct Use {
  std::uint64_t calls = 0;  // of these statements
  std::vector<const Query*> queries;
};

std::optional<Filter> filter_of(const Table& table, const Predicate& predicate) {
  const Column* column = table.column(predicate.column.column);
  if (!column || predicate.column.table != table.name || predicate.under_or || !predicate.wrapper.empty())
    return std::nullopt;
  const std::string name = quote_identifier(column->name);
  if (predicate.op == Predicate::Op::is_null)
    return Filter{name + " IS NULL", column->name + " IS NULL", column->name};
  if (predicate.op == Predicate::Op::is_not_null)
    return Filter{name + " IS NOT NULL", column->name + " IS NOT NULL", column->name};
  if (predicate.op != Predicate::Op::equality) return std::nullopt;
  const auto& value =
      predicate.value == Predicate::Value::constant ? predicate.constant : predicate.same_value;
  if (!value) return std::nullopt;
  if (column->type == "boolean") {
    const std::string word = lower(*value);
    const bool is_true = word == "true" || word == "t" || word == "1";
    if (!is_true && word != "false" && word != "f" && word != "0") return std::nullopt;
    return Filter{is_true ? name : "NOT " + name,
                  is_true ? column->name + " is true" : column->name + " is false", column->name};
  }
  return Filter{name + " = " + quote_literal(*value), column->name + " = '…'", column->name, true};
}

// The share of rows that pass the filter, from the statistics; nullopt if only the planner can estimate it.
std::optional<double> share_kept(const Table& table, const Filter& filter) {
  const Column* column = table.column(filter.column);
  if (!column || !column->statistics) return std::nullopt;
  if (filter.condition.ends_with(" IS NULL")) return column->statistics->null_fraction;
  if (filter.condition.ends_with(" IS NOT NULL")) return 1 - column->statistics->null_fraction;
  return std::nullopt;
}

bool indexed(const Table& table, const std::string& column) {
  return std::ranges::any_of(table.indexes, [&](const Index& index) {
    const bool key = has_column(index.keys, column);
    return key || (index.predicate && index.predicate->find(column) != std::string::npos);
  });
}

bool reads(const Query& query, const QualifiedName& table) {
  // Only statements of the application that use the table directly.
  return filters_rows(query.facts) && of_application(query) &&
         std::ranges::any_of(query.facts.relations,
                             [&](const RelationUse& use) { return use.table == table && !use.through_view; });
}

// Index keys for the most frequent statement: its other compared columns, then its sort columns.
std::vector<IndexKey> keys_of(const Table& table, const Filter& filter, const Use& use) {
  const Query& query = **std::ranges::max_element(
      use.queries, [](const Query* a, const Query* b) { return a->calls < b->calls; });
  std::vector<IndexKey> keys;
  const auto add = [&](IndexKey key) {
    if (key.column != filter.column && keys.size() < 3 &&
        std::ranges::none_of(keys, [&](const IndexKey& other) { return other.column == key.column; }))
      keys.push_back(std::move(key));
  };
  for (const auto& column : fixed_columns(query.facts, table.name)) add({.column = column});
  for (const auto& sort : query.facts.sort)
    if (sort.column.table == table.name)
      add({.column = sort.column.column, .descending = sort.descending, .nulls_first = sort.nulls_first});
  if (const Constraint* key = keys.empty() ? primary_key(table) : nullptr)
    for (const auto& column : key->columns) add({.column = column});
  return keys;
}

// Asks the planner for the number of rows that pass the filter; EXPLAIN reads no rows.
constexpr std::string_view filtered_rows = "SELECT FROM {table} WHERE {condition}";

Conclusion conclude(const Plan& plan, double table_rows, double limit) {
  if (table_rows <= 0) return {.reason = "the table has no statistics"};
  const double passing = plan.root.plan_rows;
  const std::string fact =
      "EXPLAIN: " + grouped(passing) + " of about " + grouped(table_rows) + " rows pass the filter";
  if (passing <= limit * table_rows) return {.verdict = Verdict::confirmed, .fact = fact};
  return {.verdict = Verdict::refuted, .reason = fact + ": a partial index would not be much smaller"};
}

}  // namespace

static void report_filter(const Context& context, Reporter& reporter, const Table& table,
                          const Filter& filter, const Use& use, std::uint64_t calls,
                          std::optional<double> kept) {
  const double most = context.option(kept_percent) / 100;
  Finding& finding =
      reporter.add(column_subject(table.name, filter.column),
                   grouped(use.calls) + " of " + grouped(calls) + " calls on " + display(table.name) +
                       " filter by " + filter.shown + ", and few rows " + (kept ? "pass" : "may pass") +
                       " this filter: a partial index contains only these rows.");
  for (std::size_t i = 0; i < use.queries.size() && i < 3; ++i) {
    const Query& query = *use.queries[i];
    const auto place = place_of(query);
    if (!finding.location) finding.location = place;
    finding.evidence.push_back(
        log_fact(ran(query) + ": " + ellipsis(query.text, 300), place,
                 query.samples.empty() ? std::string() : query.samples.front().statement));
  }
  if (kept)
    finding.evidence.push_back(
        catalog_fact("according to the statistics, " + grouped(100 * *kept) + " % of the rows pass"));
  else
    finding.probe = Probe{.kind = Probe::Kind::plan,
                          .table = table.name,
                          .sql = filtered_rows,
                          .condition = filter.condition,
                          .limit = most,
                          .from_plan = conclude};
  if (kept) finding.verdict = Verdict::confirmed;
  auto keys = keys_of(table, filter, use);
  if (filter.literal || keys.empty()) {
    std::vector<std::string> columns;
    for (const auto& key : keys) columns.push_back(ddl::index_key(key));
    finding.fix = manual_fix("Create a partial index on " + display(table.name) +
                             (columns.empty() ? std::string() : " (" + join(columns, ", ") + ")") +
                             (filter.literal ? ", whose WHERE compares " + filter.column +
                                                   " with the value in these statements (--show-literals)"
                                             : " for the rows with " + filter.shown));
  } else {
    finding.proposal =
        IndexProposal{.table = table.name, .keys = std::move(keys), .predicate = filter.condition};
  }
}

static void check_table(const Context& context, Reporter& reporter, const Table& table) {
  const auto rows = rows_of(context, table.name);
  if (!rows || *rows < context.option(min_rows)) return;
  std::uint64_t calls = 0;
  std::map<Filter, Use> filters;
  for (const Query* query : context.queries_on(table.name)) {
    if (!reads(*query, table.name) || asks_for_one_row(context, query->facts, table.name)) continue;
    calls += query->calls;
    std::set<Filter> own;
    for (const auto& predicate : query->facts.predicates)
      if (auto filter = filter_of(table, predicate)) own.insert(std::move(*filter));
    for (const auto& filter : own) {
      filters[filter].calls += query->calls;
      filters[filter].queries.push_back(query);
    }
  }
  if (calls < context.option(min_calls)) return;
  for (const auto& [filter, use] : filters) {
    if (100.0 * static_cast<double>(use.calls) < context.option(min_percent) * static_cast<double>(calls) ||
        indexed(table, filter.column))
      continue;
    const auto kept = share_kept(table, filter);
    if (kept ? *kept * 100 > context.option(kept_percent) : !context.has_server()) continue;
    report_filter(context, reporter, table, filter, use, calls, kept);
  }
}

// Whether a logged query needs the NULLs, which a partial index would not contain: it looks for them, or
// sorts by the column without a condition that leaves them out.
static bool needs_nulls(const Context& context, const Table& table, const std::string& column) {
  const ColumnUse use{table.name, column};
  const auto& queries = context.queries_on(table.name);
  return std::ranges::any_of(queries, [&](const Query* query) {
    using Op = Predicate::Op;
    const QueryFacts& facts = query->facts;
    const auto any = [&](auto&& is) {
      return std::ranges::any_of(facts.predicates, [&](const Predicate& predicate) {
        return predicate.column == use && is(predicate);
      });
    };
    const bool sorts = std::ranges::any_of(facts.sort, [&](const SortKey& key) { return key.column == use; });
    return any([](const Predicate& predicate) { return predicate.op == Op::is_null; }) ||
           (sorts && !any([](const Predicate& predicate) {
              return !predicate.under_or && (predicate.op == Op::equality || predicate.op == Op::in_list ||
                                             predicate.op == Op::range || predicate.op == Op::is_not_null);
            }));
  });
}

// Whether another index begins with the same column and contains its NULLs: then this index may be dropped
// altogether.
static bool another_begins_alike(const Context& context, const Table& table, const Index& index) {
  const auto& others = context.indexes_with(table, index.keys.front().column);
  return std::ranges::any_of(others, [&](const Index* other) {
    return other != &index && other->method == "btree" && other->valid && !other->predicate &&
           !other->keys.empty() && other->keys.front().column == index.keys.front().column;
  });
}

// An index whose entries are mostly NULLs.
static void check_nulls(const Context& context, Reporter& reporter, const Table& table) {
  const auto rows = rows_of(context, table.name);
  if (!rows || *rows < context.option(min_rows)) return;
  for (const auto& index : table.indexes) {
    if (index.method != "btree" || index.unique || index.predicate || !index.valid ||
        index.keys.size() != 1 || !droppable(index))
      continue;
    const Column* column = table.column(index.keys.front().column);
    if (!column || !column->statistics) continue;
    const double nulls = 100 * column->statistics->null_fraction;
    if (nulls < context.option(null_percent) || needs_nulls(context, table, column->name) ||
        another_begins_alike(context, table, index))
      continue;
    Finding& finding =
        reporter.add(index_subject(table.name, index.name), index.origin,
                     grouped(nulls) + " % of the entries of " + index.name + " on " + display(table.name) +
                         " are NULLs: a partial index contains only the other rows.");
    finding.evidence.push_back(catalog_fact(definition(index), index.origin));
    Index partial = index;
    partial.name = new_index_name(context.catalog(), table.name.schema, index.name, "_not_null");
    partial.predicate = quote_identifier(column->name) + " IS NOT NULL";
    finding.fix =
        replace_index(table, index, partial,
                      std::string("Create the partial index, and drop the full one: every condition on the "
                                  "column that excludes NULLs can use it") +
                          (context.has_workload() ? ""
                                                  : "; first check that no ORDER BY on the column needs the "
                                                    "NULLs, because pgadvise has read no log"));
  }
}

static void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    check_table(context, reporter, *table);
    check_nulls(context, reporter, *table);
  }
}

constinit const Rule rule{
    .id = "partial-index-opportunity",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary =
        "a filter that most statements on a table share and few rows pass, or an index of mostly NULLs",
    .why =
        "A partial index, with the shared filter as its WHERE clause, contains only the rows that these "
        "statements need. It is smaller, stays in memory, and changes of other rows do not touch it. Typical "
        "filters are `deleted_at IS NULL`, and the few open rows of a long history.\n\n"
        "A comparison with a value counts if every call in the log has the same value and the planner "
        "confirms that few rows match. These findings need a log.\n\n"
        "An index on a column that is mostly NULL contains an entry for each NULL. If no logged statement "
        "looks for NULLs or sorts by the column, a partial index `WHERE column IS NOT NULL` serves the same "
        "statements.",
    .fix =
        "Create the partial index that the finding proposes. It replaces a full index on the same columns "
        "that no other statement needs. The planner uses it only for statements that have the filter as a "
        "constant: a generic plan with a bound parameter (`status = $1`) does not use it.",
    .when_to_ignore =
        "Other statements, which are missing from the log, need the remaining rows just as often.",
    .options = {&min_rows, &min_calls, &min_percent, &kept_percent, &null_percent},
    .check = check};

}  // namespace pgadvise::rules::partial_index_opportunity
