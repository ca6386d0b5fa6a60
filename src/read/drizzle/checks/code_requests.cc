#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/text/text.h"
#include "drizzle/checks/code_checks.h"
#include "drizzle/code/client_code.h"
#include "drizzle/code/code_entries.h"
#include "drizzle/code/code_paths.h"
#include "files/files.h"

namespace pgadvise::drizzle {
namespace {

constexpr std::size_t max_calls = 5;           // from an entry to a function
constexpr std::size_t max_functions = 50'000;  // of all entries
constexpr std::size_t max_callers = 50;        // that are searched for a check

class RequestCode {
 public:
  explicit RequestCode(CodeIndex& index) : index_(index), names_(index.names()) {}

  RequestFacts read() {
    for (const auto& file : index_.entry_files())
      for (const auto& entry : entry_functions(names_, file))
        visit(entry.function, {std::string(entry.form->name), entry.function.location(), {}});
    while (!open_.empty()) {
      const Node function = open_.front();
      open_.pop_front();
      read_function(function);
    }
    for (const auto& query : index_.queries())
      if (query.facts.kind == QueryKind::select)
        if (const Request* request = request_of(query.whole)) {
          std::set<Node> seen;
          if (!runs_once(query.whole, seen)) out_.queries.push_back({query.facts, *request});
        }
    out_.pools = pools();
    return std::move(out_);
  }

 private:
  static constexpr std::size_t max_nodes = 20'000;  // of a function

  struct Caller {
    Node function;
    Node call;
  };

  void visit(const Node& function, Request request) {
    if (requests_.size() >= max_functions || !is_application_source(function.syntax()->file())) return;
    if (requests_.try_emplace(function, std::move(request)).second) open_.push_back(function);
  }

  const Request* request_of(const Node& node) const {
    for (Node at = function_around(node); at; at = function_around(at))
      if (const auto found = requests_.find(at); found != requests_.end()) return &found->second;
    return nullptr;
  }

  void read_function(const Node& function) {
    const Request request = requests_.at(function);
    any_node(function.child(Field::body), max_nodes, [&](const Node& at) {
      if (at.is(Kind::call_expression) && request.via.size() < max_calls)
        if (const Node called = names_.called(at)) {
          Request further = request;
          further.via.push_back(at.location());
          callers_[called].push_back({function, at});
          visit(called, std::move(further));
        }
      add_pool(at, function);
      return false;
    });
  }

  // ---- Queries that fill a cache.

  // Whether only the first request runs it: a check of what outlives the request, and is set in the function,
  // guards it or all calls that lead to its function.
  bool runs_once(const Node& node, std::set<Node>& seen) {
    const Node function = function_around(node);
    if (!function || seen.size() >= max_callers || !seen.insert(function).second) return false;
    if (is_guarded(node, function)) return true;
    const auto callers = callers_.find(function);
    return callers != callers_.end() &&
           std::ranges::all_of(callers->second, [&](const Caller& one) { return runs_once(one.call, seen); });
  }

  bool is_guarded(const Node& node, const Node& function) {
    std::set<std::string_view> kept;  // names as written: "this.initialized", "cache"
    any_node(function.child(Field::body), max_nodes, [&](const Node& at) {
      if (is_assignment(at) && outlives(at.child(Field::left))) kept.insert(at.text(Field::left));
      return false;
    });
    return !kept.empty() && any_node(function.child(Field::body), max_nodes, [&](const Node& at) {
      if (at.offset() > node.offset()) return false;
      // cache ??= await …
      if (at.is(Kind::augmented_assignment_expression)) {
        const std::string_view symbol = at.text(Field::operator_);
        return (symbol == "\?\?=" || symbol == "||=") && is_inside(node, at.child(Field::right));
      }
      if (!at.is(Kind::if_statement)) return false;
      const Node condition = bare(at.child(Field::condition));
      const bool missing = is_missing(condition);
      const Node then = at.child(Field::consequence);
      return std::ranges::any_of(kept, [&](std::string_view name) {
        return contains(condition.text(), name) &&
               (missing ? is_inside(node, then) : !is_inside(node, at) && leaves(then));
      });
    });
  }

  // !this.initialized, cache === null
  static bool is_missing(const Node& condition) {
    if (condition.is(Kind::unary_expression)) return condition.text().starts_with('!');
    if (!condition.is(Kind::binary_expression)) return false;
    const std::string_view symbol = condition.text(Field::operator_);
    if (symbol == "||") return is_missing(bare(condition.child(Field::left)));
    const Node value = condition.child(Field::right);
    return (symbol == "===" || symbol == "==") && value.is(Kind::null, Kind::undefined);
  }

  static bool leaves(const Node& statement) {
    if (statement.is(Kind::return_statement)) return true;
    const auto parts = statement.children();
    return statement.is(Kind::statement_block) && !parts.empty() && parts.back().is(Kind::return_statement);
  }

  // ---- Pools.

  void add_pool(const Node& node, const Node& function) {
    if (!pool_made_by(node).empty() && !is_kept(node) && !of_parameter(node) && !in_worker(node))
      pools_.try_emplace(node, function);
  }

  std::vector<PoolInRequest> pools() {
    std::vector<PoolInRequest> out;
    for (const auto& [node, function] : pools_) {
      std::set<Node> seen;
      if (result_is_kept(function, seen)) continue;
      out.push_back({pool_made_by(node), name_of_function(function_around(node)), node.location(),
                     requests_.at(function)});
    }
    std::ranges::sort(out, {}, &PoolInRequest::place);
    return out;
  }

