#include "plan/run/planner.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <utility>

#include <fmt/format.h>

#include "base/process/deep_thread.h"
#include "base/text/identifier.h"
#include "model/schema/ddl.h"
#include "sql/facts/facts.h"
#include "sql/parse/statement.h"

namespace pgadvise::plan {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kinds_of_values = 3;  // common, middle, rare
constexpr int middle = 1;
constexpr const char* names_of_kinds[] = {"a common value", "a middle value", "a rare value"};

std::string key_of(const PlanRequest& request) {
  std::string key = request.sql;
  key += request.names == Names::session ? "\1s" : "\1c";
  if (!request.parameters_known) return key;
  for (const auto& value : request.parameters) key += value ? "\1v" + *value : "\1n";
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
std::pair<std::optional<std::string>, std::optional<std::string>> of_range(const TypicalValues& values,
                                                                           const std::string& op, int kind) {
  if (op.find("BETWEEN") != std::string::npos)
    return {kind == 0 ? values.lowest : values.middle, kind == 2 ? values.middle : values.highest};
  if (kind == middle) return {values.middle, {}};
  return {(kind == 0) == op.starts_with(">") ? values.lowest : values.highest, {}};
}

std::optional<std::string> of_kind(const TypicalValues& values, int kind) {
  return kind == 0 ? values.common : kind == middle ? values.middle : values.rare;
}

}  // namespace

bool Planner::all_lost() const {
  const std::lock_guard lock(mutex_);
  return lost_.size() == sources_.size();
}

// Always the first that is free: what it remembers is of use to the next request. nullptr: all are lost.
Planner::Source* Planner::take() {
  std::unique_lock lock(mutex_);
  const auto free = [&] {
    return std::ranges::find_if(sources_, [](const Source& source) { return !source.busy && !source.lost; });
  };
  changed_.wait(lock, [&] { return free() != sources_.end() || lost_.size() == sources_.size(); });
  const auto found = free();
  if (found == sources_.end()) return nullptr;
  found->busy = true;
  return &*found;
}

void Planner::give_back(Source& source, const Error* error) {
  const std::lock_guard lock(mutex_);
  source.busy = false;
  source.lost = error && error->kind == Error::Kind::database;
  if (source.lost) lost_.push_back(*error);
  changed_.notify_all();
}

// Of a source that is free; if it has lost its server, of another one where that may be asked `again`.
template <class Ask>
auto Planner::ask(const Ask& ask, bool again) {
  using Answer = std::invoke_result_t<Ask, PlanSource&>;
  for (;;) {
    Source* source = take();
    if (!source) {
      const std::lock_guard lock(mutex_);
      return Answer(tl::unexpected(lost_.back()));
    }
    Answer answer = ask(*source->source);
    give_back(*source, answer ? nullptr : &answer.error());
    const bool lost = !answer && answer.error().kind == Error::Kind::database;
    if (!lost || !again || all_lost()) return answer;
  }
}

// What no source fails to answer.
template <class Look>
auto Planner::look_up(const Look& look) {
  Source* source = take();
  if (!source) return std::invoke_result_t<Look, PlanSource&>();
  auto answer = look(*source->source);
  give_back(*source, nullptr);
  return answer;
}

// Remembers the answer. A thread that asks the same meanwhile waits for it.
template <class T, class Ask>
Result<T> Planner::once(Memory<T>& memory, const std::string& key, const Ask& ask) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return memory.asked.count(key) == 0; });
  if (const auto known = memory.known.find(key); known != memory.known.end()) return known->second;
  memory.asked.insert(key);
  lock.unlock();
  Result<T> answer = ask();
  lock.lock();
  memory.asked.erase(key);
  if (answer) memory.known.emplace(key, *answer);
  changed_.notify_all();
  return answer;
}

void Planner::for_each(std::size_t count, const std::function<void(std::size_t)>& work) {
  if (count > 1 && options_.more_sources && !stopped()) {
    more_sources_ = std::exchange(options_.more_sources, nullptr)();
    for (const auto& source : more_sources_) sources_.push_back({source.get()});
  }
  const std::size_t threads = std::min(sources_.size() - lost_.size(), count);
  std::atomic<std::size_t> next = 0;
  const auto take_part = [&](bool caller) {
    for (std::size_t at = 0; !stopped() && !all_lost() && (at = next++) < count;) {
      if (caller && options_.progress) options_.progress(at + 1, count);
      work(at);
    }
  };
  std::deque<DeepThread> others;
  for (std::size_t at = 1; at < threads; ++at) others.emplace_back([&] { take_part(false); });
  take_part(true);
}

ExplainRequest Planner::explain_request_of(const PlanRequest& request) const {
  return {.sql = request.sql,
          .parameters = request.parameters_known ? request.parameters : Parameters(),
          .names = request.names};
}

