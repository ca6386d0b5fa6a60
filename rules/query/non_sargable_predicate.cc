#include <algorithm>
#include <array>

#include "base/text.h"
#include "lint/queries.h"
#include "lint/tables.h"
#include "lint/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option small_rows{
    .name = "small_rows",
    .fallback = 1000,
    .table_size = true,
    .meaning = "rows below which a table is not reported, where its statistics are known"};
static constexpr Option large_rows{
    .name = "large_rows",
    .fallback = 10000,
    .meaning = "rows from which a search by a pattern that begins with % is a warning"};
static constexpr Option fast_ms{
    .name = "fast_ms",
    .fallback = 1,
    .meaning = "mean duration, in milliseconds, below which a statement is not reported"};
static constexpr Option slow_ms{
    .name = "slow_ms",
    .fallback = 20,
    .meaning =
        "mean duration, in milliseconds, from which a search by a pattern that begins with % is a warning"};
static constexpr const Option* options[] = {&small_rows, &large_rows, &fast_ms, &slow_ms};

namespace {

using Op = Predicate::Op;

struct Case {
  const Predicate* predicate = nullptr;
  const Table* table = nullptr;
  const Index* index = nullptr;  // would serve the column without the expression
  bool pattern = false;          // LIKE '%…'
};

bool in_text(const std::string& type) {
  return type == "text" || starts_with_nocase(type, "character") || type == "citext" || type == "name";
}

// Whether an expression index mentions the column and the expression around it, and so may serve the
// predicate.
bool expression_index_for(const Table& table, const Predicate& predicate) {
  const std::string inner =
      predicate.wrapper.compare(0, 2, "::") == 0 ? predicate.wrapper.substr(2) : predicate.wrapper;
  const auto words = lint::tokens_of(inner);
  return std::any_of(table.indexes.begin(), table.indexes.end(), [&](const Index& index) {
    return std::any_of(index.keys.begin(), index.keys.end(), [&](const IndexKey& key) {
      const auto tokens = lint::tokens_of(key.expression);
      return lint::contains(tokens, predicate.column.column) &&
             (words.empty() || lint::contains(tokens, words.back()));
    });
  });
}

// Whether the column has so few distinct values that a text search index would not help.
bool has_few_values(const Column& column) {
  static constexpr std::array<std::string_view, 8> names = {"status", "state", "type",     "kind",
                                                            "role",   "level", "category", "method"};
  if (column.statistics) return column.statistics->n_distinct > 0 && column.statistics->n_distinct < 50;
  const auto words = lint::words_of(column.name);
  return !words.empty() && lint::one_of(words.back(), names);
}

// Whether a full-text or trigram index covers the column, alone or in an expression.
bool has_search_index(const Table& table, const std::string& column) {
  return std::any_of(table.indexes.begin(), table.indexes.end(), [&](const Index& index) {
    return (index.method == "gin" || index.method == "gist") &&
           std::any_of(index.keys.begin(), index.keys.end(), [&](const IndexKey& key) {
             return key.column == column || lint::contains(lint::tokens_of(key.expression), column);
           });
  });
}

// An index that would serve `column op value`: the column is its first key, or follows keys that the
// statement compares by =.
const Index* index_for(const Table& table, const std::string& column, const std::vector<std::string>& fixed) {
  for (const auto& index : table.indexes) {
    if (!index.valid || index.method != "btree" || (index.predicate && index.predicate_not_null.empty()))
      continue;
    for (const auto& key : index.keys) {
      if (key.column == column) return &index;
      if (!lint::contains(fixed, key.column)) break;
    }
  }
  return nullptr;
}

// Whether the function can be replaced by a range or by a changed value. No plain index serves other
// functions.
bool replaceable(const std::string& wrapper) {
  static constexpr std::array<std::string_view, 25> functions = {
      "lower", "upper", "date",  "date_trunc", "date_part", "extract", "to_char",   "to_date",  "trim",
      "btrim", "ltrim", "rtrim", "coalesce",   "substr",    "left",    "substring", "timezone", "age",
      "abs",   "trunc", "floor", "+",          "-",         "*",       "/"};
  const auto dot = wrapper.rfind('.');
  return wrapper.compare(0, 2, "::") == 0 ||
         lint::one_of(dot == std::string::npos ? wrapper : wrapper.substr(dot + 1), functions);
}

// Whether PostgreSQL casts the integer column, because the value is numeric or floating-point.
bool widened(const Column& column, const Predicate& predicate) {
  const bool integer = column.type == "integer" || column.type == "bigint" || column.type == "smallint";
  return integer && predicate.wrapper.empty() &&
         (starts_with_nocase(predicate.value_type, "numeric") || predicate.value_type == "double precision" ||
          predicate.value_type == "real");
}

// Whether another condition of the statement can use an index of the table.
bool other_condition_indexed(const QueryFacts& facts, const Case& found) {
  const Table& table = *found.table;
  return std::any_of(facts.predicates.begin(), facts.predicates.end(), [&](const Predicate& predicate) {
    if (&predicate == found.predicate) return false;
    const bool ours = predicate.column.table == table.name && predicate.wrapper.empty();
    const bool joined = predicate.value == Predicate::Value::column && predicate.other.table == table.name;
    if (predicate.under_or ||
        (predicate.op != Op::equality && predicate.op != Op::in_list && predicate.op != Op::range))
      return false;
    return (ours && !predicate.column.column.empty() && index_for(table, predicate.column.column, {})) ||
           (joined && index_for(table, predicate.other.column, {}));
  });
}

std::optional<Case> case_of(const Context& context, const Query& query, const Predicate& predicate) {
  const Table* table = context.catalog().table(predicate.column.table);
  const Column* column = table ? table->column(predicate.column.column) : nullptr;
  if (!column || predicate.value == Predicate::Value::column ||
      (table->kind != Table::Kind::ordinary && table->kind != Table::Kind::partitioned))
    return std::nullopt;
  Case found{&predicate, table, nullptr, predicate.op == Op::like};
  if (found.pattern) {
    const bool bare =
        predicate.wrapper.empty() || predicate.wrapper == "lower" || predicate.wrapper == "upper";
    const bool negated = predicate.op_name.compare(0, 1, "!") == 0;
    return bare && !negated && predicate.leading_wildcard && in_text(column->type) &&
                   !has_few_values(*column) && !has_search_index(*table, column->name)
               ? std::optional(found)
               : std::nullopt;
  }
  const bool compares =
      predicate.op == Op::equality || predicate.op == Op::range || predicate.op == Op::in_list;
  if (!compares || predicate.under_or ||
      (predicate.wrapper.empty() ? !widened(*column, predicate) : !replaceable(predicate.wrapper)))
    return std::nullopt;
  found.index = index_for(*table, column->name, lint::fixed_columns(query.facts, table->name));
  if (!found.index || expression_index_for(*table, predicate)) return std::nullopt;
  return found;
}

std::string around(const Predicate& predicate) {
  const std::string& column = predicate.column.column;
  const std::string& wrapper = predicate.wrapper;
  if (wrapper.empty()) return column + " = …::" + predicate.value_type;
  if (wrapper.compare(0, 2, "::") == 0) return column + wrapper;
  const auto dot = wrapper.rfind('.');
  const std::string name = dot == std::string::npos ? wrapper : wrapper.substr(dot + 1);
  if (name == "timezone") return column + " AT TIME ZONE …";
  if (name.size() == 1) return "arithmetic on " + column;
  const bool first = name != "date_trunc" && name != "date_part" && name != "extract";
  return name + (first ? "(" + column + ")" : "(…, " + column + ")");
}

std::string instead(const Case& found) {
  const std::string& column = found.predicate->column.column;
  const std::string& wrapper = found.predicate->wrapper;
  if (found.pattern)
    return "Create a trigram index: CREATE EXTENSION pg_trgm, then an index USING gin (" + column +
           " gin_trgm_ops); or use full-text search";
  if (wrapper.empty()) return "Cast the value to the column's type, not to " + found.predicate->value_type;
  const Column* own = found.table->column(column);
  if (starts_with_nocase(own->type, "timestamp") || own->type == "date")
    return "Compare the column itself with a range: " + column + " >= $1 AND " + column +
           " < $1 + interval '1 day'";
  if (wrapper == "lower" || wrapper == "upper")
    return "Create an index on " + wrapper + "(" + column +
           "), unique if the column is unique; or use the type citext";
  if (wrapper.compare(0, 2, "::") == 0) return "Cast the value instead: " + column + " = $1::" + own->type;
  return "Move the expression to the value's side, or create an index on the expression";
}

Severity severity_of(const Context& context, const Query& query, const Case& found) {
  if (other_condition_indexed(query.facts, found)) return Severity::note;
  if (!found.pattern) return Severity::warning;
  const auto rows = lint::rows_of(context, found.table->name);
  const bool large = rows && *rows >= context.option(large_rows);
  const bool slow = query.timed_calls > 0 && query.mean_ms() >= context.option(slow_ms);
  return large || slow ? Severity::warning : Severity::note;
}

}  // namespace

