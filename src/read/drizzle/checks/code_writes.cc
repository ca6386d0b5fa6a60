#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "base/text/text.h"
#include "drizzle/checks/code_checks.h"
#include "drizzle/checks/code_transactions.h"

namespace pgadvise::drizzle {
namespace {

constexpr std::size_t max_called = 3;  // writes of a function that another one calls

// A write in a function, or its call of a function of the project that runs the write.
struct Step {
  const FoundQuery* query = nullptr;
  Node at;

  bool is_call() const { return at != query->whole; }
};

enum class Order { none, follows, parallel };

class WritePairs {
 public:
  explicit WritePairs(CodeIndex& index) : index_(index), names_(index.names()), services_(index) {}

  std::vector<WritePairInCode> read() {
    for (const auto& query : index_.queries()) {
      const CodeQuery& facts = query.facts;
      if (is_write(facts) && facts.awaited && !facts.tables.empty() && !sets_times_only(query) &&
          !may_be_transaction(query.receiver))
        add(by_function_, query, query.whole);
    }
    std::map<Node, std::vector<Step>> all = by_function_;
    add_calls(all);
    for (auto& [function, steps] : all) {
      if (steps.size() < 2 || undoes(function)) continue;
      std::ranges::stable_sort(steps, {}, &Step::at);
      read_function(function, steps);
    }
    std::ranges::sort(out_, {}, [](const auto& one) {
      return std::tie(one.first.place, one.then.place, one.function_place);
    });
    return std::move(out_);
  }

 private:
  static constexpr std::size_t max_writes = 30;   // of a function
  static constexpr std::size_t max_nodes = 4000;  // of a write that is searched for a value
  static constexpr int max_followed = 3;          // variables

  static void add(std::map<Node, std::vector<Step>>& out, const FoundQuery& query, const Node& at) {
    const Node function = function_of(at);
    if (!function) return;
    auto& steps = out[function];
    if (steps.size() < max_writes) steps.push_back({&query, at});
  }

  // The awaited calls of functions that write.
  void add_calls(std::map<Node, std::vector<Step>>& out) {
    std::set<std::string, std::less<>> called_names;
    for (const auto& [function, steps] : by_function_) {
      const std::string name = name_of_function(function);
      called_names.insert(name.substr(name.find('.') + 1));
    }
    std::set<std::string> files(index_.files().begin(), index_.files().end());
    files.insert(index_.entry_files().begin(), index_.entry_files().end());
    for (const auto& file : files) {
      const auto* module = called_names.empty() ? nullptr : names_.program().module(file);
      if (!module) continue;
      typescript::each_call(module->syntax->root(), [&](const Node& call) {
        if (!called_names.count(name_of_called(call)) || !is_awaited(call) || index_.query(call)) return;
        const Node called = names_.called(call);
        const auto found = called ? by_function_.find(called) : by_function_.end();
        if (found == by_function_.end() || found->second.size() > max_called || undoes(called) ||
            function_of(call) == called || gets_transaction(call))
          return;
        for (const Step& step : found->second)
          if (is_unconditional(step.at, called, {Kind::return_statement})) add(out, *step.query, call);
      });
    }
  }

  // save(id, tx), save({ id, tx }): the function may write in the transaction.
  bool gets_transaction(const Node& call) {
    return std::ranges::any_of(arguments_of(call), [&](const Node& one) {
      return gives_name(one, [&](const Node& name) {
        return names_transaction(name.text()) || (index_.is_database(name) && may_be_transaction(name));
      });
    });
  }

  // The function that runs the write or call, without callbacks that run there and then; empty in a callback
  // of a transaction, and at the top level.
  static Node function_of(const Node& at) {
    Node function = function_around(at);
    while (function && runs_at_once(function)) {
      const Node call = function.parent().parent();
      if (names_transaction(name_of_called(call))) return {};
      function = function_around(function);
    }
    if (function && function.parent().is(Kind::arguments) &&
        names_transaction(name_of_called(function.parent().parent())))
      return {};
    return function;
  }

  // Whether the database may be a transaction: a parameter, a choice of two, or named as one.
  bool may_be_transaction(const Node& receiver) {
    const Node node = bare(receiver);
    if (node.is(Kind::member_expression)) return names_transaction(node.text(Field::property));
    if (node.is(Kind::call_expression))
      return names_transaction(name_of_called(node)) || is_chosen_by_caller(node, 0);
    if (!node.is(Kind::identifier) || names_transaction(node.text())) return true;
    const Binding& binding = names_.find(node);
    if (binding.kind == Binding::Kind::none) return false;  // an import
    if (binding.kind != Binding::Kind::variable) return true;
    // const { executor = db } = options
    if (const Node above = binding.name.parent();
        above.is(Kind::object_assignment_pattern, Kind::assignment_pattern))
      return true;
    const Node value = bare(binding.owner.child(Field::value));
    return value.is(Kind::binary_expression, Kind::ternary_expression) || is_chosen_by_caller(value, 0);
  }

