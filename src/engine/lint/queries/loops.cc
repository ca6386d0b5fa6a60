#include "lint/queries/loops.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/text/text.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"

namespace pgadvise::lint {

std::string scope_name(RepeatedQuery::Scope scope) {
  switch (scope) {
    case RepeatedQuery::Scope::trace: return "one trace";
    case RepeatedQuery::Scope::transaction: return "one transaction";
    case RepeatedQuery::Scope::pool_burst: return "one burst over several sessions";
    case RepeatedQuery::Scope::session_burst: break;
  }
  return "one burst";
}

static std::string_view several(RepeatedQuery::Scope scope) {
  switch (scope) {
    case RepeatedQuery::Scope::trace: return "traces";
    case RepeatedQuery::Scope::transaction: return "transactions";
    default: return "bursts";
  }
}

std::uint64_t per_round(const RepeatedQuery& repeat, std::string_view fingerprint) {
  return static_cast<std::uint64_t>(std::ranges::count(repeat.pattern, fingerprint));
}

std::vector<const Sample*> samples_of(const RepeatedQuery& repeat, std::string_view fingerprint) {
  std::vector<const Sample*> out;
  const auto position = std::ranges::find(repeat.pattern, fingerprint) - repeat.pattern.begin();
  for (auto i = static_cast<std::size_t>(position); i < repeat.samples.size(); i += repeat.pattern.size())
    out.push_back(&repeat.samples[i]);
  return out;
}

namespace {

bool uses(const Query& query, const QualifiedName& table) {
  return std::ranges::any_of(query.facts.relations,
                             [&](const RelationUse& use) { return use.table == table; });
}

bool looked_up_by(const Query& query, const QualifiedName& table, const std::vector<std::string>& columns) {
  return std::ranges::any_of(columns, [&](const std::string& column) {
    return std::ranges::any_of(query.facts.predicates, [&](const Predicate& p) {
      return p.op == Predicate::Op::equality && p.value != Predicate::Value::column &&
             p.column.table == table && p.column.column == column;
    });
  });
}

// A key that one row of the parent gives to each row written.
bool written_with(const Query& query, const QualifiedName& table, const std::vector<std::string>& columns) {
  return query.facts.target == table &&
         std::ranges::any_of(query.facts.assigned_parameters, [&](const auto& assigned) {
           return std::ranges::find(columns, assigned.first.column) != columns.end();
         });
}

// select 1
bool reads_nothing(const Query& query) {
  return query.facts.parsed && query.facts.relations.empty() && query.facts.unknown_relations.empty() &&
         query.facts.from.empty();
}

// One row at most: nothing to walk through.
bool gives_no_list(const Context& context, const Query& query) {
  const QueryFacts& facts = query.facts;
  if (!facts.parsed) return false;
  if (facts.one_row || facts.limit_constant == 1) return true;
  return facts.relations.size() == 1 && asks_for_one_row(context, facts, facts.relations.front().table);
}

}  // namespace

bool of_benchmark(const Query& query) {
  const auto bench = [](const QualifiedName& name) { return name.name.starts_with("pgbench_"); };
  const auto& relations = query.facts.relations;
  const auto& unknown = query.facts.unknown_relations;
  return relations.size() + unknown.size() > 0 &&
         std::ranges::all_of(relations, [&](const RelationUse& use) { return bench(use.table); }) &&
         std::ranges::all_of(unknown, bench);
}

const Constraint* key_between(const Context& context, const Query& parent, const Query& child) {
  const auto follows = [&](const QualifiedName& table, const std::vector<std::string>& columns) {
    return looked_up_by(child, table, columns) || written_with(child, table, columns);
  };
  for (const auto& use : child.facts.relations) {
    const Table* table = context.table(use.table);
    if (!table) continue;
    for (const Constraint& key : foreign_keys(*table))
      if (uses(parent, key.referenced_table) && follows(use.table, key.columns)) return &key;
    for (const auto& [referencing, key] : context.references_to(use.table))
      if (uses(parent, referencing->name) && follows(use.table, key->referenced_columns)) return key;
  }
  return nullptr;
}

Lead lead_of(const Context& context, const RepeatedQuery& repeat, const Query& query) {
  Lead nearest;
  const auto look_at = [&](const std::string& fingerprint, const Sample* sample) {
    Lead lead{Lead::Kind::none, context.query(fingerprint), sample};
    if (!lead.query || reads_nothing(*lead.query)) return false;
    const bool list = !gives_no_list(context, *lead.query);
    // Of one row, too, the key can go into each row that is inserted.
    if (list || query.facts.kind == StatementKind::insert)
      lead.key = key_between(context, *lead.query, query);
    lead.kind = lead.key ? Lead::Kind::key : list ? Lead::Kind::list : Lead::Kind::none;
    if (!nearest.query || lead.kind > nearest.kind) nearest = lead;
    return nearest.kind == Lead::Kind::key;
  };
  if (look_at(repeat.parent, repeat.parent_sample ? &*repeat.parent_sample : nullptr)) return nearest;
  for (const auto& earlier : repeat.earlier)
    if (look_at(earlier.fingerprint, &earlier.sample)) break;
  return nearest;
}

// The values that a call was given: its parameters, else the constants in its text.
static std::set<std::string> values_of(const Sample& sample) {
  std::set<std::string> out;
  if (sample.parameters && !sample.parameters->empty()) {
    for (const auto& value : *sample.parameters)
      if (value) out.insert(*value);
    return out;
  }
  const std::string& text = sample.statement;
  const auto in_word = [](char c) { return is_alphanumeric(c) || c == '_' || c == '.'; };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t begin = at;
    if (text[at] == '\'') at = std::min(text.find('\'', at + 1), text.size() - 1);
    else if (in_word(text[at]))
      while (at + 1 < text.size() && in_word(text[at + 1])) ++at;
    if (text[begin] == '\'' || is_digit(text[begin])) out.insert(text.substr(begin, at + 1 - begin));
  }
  return out;
}

