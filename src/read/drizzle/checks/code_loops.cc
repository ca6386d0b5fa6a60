#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "base/text/text.h"
#include "drizzle/checks/code_checks.h"
#include "drizzle/checks/code_rounds.h"
#include "drizzle/code/code_paths.h"
#include "drizzle/code/code_rows.h"
#include "drizzle/code/code_statements.h"
#include "files/files.h"

namespace pgadvise::drizzle {
namespace {

constexpr std::size_t arguments_of_callback = 3;  // of map(): element, index, array
constexpr std::size_t max_found = 2000;           // queries in loops
// A function with more queries does more than to fetch something for a row.
constexpr std::size_t max_queries_of_a_call = 4;
constexpr std::size_t max_work = 100'000'000;  // nodes visited in all

struct Loop {
  Node node;                // the statement or the call of map()
  Node over;                // what it goes over
  std::vector<Node> names;  // declared names whose values differ in each round
  Node body;                // empty: a function that map() gets by its name
  Node function;            // that one
  bool parallel = false;
};

// Which part of a function's parameters a value depends on: the parameter's index and, if it is taken apart,
// the property.
using Dependence = std::set<std::pair<std::size_t, std::string>>;

// A query in a function, with the parameters of which its key is made.
struct Inner {
  const FoundQuery* query = nullptr;
  Comparison key = {};
  Dependence on = {};
  Dependence database = {};  // what chooses the database
  Dependence required = {};  // without which the function returns before the query
  Dependence ranges = {};    // bounds of other columns, which one query for all rows would not have
  std::vector<SourceLocation> via = {};
  bool conditions = false;           // the caller gives whole conditions, of which the key is not known here
  std::vector<Node> functions = {};  // that have the query or the calls that lead to it
};

class LoopQueries {
 public:
  explicit LoopQueries(CodeIndex& index)
      : index_(index), names_(index.names()), statements_(index), rows_(index, statements_) {}

  std::vector<QueryInLoop> read() {
    for (const auto& file : index_.files())
      if (const auto* module = names_.program().module(file)) read_file(module->syntax->root());
    std::ranges::stable_sort(out_, {},
                             [](const auto& one) { return std::tie(one.loop, one.via, one.query.place); });
    return std::move(out_);
  }

 private:
  static constexpr int max_followed = 4;          // functions and variables
  static constexpr std::size_t max_nodes = 4000;  // of an expression or a body that is searched

  // Calls `act` for each node of the subtree until it returns true; whether it did.
  template <class Act>
  bool any_inside(const Node& root, Act&& act) {
    return any_node(root, work_ < max_work ? max_nodes : 0, [&](const Node& at) {
      ++work_;
      return act(at);
    });
  }

  void read_file(const Node& root) {
    each_node(root, [&](const Node& at) {
      if (out_.size() >= max_found) return;
      if (const auto loop = loop_of(at)) {
        if (loop->function) read_named(*loop);
        else read_loop(*loop);
      }
    });
  }

  std::optional<Loop> loop_of(const Node& node) {
    if (node.is(Kind::for_in_statement)) {
      if (!node.has_token("of") && node.text(Field::operator_) != "of") return std::nullopt;
      return Loop{node, bare(node.child(Field::right)), typescript::bound_names(node.child(Field::left)),
                  node.child(Field::body), Node()};
    }
    if (node.is(Kind::for_statement)) return counting_loop(node);
    if (!node.is(Kind::call_expression)) return std::nullopt;
    if (!is_one_of(method_of(node), {"map", "forEach", "flatMap"})) return std::nullopt;
    const Node callback = argument_at(node);
    const Node function = is_function(callback) ? callback : names_.function_at(callback);
    const auto patterns = function ? parameter_patterns(function) : std::vector<Node>();
    if (patterns.empty()) return std::nullopt;
    if (!function.has_token("async") && !is_awaited(node) && !later_awaited(node)) return std::nullopt;
    Loop out{node, object_of(node), {}, Node(), Node()};
    out.parallel = true;
    if (function == callback) {
      out.names = typescript::bound_names(patterns.front());
      out.body = callback.child(Field::body);
    } else {
      out.function = function;
    }
    return out;
  }