Result<PlanRequest> Planner::request(const Query& query) {
  if (query.samples.empty()) return fail(Error::Kind::nonfatal, "", "no sample of the statement was logged");
  for (const auto& sample : query.samples)
    if (sample.parameters && !sample.parameters->empty() &&
        static_cast<int>(sample.parameters->size()) >= query.facts.parameters)
      return PlanRequest{sample.statement, *sample.parameters, true, "parameters from the log"};
  // The query's own facts are of the normalised text: a logged statement may hold its values itself.
  const Sample& sample = query.samples.front();
  const QueryFacts facts = sql::query_facts(sample.statement, catalog_, search_path());
  if (facts.parameters == 0) return PlanRequest{sample.statement, {}, true, "as logged"};
  if (auto guessed = from_statistics(facts, middle))
    return PlanRequest{sample.statement, std::move(*guessed), true, "parameters from pg_stats"};
  return PlanRequest{sample.statement, {}, false, "generic plan"};
}

// The server plans it generically, for an unknown value: a scalar subquery hides the value from the planner
// and still lets the statement run. No FOR KEY SHARE: a READ ONLY transaction refuses to analyze that. ctid
// instead of 1, because locking rows needs the table: no index-only scan.
Result<PlanRequest> Planner::lookup(const Probe& probe) {
  const Table* table = catalog_.table(probe.table);
  if (!table) return fail(Error::Kind::nonfatal, "", "the table is not in the database");
  std::string where;
  for (std::size_t at = 0; at < probe.columns.size(); ++at) {
    const Column* column = table->column(probe.columns[at]);
    if (!column)
      return fail(Error::Kind::nonfatal, "", "the column " + probe.columns[at] + " is not in the database");
    where += fmt::format("{}x.{} = (SELECT CAST(${} AS {}))", at ? " AND " : "",
                         quote_identifier(column->name), at + 1, column->type);
  }
  PlanRequest out;
  out.names = Names::catalog;
  // ONLY a partitioned parent would read nothing at all.
  out.sql =
      fmt::format("SELECT x.ctid FROM {}{} x WHERE {}",
                  table->kind == Table::Kind::partitioned ? "" : "ONLY ", quote_name(probe.table), where);
  const auto values =
      look_up([&](PlanSource& source) { return source.typical_values(probe.table, probe.columns); });
  out.parameters_known = !values.empty();
  out.parameters = values.empty() ? Parameters(probe.columns.size())
                                  : values[values.size() / 2];  // between the most common and the rarest
  out.origin = values.empty() ? "generic plan" : "with a value from pg_stats";
  return out;
}

std::vector<PlanRequest> Planner::variants(const std::string& statement) {
  std::vector<PlanRequest> out{{statement, {}, false, "generic plan"}};
  const QueryFacts facts = sql::query_facts(statement, catalog_, search_path());
  if (facts.parameters == 0) return out;
  for (int kind = 0; kind < kinds_of_values; ++kind)
    if (auto values = from_statistics(facts, kind))
      if (std::ranges::none_of(out, [&](const PlanRequest& known) { return known.parameters == *values; }))
        out.push_back({statement, std::move(*values), true, names_of_kinds[kind]});
  return out;
}

