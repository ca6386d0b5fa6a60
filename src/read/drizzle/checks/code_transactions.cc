#include "drizzle/checks/code_transactions.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/text/text.h"

namespace pgadvise::drizzle {
namespace {

constexpr int max_calls_followed = 3;                  // functions of the project
constexpr std::size_t max_nodes_of_function = 20'000;  // of a callback
constexpr int max_depth_given = 6;                     // objects, lists and calls in each other
constexpr std::size_t max_service_calls = 100;         // of a function

// Packages whose awaited calls wait for another service. A name that ends in "/" stands for a scope.
constexpr auto services =
    word_list("axios", "got", "ky", "node-fetch", "undici", "ofetch", "stripe", "resend", "nodemailer",
              "twilio", "openai", "@anthropic-ai/", "@sendgrid/", "@aws-sdk/", "@octokit/", "octokit",
              "googleapis", "@slack/", "postmark", "replicate", "@google/", "@google-cloud/", "@azure/",
              "plaid", "@paddle/", "@lemonsqueezy/", "@polar-sh/", "@mailchimp/", "@clerk/", "@workos-inc/",
              "mailgun.js", "@vercel/blob", "@novu/", "@trigger.dev/");

bool is_service(std::string_view package) {
  return std::ranges::any_of(services, [&](std::string_view service) {
    return service.ends_with('/') ? package.starts_with(service) : package == service;
  });
}

Node callback_of(const FoundQuery& transaction) {
  const Node callback = argument_at(transaction.anchor);
  return is_function(callback) ? callback : Node();
}

// The project's transactions by their callbacks.
std::map<Node, const FoundQuery*> transactions_of(const CodeIndex& index) {
  std::map<Node, const FoundQuery*> out;
  for (const auto& query : index.queries())
    if (query.facts.kind == QueryKind::transaction)
      if (const Node callback = callback_of(query)) out.emplace(callback, &query);
  return out;
}

bool is_shorter(const CallInTransaction& one, const CallInTransaction& other) {
  if (one.via.size() != other.via.size()) return one.via.size() < other.via.size();
  return one.via < other.via;
}

class StatementsOutside {
 public:
  explicit StatementsOutside(CodeIndex& index)
      : index_(index), names_(index.names()), transactions_(transactions_of(index)) {}

  std::vector<StatementOutsideTransaction> read() {
    if (transactions_.empty()) return {};
    for (const auto& query : index_.queries()) read_query(query);
    for (auto& [function, writes] : writes_)
      std::erase_if(writes, [of = function](const FoundQuery* write) {
        return !is_unconditional(write->whole, of, {Kind::return_statement, Kind::throw_statement});
      });
    for (const auto& [callback, transaction] : transactions_) read_calls(callback, *transaction);
    std::ranges::sort(out_, {}, [](const auto& one) { return std::tie(one.query.place, one.transaction); });
    return std::move(out_);
  }

 private:
  static constexpr std::size_t max_writes = 30;  // of a function

  // The function around the node that runs it later, or the callback of a transaction; empty in `catch`.
  Node function_of(const Node& node) const {
    for (Node at = node.parent(); at; at = at.parent()) {
      if (at.is(Kind::catch_clause)) return {};
      if (is_function(at) && (transactions_.count(at) || !runs_at_once(at))) return at;
    }
    return {};
  }

  void read_query(const FoundQuery& query) {
    const CodeQuery& facts = query.facts;
    if (!facts.awaited || facts.kind == QueryKind::transaction || facts.kind == QueryKind::batch) return;
    const Node function = function_of(query.whole);
    const auto in = transactions_.find(function);
    if (in != transactions_.end()) {
      if (is_same(in->second->receiver, query.receiver)) add(query, *in->second, std::nullopt);
    } else if (function && is_write(facts)) {
      auto& writes = writes_[function];
      if (writes.size() < max_writes) writes.push_back(&query);
    }
  }