// Both statements of each round were called with one value, another one each time: it came from before the
// round, not from the first one's row.
static bool share_a_value(const RepeatedQuery& repeat, std::size_t first, std::size_t then) {
  std::set<std::string> in_every_round, seen;
  for (std::size_t round = 0; round + repeat.pattern.size() <= repeat.samples.size();
       round += repeat.pattern.size()) {
    const auto one = values_of(repeat.samples[round + first]),
               other = values_of(repeat.samples[round + then]);
    std::set<std::string> both, still;
    std::set_intersection(one.begin(), one.end(), other.begin(), other.end(),
                          std::inserter(both, both.end()));
    if (both.empty()) return false;
    std::set_intersection(both.begin(), both.end(), in_every_round.begin(), in_every_round.end(),
                          std::inserter(still, still.end()));
    in_every_round = round == 0 ? both : std::move(still);
    seen.merge(both);
  }
  return seen.size() > in_every_round.size();
}

Lead lead_in_round(const Context& context, const RepeatedQuery& repeat, const Query& query) {
  const auto& pattern = repeat.pattern;
  const auto at = static_cast<std::size_t>(std::ranges::find(pattern, query.fingerprint) - pattern.begin());
  for (std::size_t i = std::min(at, pattern.size()); i-- > 0;) {
    const Query* before = context.query(pattern[i]);
    if (!before || before->facts.kind != StatementKind::select || share_a_value(repeat, i, at)) continue;
    if (const Constraint* key = key_between(context, *before, query))
      return {Lead::Kind::key, before, i < repeat.samples.size() ? &repeat.samples[i] : nullptr, key, true};
  }
  return {};
}

// The query before it runs in bursts behind it, too: many requests that wait for one connection.
static bool take_turns(const Context& context, const RepeatedQuery& repeat) {
  const auto& repeats = context.workload().repeats;
  return !repeat.parent.empty() && std::ranges::any_of(repeats, [&](const RepeatedQuery& other) {
    return per_round(repeat, other.parent) > 0 && per_round(other, repeat.parent) > 0;
  });
}

// Nearly every call of the one leads to a loop, and nearly all of the other's are in such.
static bool belong_together(const RepeatedQuery& repeat, std::uint64_t calls_in_a_round, const Query& query,
                            const Lead& lead) {
  return lead.kind == Lead::Kind::list && repeat.scopes >= 3 && repeat.scopes * 5 >= lead.query->calls * 4 &&
         repeat.calls * calls_in_a_round * 5 >= query.calls * 4;
}

