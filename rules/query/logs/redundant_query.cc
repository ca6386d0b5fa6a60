#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/text/text.h"
#include "lint/queries/drizzle_code.h"
#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/run/context.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::redundant_query {

static constexpr Option fewest_calls{
    "fewest_calls", 5, "calls with the same values in one scope from which a query is redundant"};
static constexpr Option share_in_bursts{"share_in_bursts", 0.5,
                                        "share of the calls that must be in such bursts, where neither "
                                        "transactions nor traces separate the requests"};

namespace {

bool reads_tables(const Query& query) {
  const QueryFacts& facts = query.facts;
  return facts.parsed && facts.kind == StatementKind::select && !facts.catalog_query && !facts.locks_rows &&
         !(facts.relations.empty() && facts.unknown_relations.empty());
}

// Whether the query fetches pages. Values of LIMIT, OFFSET and range conditions are not compared, so pages
// look alike.
bool pages(const Query& query) {
  const QueryFacts& facts = query.facts;
  const auto by = [&](Predicate::Op op) {
    return std::ranges::any_of(facts.predicates,
                               [&](const Predicate& predicate) { return predicate.op == op; });
  };
  return skips_rows(facts) || (facts.has_limit && (by(Predicate::Op::range) || !by(Predicate::Op::equality)));
}

// "$1, $2, $3, … $400" as "$1, …, $400".
std::string with_short_lists(std::string_view text) {
  constexpr std::size_t longest = 4;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::vector<std::string_view> run;
    std::size_t end = at;
    for (std::size_t next = at; next < text.size() && text[next] == '$';) {
      std::size_t stop = next + 1;
      while (stop < text.size() && text[stop] >= '0' && text[stop] <= '9') ++stop;
      run.push_back(text.substr(next, stop - next));
      end = stop;
      if (!text.substr(stop).starts_with(",")) break;
      next = text.find_first_not_of(" \n", stop + 1);
    }
    if (run.size() > longest) {
      out += std::string(run.front()) + ", …, " + std::string(run.back());
      at = end;
    } else {
      out += text[at++];
    }
  }
  return out;
}

Fix fix_of(const Context& context, const Query& query, const RepeatedQuery& repeat) {
  const bool transaction = repeat.scope == RepeatedQuery::Scope::transaction;
  Fix fix{.safety = Fix::Safety::manual};
  fix.title =
      std::string("Run the query once at the beginning of the ") + (transaction ? "transaction" : "request") +
      " and pass the result on, or cache it for that time: " + std::to_string(repeat.max_in_one_scope - 1) +
      " of the " + std::to_string(repeat.max_in_one_scope) + " calls are not needed";
  fix.sql = with_short_lists(query.text);
  if (const std::string asked = drizzle_select(context, query, transaction ? "tx" : "db"); !asked.empty())
    fix.drizzle = "const kept = await " + asked +
                  ";  // once, then passed on\n// if it cannot be passed on: one promise per request and "
                  "key, as in React's cache() and dataloader";
  return fix;
}

// Whether the pauses between the calls suggest separate requests, each with one call.
bool of_many_requests(const RepeatedQuery& repeat) {
  const RepeatedQuery::Pauses& pauses = repeat.pauses;
  if (repeat.scope != RepeatedQuery::Scope::session_burst || !pauses.known()) return false;
  return pauses.high_ms > std::max(10.0, 5 * std::max(pauses.low_ms, 1.0)) ||
         (pauses.within_ms >= 0 && pauses.median_ms > 4 * std::max(pauses.within_ms, 1.0));
}

}  // namespace

static void check(const Context& context, Reporter& reporter) {
  std::map<std::string_view, const RepeatedQuery*> worst;
  for (const auto& repeat : context.workload().repeats) {
    if (!repeat.same_values || repeat.pattern.empty()) continue;
    const Query* query = context.query(repeat.pattern.front());
    if (!query || !reads_tables(*query) || pages(*query) || of_many_requests(repeat)) continue;
    if (repeat.max_in_one_scope < context.option(fewest_calls)) continue;
    const bool request_known =
        repeat.scope == RepeatedQuery::Scope::trace || repeat.scope == RepeatedQuery::Scope::transaction;
    if (!request_known && static_cast<double>(repeat.calls) <
                              context.option(share_in_bursts) * static_cast<double>(query->calls))
      continue;
    const auto [known, added] = worst.emplace(query->fingerprint, &repeat);
    if (!added && repeat.calls > known->second->calls) known->second = &repeat;
  }
  for (const auto& [fingerprint, repeat] : worst) {
    const Query& query = *context.query(fingerprint);
    const QualifiedName table = main_table(query);
    Finding& finding =
        reporter.add(query_subject(query, table),
                     "The query" + on_table(table) + " ran " + std::to_string(repeat->max_in_one_scope) +
                         " times in " + scope_name(repeat->scope_of_most) +
                         " with the same values: " + ellipsis(query.text, shown_statement));
    if (!repeat->samples.empty()) finding.location = repeat->samples.front().place;
    finding.evidence.push_back(figures(*repeat, 1));
    add_places(*repeat, 1, finding.evidence);
    finding.fix = fix_of(context, query, *repeat);
  }
}

constinit const Rule rule{
    .id = "redundant-query",
    .severity = Severity::note,
    .needs = Input::events,
    .summary = "the same query with the same values several times in a row",
    .why =
        "The application asks several times in a row, although nothing in between changed what it needs to "
        "know. It could have kept the first result. Typical examples are a user, a session or settings that "
        "every layer of a request looks up again.\n\n"
        "pgadvise uses the order of the log: at least five calls with the same parameters in one trace, "
        "transaction or burst. On a connection that several requests share, calls of different requests may "
        "be adjacent. Therefore, without a transaction, the query is reported only if most of its calls are "
        "in such bursts.",
    .fix =
        "Run the query once and pass the result on, or cache it for the request (React's `cache`, a "
        "dataloader, a field of the request's context).",
    .when_to_ignore = "The application polls for a change by another session.",
    .options = {&fewest_calls, &share_in_bursts},
    .check = check};

}  // namespace pgadvise::rules::redundant_query