  void read_calls(const Node& callback, const FoundQuery& transaction) {
    if (writes_.empty()) return;
    any_node(callback.child(Field::body), max_nodes_of_function, [&](const Node& at) {
      if (!at.is(Kind::call_expression) || !is_awaited(at) || index_.query(at)) return false;
      const Node called = names_.called(at);
      const auto writes = called ? writes_.find(called) : writes_.end();
      if (writes == writes_.end() || function_of(at) != callback || gets_transaction(at, callback))
        return false;
      const bool of_this = is_of_this(transaction.receiver);
      if (of_this && object_of(at).text() != "this") return false;  // may have another database
      for (const FoundQuery* write : writes->second)
        if (is_same(transaction.receiver, write->receiver)) add(*write, transaction, at.location());
      return false;
    });
  }

  // save(id, tx), save(id, { tx }), new Orders(tx).save(id)
  bool gets_transaction(const Node& call, const Node& callback) {
    std::vector<Node> given = arguments_of(call);
    if (const Node object = object_of(call)) given.push_back(object);
    return std::ranges::any_of(given, [&](const Node& one) { return has_parameter(one, callback, 0); });
  }

  // Also through variables: const orders = new Orders(tx).
  bool has_parameter(const Node& value, const Node& callback, int depth) {
    return gives_name(value, [&](const Node& name) {
      const Binding& binding = names_.find(name);
      if (binding.kind == Binding::Kind::parameter) return binding.owner == callback;
      return binding.kind == Binding::Kind::variable && depth < max_calls_followed &&
             has_parameter(binding.owner.child(Field::value), callback, depth + 1);
    });
  }

  static bool is_of_this(const Node& database) {
    return bare(bare(database).child(Field::object)).text() == "this";
  }

  // Whether both are the same variable or member, and always the same database.
  bool is_same(const Node& database, const Node& receiver) {
    const Node one = bare(database), other = bare(receiver);
    if (one.kind() != other.kind() || names_transaction(one.text())) return false;
    if (one.is(Kind::identifier)) {
      const Node declared = names_.declaration(one);
      return declared.is(Kind::variable_declarator) && declared == names_.declaration(other) &&
             declared.child(Field::name).is(Kind::identifier) &&
             is_one_database(declared.child(Field::value), 0);
    }
    if (!one.is(Kind::member_expression) || one.text() != other.text()) return false;
    const Node of = bare(one.child(Field::object)), of_other = bare(other.child(Field::object));
    const std::string_view member = one.text(Field::property);
    if (names_transaction(member)) return false;
    if (is_of_this(one)) {
      const Node body = class_around(one);
      return body && body == class_around(other) && member_is_one_database(body, member).value_or(false);
    }
    const Node name = of.is(Kind::identifier) ? names_.find(of).name : Node();
    if (!name || name != names_.find(of_other).name) return false;
    Node object = bare(names_.declaration(of).child(Field::value));
    if (object.is(Kind::new_expression))
      object = names_.declaration(object.child(Field::constructor)).child(Kind::class_body);
    return member_is_one_database(object, member).value_or(true);
  }

  // Whether the value is always the same database. Not what another function than drizzle() returns, nor a
  // Proxy: with AsyncLocalStorage they may choose the transaction.
  bool is_one_database(const Node& value, int depth) {
    const Node made = bare(value);
    if (depth > max_calls_followed) return false;
    if (made.is(Kind::call_expression)) return index_.is_drizzle(made.child(Field::function), "drizzle");
    if (made.is(Kind::new_expression)) return made.text(Field::constructor) != "Proxy";
    if (is_name(made)) {
      const Node declared = names_.declaration(made);
      return !declared.is(Kind::variable_declarator) ||
             is_one_database(declared.child(Field::value), depth + 1);
    }
    return std::ranges::all_of(choices_of(made),
                               [&](const Node& one) { return is_one_database(one, depth + 1); });
  }

  // The same of a member of a class body or an object literal; nullopt if it has none of that name. An
  // accessor may choose.
  std::optional<bool> member_is_one_database(const Node& members, std::string_view name) {
    if (!members.is(Kind::class_body, Kind::object)) return std::nullopt;
    for (const Node& part : members.children()) {
      if (part.is(Kind::shorthand_property_identifier) && part.text() == name)
        return is_one_database(part, 0);
      if (part.child(part.is(Kind::pair) ? Field::key : Field::name).text() == name)
        return !part.is(Kind::method_definition) && is_one_database(part.child(Field::value), 0);
      if (!part.is(Kind::method_definition) || part.text(Field::name) != "constructor") continue;
      for (const Node& pattern : parameter_patterns(part))
        if (pattern.text() == name) return true;
    }
    return std::nullopt;
  }