  // Whether a call chooses between what it is given and another database: this.executor(session), whose
  // method returns `session?.tx ?? this.db`. Of functions that the project does not have, those that get an
  // optional parameter.
  bool is_chosen_by_caller(const Node& call, int depth) {
    if (!call.is(Kind::call_expression) || depth > max_followed) return false;
    const auto arguments = arguments_of(call);
    const Node called = names_.called(call);
    if (!called)
      return !index_.is_database(call) && std::ranges::any_of(arguments, [&](const Node& one) {
        const Node name = bare(one);
        return name.is(Kind::identifier) && is_optional(names_.find(name));
      });
    bool given = false, other = false;
    for (const Node& returned : returned_values(called)) {
      const Node value = bare(returned);
      if (is_chosen_by_caller(value, depth + 1)) return true;
      std::vector<Node> choices = choices_of(value);
      if (choices.empty()) choices = {value};
      given = given || (value.is(Kind::binary_expression) && gets_parameter(bare(choices.front())));
      for (const Node& choice : choices) {
        const Node one = bare(choice);
        if (is_of_parameter(one)) given = true;
        else other = other || one.is(Kind::identifier, Kind::member_expression);
      }
    }
    return given && other;
  }

  // session?: Session, session: Session | undefined, session = null
  static bool is_optional(const Binding& binding) {
    if (binding.kind != Binding::Kind::parameter) return false;
    const Node parameter = binding.pattern.parent();
    const std::string type = annotated_type(parameter);
    return parameter.is(Kind::optional_parameter) || parameter.child(Field::value) ||
           contains_any(type, {"undefined", "null"});
  }

  // session, session.tx, session?.tx
  bool is_of_parameter(const Node& expression) {
    const Node node = begin_of_members(expression);
    return node.is(Kind::identifier) && names_.find(node).kind == Binding::Kind::parameter;
  }

  // executorOf(session)
  bool gets_parameter(const Node& call) {
    return std::ranges::any_of(arguments_of(call), [&](const Node& one) {
      const Node name = bare(one);
      return name.is(Kind::identifier) && names_.find(name).kind == Binding::Kind::parameter;
    });
  }

  static bool undoes(const Node& function) {
    const std::string text = lower(function.text());
    for (const auto* word : {"rollback", "roll back", "compensat", "undo", "revert"})
      if (contains(text, word)) return true;
    return false;
  }

  void read_function(const Node& function, const std::vector<Step>& steps) {
    for (std::size_t i = 0; i < steps.size(); ++i)
      for (std::size_t j = i + 1; j < steps.size(); ++j) {
        const FoundQuery &first = *steps[i].query, &then = *steps[j].query;
        const bool one_table = first.facts.tables.front() == then.facts.tables.front();
        if ((one_table && !moves_an_amount(first, then)) || first.link("onConflictDoNothing")) continue;
        const Order order = order_of(steps[i].at, steps[j].at, function);
        if (order == Order::none ||
            (order == Order::follows && service_between(steps[i], steps[j], function)))
          continue;
        WritePairInCode& pair = out_.emplace_back();
        pair.first = first.facts;
        pair.then = then.facts;
        pair.value = value_used(steps[i], steps[j].at);
        pair.function = name_of_function(function);
        pair.function_place = function.location();
        if (steps[i].is_call()) pair.first_call = steps[i].at.location();
        if (steps[j].is_call()) pair.then_call = steps[j].at.location();
        pair.parallel = order == Order::parallel;
        const HttpDriver* driver = http_driver(index_, first.receiver);
        pair.http = driver && driver->batch;
      }
  }

  // Of an UPDATE that sets nothing but times such as lastSeenAt and updatedAt: rows are complete without it.
  static bool sets_times_only(const FoundQuery& query) {
    const Node values = argument_of(query, "set");
    if (!values.is(Kind::object) || values.children().empty()) return false;
    return std::ranges::all_of(values.children(), [](const Node& part) {
      const std::string_view key =
          part.is(Kind::pair) ? part.text(Field::key) : std::string_view(part.text());
      return (key.starts_with("last") || key.starts_with("updated")) &&
             (key.ends_with("At") || key.ends_with("_at"));
    });
  }