  // for (let i = 0; i < rows.length; i++)
  std::optional<Loop> counting_loop(const Node& node) {
    Node over, counter;
    for (Node part = node.first(); part; part = part.next()) {
      if (part.is(Kind::lexical_declaration))
        counter = part.child(Kind::variable_declarator).child(Field::name);
      any_inside(part.field() == Field::condition ? part : Node(), [&](const Node& at) {
        if (at.is(Kind::member_expression) && at.text(Field::property) == "length")
          over = bare(at.child(Field::object));
        return false;
      });
    }
    if (!over || !counter.is(Kind::identifier)) return std::nullopt;
    const std::string_view head = node.text().substr(0, node.child(Field::body).offset() - node.offset());
    if (!contains(head, "++")) return std::nullopt;  // steps of a batch
    return Loop{node, over, {counter}, node.child(Field::body), Node()};
  }

  // const tasks = rows.map(…); await Promise.all(tasks)
  bool later_awaited(const Node& call) {
    const Node declarator = call.parent();
    if (!declarator.is(Kind::variable_declarator)) return false;
    constexpr std::size_t max_text = 100'000;  // of a function that is searched
    const std::string all = "Promise.all(" + std::string(declarator.text(Field::name)) + ")";
    const std::string_view function = function_around(call).text();
    return function.size() < max_text && contains(function, all);
  }

  // ---- What depends on the loop.

  bool depends(const Node& expression, const std::vector<Node>& on, const Node& inside, int depth = 0) {
    if (depth > max_followed) return false;
    return any_inside(expression, [&](const Node& at) {
      if (!is_name(at)) return false;
      const Binding& binding = names_.find(at);
      if (!binding.name) return false;
      if (std::ranges::find(on, binding.name) != on.end()) return true;
      const bool local = binding.kind == Binding::Kind::variable && is_inside(binding.owner, inside);
      if (!local || binding.name == at) return false;
      const Node value = binding.owner.child(Field::value);
      // What another query returned is a new row, whose key is not the loop's.
      return value && !has_query(value) && depends(value, on, inside, depth + 1);
    });
  }

  // Whether the loop's element chooses the database: one for each tenant. No query reaches them all.
  bool chooses_database(const Node& receiver, const std::vector<Node>& on, const Node& inside) {
    if (depends(receiver, on, inside)) return true;
    const Node root = begin_of_members(bare(receiver));
    if (!root.is(Kind::identifier)) return false;
    const Binding& binding = names_.find(root);
    if (binding.kind != Binding::Kind::parameter) return false;
    // inDatabaseOf(tenant.id, async (db) => …)
    const Node call = binding.owner.parent().parent();
    if (!call.is(Kind::call_expression) || call.offset() < inside.offset()) return false;
    if (depends(call.child(Field::function), on, inside)) return true;
    return std::ranges::any_of(arguments_of(call), [&](const Node& argument) {
      return argument != binding.owner && depends(argument, on, inside);
    });
  }

  // A row that a query locks may be another transaction's in the next round.
  static bool locks(const FoundQuery& query) { return query.link("for") != nullptr; }

  bool has_query(const Node& expression) {
    return any_inside(expression, [&](const Node& at) { return index_.query(at) != nullptr; });
  }

  // Whether the function has a transaction of its own: it is a unit of work, and no part of a larger query.
  bool has_transaction(const Node& body) {
    return any_inside(body, [&](const Node& at) {
      const FoundQuery* query = index_.query(at);
      return query && query->facts.kind == QueryKind::transaction;
    });
  }

