#include "plan/planner.h"

#include <algorithm>

#include <fmt/format.h>

#include "plan/reader.h"
#include "sql/facts.h"
#include "sql/statement.h"

namespace pgadvise::plan {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kinds_of_values = 3;  // common, middle, rare
constexpr int middle = 1;
constexpr const char* names_of_kinds[] = {"a common value", "a middle value", "a rare value"};

std::string key_of(const Question& question) {
  std::string key = question.sql;
  key += question.names == Names::session ? "\1s" : "\1c";
  if (!question.parameters_known) return key;
  for (const auto& value : question.parameters) key += value ? "\1v" + *value : "\1n";
  return key;
}

std::string array_of(const std::string& value) {
  std::string out = "{\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"}";
}

// Where in a sorted column the bounds of a range lie that lets much, half, or little through.
std::pair<std::optional<std::string>, std::optional<std::string>> of_range(const TypicalValues& values, const std::string& op, int kind) {
  if (op.find("BETWEEN") != std::string::npos) return {kind == 0 ? values.lowest : values.middle, kind == 2 ? values.middle : values.highest};
  if (kind == middle) return {values.middle, {}};
  return {(kind == 0) == op.starts_with(">") ? values.lowest : values.highest, {}};
}

std::optional<std::string> of_kind(const TypicalValues& values, int kind) { return kind == 0 ? values.common : kind == middle ? values.middle : values.rare; }

}  // namespace

ExplainRequest Planner::request_of(const Question& question) const {
  ExplainRequest request;
  request.sql = question.sql;
  if (question.parameters_known) request.parameters = question.parameters;
  request.names = question.names;
  return request;
}

Result<Question> Planner::question(const Query& query) {
  if (query.samples.empty()) return fail(Error::Kind::passing, "", "no sample of the statement was logged");
  for (const auto& sample : query.samples)
    if (sample.parameters && !sample.parameters->empty() && static_cast<int>(sample.parameters->size()) >= query.facts.parameters)
      return Question{sample.statement, *sample.parameters, true, "parameters from the log"};
  // The query's own facts are of the normalised text: a logged statement may hold its values itself.
  const Sample& sample = query.samples.front();
  const QueryFacts facts = sql::query_facts(sample.statement, catalog_);
  if (facts.parameters == 0) return Question{sample.statement, {}, true, "as logged"};
  if (auto guessed = from_statistics(facts, middle)) return Question{sample.statement, std::move(*guessed), true, "parameters from pg_stats"};
  return Question{sample.statement, {}, false, "generic plan"};
}

// The server plans it generically, for an unknown value: a scalar subquery hides the value from the planner and still lets the statement
// run. No FOR KEY SHARE: a READ ONLY transaction refuses to analyze that. ctid instead of 1, because locking rows needs the table: no
// index-only scan.
Result<Question> Planner::lookup(const Probe& probe) {
  const Table* table = catalog_.table(probe.table);
  if (!table) return fail(Error::Kind::passing, "", "the table is not in the database");
  std::string where;
  for (std::size_t at = 0; at < probe.columns.size(); ++at) {
    const Column* column = table->column(probe.columns[at]);
    if (!column) return fail(Error::Kind::passing, "", "the column " + probe.columns[at] + " is not in the database");
    where += fmt::format("{}x.{} = (SELECT CAST(${} AS {}))", at ? " AND " : "", sql::quote_identifier(column->name), at + 1, column->type);
  }
  Question out;
  out.names = Names::catalog;
  // ONLY a partitioned parent would read nothing at all.
  out.sql = fmt::format("SELECT x.ctid FROM {}{} x WHERE {}", table->kind == Table::Kind::partitioned ? "" : "ONLY ", sql::quote_name(probe.table), where);
  const auto values = source_.typical_values(probe.table, probe.columns);
  out.parameters_known = !values.empty();
  out.parameters = values.empty() ? Parameters(probe.columns.size()) : values[values.size() / 2];  // neither the most common nor the rarest
  out.origin = values.empty() ? "generic plan" : "a value from pg_stats";
  return out;
}

std::vector<Question> Planner::variants(const std::string& statement) {
  std::vector<Question> out{{statement, {}, false, "generic plan"}};
  const QueryFacts facts = sql::query_facts(statement, catalog_);
  if (facts.parameters == 0) return out;
  for (int kind = 0; kind < kinds_of_values; ++kind)
    if (auto values = from_statistics(facts, kind))
      if (std::none_of(out.begin(), out.end(), [&](const Question& known) { return known.parameters == *values; }))
        out.push_back({statement, std::move(*values), true, names_of_kinds[kind]});
  return out;
}