static void check_query(const Context& context, Reporter& reporter, const Query& query) {
  for (const auto& predicate : query.facts.predicates) {
    const auto found = case_of(context, query, predicate);
    if (!found || lint::known_small(context, found->table->name, context.option(small_rows))) continue;
    auto fixed = lint::fixed_columns(query.facts, found->table->name);
    if (predicate.op == Op::equality && predicate.wrapper.empty()) std::erase(fixed, predicate.column.column);
    if (lint::unique_among(*found->table, fixed, true)) continue;
    // A search among the rows of one owner is fast enough, unless the log shows otherwise.
    const bool slow = query.timed_calls > 0 && query.mean_ms() >= context.option(slow_ms);
    if (found->pattern && !slow && other_condition_indexed(query.facts, *found)) continue;
    const QualifiedName& table = found->table->name;
    const std::string message =
        found->pattern
            ? "A search in " + display(table) + "." + predicate.column.column +
                  " uses a pattern that begins with a wildcard: no B-tree index can serve the search."
            : "The condition on " + around(predicate) + " prevents the use of the index " +
                  found->index->name + " on " + display(table) +
                  ": the statement checks the rows one by one.";
    Finding& finding = lint::report(reporter, query, table, message, severity_of(context, query, *found));
    if (found->index)
      finding.evidence.push_back(lint::catalog_fact(
          found->index->name + " begins with the column " + predicate.column.column, found->index->origin));
    finding.fix = Fix{.title = instead(*found), .safety = Fix::Safety::manual};
    finding.probe = Probe{Probe::Kind::statement, table, {}, query.fingerprint, std::nullopt};
    return;  // one finding a statement
  }
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    const QueryFacts& facts = query.facts;
    const bool reads = facts.kind == StatementKind::select || facts.kind == StatementKind::update ||
                       facts.kind == StatementKind::delete_;
    if (!facts.parsed || !reads || facts.catalog_query || lint::by_tool_alone(query)) continue;
    if (query.timed_calls > 0 && query.mean_ms() < context.option(fast_ms)) continue;
    check_query(context, reporter, query);
  }
}

constinit const Rule non_sargable_predicate{
    .id = "non-sargable-predicate",
    .severity = Severity::warning,
    .needs = all(Input::workload, Input::schema),
    .summary = "a condition that prevents the use of an index",
    .why =
        "An index on a column contains the values of the column, not the results of a function or cast. "
        "`date(created_at) = $1`, `lower(email) = $1` and `id::text = $1` scan the whole table even with an "
        "index on `created_at`, `email` or `id`. The same happens when an integer column is compared with a "
        "`numeric`. A pattern that begins with `%` has no prefix to look up.\n\n"
        "The rule reports a condition if an index on the plain column exists and no expression index serves "
        "the condition. It reports patterns if the log shows the `%`. The finding is a note if another "
        "condition of the statement has an index.",
    .fix =
        "Leave the column alone and change the value: use a range (`created_at >= $1 AND created_at < $1 + "
        "interval '1 day'`) or cast the value (`id = $1::uuid`). Or index the expression (`CREATE INDEX ON "
        "users (lower(email))`). For patterns, use pg_trgm or full-text search.",
    .when_to_ignore = "Other conditions leave few rows, or the table is small.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