  // Whether the query or call inside `body` runs in each round, with only callbacks in between that are run
  // there and then.
  static bool runs_in(const Node& inner, const Node& body) {
    for (Node at = inner; at && at != body; at = at.parent()) {
      if (is_function(at) && !runs_at_once(at)) return false;
      // In a loop within the loop, it belongs to the inner one.
      if (at != inner && at.is(Kind::for_in_statement)) return false;
      if (at.is(Kind::catch_clause)) return false;
    }
    return true;
  }

  // The key of the query that depends on the loop or the parameters: nullopt if there is none, or if the
  // query is a batch.
  template <class Depends>
  std::optional<Comparison> key_of(const FoundQuery& query, Depends&& depends_on) {
    const WrittenStatement* written = statements_.of(query);
    const QueryKind kind = facts_of(query).kind;
    if (kind == QueryKind::insert) {
      std::vector<Node> rows = written ? written->inserted : std::vector{argument_of(query, "values")};
      // By what it returns, such an INSERT tells whether this caller or another one has the row.
      const bool claims = query.link("onConflictDoNothing") && query.link("returning");
      if (!written && (claims || !rows.front().is(Kind::object))) rows.clear();
      const auto found = std::ranges::find_if(rows, depends_on);
      return found == rows.end() ? std::nullopt : std::optional(Comparison{"", *found});
    }
    if (kind != QueryKind::select && kind != QueryKind::update && kind != QueryKind::delete_)
      return std::nullopt;
    return key_in(conditions_of(query), depends_on);
  }

  // Also of SQL that code gives to execute().
  const CodeQuery& facts_of(const FoundQuery& query) {
    const WrittenStatement* written = statements_.of(query);
    return written ? written->facts : query.facts;
  }
  CodeIndex::Conditions conditions_of(const FoundQuery& query) {
    const WrittenStatement* written = statements_.of(query);
    return written ? written->conditions : index_.conditions(query);
  }

  template <class Depends>
  static std::optional<Comparison> key_in(const CodeIndex::Conditions& conditions, Depends&& depends_on) {
    for (const auto& list : conditions.lists)
      if (depends_on(list.value)) return std::nullopt;
    for (const auto& comparison : conditions.equal)
      if (depends_on(comparison.value)) return comparison;
    return std::nullopt;
  }

  // The key of a prepared query: what the call gives for the placeholder that a column is compared with.
  template <class Depends>
  std::optional<Comparison> prepared_key(const FoundQuery& query, const Node& call, Depends&& depends_on) {
    const auto arguments = arguments_of(call);
    const auto given_for = [&](const Node& value) {
      const std::string name = placeholder_in(value);
      const Node found = name.empty() ? Node() : given(arguments, {0, name});
      return found && depends_on(found) ? found : Node();
    };
    if (query.facts.kind == QueryKind::insert) {
      const Node row = argument_of(query, "values");
      for (const Node& part : row.is(Kind::object) ? row.children() : std::vector<Node>())
        if (const Node value = given_for(part.child(Field::value))) return Comparison{"", value};
      return std::nullopt;
    }
    const auto conditions = index_.conditions(query);
    for (const auto* several : {&conditions.lists, &conditions.ranges})
      for (const auto& one : *several)
        if (given_for(one.value)) return std::nullopt;
    for (const auto& one : conditions.equal)
      if (const Node value = given_for(one.value)) return Comparison{one.column, value};
    return std::nullopt;
  }

  // ---- Functions that the loop calls.

