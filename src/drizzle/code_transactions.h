// Transactions in code: calls of other services, and the order of tables. Internal to code_reader.h.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "drizzle/code_index.h"
#include "model/code.h"

namespace pgadvise::drizzle {

// Awaited calls of fetch, axios and the like, and of known packages of services.
class ServiceCalls {
 public:
  explicit ServiceCalls(CodeIndex& index) : index_(index) {}

  // Of the function, and of functions of the project that it calls, whose calls are in `via`; without their
  // transaction. `depth`: of the calls behind it.
  std::vector<CallInTransaction> in(const typescript::Node& function, int depth = 0);

 private:
  std::string service_of(const typescript::Node& call);

  CodeIndex& index_;
  std::map<typescript::Node, std::vector<CallInTransaction>> found_;
};

// INSERT, UPDATE or DELETE.
bool is_write(const CodeQuery& query);

// Whether a name is one of transactions: "tx", "withTx", "inTransaction", but not "ctx".
bool names_transaction(std::string_view name);

// Those in callbacks of transaction().
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
