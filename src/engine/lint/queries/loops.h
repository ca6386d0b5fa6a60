// Shared by the rules about loops in a log: descriptions and causes of a RepeatedQuery.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lint/run/context.h"
#include "model/queries/workload.h"
#include "model/results/finding.h"

namespace pgadvise::lint {

std::string scope_name(RepeatedQuery::Scope scope);  // "one transaction"

// The number of calls of the query in each round of the pattern.
std::uint64_t per_round(const RepeatedQuery& repeat, std::string_view fingerprint);
// The samples of the query in the recorded rounds.
std::vector<const Sample*> samples_of(const RepeatedQuery& repeat, std::string_view fingerprint);

// The source of a loop's keys: a query before the loop, or an earlier query of the same round.
struct Lead {
  enum class Kind {
    none,
    list,
    key
  };  // key: a foreign key connects it with the loop's query; list: it returned several rows, of any kind
  Kind kind = Kind::none;
  const Query* query = nullptr;  // the last query before the loop, also if the kind is none
  const Sample* sample = nullptr;
  const Constraint* key = nullptr;
  bool in_round = false;  // the query runs in each round
};
// The foreign key between the two queries, in either direction: orders of a customer, the customer of an
// order.
const Constraint* key_between(const Context& context, const Query& parent, const Query& child);
// The lead of a loop among the queries before it. A query that a foreign key connects takes precedence over
// the last one.
Lead lead_of(const Context& context, const RepeatedQuery& repeat, const Query& query);
// The lead among the earlier queries of the same round, by a foreign key only; kind none if there is none.
Lead lead_in_round(const Context& context, const RepeatedQuery& repeat, const Query& query);

// Whether the query reads only pgbench's tables: loops of a benchmark are intended.
bool of_benchmark(const Query& query);

// Successive requests on a pooled connection can look like a loop. Returns why the calls may be requests; ""
// if nothing indicates it. `lead`: from lead_of().
std::string like_requests(const Context& context, const RepeatedQuery& repeat, std::uint64_t calls_in_a_round,
                          const Query& query, const Lead& lead);

// "9 calls in one burst, each with other parameters, within 10.4 ms; 18 calls in 2 such bursts, 3.1 ms in
// total"
Evidence figures(const RepeatedQuery& repeat, std::uint64_t calls_in_a_round);
// Adds evidence: the query that provides the keys, or the one before the loop, with its location, if any.
void add_lead(const Context& context, const Lead& lead, const Query& query, std::vector<Evidence>& out);
// Adds evidence: where the pattern's statements were called, and the number of statements in a round.
void add_places(const RepeatedQuery& repeat, std::uint64_t calls_in_a_round, std::vector<Evidence>& out);

// The query's table, for a Subject: that of the key, else the first one; empty names if unknown.
QualifiedName main_table(const Query& query);
// " on orders", or "" without a table
std::string on_table(const QualifiedName& table);
// Project::drizzle_name() of a table or, with `column`, of a column; "" without a project, or if schema.ts
// lacks it.
std::string drizzle_name(const Context& context, const QualifiedName& table, std::string_view column = {});
bool is_drizzle(const Context& context);

}  // namespace pgadvise::lint