  // Two UPDATEs of which one adds to a column and the other subtracts: from one row to another.
  static bool moves_an_amount(const FoundQuery& first, const FoundQuery& then) {
    const std::string_view a = first.whole.text(), b = then.whole.text();
    const auto pair = [](std::string_view from, std::string_view to) {
      return contains(from, "} - ") && contains(to, "} + ");
    };
    return first.facts.kind == QueryKind::update && then.facts.kind == QueryKind::update &&
           (pair(a, b) || pair(b, a));
  }

  // `follows`: the second runs after the first whenever it runs: both are below one block, and the first runs
  // without a condition there. `parallel`: the same of one Promise.all.
  static Order order_of(const Node& first, const Node& then, const Node& function) {
    const auto a = path_to(first, function), b = path_to(then, function);
    std::size_t same = 0;
    while (same < a.size() && same < b.size() && a[same] == b[same]) ++same;
    if (same == 0 || same >= a.size() || same >= b.size()) return Order::none;
    const Node& common = a[same - 1];
    if (!common.is(Kind::statement_block) && !is_all(common)) return Order::none;
    if (std::any_of(a.begin() + static_cast<std::ptrdiff_t>(same), a.end(), is_condition)) return Order::none;
    const bool accepted =
        std::any_of(b.begin() + static_cast<std::ptrdiff_t>(same), b.end(), [](const Node& node) {
          return node.is(Kind::catch_clause, Kind::finally_clause) ||
                 (node.is(Kind::try_statement) && only_logs(node.child(Kind::catch_clause)));
        });
    if (accepted) return Order::none;
    return is_all(common) ? Order::parallel : Order::follows;
  }

  // Whether the code accepts that what is tried fails: it calls functions of a log, and nothing else. Not of
  // an empty `catch`, which may be an oversight.
  static bool only_logs(const Node& handler) {
    const auto statements = handler.child(Field::body).children();
    return !statements.empty() && std::ranges::all_of(statements, [](const Node& one) {
      const Node call = one.is(Kind::expression_statement) ? bare(one.first()) : Node();
      const std::string callee = lower(call.text(Field::function).substr(0, 100));
      const std::string word = first_word(callee);
      return call.is(Kind::call_expression) &&
             (is_one_of(word, {"console", "log", "logger", "logerror", "sentry", "captureexception"}) ||
              contains_any(callee, {".log.", ".logger."}));
    });
  }

  // Whether the function waits for another service between the writes, or in a call that runs one of them:
  // one transaction of both would stay open for as long, which network-call-in-transaction reports.
  bool service_between(const Step& first, const Step& then, const Node& function) {
    const auto& syntax = *first.at.syntax();
    const SourceLocation begin = first.at.location(), last = then.at.location();
    const SourceLocation end = syntax.location(first.at.offset() + first.at.text().size());
    const auto& calls = services_.in(function);
    return std::ranges::any_of(calls, [&](const CallInTransaction& call) {
      const SourceLocation& place = call.via.empty() ? call.place : call.via.front();
      return (end <= place && place < last) || (first.is_call() && place == begin) ||
             (then.is_call() && place == last);
    });
  }

  // The variable of the first write's result that the second one uses, as written; "" if it uses none.
  std::string value_used(const Step& first, const Node& then) {
    if (!first.query->link("returning")) return {};
    std::string found;
    any_node(then, max_nodes, [&](const Node& at) {
      if (!is_name(at)) return false;
      if (!comes_from(at, first.at, 0)) return false;
      const Node above = at.parent();
      found = std::string(above.is(Kind::member_expression) ? above.text() : at.text());
      return true;
    });
    return ellipsis(found, 60);
  }

  bool comes_from(const Node& identifier, const Node& write, int depth) {
    const Binding& binding = names_.find(identifier);
    if (binding.kind != Binding::Kind::variable || depth > max_followed) return false;
    const Node value = binding.owner.child(Field::value);
    if (!value || value.text().size() > 4000) return false;
    return any_node(value, max_nodes, [&](const Node& at) {
      if (at == write) return true;
      // const order = rows[0]
      return at.is(Kind::identifier) && at != binding.name && value.text().size() < 200 &&
             comes_from(at, write, depth + 1);
    });
  }

  CodeIndex& index_;
  Bindings& names_;
  ServiceCalls services_;
  std::map<Node, std::vector<Step>> by_function_;  // writes of the function itself
  std::vector<WritePairInCode> out_;
};

}  // namespace

std::vector<WritePairInCode> writes_in_sequence(CodeIndex& index) { return WritePairs(index).read(); }

}  // namespace pgadvise::drizzle