  // Parameters of `function` that the expression depends on.
  Dependence parameters_in(const Node& expression, const Node& function, int depth = 0) {
    Dependence out;
    if (depth > max_followed) return out;
    any_inside(expression, [&](const Node& at) {
      if (!is_name(at)) return false;
      const Binding& binding = names_.find(at);
      if (binding.kind == Binding::Kind::parameter && binding.owner == function) {
        const Node above = at.parent();
        std::string property;
        if (binding.pattern.is(Kind::object_pattern)) property = property_in(binding.pattern, binding.name);
        else if (above.is(Kind::member_expression) && above.child(Field::object) == at)
          property = member_name(above);
        out.insert({binding.index, std::move(property)});
      } else if (binding.kind == Binding::Kind::variable && function_around(binding.name) == function) {
        const Node value = binding.owner.child(Field::value);
        // A row of another query of the function is not what its caller gives.
        auto more = value && !has_query(value) ? parameters_in(value, function, depth + 1) : Dependence();
        // const { id } = params
        if (binding.pattern.is(Kind::object_pattern) && more.size() == 1 && more.begin()->second.empty())
          more = {{more.begin()->first, property_in(binding.pattern, binding.name)}};
        out.merge(std::move(more));
      }
      return false;
    });
    return out;
  }

  // The argument, or its property, that the dependence means.
  static Node given(const std::vector<Node>& arguments, const std::pair<std::size_t, std::string>& on) {
    if (on.first >= arguments.size()) return {};
    const Node argument = bare(arguments[on.first]);
    if (!argument.is(Kind::object)) return argument;
    if (on.second.empty()) return {};  // which of its properties, is not known
    Node spread;
    for (const Node& part : argument.children())
      if (part.is(Kind::spread_element)) spread = part;
    const Node member = member_of(argument, on.second);
    return member ? member : spread;
  }

  // The parameters without which the function's first statements return: if (!customer) return undefined
  Dependence required_before(const Node& query, const Node& function) {
    Dependence out;
    for (const Node& statement : function.child(Field::body).children()) {
      if (statement.offset() + statement.text().size() > query.offset()) break;
      const Node condition =
          statement.is(Kind::if_statement) ? bare(statement.child(Field::condition)) : Node();
      const Node then = statement.child(Field::consequence);
      const auto inner = then.is(Kind::statement_block) ? then.children() : std::vector<Node>{then};
      if (!condition.is(Kind::unary_expression) || !condition.text().starts_with('!') || inner.empty() ||
          !(inner.back().is(Kind::return_statement) || inner.back().is(Kind::throw_statement)))
        continue;
      const Node name = bare(condition.child(Field::argument));
      if (!name.is(Kind::identifier)) continue;
      const Binding& binding = names_.find(name);
      // A parameter with a default value is never missing.
      if (binding.kind == Binding::Kind::parameter && binding.owner == function &&
          !binding.name.parent().is(Kind::object_assignment_pattern) &&
          !binding.name.parent().child(Field::value))
        out.merge(parameters_in(name, function));
    }
    return out;
  }

  // Whether the call does not give one of the parameters.
  static bool lacks(const Dependence& parts, const std::vector<Node>& arguments) {
    return std::ranges::none_of(arguments, [](const Node& one) { return one.is(Kind::spread_element); }) &&
           std::ranges::any_of(parts, [&](const auto& part) {
             const Node value = given(arguments, part);
             return (!value && !part.second.empty()) || (!value && part.first >= arguments.size()) ||
                    value.is(Kind::undefined, Kind::null);
           });
  }

  // The parameters of `function` that its call gives for those of the called one.
  Dependence passed_on(const Dependence& parts, const Node& call, const Node& function) {
    Dependence out;
    for (const auto& part : parts) out.merge(parameters_in(given(arguments_of(call), part), function));
    return out;
  }