  // Whether one of the calls that lead to the function keeps what it returns.
  bool result_is_kept(const Node& function, std::set<Node>& seen) {
    if (!seen.insert(function).second) return false;
    const auto callers = callers_.find(function);
    return callers != callers_.end() && std::ranges::any_of(callers->second, [&](const Caller& one) {
             return is_kept(one.call) || result_is_kept(one.function, seen);
           });
  }

  // "" for other expressions, and for a pool of @neondatabase/serverless, whose WebSockets may not outlive a
  // request.
  std::string pool_made_by(const Node& node) {
    if (node.is(Kind::new_expression))
      return is_pg_pool(*index_.value(node.child(Field::constructor))) ? "new Pool()" : "";
    const Node callee = node.child(Field::function);
    if (!node.is(Kind::call_expression) || !callee.is(Kind::identifier)) return {};
    const auto value = index_.value(callee);
    if (!value->is(Values::external)) return {};
    if (value->text == "postgres") return "postgres()";
    const bool pooled = value->name == "drizzle" && (value->text == "drizzle-orm/node-postgres" ||
                                                     value->text == "drizzle-orm/postgres-js");
    return pooled && is_address(node) ? "drizzle()" : "";
  }

  // drizzle(process.env.DATABASE_URL), drizzle({ connection }), but not drizzle(pool).
  static bool is_address(const Node& call) {
    Node first = argument_at(call);
    while (first.is(Kind::binary_expression)) first = bare(first.child(Field::left));
    if (first.is(Kind::object)) return static_cast<bool>(property_of(first, "connection"));
    return first.is(Kind::string, Kind::template_string) ||
           (first.is(Kind::member_expression) && contains(lower(first.text()), "env"));
  }

  // Whether something outside of the function keeps the value for later requests.
  bool is_kept(const Node& node) {
    for (Node at = node, above = at.parent(); above; at = above, above = above.parent()) {
      if (is_function(above)) return keeps_result(above);
      if (is_assignment(above) && above.child(Field::right) == at && outlives(above.child(Field::left)))
        return true;
      if (above.is(Kind::variable_declarator) && kept_later(above)) return true;
      if (above.is(Kind::arguments) && keeps(above.parent())) return true;
    }
    return true;  // at the top level, or a field of a class
  }

  // once(() => new Pool()), and a NestJS module's useFactory: () => new Pool().
  static bool keeps_result(const Node& function) {
    const Node above = function.parent();
    return (above.is(Kind::arguments) && keeps(above.parent())) ||
           (above.is(Kind::pair) && contains(lower(above.text(Field::key)), "factory"));
  }

  // pools.set(key, pool), once(() => …)
  static bool keeps(const Node& call) {
    if (method_of(call) == "set") return true;
    const std::string name = lower(call.text(Field::function).substr(0, 100));
    return contains_any(name, {"once", "memo", "lazy", "singleton", "remember", "provide", "global"});
  }

  bool outlives(const Node& target) {
    const Node name = bare(target);
    if (!name.is(Kind::identifier)) return true;  // globalThis.pool, this.pool
    const Binding& binding = names_.find(name);
    return !binding.name || function_around(binding.name) != function_around(target);
  }

  // const pool = new Pool(); globalThis.pool = pool
  bool kept_later(const Node& declarator) {
    const Node function = function_around(declarator);
    const std::string_view name = declarator.text(Field::name);
    if (!function) return true;
    return any_node(function.child(Field::body), max_nodes, [&](const Node& at) {
      if (is_assignment(at)) {
        const Node value = bare(at.child(Field::right));
        return contains(value.text(), name) && outlives(at.child(Field::left));
      }
      if (!at.is(Kind::call_expression) || method_of(at) != "set") return false;
      const auto arguments = arguments_of(at);
      return arguments.size() == 2 && contains(arguments[1].text(), name);
    });
  }

  // Of another database than the application's own: which one, the caller says.
  bool of_parameter(const Node& node) {
    return any_node(node.child(Field::arguments), max_nodes, [&](const Node& at) {
      if (!is_name(at)) return false;
      const Binding* binding = &names_.find(at);
      for (int followed = 0; followed < 4 && binding->kind == Binding::Kind::variable; ++followed) {
        if (!function_around(binding->name)) return false;
        const Node value = bare(binding->owner.child(Field::value));
        if (value.is(Kind::call_expression, Kind::await_expression)) return true;
        const Node root = begin_of_members(value);
        if (!root.is(Kind::identifier)) return false;
        binding = &names_.find(root);
      }
      return binding->kind == Binding::Kind::parameter;
    });
  }

  bool in_worker(const Node& node) {
    static constexpr auto signs = word_list("wrangler", "@cloudflare/workers-types", "@opennextjs/cloudflare",
                                            "@cloudflare/next-on-pages", "@sveltejs/adapter-cloudflare");
    const auto* package = names_.program().tree().package_of(files::folder_of(node.syntax()->file()));
    if (package && std::ranges::any_of(signs, [&](std::string_view sign) {
          return package->dependencies.count(std::string(sign)) > 0;
        }))
      return true;
    const std::string& text = node.syntax()->text();
    return contains(text, "HYPERDRIVE") || contains(text, "getCloudflareContext");
  }

  CodeIndex& index_;
  Bindings& names_;
  std::map<Node, Request> requests_;  // by function
  std::deque<Node> open_;
  std::map<Node, std::vector<Caller>> callers_;  // by the function that is called
  std::map<Node, Node> pools_;                   // the functions in which they are made
  RequestFacts out_;
};

}  // namespace

RequestFacts facts_of_requests(CodeIndex& index) { return RequestCode(index).read(); }

}  // namespace pgadvise::drizzle
