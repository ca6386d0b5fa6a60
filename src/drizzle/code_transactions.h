// Transactions in code: calls of other services, and the order of tables. Internal to code_reader.h.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drizzle/code_index.h"
#include "model/code.h"

namespace pgadvise::drizzle {

// Awaited calls of fetch, axios and the like, and of known packages of services.
class ServiceCalls {
 public:
  explicit ServiceCalls(CodeIndex& index) : index_(index) {}

  // Of the function, and of functions of the project that it calls, whose calls are in `via`; without their
  // transaction. Each call of a service once for each call of the function itself that leads to it, by the
  // shortest way, and at most 100. `depth`: of the calls behind it. Valid as long as this object. Reads each
  // function at most once for each depth.
  const std::vector<CallInTransaction>& in(const typescript::Node& function, int depth = 0);

 private:
  // By the call in the function itself, and the place of the call of the service.
  using Found = std::map<std::pair<SourceLocation, SourceLocation>, CallInTransaction>;
  static void add(Found& found, const SourceLocation& own, const CallInTransaction& call, bool through);
  std::string service_of(const typescript::Node& call);

  CodeIndex& index_;
  std::map<std::pair<typescript::Node, int>, std::vector<CallInTransaction>> found_;  // by function and depth
};

// INSERT, UPDATE or DELETE.
bool is_write(const CodeQuery& query);

// Whether a name is one of transactions: "tx", "withTx", "inTransaction", but not "ctx".
bool names_transaction(std::string_view name);

// Those in callbacks of transaction(): each place of a call once for each transaction.
std::vector<CallInTransaction> calls_in_transactions(CodeIndex& index);

// The tables that the callbacks of transaction() use themselves, not in functions that they call. Only
// transactions of two tables or more.
std::vector<CodeTransaction> tables_of_transactions(CodeIndex& index);

// Awaited statements in callbacks of transaction() on the same variable or member on which transaction() is
// called, and writes on it in functions of the project that a callback calls itself. Left out: statements in
// `catch`, in functions that run later, on a database that is a parameter (it may be a transaction) or a
// Proxy.
std::vector<StatementOutsideTransaction> statements_outside_transactions(CodeIndex& index);

}  // namespace pgadvise::drizzle