  // At most max_queries_of_a_call + 1, which means that the function, or one that it calls, has too many.
  // What is found depends only on the function and the depth, never on which loop asked first.
  const std::vector<Inner>& inner_queries(const Node& function, int depth) {
    const auto [entry, is_new] = inner_.try_emplace({function, depth});
    if (!is_new) return entry->second;
    std::vector<Inner> found;
    const Node body = function.child(Field::body);
    // A function that remembers results does not run its queries in each call.
    if (!contains(lower(body.text()), "cache") && !has_transaction(body))
      any_inside(body, [&](const Node& at) {
        if (!at.is(Kind::call_expression) || !runs_in(at, body) || in_loop(at, body)) return false;
        const auto on = [&](const Node& value) { return !parameters_in(value, function).empty(); };
        if (const FoundQuery* query = index_.query(at)) {
          if (!query->facts.awaited || locks(*query)) return false;
          Inner one{.query = query, .database = parameters_in(query->receiver, function)};
          for (const auto& range : conditions_of(*query).ranges)
            one.ranges.merge(parameters_in(range.value, function));
          add_inner(std::move(one), key_of(*query, on), at, function, found);
        } else if (const FoundQuery* made = is_awaited(at) ? index_.prepared(at) : nullptr;
                   made && !locks(*made)) {
          add_inner({.query = made, .via = {at.location()}}, prepared_key(*made, at, on), at, function,
                    found);
        } else if (is_awaited(at)) {
          auto called = called_queries(at, depth + 1);
          if (called.size() > max_queries_of_a_call) {
            found = std::move(called);
            return true;
          }
          for (Inner& one : called) {
            const auto& passed = one.functions;  // a recursive call finds nothing new
            if (std::ranges::find(passed, function) != passed.end()) continue;
            if (one.conditions) set_key(one, at, function);
            else one.on = passed_on(one.on, at, function);
            if (one.on.empty() || lacks(one.required, arguments_of(at))) continue;
            one.required = required_before(at, function);
            one.database = passed_on(one.database, at, function);
            one.ranges = passed_on(one.ranges, at, function);
            one.via.insert(one.via.begin(), at.location());
            found.push_back(std::move(one));
          }
        }
        return found.size() > max_queries_of_a_call;
      });
    if (found.size() > max_queries_of_a_call) found.resize(max_queries_of_a_call + 1);
    for (Inner& one : found) one.functions.push_back(function);
    return inner_[{function, depth}] = std::move(found);
  }

  // Adds the query at the call if its key, or all that it is about, comes from the function's parameters.
  void add_inner(Inner one, std::optional<Comparison> key, const Node& call, const Node& function,
                 std::vector<Inner>& out) {
    one.conditions = !key && one.via.empty();
    if (key) one.on = parameters_in(key->value, function);
    else if (one.conditions) one.on = conditions_of_caller(*one.query, function);
    if (one.on.empty()) return;
    if (key) one.key = std::move(*key);
    one.required = required_before(call, function);
    out.push_back(std::move(one));
  }

  // The parameters that hold conditions of the query: where(conditions), where(and(...conditions)).
  Dependence conditions_of_caller(const FoundQuery& query, const Node& function) {
    Dependence out;
    const Node where = argument_of(query, "where");
    std::vector<Node> parts{where};
    if (where.is(Kind::call_expression) && index_.operator_of(where) == "and") parts = arguments_of(where);
    for (Node part : parts) {
      if (part.is(Kind::spread_element) && !part.children().empty()) part = bare(part.children().front());
      if (part.is(Kind::identifier) && names_.find(part).kind == Binding::Kind::parameter)
        out.merge(parameters_in(part, function));
    }
    return out;
  }

  // The key that the call's conditions state; without parameters if they state none.
  void set_key(Inner& inner, const Node& call, const Node& function) {
    const Dependence parts = std::exchange(inner.on, {});
    for (const auto& part : parts) {
      const Node value = given(arguments_of(call), part);
      if (bare(value).is(Kind::identifier)) inner.on.merge(parameters_in(value, function));
      const auto key = key_in(index_.conditions_in(value),
                              [&](const Node& one) { return !parameters_in(one, function).empty(); });
      if (!key) continue;
      inner.key = *key;
      inner.on = parameters_in(key->value, function);
      inner.conditions = false;
      break;
    }
  }

