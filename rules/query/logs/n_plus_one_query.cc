#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/text/text.h"
#include "lint/queries/drizzle_code.h"
#include "lint/queries/loop_rewrite.h"
#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/run/context.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::n_plus_one_query {
namespace {

enum class Confidence { low, medium, high };

// The evidence for one child query, in the scope with the best evidence.
struct Case {
  const Query* child = nullptr;
  const Query* parent = nullptr;
  const RepeatedQuery* repeat = nullptr;
  Lead lead;
  Confidence confidence = Confidence::low;
  std::string why;  // reason for the confidence
  std::uint64_t per_round = 1;
};

bool reads(const Query& query) {
  if (query.facts.parsed) return query.facts.kind == StatementKind::select;
  return starts_with_nocase(query.text, "select");
}

bool excluded(const Query& query) {
  const QueryFacts& facts = query.facts;
  return facts.catalog_query || skips_rows(facts) || of_benchmark(query) ||
         (facts.parsed && facts.relations.empty() && facts.unknown_relations.empty());
}

// Whether the samples differ in the value of this predicate; true if they do not show it.
bool varies(const Predicate& predicate, const std::vector<const Sample*>& samples) {
  if (predicate.value != Predicate::Value::parameter || predicate.parameter < 1) return true;
  const auto at = static_cast<std::size_t>(predicate.parameter) - 1;
  const Sample* first = nullptr;
  for (const Sample* sample : samples) {
    if (!sample->parameters || at >= sample->parameters->size()) return true;
    if (first && (*sample->parameters)[at] != (*first->parameters)[at]) return true;
    first = sample;
  }
  return samples.size() < 2;
}

bool one_value(Predicate::Op op) {
  return op == Predicate::Op::equality || op == Predicate::Op::like || op == Predicate::Op::other;
}

// Whether a list has one value in every call, as far as the samples show: a batch loader that loads single
// rows.
bool lists_one_value(const Query& query, const Predicate& predicate,
                     const std::vector<const Sample*>& samples) {
  if (predicate.op != Predicate::Op::in_list) return false;
  const auto at = static_cast<std::size_t>(predicate.parameter) - 1;
  const auto array_of_one = [&](const Sample* sample) {
    if (!sample->parameters || at >= sample->parameters->size()) return false;
    const auto& value = (*sample->parameters)[at];
    return value && value->starts_with('{') && value->size() > 2 && !contains(*value, ",");
  };
  if (predicate.parameter > 0 && !samples.empty() && std::ranges::all_of(samples, array_of_one)) return true;
  return query.facts.longest_list == 1;
}

// Whether each call asks for one key value. A list of keys is a batch already, and a range is pagination.
bool asks_for_one_key(const Query& query, const std::vector<const Sample*>& samples) {
  const auto& predicates = query.facts.predicates;
  return !query.facts.parsed || predicates.empty() ||
         std::ranges::any_of(predicates, [&](const Predicate& predicate) {
           const bool given =
               predicate.value != Predicate::Value::column && predicate.value != Predicate::Value::constant;
           return given && (one_value(predicate.op) || lists_one_value(query, predicate, samples)) &&
                  varies(predicate, samples);
         });
}

bool uses(const Query& query, const QualifiedName& table) {
  return std::ranges::any_of(query.facts.relations,
                             [&](const RelationUse& use) { return use.table == table; });
}

void assess(const Context& context, Case& found) {
  const RepeatedQuery& repeat = *found.repeat;
  found.lead = lead_of(context, repeat, *found.child);
  found.confidence = Confidence::low;
  if (repeat.scope == RepeatedQuery::Scope::pool_burst) {
    found.why = "the statements ran in several sessions, so they may belong to several requests";
  } else if (auto why = like_requests(context, repeat, found.per_round, *found.child, found.lead);
             !why.empty()) {
    found.why = std::move(why);
  } else if (!repeat.parameters_known) {
    found.why =
        "the log has no parameters, so all calls may read the same row (log_parameter_max_length = -1 logs "
        "parameters)";
  } else if (found.lead.key) {
    found.confidence = Confidence::high;
    found.why = "the foreign key " + found.lead.key->name + " connects the two queries";
  } else {
    found.confidence = Confidence::medium;
    found.why =
        found.lead.kind == Lead::Kind::list
            ? "no foreign key between the two queries is known"
            : "no earlier query in the same " +
                  std::string(repeat.scope == RepeatedQuery::Scope::transaction ? "transaction" : "burst") +
                  " returned the keys";
  }
  if (auto nearer = lead_in_round(context, repeat, *found.child); nearer.query) found.lead = nearer;
  found.parent = found.lead.query;
}

// The key whose value differs between the calls, otherwise the first key.
const Predicate* single_key(const Query& query, const RepeatedQuery* repeat) {
  const auto samples = repeat ? samples_of(*repeat, query.fingerprint) : std::vector<const Sample*>{};
  const Predicate* first = nullptr;
  for (const auto& p : query.facts.predicates) {
    if (p.op != Predicate::Op::equality || p.value == Predicate::Value::column || p.column.column.empty() ||
        !p.wrapper.empty() || p.under_or)
      continue;
    if (varies(p, samples)) return &p;
    if (!first) first = &p;
  }
  return first;
}

Fix rewrite(const Context& context, const Case& found) {
  Fix fix{.safety = Fix::Safety::manual};
  const Predicate* key = single_key(*found.child, found.repeat);
  const auto samples =
      found.repeat ? samples_of(*found.repeat, found.child->fingerprint) : std::vector<const Sample*>{};
  const std::string what = found.child->facts.one_row ? "Compute the values of all keys with one query"
                                                      : "Fetch all rows with one query";
  const std::string keys = all_keys(*found.child, samples);
  const std::string or_join = found.parent ? ", or join the table in the query that returns the keys" : "";
  fix.title = what + (keys.empty() ? " for all keys" : ": " + keys) + or_join;
  if (key) fix.sql = ask_for_all(context, *found.child, *key, samples);
  if (!fix.sql.empty()) fix.drizzle = drizzle_select_all(context, *found.child, *key);
  return fix;
}

void add_evidence(const Context& context, const Case& found, Finding& finding) {
  const RepeatedQuery& repeat = *found.repeat;
  add_lead(context, found.lead, *found.child, finding.evidence);
  finding.evidence.push_back(figures(repeat, found.per_round));
  add_places(repeat, found.per_round, finding.evidence);
  const char* level = found.confidence == Confidence::high     ? "high"
                      : found.confidence == Confidence::medium ? "medium"
                                                               : "low";
  finding.evidence.push_back(log_fact(std::string("confidence ") + level + ": " + found.why));
}

// Better evidence first, then more calls.
bool better(const Case& a, const Case& b) {
  if (a.confidence != b.confidence) return a.confidence > b.confidence;
  return a.repeat->calls * a.per_round > b.repeat->calls * b.per_round;
}

void report(const Context& context, Reporter& reporter, const Case& found) {
  const Query& child = *found.child;
  const std::uint64_t calls = found.repeat->max_in_one_scope * found.per_round;
  const QualifiedName table = main_table(child);
  Finding& finding =
      reporter.add(query_subject(child, table),
                   "The query" + on_table(table) + " ran " + std::to_string(calls) + " times in " +
                       scope_name(found.repeat->scope_of_most) +
                       (found.confidence == Confidence::low ? ", perhaps once" : ", once") +
                       " for each row of an earlier result, although one query could fetch all rows: " +
                       ellipsis(child.text, shown_statement),
                   found.confidence == Confidence::low ? std::optional(Severity::note) : std::nullopt);
  if (const auto samples = samples_of(*found.repeat, child.fingerprint); !samples.empty())
    finding.location = samples.front()->place;
  add_evidence(context, found, finding);
  finding.fix = rewrite(context, found);
  if (const Predicate* key = single_key(child, found.repeat); key && !finding.fix->sql.empty())
    if (auto granted = taken_for_granted(finding.fix->sql, *key,
                                         samples_of(*found.repeat, child.fingerprint).size(), calls);
        !granted.empty())
      finding.evidence.push_back(log_fact(std::move(granted)));
}

// ---- Evidence from counters only (pg_stat_statements): how often a query ran and how many rows it returned,
// but not when.

struct Hint {
  const Query* child = nullptr;
  const Query* parent = nullptr;
  const Constraint* key = nullptr;
  double distance = 0;  // |log2(rows of the parent / calls of the child)|
};

double rows_each(const Query& query) {
  return query.rows_calls ? static_cast<double>(query.rows) / static_cast<double>(query.rows_calls) : 0;
}

bool same_database(const Query& a, const Query& b) {
  return a.databases.empty() || b.databases.empty() ||
         std::ranges::any_of(a.databases,
                             [&](const std::string& database) { return b.databases.contains(database); });
}

// Whether the query looks up one row by a key at each call.
bool looks_up_one_row(const Query& query) {
  const QueryFacts& facts = query.facts;
  const double rows = rows_each(query);
  return facts.parsed && facts.kind == StatementKind::select && !facts.catalog_query && !facts.locks_rows &&
         !skips_rows(facts) && facts.relations.size() == 1 && query.rows_calls > 0 && rows > 0.5 &&
         rows < 1.5 &&
         std::ranges::all_of(
             facts.predicates,
             [](const Predicate& predicate) {
               return predicate.op == Predicate::Op::equality &&
                      predicate.value == Predicate::Value::parameter && predicate.wrapper.empty() &&
                      !predicate.under_or;
             });
}

// How far the number of rows of `parent` is from the number of calls of `child` (Hint::distance); nullopt if
// the parent cannot have returned the keys.
std::optional<double> parent_distance(const Query& parent, const Query& child) {
  const QueryFacts& facts = parent.facts;
  if (&parent == &child || !facts.parsed || facts.kind != StatementKind::select || facts.catalog_query ||
      facts.one_row || parent.calls == 0 || parent.rows == 0)
    return {};
  if (static_cast<double>(child.calls) < 5 * static_cast<double>(parent.calls) ||
      !same_database(parent, child))
    return {};
  if (std::ranges::any_of(child.facts.relations,
                          [&](const RelationUse& use) { return uses(parent, use.table); }))
    return {};
  const double distance =
      std::abs(std::log2(static_cast<double>(parent.rows) / static_cast<double>(child.calls)));
  return distance <= 1 ? std::optional(distance) : std::nullopt;
}

void report(const Context& context, Reporter& reporter, const Hint& hint) {
  const Query& child = *hint.child;
  const Query& parent = *hint.parent;
  const QualifiedName table = main_table(child);
  const auto times =
      static_cast<std::uint64_t>(static_cast<double>(child.calls) / static_cast<double>(parent.calls) + 0.5);
  Finding& finding =
      reporter.add(query_subject(child, table),
                   "Hint, from counters only: the query" + on_table(table) + " ran " + std::to_string(times) +
                       " times for each call of a query that returns its keys, with one row each time; if it "
                       "runs in a loop over these keys, one query could fetch all rows: " +
                       ellipsis(child.text, shown_statement),
                   Severity::note);
  finding.evidence.push_back(log_fact("the keys may come from: " + ellipsis(parent.text, shown_statement)));
  finding.evidence.push_back(
      log_fact(std::to_string(child.calls) + " calls with " + std::to_string(child.rows) + " rows, after " +
               std::to_string(parent.calls) + " calls with " + std::to_string(parent.rows) + " rows" +
               (child.total_ms > 0 ? "; " + milliseconds(child.total_ms) + " in total" : "")));
  finding.evidence.push_back(
      catalog_fact("the foreign key " + hint.key->name + " connects the two queries", hint.key->origin));
  finding.evidence.push_back(
      log_fact("pg_stat_statements does not record the order of statements; a log with "
               "log_min_duration_statement = 0 does"));
  Case found;
  found.child = &child;
  found.parent = &parent;
  finding.fix = rewrite(context, found);
}

void check_counters(const Context& context, Reporter& reporter) {
  std::map<std::string_view, Hint> hints;
  for (const auto& child : context.workload().queries) {
    if (!looks_up_one_row(child)) continue;
    for (const auto& parent : context.workload().queries) {
      const auto distance = parent_distance(parent, child);
      if (!distance) continue;
      const Constraint* key = key_between(context, parent, child);
      if (!key || key->columns.size() != 1) continue;
      Hint& hint = hints[child.fingerprint];
      if (!hint.child || *distance < hint.distance) hint = {&child, &parent, key, *distance};
    }
  }
  for (const auto& [fingerprint, hint] : hints) report(context, reporter, hint);
}

}  // namespace

