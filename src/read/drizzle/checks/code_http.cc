#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "base/text/text.h"
#include "drizzle/checks/code_checks.h"
#include "drizzle/code/code_paths.h"

namespace pgadvise::drizzle {
namespace {

constexpr int max_variables = 5;  // that one by one have the database
constexpr std::array<HttpDriver, 3> drivers = {
    {{"drizzle-orm/neon-http", "No transactions support in neon-http driver", true},
     {"drizzle-orm/xata-http", "No transactions support in Xata Http driver"},
     {"drizzle-orm/pg-proxy", "Transactions are not supported by the Postgres Proxy driver"}}};

struct HttpDatabase {
  Node declared;  // the declarator with drizzle()
  const HttpDriver* driver = nullptr;

  explicit operator bool() const { return driver != nullptr; }
};

HttpDatabase http_database(CodeIndex& index, const Node& database) {
  Node at = bare(database);
  for (int followed = 0; at.is(Kind::identifier) && followed < max_variables; ++followed) {
    const Node declared = index.names().declaration(at);
    at = initial_value(declared);
    if (!declared.parent().text().starts_with("const")) return {};
    if (!at.is(Kind::call_expression)) continue;
    const auto made = index.value(at.child(Field::function));
    if (!made->is(Values::external) || made->name != "drizzle") return {};
    const auto* driver =
        std::ranges::find_if(drivers, [&](const HttpDriver& one) { return one.package == made->text; });
    return driver == drivers.end() ? HttpDatabase() : HttpDatabase{declared, driver};
  }
  return {};
}

class TransactionsOverHttp {
 public:
  explicit TransactionsOverHttp(CodeIndex& index) : index_(index) {}

  std::vector<TransactionOverHttp> read() {
    std::vector<std::pair<const FoundQuery*, HttpDatabase>> found;
    for (const auto& query : index_.queries())
      if (query.facts.kind == QueryKind::transaction)
        if (const HttpDatabase database = http_database(index_, query.receiver))
          found.emplace_back(&query, database);
    if (found.empty()) return {};
    find_own_transactions();
    std::vector<TransactionOverHttp> out;
    for (const auto& [query, database] : found) {
      if (own_.count(database.declared)) continue;
      const HttpDriver& driver = *database.driver;
      out.push_back({query->facts, std::string(driver.package), std::string(driver.error), driver.batch,
                     is_handled(*query, database.declared)});
    }
    return out;
  }

 private:
  static constexpr std::size_t max_nodes = 20'000;  // of a handler

  // db.transaction = …, Object.assign(db, { transaction }), Object.defineProperty(db, 'transaction', …)
  void find_own_transactions() {
    Program& program = index_.names().program();
    for (const auto& path : program.tree().files()) {
      const std::string* text = is_application_source(path) ? program.tree().peek(path) : nullptr;
      const auto* module = text && contains(*text, "transaction") ? program.module(path) : nullptr;
      if (!module) continue;
      each_node(module->syntax->root(), [&](const Node& at) {
        if (const HttpDatabase database = http_database(index_, changed_by(at)))
          own_.insert(database.declared);
      });
    }
  }

  // The object that gets a member `transaction`; empty if the expression gives none.
  static Node changed_by(const Node& at) {
    if (at.is(Kind::assignment_expression)) {
      const Node left = bare(at.child(Field::left));
      return member_name(left) == "transaction" ? left.child(Field::object) : Node();
    }
    if (!at.is(Kind::call_expression) || object_of(at).text() != "Object" ||
        !contains(at.text(), "transaction"))
      return {};
    return argument_at(at);
  }

  // Whether a `catch` around the transaction does its work without one: by a statement on one of its tables,
  // or by a function that gets the database.
  bool is_handled(const FoundQuery& transaction, const Node& database) {
    const Node called = transaction.whole.parent();
    if (called.is(Kind::member_expression) && called.text(Field::property) == "catch")
      if (const Node handler = argument_at(called.parent()); works_without(handler, transaction, database))
        return true;
    Node below = transaction.whole;
    for (Node at = below.parent(); at && !is_function(at); below = at, at = at.parent())
      if (at.is(Kind::try_statement) && at.child(Field::body) == below &&
          works_without(at.child(Kind::catch_clause), transaction, database))
        return true;
    return false;
  }

  bool works_without(const Node& handler, const FoundQuery& transaction, const Node& database) {
    const std::set<QualifiedName> tables = tables_in(transaction.anchor, {});
    return any_node(handler, max_nodes, [&](const Node& at) {
      if (!at.is(Kind::call_expression)) return false;
      if (index_.query(at)) return shares(tables, tables_in(at, database));
      const auto arguments = arguments_of(at);
      if (std::ranges::any_of(
              arguments, [&](const Node& one) { return http_database(index_, one).declared == database; }))
        return true;
      const Node function = index_.names().called(at);
      return function && shares(tables, tables_in(function, database));
    });
  }

  static bool shares(const std::set<QualifiedName>& tables, const std::set<QualifiedName>& others) {
    return std::ranges::any_of(others, [&](const QualifiedName& one) { return tables.count(one) > 0; });
  }

  // Of the statements in the expression or function; with `database` only of those on this database.
  std::set<QualifiedName> tables_in(const Node& node, const Node& database) {
    std::set<QualifiedName> out;
    const std::size_t begin = node.offset(), end = begin + node.text().size();
    for (const auto& query : index_.queries()) {
      const Node& at = query.anchor;
      if (at.syntax() != node.syntax() || at.offset() < begin || at.offset() >= end) continue;
      if (database && http_database(index_, query.receiver).declared != database) continue;
      out.insert(query.facts.tables.begin(), query.facts.tables.end());
    }
    return out;
  }

  CodeIndex& index_;
  std::set<Node> own_;  // declarators of databases with a transaction() of their own
};

}  // namespace

const HttpDriver* http_driver(CodeIndex& index, const Node& database) {
  return http_database(index, database).driver;
}

std::vector<TransactionOverHttp> transactions_over_http(CodeIndex& index) {
  return TransactionsOverHttp(index).read();
}

}  // namespace pgadvise::drizzle