  std::vector<Inner> called_queries(const Node& call, int depth) {
    const Node function = depth > max_followed ? Node() : names_.called(call);
    return function ? inner_queries(function, depth) : std::vector<Inner>();
  }

  bool in_loop(const Node& inner, const Node& body) {
    for (Node at = inner.parent(); at && at != body; at = at.parent()) {
      if (at.is(Kind::for_in_statement, Kind::for_statement, Kind::while_statement)) return true;
      if (const auto loop = at.is(Kind::call_expression) ? loop_of(at) : std::nullopt; loop && loop->body)
        return true;
    }
    return false;
  }

  // ---- The result.

  void read_loop(const Loop& loop) {
    if (!loop.body || loop.names.empty()) return;
    any_inside(loop.body, [&](const Node& at) {
      if (!at.is(Kind::call_expression)) return false;
      const FoundQuery* query = index_.query(at);
      if (!query && !is_awaited(at)) return false;
      if (!runs_in(at, loop.body)) return false;
      const auto on_loop = [&](const Node& value) { return depends(value, loop.names, loop.body); };
      if (query) {
        if ((!query->facts.awaited && !loop.parallel) || locks(*query) ||
            chooses_database(query->receiver, loop.names, loop.body))
          return false;
        const auto ranges = conditions_of(*query).ranges;
        if (std::ranges::any_of(ranges, [&](const auto& one) { return on_loop(one.value); })) return false;
        if (const auto key = key_of(*query, on_loop))
          if (const RowSource from = rows_.of(loop.over);
              from && from.query != query && !reads_again(index_, loop.body, *query, *key, from))
            add(loop, from, *query, *key, {});
        return false;
      }
      if (const FoundQuery* made = index_.prepared(at); made && !locks(*made)) {
        const auto key = prepared_key(*made, at, on_loop);
        if (const RowSource from = key ? rows_.of(loop.over) : RowSource(); from && from.query != made)
          add(loop, from, *made, *key, {at.location()});
        return false;
      }
      const auto inside = called_queries(at, 0);
      // A walk over a tree calls its own function: the next keys are not known before.
      if (inside.size() > max_queries_of_a_call || is_around(names_.called(at), loop.node)) return false;
      for (const Inner& inner : inside) {
        const auto arguments = arguments_of(at);
        if (lacks(inner.required, arguments)) continue;
        const auto any_given = [&](const Dependence& parts, auto&& holds) {
          return std::ranges::any_of(parts, [&](const auto& part) {
            const Node value = given(arguments, part);
            return value && holds(value);
          });
        };
        if (any_given(inner.ranges, on_loop) || any_given(inner.database, [&](const Node& database) {
              return chooses_database(database, loop.names, loop.body);
            }))
          continue;
        for (const auto& part : inner.on) {
          const Node value = given(arguments, part);
          if (!value || !on_loop(value)) continue;
          const auto key = inner.conditions ? key_in(index_.conditions_in(value), on_loop)
                                            : std::optional(Comparison{inner.key.column, value});
          const RowSource from = key ? rows_.of(loop.over) : RowSource();
          if (!from) break;
          auto via = inner.via;
          via.insert(via.begin(), at.location());
          add(loop, from, *inner.query, *key, std::move(via));
          break;
        }
      }
      return false;
    });
  }

  static Node body_of(const Loop& loop) { return loop.body ? loop.body : loop.function.child(Field::body); }

  // Promise.all(rows.map(withCustomer)): map() gives each row to the function's first parameter, the index to
  // the second, and the array to the third.
  void read_named(const Loop& loop) {
    const auto inside = inner_queries(loop.function, 0);
    if (inside.size() > max_queries_of_a_call || is_around(loop.function, loop.node)) return;
    const auto of_row = [](const Dependence& parts) {
      return std::ranges::any_of(parts, [](const auto& part) { return part.first == 0; });
    };
    for (const Inner& inner : inside) {
      const bool lacks = std::ranges::any_of(
          inner.required, [](const auto& part) { return part.first >= arguments_of_callback; });
      if (inner.conditions || lacks || !of_row(inner.on) || of_row(inner.ranges) || of_row(inner.database))
        continue;
      const RowSource from = rows_.of(loop.over);
      if (!from) return;
      auto via = inner.via;
      via.insert(via.begin(), loop.node.location());
      add(loop, from, *inner.query, inner.key, std::move(via));
    }
  }