static void check(const Context& context, Reporter& reporter) {
  const Workload& workload = context.workload();
  if (!workload.has_events) {
    check_counters(context, reporter);
    return;
  }
  std::map<std::string_view, Case> cases;
  for (const auto& repeat : workload.repeats) {
    if (repeat.same_values) continue;
    for (const auto& fingerprint : repeat.pattern) {
      Case found{.child = context.query(fingerprint), .repeat = &repeat};
      if (!found.child || !reads(*found.child) || excluded(*found.child)) continue;
      if (!asks_for_one_key(*found.child, samples_of(repeat, fingerprint))) continue;
      found.per_round = lint::per_round(repeat, fingerprint);
      assess(context, found);
      const auto [known, added] = cases.emplace(found.child->fingerprint, found);
      if (!added && better(found, known->second)) known->second = found;
    }
  }
  for (const auto& [fingerprint, found] : cases) report(context, reporter, found);
}

constinit const Rule rule{
    .id = "n-plus-one-query",
    .severity = Severity::warning,
    .needs = any(Input::events, all(Input::row_counts, Input::schema)),
    .summary = "a query that runs once for each row of an earlier result",
    .why =
        "A loop in the application fetches one row, or the child rows of one row, at a time. Each iteration "
        "costs a round trip, a parse and a plan. A page that shows a hundred rows waits a hundred times and "
        "gets slower as the list grows. Each single query is fast, so no list of slow queries shows the "
        "problem.\n\n"
        "pgadvise uses the order of the log: at least five calls with different parameters in one trace, "
        "transaction or burst, and the query before them. The calls are of one statement, or of a pattern of "
        "up to eight statements. A transaction of one statement does not count as a transaction, and a list "
        "with one value counts as a key. Reads in separate transactions, and logs without times (Drizzle's "
        "logger), may also be separate requests: without a foreign key between the queries they are "
        "notes.\n\n"
        "With pg_stat_statements alone, which records no order, the finding is only a hint, a note. The rule "
        "then reports a look-up of one row by a foreign key. It ran at least five times for each call of a "
        "query that returns the keys, and about once for each row of that query.",
    .fix =
        "Fetch all rows at once: `WHERE key = ANY($1)`, a join, or the ORM's eager loading (Drizzle: "
        "`inArray`, or `with: { … }` in a relational query where the relation is defined).",
    .when_to_ignore = "The loop is always short, or a cache answers nearly all calls.",
    .check = check};

}  // namespace pgadvise::rules::n_plus_one_query
