#include <algorithm>
#include <map>

#include "base/text/text.h"
#include "lint/queries/drizzle_code.h"
#include "lint/queries/loop_rewrite.h"
#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/run/context.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::n_plus_one_write {

static constexpr Option fewest_calls{
    "fewest_calls", 10, "calls of one statement in one scope from which row-by-row writes are reported"};

namespace {

struct Case {
  const Query* query = nullptr;
  const RepeatedQuery* repeat = nullptr;
  std::uint64_t calls = 0;  // in the scope with the most
  Lead lead;
  std::string traffic;  // why it may not be a loop
  bool certain = false;
};

// Whether the statement writes one row, or the rows of one key. Several rows in VALUES are a batch already.
bool writes_one_row(const Query& query) {
  const QueryFacts& facts = query.facts;
  if (!facts.parsed || of_benchmark(query) || contains(query.text, ";"))
    return false;  // a message of several statements is a batch
  if (facts.kind == StatementKind::insert) return facts.single_row_insert;
  if ((facts.kind != StatementKind::update && facts.kind != StatementKind::delete_) || facts.limited)
    return false;  // a loop over batches
  return std::ranges::any_of(facts.predicates, [](const Predicate& predicate) {
    return predicate.op == Predicate::Op::equality && predicate.value == Predicate::Value::parameter;
  });
}

std::string verb(const Query& query) {
  switch (query.facts.kind) {
    case StatementKind::insert: return "INSERT into";
    case StatementKind::delete_: return "DELETE from";
    default: return "UPDATE of";
  }
}

const Predicate* key_of(const Query& query) {
  for (const auto& predicate : query.facts.predicates)
    if (predicate.op == Predicate::Op::equality && predicate.value == Predicate::Value::parameter)
      return &predicate;
  return nullptr;
}

QualifiedName written_table(const Query& query) {
  for (const auto& relation : query.facts.relations)
    if (relation.written) return relation.table;
  return query.facts.unknown_relations.empty() ? QualifiedName{} : query.facts.unknown_relations.front();
}

Fix fix_of(const Context& context, const Query& query, const std::vector<const Sample*>& samples) {
  Fix fix{.safety = Fix::Safety::manual};
  if (query.facts.kind == StatementKind::insert) {
    fix.sql = insert_all(query);
    fix.title =
        "Insert all rows in one statement: VALUES (…), (…), or INSERT … SELECT FROM unnest($1::…[], …)";
    fix.drizzle = drizzle_insert_all(context, query);
    return fix;
  }
  const Predicate* key = key_of(query);
  const std::string column = key ? key->column.column : "key";
  const std::string keys = all_keys(query, samples);
  const bool one_key = keys.ends_with(" = ANY($1)");
  if (query.facts.kind == StatementKind::delete_) {
    if (key) fix.sql = delete_all(query, *key);
    fix.title = "Delete all rows in one statement" + (keys.empty() ? "" : ": " + keys);
    if (!fix.sql.empty()) fix.drizzle = drizzle_delete_all(context, query, *key);
    return fix;
  }
  if (key) fix.sql = update_all(context, query, *key);
  fix.title = one_key ? "Update all rows in one statement: UPDATE … FROM unnest($1::…[], $2::…[]) AS v(" +
                            column + ", …) WHERE t." + column + " = v." + column +
                            "; if every row gets the same values, " + keys
                      : "Update all rows in one statement: UPDATE … FROM unnest($1::…[], $2::…[]) AS v(…), "
                        "joined by all columns of the key";
  if (!fix.sql.empty()) fix.drizzle = drizzle_update_all(context, query, *key);
  return fix;
}

// Certain cases first, then the narrower scope, then more calls.
bool better(const Case& a, const Case& b) {
  if (a.certain != b.certain) return a.certain;
  if (a.repeat->scope != b.repeat->scope) return a.repeat->scope < b.repeat->scope;
  return a.calls > b.calls;
}

void report(const Context& context, Reporter& reporter, const Case& found) {
  const Query& query = *found.query;
  const RepeatedQuery& repeat = *found.repeat;
  const QualifiedName table = written_table(query);
  Finding& finding =
      reporter.add(query_subject(query, table),
                   "The " + verb(query) + " " + (table.name.empty() ? "a table" : display(table)) + " ran " +
                       std::to_string(found.calls) + " times in " + scope_name(repeat.scope_of_most) +
                       ", one row at a time, although one statement could write all rows: " +
                       ellipsis(query.text, shown_statement),
                   found.certain ? std::nullopt : std::optional(Severity::note));
  const auto samples = samples_of(repeat, query.fingerprint);
  if (!samples.empty()) finding.location = samples.front()->place;
  const auto in_round = per_round(repeat, query.fingerprint);
  const Lead nearer = lead_in_round(context, repeat, query);
  add_lead(context, nearer.query ? nearer : found.lead, query, finding.evidence);
  finding.evidence.push_back(figures(repeat, in_round));
  add_places(repeat, in_round, finding.evidence);
  if (!found.traffic.empty())
    finding.evidence.push_back(log_fact("this may not be a loop: " + found.traffic));
  if (repeat.scope != RepeatedQuery::Scope::transaction)
    finding.evidence.push_back(
        log_fact("each call is a transaction of its own, whose commit flushes the WAL"));
  finding.fix = fix_of(context, query, samples);
}

}  // namespace

static void check(const Context& context, Reporter& reporter) {
  std::map<std::string_view, Case> cases;
  for (const auto& repeat : context.workload().repeats) {
    if (repeat.same_values) continue;
    for (const auto& fingerprint : repeat.pattern) {
      const auto in_round = per_round(repeat, fingerprint);
      Case found{context.query(fingerprint), &repeat, repeat.max_in_one_scope * in_round, {}, {}};
      if (!found.query || !writes_one_row(*found.query)) continue;
      if (found.calls < context.option(fewest_calls)) continue;
      found.lead = lead_of(context, repeat, *found.query);
      found.traffic = like_requests(context, repeat, in_round, *found.query, found.lead);
      found.certain = repeat.scope != RepeatedQuery::Scope::pool_burst && repeat.parameters_known &&
                      found.traffic.empty();
      const auto [known, added] = cases.emplace(found.query->fingerprint, found);
      if (!added && better(found, known->second)) known->second = found;
    }
  }
  for (const auto& [fingerprint, found] : cases) report(context, reporter, found);
}

constinit const Rule rule{
    .id = "n-plus-one-write",
    .severity = Severity::warning,
    .needs = Input::events,
    .summary = "rows written one at a time in a loop",
    .why =
        "Each statement costs a round trip and a plan, and outside a transaction a commit with a flush to "
        "disk. One INSERT with a hundred rows costs little more than an INSERT with one row.\n\n"
        "pgadvise uses the order of the log: at least ten calls of one statement with different values in "
        "one trace, transaction or burst. The statement is a single-row INSERT, or an UPDATE or DELETE by "
        "one key.",
    .fix =
        "Write all rows with one statement: several rows in VALUES, `unnest`, or `= ANY($1)`. For many "
        "thousands of rows, use COPY.",
    .when_to_ignore =
        "The rows arrive one by one, from a queue or a stream, or the loop needs the result of each row "
        "before the next one.",
    .options = {&fewest_calls},
    .check = check};

}  // namespace pgadvise::rules::n_plus_one_write