  // Whether the loop is in the function.
  static bool is_around(const Node& called, const Node& loop) {
    for (Node at = function_around(loop); at; at = function_around(at))
      if (at == called) return true;
    return false;
  }

  void add(const Loop& loop, const RowSource& rows, const FoundQuery& query, const Comparison& key,
           std::vector<SourceLocation> via) {
    if (out_.size() >= max_found || passed_over(loop, query, !via.empty())) return;
    QueryInLoop found;
    found.query = facts_of(query);
    found.key = key.column;
    found.value = in_one_line(index_, bare(key.value));
    found.rows = in_one_line(index_, loop.over);
    found.via = std::move(via);
    found.parallel = loop.parallel;
    found.loop = loop.node.location();
    found.function = name_of_function(function_around(loop.node));
    found.rows_from = rows.query->facts.place;
    if (!rows.nested && !rows.query->facts.tables.empty())
      found.rows_table = rows.query->facts.tables.front();
    found.element = element_of(loop.node, loop.names);
    if (const WrittenStatement* written = statements_.of(query)) {
      found.by_row = written->by_row;
    } else {
      found.database = database_outside(index_, loop.body, query, !found.via.empty());
      found.by_row = writes_by_row(index_, loop.body, loop.names, query, !found.via.empty());
    }
    found.collection = rows.collection || !goes_over_list(loop.node);
    const auto* package = names_.program().tree().package_of(files::folder_of(found.loop.file));
    found.background =
        in_background(found.loop.file, package ? std::string_view(package->folder) : std::string_view());
    found.filtered = rows_.filtered(loop.over);
    const bool again = found.via.empty() && may_read_again(index_, loop.body, query, key, rows);
    found.waits = (!loop.parallel || again) && waits(body_of(loop), 0);
    out_.push_back(std::move(found));
  }

  // Whether the body waits for something else than the database: another service, a file, what is not known.
  bool waits(const Node& body, int depth) {
    const auto [entry, is_new] = waits_.try_emplace(body, false);
    if (!is_new) return entry->second;
    const bool found = any_inside(body, [&](const Node& at) {
      if (!at.is(Kind::await_expression)) return false;
      const Node call = bare(at);
      if (!call.is(Kind::call_expression) || index_.query(call) || index_.prepared(call)) return false;
      if (call.text(Field::function).starts_with("Promise.")) return false;
      const Node function = names_.called(call);
      if (!function) return true;
      return depth < max_followed && function.child(Field::body) != body &&
             waits(function.child(Field::body), depth + 1);
    });
    return waits_[body] = found;
  }

  // Whether to pass over the query: a write after something else that the round waits for marks progress, and
  // in a function that waits for something else the query is the smaller part.
  bool passed_over(const Loop& loop, const FoundQuery& query, bool called) {
    if (!loop.parallel && ends_early(loop.body)) return true;
    return (called || facts_of(query).kind != QueryKind::select) && waits(body_of(loop), 0);
  }

  CodeIndex& index_;
  Bindings& names_;
  WrittenStatements statements_;
  std::map<std::pair<Node, int>, std::vector<Inner>> inner_;  // by function and depth
  RowSources rows_;
  std::map<Node, bool> waits_;  // by body
  std::size_t work_ = 0;
  std::vector<QueryInLoop> out_;
};

}  // namespace

std::vector<QueryInLoop> queries_in_loops(CodeIndex& index) { return LoopQueries(index).read(); }

}  // namespace pgadvise::drizzle
