// Transactions in code: calls of other services, and the order of tables. Internal to code_reader.h.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// Awaited calls of fetch, axios and the like, and of known packages of services.
class ServiceCalls {
 public:
  explicit ServiceCalls(CodeIndex& index) : index_(index) {}

  // Of the function, and of functions of the project that it calls, whose calls are in `via`; without their
  // transaction. Each call of a service once for each call of the function itself that leads to it, by the
  // shortest way, and at most 100. Of a transaction's callback, without those in the callbacks of
  // transactions in it: each call belongs to its innermost transaction. `depth`: of the calls behind it.
  // Valid as long as this object. Reads each function at most once for each depth.
  const std::vector<CallInTransaction>& in(const Node& function, int depth = 0);

 private:
  // By the call in the function itself, and the place of the call of the service.
  using Found = std::map<std::pair<SourceLocation, SourceLocation>, CallInTransaction>;
  static void add(Found& found, const SourceLocation& own, const CallInTransaction& call, bool through);
  std::string service_of(const Node& call);
  bool is_callback_of_transaction(const Node& function) const;

  CodeIndex& index_;
  std::map<std::pair<Node, int>, std::vector<CallInTransaction>> found_;  // by function and depth
};

// INSERT, UPDATE or DELETE.
bool is_write(const CodeQuery& query);

// Whether a name is one of transactions: "tx", "withTx", "inTransaction", but not "ctx".
bool names_transaction(std::string_view name);

// The nodes from the function down to the node in it, both included.
std::vector<Node> path_to(Node node, const Node& function);
// Whether the node is the list of Promise.all.
bool is_all(const Node& node);
// Whether what is below the node may not run, may run several times, or may run later.
bool is_condition(const Node& node);
// Whether the node runs once whenever the function does: below no condition, and after no statement that has
// one of `exits` (return, throw).
bool is_unconditional(const Node& node, const Node& function, std::initializer_list<Kind> exits);

// Whether `is` is true of a name that the value is, or that is in it as a property, an element, a choice, or
// an argument of `new` or of a call. An awaited call is left out: it gives its result.
bool gives_name(const Node& value, const std::function<bool(const Node&)>& is, int depth = 0);

// Those in callbacks of transaction(): each place of a call once for each transaction that has it, and of
// transactions in each other only for the innermost.
std::vector<CallInTransaction> calls_in_transactions(CodeIndex& index);

// The tables that the callbacks of transaction() use themselves, not in functions that they call. Only
// transactions of two tables or more.
std::vector<CodeTransaction> tables_of_transactions(CodeIndex& index);

// Awaited statements in callbacks of transaction() on the same variable or member on which transaction() is
// called, and writes on it that functions of the project run without a condition, which a callback calls
// itself without giving them the transaction. Left out: statements in `catch`, in functions that run later,
// and on a database that may be a transaction: a parameter, a Proxy, an accessor, what another function than
// drizzle() returns, and `this.db` of an object that is not the callback's `this`.
std::vector<StatementOutsideTransaction> statements_outside_transactions(CodeIndex& index);

}  // namespace pgadvise::drizzle