// $n compared with a column takes a value of it, LIMIT $n a page of 20 and OFFSET $n the first one; what else
// is not a comparison has none.
std::optional<Parameters> Planner::from_statistics(const QueryFacts& facts, int kind) {
  Parameters out(static_cast<std::size_t>(facts.parameters));
  const auto set = [&](int parameter, std::string value) {
    if (parameter >= 1 && parameter <= facts.parameters)
      out[static_cast<std::size_t>(parameter - 1)] = std::move(value);
  };
  set(facts.limit_parameter, "20");
  set(facts.offset_parameter, "0");
  for (const auto& predicate : facts.predicates) {
    if (predicate.column.table.name.empty() || predicate.value != Predicate::Value::parameter) continue;
    const TypicalValues values = look_up(
        [&](PlanSource& source) { return source.typical(predicate.column.table, predicate.column.column); });
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
  const bool complete = std::ranges::all_of(out, [](const auto& value) { return value.has_value(); });
  return complete ? std::optional(std::move(out)) : std::nullopt;
}

Result<Decision> Planner::decide(const PlanRequest& request) {
  return once(decisions_, key_of(request), [&]() -> Result<Decision> {
    if (stopped()) return fail(Error::Kind::nonfatal, "", "interrupted");
    TRY(const auto shape, sql::shape(request.sql));
    if (shape.statements != 1) return Decision{Allowed::nothing, "it is not exactly one statement"};
    TRY(const auto dependencies,
        ask([&](PlanSource& source) { return source.dependencies(request.sql, request.names); }));
    return plan::decide(shape, dependencies, request.parameters_known);
  });
}

Result<Plan> Planner::explain(const PlanRequest& request) {
  return once(plans_, key_of(request), [&]() -> Result<Plan> {
    if (stopped()) return fail(Error::Kind::nonfatal, "", "interrupted");
    TRY(auto plan, ask([&](PlanSource& source) { return source.explain(explain_request_of(request)); }));
    const std::lock_guard lock(mutex_);
    planned_.insert(request.sql);
    return plan;
  });
}

// nullopt: the budget is spent. Who is to be `alone` takes all of it meanwhile, and goes first.
std::optional<Planner::Turn> Planner::take_turn(bool alone) {
  std::unique_lock lock(mutex_);
  const auto left = [&] {
    return std::chrono::ceil<std::chrono::milliseconds>(options_.analyze_budget - spent_) - taken_;
  };
  want_to_be_alone_ += alone;
  changed_.wait(lock, [&] {
    return taken_.count() == 0 ? alone || want_to_be_alone_ == 0
                               : !alone && want_to_be_alone_ == 0 && left() >= options_.longest_run;
  });
  want_to_be_alone_ -= alone;
  changed_.notify_all();
  const auto limit = std::min<std::chrono::milliseconds>(left(), options_.longest_run);
  if (limit.count() <= 0) return std::nullopt;
  Turn turn{limit, alone ? left() : limit, ++turns_, taken_.count() > 0};
  taken_ += turn.taken;
  return turn;
}

Result<Analyzed> Planner::analyze_now(const PlanRequest& request, const Plan& gate) {
  if (stopped()) return Analyzed{gate, "interrupted"};
  auto turn = take_turn(false);
  if (!turn) {
    const std::lock_guard lock(mutex_);
    ++left_out_;
    return Analyzed{gate, "the time limit of EXPLAIN ANALYZE is used up"};
  }
  ExplainRequest explain_request = explain_request_of(request);
  explain_request.analyze = true;
  explain_request.timing = options_.timing;
  for (bool alone = false;; alone = true) {
    explain_request.limit = turn->limit;
    Clock::duration took{};
    bool interrupted = false;
    const auto plan = ask(
        [&](PlanSource& source) -> Result<Plan> {
          interrupted = stopped();  // while others had the time
          if (interrupted) return fail(Error::Kind::nonfatal, "", "interrupted");
          const auto start = Clock::now();
          auto answer = source.explain(explain_request);
          took = Clock::now() - start;
          return answer;
        },
        false);
    bool company = false;
    {
      const std::lock_guard lock(mutex_);
      company = turn->company || turns_ != turn->number;
      taken_ -= turn->taken;
      spent_ += took;
      if (!interrupted) run_.insert(request.sql);
      changed_.notify_all();
    }
    if (plan) return Analyzed{*plan, {}};
    if (interrupted) return Analyzed{gate, "interrupted"};
    const bool lost = plan.error().kind == Error::Kind::database;
    if (lost && all_lost()) return tl::unexpected(plan.error());
    const Analyzed unfinished{gate, "EXPLAIN ANALYZE did not finish: " + plan.error().what};
    if (lost || alone || !company || took < turn->limit || stopped()) return unfinished;
    turn = take_turn(true);
    if (!turn) return unfinished;
  }
}

Result<Analyzed> Planner::analyze(const PlanRequest& request, const Decision& decision, const Plan& gate) {
  if (decision.allowed != Allowed::analyze) return Analyzed{gate, decision.reason};
  if (gate.root.total_cost > options_.analyze_cost_limit)
    return Analyzed{gate, fmt::format("its planner cost of {:.0f} is above the limit for EXPLAIN ANALYZE",
                                      gate.root.total_cost)};
  return once(analyzed_, key_of(request), [&] { return analyze_now(request, gate); });
}

Result<Plan> Planner::explain_with(const PlanRequest& request, const std::vector<std::string>& indexes) {
  if (stopped()) return fail(Error::Kind::nonfatal, "", "interrupted");
  ExplainRequest explain_request = explain_request_of(request);
  explain_request.hypothetical = indexes;
  return ask([&](PlanSource& source) { return source.explain(explain_request); });
}

Result<std::vector<std::string>> Planner::values(const std::string& select) {
  return ask([&](PlanSource& source) { return source.values(select); });
}

std::string shape_of(const Plan& plan) {
  std::string out;
  visit(plan.root, [&](const PlanNode& node) {
    out += node.type + '\1' + node.join_type + '\1' + node.relation + '\1' + node.index + '\1' +
           std::to_string(node.children.size()) + '\2';
  });
  return out;
}

}  // namespace pgadvise::plan
