#include "lint/loops.h"

#include <algorithm>

#include "base/text.h"

namespace pgadvise::lint {

std::string scope_name(Repeat::Scope scope) {
  switch (scope) {
    case Repeat::Scope::trace:
      return "one trace";
    case Repeat::Scope::transaction:
      return "one transaction";
    case Repeat::Scope::pool_burst:
      return "one burst over several sessions";
    case Repeat::Scope::session_burst:
      break;
  }
  return "one burst";
}

std::string milliseconds(double value) {
  const auto tenths = static_cast<std::uint64_t>(value * 10 + 0.5);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " ms";
}

std::uint64_t per_round(const Repeat& repeat, std::string_view fingerprint) {
  return static_cast<std::uint64_t>(std::count(repeat.pattern.begin(), repeat.pattern.end(), fingerprint));
}

std::vector<const Sample*> samples_of(const Repeat& repeat, std::string_view fingerprint) {
  std::vector<const Sample*> out;
  const auto position = std::find(repeat.pattern.begin(), repeat.pattern.end(), fingerprint) - repeat.pattern.begin();
  for (auto i = static_cast<std::size_t>(position); i < repeat.samples.size(); i += repeat.pattern.size())
    out.push_back(&repeat.samples[i]);
  return out;
}

std::string with_parameters(const Sample& sample) {
  std::string out = sample.statement;
  if (!sample.parameters) return out;
  for (std::size_t i = 0; i < sample.parameters->size(); ++i)
    out += (i ? ", $" : " -- $") + std::to_string(i + 1) + " = " + (*sample.parameters)[i].value_or("NULL");
  return out;
}

bool may_be_traffic(const Repeat& repeat) {
  constexpr std::uint64_t many = 50;
  constexpr double long_ms = 1000;
  return repeat.scope == Repeat::Scope::session_burst && repeat.parent.empty() && repeat.most_in_one_scope >= many && repeat.longest_span_ms >= long_ms;
}

bool mostly_alone(const Repeat& repeat, std::uint64_t calls_in_a_round, const Query& query) {
  return repeat.scope == Repeat::Scope::session_burst && repeat.calls * calls_in_a_round * 5 < query.calls;
}

Evidence figures(const Repeat& repeat, std::uint64_t calls_in_a_round) {
  std::string text = std::to_string(repeat.most_in_one_scope * calls_in_a_round) + " calls in " + scope_name(repeat.scope) + ", ";
  text += repeat.same_values        ? "all with the same values"
          : repeat.parameters_known ? std::to_string(std::min(repeat.distinct_parameters, repeat.most_in_one_scope * calls_in_a_round)) + (repeat.distinct_parameters < repeat.most_in_one_scope * calls_in_a_round ? " or more"  : "") + " with parameters of their own"
                                    : "parameters not logged";
  if (repeat.longest_span_ms > 0) text += ", within " + milliseconds(repeat.longest_span_ms);
  text += "; " + std::to_string(repeat.calls * calls_in_a_round) + " calls in " + std::to_string(repeat.scopes) +
          (repeat.scopes == 1 ? " such scope" : " such scopes");
  if (repeat.total_ms > 0) text += ", " + milliseconds(repeat.total_ms) + " in all";
  return {Evidence::Kind::statement, std::move(text), {}, {}};
}

// Does a foreign key lead from a table of one to a table of the other?
static bool related(const Context& context, const Query& a, const Query& b) {
  if (!context.has_catalog()) return false;
  const auto leads = [&](const Query& from, const Query& to) {
    for (const auto& use : from.facts.relations)
      if (const Table* table = context.catalog().table(use.table))
        for (const auto& key : table->constraints)
          for (const auto& other : to.facts.relations)
            if (key.kind == Constraint::Kind::foreign_key && key.referenced_table == other.table) return true;
    return false;
  };
  return leads(a, b) || leads(b, a);
}

void add_parent(const Context& context, const Repeat& repeat, std::vector<Evidence>& out) {
  const Query* parent = context.query(repeat.parent);
  if (!parent) return;
  const bool keys = std::any_of(repeat.pattern.begin(), repeat.pattern.end(), [&](const std::string& fingerprint) {
    const Query* query = context.query(fingerprint);
    return query && related(context, *parent, *query);
  });
  Evidence& evidence = out.emplace_back(Evidence{Evidence::Kind::statement, (keys ? "the keys come from: " : "the query before it: ") + ellipsis(parent->text, shown_statement), {}, {}});
  if (!repeat.parent_sample) return;
  evidence.place = repeat.parent_sample->place;
  evidence.literal = with_parameters(*repeat.parent_sample);
}

void add_places(const Repeat& repeat, std::uint64_t calls_in_a_round, std::vector<Evidence>& out) {
  if (repeat.pattern.size() > calls_in_a_round)
    out.push_back({Evidence::Kind::statement,
                   "each round of the loop runs " + std::to_string(repeat.pattern.size()) + " statements",
                   {},
                   {}});
  for (const auto& sample : repeat.samples)
    out.push_back({Evidence::Kind::statement, "called here", sample.place, with_parameters(sample)});
}

QualifiedName main_table(const Query& query) {
  for (const auto& predicate : query.facts.predicates)
    if (predicate.op == Predicate::Op::equality && predicate.value != Predicate::Value::column &&
        predicate.wrapper.empty() && !predicate.under_or && !predicate.column.table.name.empty())
      return predicate.column.table;
  return query.facts.relations.empty() ? QualifiedName{} : query.facts.relations.front().table;
}

std::string on_table(const QualifiedName& table) { return table.name.empty() ? "" : " on " + display(table); }

std::string drizzle_name(const Context& context, const std::string& key, std::string otherwise) {
  if (context.has_project())
    for (const auto& [name, spelled] : context.project().drizzle_names)
      if (name == key) return spelled;
  return otherwise;
}

bool is_drizzle(const Context& context) { return context.has_project() && context.project().drizzle; }

}  // namespace pgadvise::lint