  void add(const FoundQuery& query, const FoundQuery& transaction, std::optional<SourceLocation> call) {
    out_.push_back({query.facts, transaction.facts.function, transaction.facts.place, std::move(call)});
  }

  CodeIndex& index_;
  Bindings& names_;
  std::map<Node, const FoundQuery*> transactions_;         // by callback
  std::map<Node, std::vector<const FoundQuery*>> writes_;  // by function, outside of transactions
  std::vector<StatementOutsideTransaction> out_;
};

}  // namespace

bool is_write(const CodeQuery& query) {
  return query.kind == QueryKind::insert || query.kind == QueryKind::update ||
         query.kind == QueryKind::delete_;
}

bool names_transaction(std::string_view name) {
  const std::string low = lower(name);
  return contains(low, "transaction") || contains(low, "trx") || low.starts_with("tx") ||
         contains(name, "Tx");
}

std::vector<Node> path_to(Node node, const Node& function) {
  std::vector<Node> out{node};
  while (node && node != function) out.push_back(node = node.parent());
  std::ranges::reverse(out);
  return out;
}

bool is_all(const Node& node) {
  return node.is(Kind::array) && node.parent().is(Kind::arguments) &&
         node.parent().parent().text(Field::function) == "Promise.all";
}

bool is_condition(const Node& node) {
  return !is_all(node) &&
         (node.is(Kind::if_statement, Kind::else_clause, Kind::for_statement, Kind::for_in_statement,
                  Kind::while_statement, Kind::do_statement, Kind::catch_clause, Kind::ternary_expression,
                  Kind::binary_expression, Kind::array, Kind::finally_clause) ||
          is_function(node) || node.text().starts_with("switch"));
}

bool is_unconditional(const Node& node, const Node& function, std::initializer_list<Kind> exits) {
  const auto nodes = path_to(node, function);
  if (std::any_of(nodes.begin() + 1, nodes.end(), is_condition)) return false;
  const auto may_exit = [&](const Node& statement) {
    return any_node(statement, max_nodes_of_function, [&](const Node& at) {
      return std::ranges::find(exits, at.kind()) != exits.end() && function_around(at) == function;
    });
  };
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (!nodes[i - 1].is(Kind::statement_block)) continue;
    for (Node before = nodes[i - 1].first(); before && before != nodes[i]; before = before.next())
      if (may_exit(before)) return false;
  }
  return true;
}

bool gives_name(const Node& value, const std::function<bool(const Node&)>& is, int depth) {
  const Node node = bare(value);
  if (!node || depth > max_depth_given || node.parent().is(Kind::await_expression)) return false;
  if (is_name(node)) return is(node);
  std::vector<Node> parts = choices_of(node);
  if (node.is(Kind::object, Kind::array, Kind::spread_element)) parts = node.children();
  else if (node.is(Kind::call_expression, Kind::new_expression)) parts = arguments_of(node);
  else if (node.is(Kind::pair)) parts = {node.child(Field::value)};
  return std::ranges::any_of(parts, [&](const Node& part) { return gives_name(part, is, depth + 1); });
}

// What the call waits for: "fetch", "stripe"; "" for other calls.
std::string ServiceCalls::service_of(const Node& call) {
  Node root = bare(call.child(Field::function));
  if (root.text() == "fetch") {
    const auto fetched = index_.value(root);
    return fetched->is(Values::external) && fetched->text.empty() ? "fetch" : "";
  }
  auto value = index_.value(root);
  for (int depth = 0; depth < 12; ++depth) {
    if (value->is(Values::external)) return is_service(value->text) ? value->text : "";
    if (!value->base) return {};
    value = value->base;
  }
  return {};
}

// Keeps the shorter way to the same call, of two equally short ones the first. At most max_service_calls.
void ServiceCalls::add(Found& found, const SourceLocation& own, const CallInTransaction& call, bool through) {
  const auto known = found.find({own, call.place});
  if (known == found.end() && found.size() >= max_service_calls) return;
  CallInTransaction one = call;
  if (through) one.via.insert(one.via.begin(), own);
  if (known == found.end()) found.emplace(std::pair(own, call.place), std::move(one));
  else if (is_shorter(one, known->second)) known->second = std::move(one);
}