// $n compared with a column takes a value of it, LIMIT $n a page of 20 and OFFSET $n the first one; what else is not a comparison has none.
std::optional<Parameters> Planner::from_statistics(const QueryFacts& facts, int kind) {
  Parameters out(static_cast<std::size_t>(facts.parameters));
  const auto set = [&](int parameter, std::string value) {
    if (parameter >= 1 && parameter <= facts.parameters) out[static_cast<std::size_t>(parameter - 1)] = std::move(value);
  };
  set(facts.limit_parameter, "20");
  set(facts.offset_parameter, "0");
  for (const auto& predicate : facts.predicates) {
    if (predicate.column.table.name.empty() || predicate.value != Predicate::Value::parameter) continue;
    const TypicalValues values = source_.typical(predicate.column.table, predicate.column.column);
    if (predicate.op == Predicate::Op::range) {
      const auto [from, to] = of_range(values, predicate.op_name, kind);
      if (from) set(predicate.parameter, *from);
      for (const int parameter : predicate.more_parameters)
        if (to) set(parameter, *to);
    } else if (const auto value = of_kind(values, kind)) {
      set(predicate.parameter, predicate.takes_array ? array_of(*value) : *value);
      for (const int parameter : predicate.more_parameters) set(parameter, *value);
    }
  }
  const bool complete = std::all_of(out.begin(), out.end(), [](const auto& value) { return value.has_value(); });
  return complete ? std::optional(std::move(out)) : std::nullopt;
}

Result<Decision> Planner::decide(const Question& question) {
  const std::string key = key_of(question);
  if (const auto known = decisions_.find(key); known != decisions_.end()) return known->second;
  if (stopped()) return fail(Error::Kind::passing, "", "interrupted");
  const auto shape = sql::shape(question.sql);
  if (!shape) return tl::unexpected(shape.error());
  if (shape->statements != 1) return Decision{Allowed::nothing, "it is not exactly one statement"};
  const auto dependencies = source_.dependencies(question.sql, question.names);
  if (!dependencies) return tl::unexpected(dependencies.error());
  return decisions_[key] = plan::decide(*shape, *dependencies, question.parameters_known);
}

Result<Plan> Planner::explain(const Question& question) {
  const std::string key = key_of(question);
  if (const auto known = plans_.find(key); known != plans_.end()) return known->second;
  if (stopped()) return fail(Error::Kind::passing, "", "interrupted");
  auto plan = source_.explain(request_of(question));
  if (!plan) return plan;
  planned_.insert(question.sql);
  return plans_[key] = *plan;
}

Result<Analyzed> Planner::analyze(const Question& question, const Decision& decision, const Plan& gate) {
  const std::string key = key_of(question);
  if (const auto known = analyzed_.find(key); known != analyzed_.end()) return known->second;
  if (decision.allowed != Allowed::analyze) return Analyzed{gate, decision.reason};
  if (gate.root.total_cost > options_.analyze_cost_limit)
    return Analyzed{gate, fmt::format("its cost of {:.0f} is over the limit for EXPLAIN ANALYZE", gate.root.total_cost)};
  if (stopped()) return Analyzed{gate, "interrupted"};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(options_.analyze_budget - spent_);
  if (left.count() <= 0) {
    ++left_out_;
    return analyzed_[key] = Analyzed{gate, "the time for EXPLAIN ANALYZE is spent"};
  }
  ExplainRequest request = request_of(question);
  request.analyze = true;
  request.timing = options_.timing;
  request.limit = left;
  run_.insert(question.sql);
  const auto start = Clock::now();
  auto plan = source_.explain(request);
  spent_ += Clock::now() - start;
  if (plan) return analyzed_[key] = Analyzed{std::move(*plan), {}};
  if (plan.error().kind == Error::Kind::database) return tl::unexpected(plan.error());
  return analyzed_[key] = Analyzed{gate, "EXPLAIN ANALYZE did not finish: " + plan.error().what};
}

Result<Plan> Planner::explain_with(const Question& question, const std::vector<std::string>& indexes) {
  if (stopped()) return fail(Error::Kind::passing, "", "interrupted");
  ExplainRequest request = request_of(question);
  request.hypothetical = indexes;
  return source_.explain(request);
}

std::string shape_of(const Plan& plan) {
  std::string out;
  visit(plan.root, [&](const PlanNode& node) { out += node.type + '\1' + node.join_type + '\1' + node.relation + '\1' + node.index + '\1' + std::to_string(node.children.size()) + '\2'; });
  return out;
}

}  // namespace pgadvise::plan
