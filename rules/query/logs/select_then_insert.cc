#include <algorithm>
#include <map>

#include "base/text/text.h"
#include "lint/queries/drizzle_code.h"
#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::select_then_insert {
namespace {

struct Pair {
  const Query* look_up = nullptr;
  const Query* insert = nullptr;
  const Table* table = nullptr;
  const Index* key = nullptr;
  const RepeatedQuery* repeat = nullptr;
};

// The pair if the SELECT looks up, by a complete unique key, the row that the INSERT writes.
std::optional<Pair> pair_of(const Context& context, const Query* look_up, const Query* insert) {
  if (!look_up || !insert || look_up->facts.kind != StatementKind::select ||
      insert->facts.kind != StatementKind::insert)
    return std::nullopt;
  if (!insert->facts.single_row_insert || !insert->facts.target || !insert->facts.updated.empty())
    return std::nullopt;
  if (contains(lower(insert->text), "on conflict")) return std::nullopt;
  const Table* table = context.table(*insert->facts.target);
  const Index* key = table ? unique_among(*table, fixed_columns(look_up->facts, table->name)) : nullptr;
  if (!key) return std::nullopt;
  // A key that the server generates cannot have been looked up.
  const bool given = std::ranges::all_of(key->keys, [&](const IndexKey& part) {
    return std::ranges::any_of(insert->facts.assigned_parameters, [&](const auto& assigned) {
      return assigned.first == ColumnUse{table->name, part.column};
    });
  });
  if (!given) return std::nullopt;
  return Pair{look_up, insert, table, key, nullptr};
}

}  // namespace

static void check(const Context& context, Reporter& reporter) {
  std::map<std::string_view, Pair> found;
  for (const auto& repeat : context.workload().repeats) {
    const auto& pattern = repeat.pattern;
    for (std::size_t i = 0; i < pattern.size() && pattern.size() > 1; ++i) {
      auto pair =
          pair_of(context, context.query(pattern[i]), context.query(pattern[(i + 1) % pattern.size()]));
      if (!pair) continue;
      pair->repeat = &repeat;
      const auto [known, added] = found.emplace(pair->insert->fingerprint, *pair);
      if (!added && repeat.calls > known->second.repeat->calls) known->second = *pair;
    }
  }
  for (const auto& [fingerprint, pair] : found) {
    std::vector<std::string> columns;
    for (const auto& key : pair.key->keys) columns.push_back(key.column);
    Finding& finding =
        report(reporter, *pair.insert, pair.table->name,
               "Rows of " + display(pair.table->name) + " are looked up by " + join(columns, ", ") +
                   " and inserted if missing: each row takes two round trips, and concurrent sessions fail "
                   "on the unique key.");
    finding.evidence.push_back(query_fact(*pair.look_up, "before each INSERT: "));
    finding.evidence.push_back(figures(*pair.repeat, 1));
    finding.fix =
        manual_fix("Use INSERT … ON CONFLICT (" + join(columns, ", ") + ") DO NOTHING, or DO UPDATE");
    finding.fix->drizzle = drizzle_insert_missing(context, pair.table->name, columns);
  }
}

constinit const Rule rule{
    .id = "select-then-insert",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = all(Input::events, Input::schema),
    .summary = "a look-up by a unique key followed by an INSERT of the missing row",
    .why =
        "Between the two statements, another session can insert the same key. One of the two sessions then "
        "fails or, without a unique key, the row exists twice. Each row costs two round trips.\n\n"
        "The rule reports loops with at least five rows in one trace, transaction or burst. The summary of a "
        "log does not contain single pairs.",
    .fix =
        "Use `INSERT … ON CONFLICT (key) DO NOTHING` or `DO UPDATE`. For many rows, use one INSERT with all "
        "of them. In Drizzle, use `.onConflictDoNothing()` and `.onConflictDoUpdate()`.",
    .when_to_ignore = "The look-up decides more than the INSERT, and only one session writes.",
    .check = check};

}  // namespace pgadvise::rules::select_then_insert