bool ServiceCalls::is_callback_of_transaction(const Node& function) const {
  const FoundQuery* query = index_.query(function.parent().parent());
  return query && query->facts.kind == QueryKind::transaction && callback_of(*query) == function;
}

const std::vector<CallInTransaction>& ServiceCalls::in(const Node& function, int depth) {
  // Calls of calls end at max_calls_followed, so that what is found depends on the depth, and recursion ends.
  const auto [entry, is_new] = found_.try_emplace({function, depth});
  std::vector<CallInTransaction>& out = entry->second;
  if (!is_new) return out;
  Found found;
  const bool of_transaction = is_callback_of_transaction(function);
  std::vector<Node> open{function.child(Field::body)};
  while (!open.empty()) {
    const Node at = open.back();
    open.pop_back();
    // Functions that are only declared run elsewhere.
    if (is_function(at) && (!runs_at_once(at) || (of_transaction && is_callback_of_transaction(at))))
      continue;
    if (at.is(Kind::call_expression) && is_awaited(at)) {
      const SourceLocation place = at.location();
      if (const std::string what = service_of(at); !what.empty())
        add(found, place, {.what = what, .function = {}, .place = place, .transaction = {}, .via = {}},
            false);
      else if (const Node called = depth < max_calls_followed ? index_.names().called(at) : Node())
        for (const CallInTransaction& one : in(called, depth + 1)) add(found, place, one, true);
    }
    for (Node part = at.first(); part; part = part.next())
      if (!part.is(Kind::token, Kind::type)) open.push_back(part);
  }
  for (auto& [key, call] : found) out.push_back(std::move(call));
  return out;
}

std::vector<CallInTransaction> calls_in_transactions(CodeIndex& index) {
  ServiceCalls service_calls(index);
  std::vector<CallInTransaction> out;
  for (const auto& [callback, query] : transactions_of(index)) {
    std::map<SourceLocation, const CallInTransaction*> nearest;  // by place
    for (const CallInTransaction& call : service_calls.in(callback)) {
      const CallInTransaction*& known = nearest[call.place];
      if (!known || is_shorter(call, *known)) known = &call;
    }
    for (const auto& [place, call] : nearest) {
      CallInTransaction& one = out.emplace_back(*call);
      one.function = query->facts.function;
      one.transaction = query->facts.place;
    }
  }
  std::ranges::sort(out, {}, [](const auto& one) { return std::tie(one.transaction, one.via, one.place); });
  return out;
}

std::vector<CodeTransaction> tables_of_transactions(CodeIndex& index) {
  std::map<Node, CodeTransaction> found;  // by callback
  for (const auto& [callback, query] : transactions_of(index))
    found[callback] = {{}, query->facts.function, query->facts.place};
  if (found.empty()) return {};
  const auto use = [](CodeTransaction& transaction, const CodeQuery& query) {
    const bool writes = is_write(query);
    for (const QualifiedName& table : query.tables) {
      const auto known = std::ranges::find_if(
          transaction.tables, [&](const CodeTransaction::Use& one) { return one.table == table; });
      if (known == transaction.tables.end()) transaction.tables.push_back({table, writes, query.place});
      else known->writes = known->writes || writes;
    }
  };
  for (const FoundQuery& query : index.queries())
    for (Node at = query.anchor.parent(); at; at = at.parent())
      if (const auto in = found.find(at); in != found.end()) {
        use(in->second, query.facts);
        break;
      }
  std::vector<CodeTransaction> out;
  for (auto& [callback, transaction] : found) {
    std::ranges::stable_sort(transaction.tables, {}, &CodeTransaction::Use::place);
    if (transaction.tables.size() >= 2) out.push_back(std::move(transaction));
  }
  std::ranges::sort(out, {}, &CodeTransaction::place);
  return out;
}

std::vector<StatementOutsideTransaction> statements_outside_transactions(CodeIndex& index) {
  return StatementsOutside(index).read();
}

}  // namespace pgadvise::drizzle
