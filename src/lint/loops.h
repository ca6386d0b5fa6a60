// How the rules about loops in a log tell of a RepeatedQuery.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lint/context.h"
#include "model/finding.h"
#include "model/workload.h"

namespace pgadvise::lint {

std::string scope_name(RepeatedQuery::Scope scope);  // "one transaction"

// How often the pattern holds the query: its calls in each round.
std::uint64_t per_round(const RepeatedQuery& repeat, std::string_view fingerprint);
// The query's own among the rounds that were kept.
std::vector<const Sample*> samples_of(const RepeatedQuery& repeat, std::string_view fingerprint);

// Where a loop's keys come from: a query before it, or an earlier one of its own rounds.
struct Lead {
  enum class Kind {
    none,
    list,
    key
  };  // key: a foreign key ties it to the loop's query; list: it gave rows, of anything
  Kind kind = Kind::none;
  const Query* query = nullptr;  // the nearest one before the loop, also where the kind is none
  const Sample* sample = nullptr;
  const Constraint* key = nullptr;
  bool in_round = false;  // it runs in each round
};
// The foreign key whose rows the query follows, in either direction: orders of a customer, the customer of an
// order.
const Constraint* key_between(const Context& context, const Query& parent, const Query& child);
// Of what came before the loop. One that a foreign key ties to the query goes before the nearest one.
Lead lead_of(const Context& context, const RepeatedQuery& repeat, const Query& query);
// Of what the query's own round ran before it, by a foreign key alone; kind none where there is nothing.
Lead lead_in_round(const Context& context, const RepeatedQuery& repeat, const Query& query);

// It asks pgbench's tables alone: a benchmark's loops are its purpose.
bool of_benchmark(const Query& query);

// Requests that follow each other on a pooled connection can look like a loop. Why the calls may be such; ""
// where nothing speaks for it. `lead`: of lead_of().
std::string like_requests(const Context& context, const RepeatedQuery& repeat, std::uint64_t calls_in_a_round,
                          const Query& query, const Lead& lead);

// "9 calls in one burst, 9 with parameters of their own, within 10.4 ms; 18 calls in 2 such scopes, 3.1 ms in
// all"
Evidence figures(const RepeatedQuery& repeat, std::uint64_t calls_in_a_round);
// The query that the keys come from, or else the one before the loop, with its place; nothing where there is
// none.
void add_lead(const Context& context, const Lead& lead, const Query& query, std::vector<Evidence>& out);
// Where the pattern's statements were called, and how many a round of the loop has beside the query.
void add_places(const RepeatedQuery& repeat, std::uint64_t calls_in_a_round, std::vector<Evidence>& out);

// The query's table for a Subject: the key's, else the first one; empty names when none is known.
QualifiedName main_table(const Query& query);
// " on orders", or "" without a table
std::string on_table(const QualifiedName& table);
// Project::drizzle_name() of a table (`column` is "") or a column; `otherwise` without a project, or when its
// schema.ts lacks it.
std::string drizzle_name(const Context& context, const QualifiedName& table, std::string_view column,
                         std::string otherwise);
bool is_drizzle(const Context& context);

}  // namespace pgadvise::lint