std::string like_requests(const Context& context, const RepeatedQuery& repeat, std::uint64_t calls_in_a_round,
                          const Query& query, const Lead& lead) {
  using Kind = Lead::Kind;
  if (repeat.scope != RepeatedQuery::Scope::session_burst) return {};
  constexpr std::uint64_t many = 50;
  constexpr double long_ms = 1000, slow_ms = 20;
  const RepeatedQuery::Pauses& pauses = repeat.pauses;
  const bool tied = lead.kind == Kind::key || belong_together(repeat, calls_in_a_round, query, lead);
  const double longest = tied ? 10 : 5;  // of a loop whose machine is busy
  const bool apart =
      pauses.known() && pauses.within_ms >= 0 && pauses.median_ms > 4 * std::max(pauses.within_ms, 1.0);
  const bool uneven = pauses.known() && pauses.high_ms > std::max(longest, 5 * std::max(pauses.low_ms, 1.0));
  const bool rare = repeat.calls * calls_in_a_round * 5 < query.calls;
  const bool stray = rare && lead.query &&
                     repeat.scopes * 5 < lead.query->calls;  // most calls of the query before it led to none
  const bool reads = query.facts.kind == StatementKind::select;
  if (repeat.own_transactions && reads && lead.kind != Kind::key)
    return "each round was a transaction of its own: successive requests look the same";
  if (!query.first && lead.kind != Kind::key)
    return "the log has no timestamps: successive requests look the same";
  if (tied && !stray && !((repeat.elsewhere || rare) && (apart || uneven))) return {};
  if (rare) return "less than a fifth of its " + std::to_string(query.calls) + " calls came in such bursts";
  if (apart)
    return "the client paused for " + milliseconds(pauses.median_ms) + " between the rounds and for " +
           milliseconds(pauses.within_ms) + " within them: requests of a service look the same";
  if (uneven)
    return "the client's pauses between the calls range from " + milliseconds(pauses.low_ms) + " to " +
           milliseconds(pauses.high_ms) + ": requests of a service are as irregular";
  if (lead.kind != Kind::key && repeat.scope_of_most == RepeatedQuery::Scope::pool_burst)
    return "most of the statements came over several sessions, so they may belong to several requests";
  if (lead.kind != Kind::none) return {};
  const std::string gives_none = "no earlier query provides the keys, and ";
  if (repeat.elsewhere)
    return gives_none +
           "other connections ran the query at the same time: requests of a busy service look the same";
  if (take_turns(context, repeat))
    return gives_none +
           "the query before it also comes in bursts after it: requests that wait for a connection look the "
           "same";
  if (pauses.known() ? pauses.median_ms > slow_ms
                     : repeat.max_in_one_scope >= many && repeat.longest_span_ms >= long_ms)
    return gives_none + "the calls continue for " + milliseconds(repeat.longest_span_ms) +
           ": requests of a busy service look the same";
  return {};
}

Evidence figures(const RepeatedQuery& repeat, std::uint64_t calls_in_a_round) {
  const std::uint64_t calls = repeat.max_in_one_scope * calls_in_a_round;
  std::string text = std::to_string(calls) + " calls in " + scope_name(repeat.scope_of_most) + ", ";
  text += repeat.same_values         ? "all with the same values"
          : !repeat.parameters_known ? "parameters not logged"
          : repeat.distinct_parameters >= calls
              ? "each with other parameters"
              : "with at least " + std::to_string(repeat.distinct_parameters) + " different parameters";
  if (repeat.longest_span_ms > 0) text += ", within " + milliseconds(repeat.longest_span_ms);
  if (repeat.scopes > 1)
    text += "; " + std::to_string(repeat.calls * calls_in_a_round) + " calls in " +
            std::to_string(repeat.scopes) + " such " + std::string(several(repeat.scope_of_most));
  if (repeat.total_ms > 0) text += ", " + milliseconds(repeat.total_ms) + " in total";
  return log_fact(std::move(text));
}

void add_lead(const Context& context, const Lead& lead, const Query& query, std::vector<Evidence>& out) {
  if (!lead.query) return;
  const bool keys = lead.key || key_between(context, *lead.query, query);
  Evidence& evidence = out.emplace_back(log_fact((keys ? "the keys come from: " : "the query before it: ") +
                                                 ellipsis(lead.query->text, shown_statement)));
  if (!lead.sample) return;
  evidence.place = lead.sample->place;
  evidence.literal = with_parameters(*lead.sample);
}

void add_places(const RepeatedQuery& repeat, std::uint64_t calls_in_a_round, std::vector<Evidence>& out) {
  if (repeat.pattern.size() > calls_in_a_round)
    out.push_back(
        log_fact("each iteration of the loop runs " + std::to_string(repeat.pattern.size()) + " statements"));
  for (const auto& sample : repeat.samples)
    out.push_back(log_fact("logged here", sample.place, with_parameters(sample)));
}

QualifiedName main_table(const Query& query) {
  for (const auto& predicate : query.facts.predicates)
    if (predicate.op == Predicate::Op::equality && predicate.value != Predicate::Value::column &&
        predicate.wrapper.empty() && !predicate.under_or && !predicate.column.table.name.empty())
      return predicate.column.table;
  return query.facts.relations.empty() ? QualifiedName{} : query.facts.relations.front().table;
}

std::string on_table(const QualifiedName& table) { return table.name.empty() ? "" : " on " + display(table); }

std::string drizzle_name(const Context& context, const QualifiedName& table, std::string_view column) {
  return context.has_project() ? context.project().drizzle_name(table, column) : std::string();
}

bool is_drizzle(const Context& context) { return context.has_project() && context.project().drizzle; }

}  // namespace pgadvise::lint
