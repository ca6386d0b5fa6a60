// Transactions in code: calls of other services, and the order of tables. Internal to code_reader.h.
#pragma once

#include <map>
#include <string>
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

// Those in callbacks of transaction().
std::vector<CallInTransaction> calls_in_transactions(CodeIndex& index);

// The tables that the callbacks of transaction() use themselves, not in functions that they call. Only
// transactions of two tables or more.
std::vector<CodeTransaction> tables_of_transactions(CodeIndex& index);

}  // namespace pgadvise::drizzle
