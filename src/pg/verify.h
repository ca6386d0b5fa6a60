// Builds advised indexes on a database that may be written to, runs the statements before and after, and
// removes the indexes.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/advice.h"
#include "pg/connection.h"
#include "plan/what_if.h"

namespace pgadvise::pg {

struct VerifyQuery {
  MeasuredQuery query;
  std::vector<plan::WhatIfStatement>
      statements;  // each one that plan::decide() lets be analyzed; none: why_not says why
};

struct VerifyOptions {
  int runs = 5;  // of each statement, before and after; three of slow ones
  std::chrono::milliseconds statement_limit{10'000};
  std::chrono::milliseconds build_limit{600'000};  // of each CREATE INDEX
  std::function<void(std::string_view)> progress;
};

// `database`: the name that the user gave. Why it does not permit writing: it is not this database's name, or
// the server is a standby. "": it permits it.
std::string not_named(Connection& connection, const std::string& database);
// The same, and others must not be connected to it.
std::string not_disposable(Connection& connection, const std::string& database);

// Builds each index without CONCURRENTLY, under a name and with a comment of its own (verify_run.h), in one
// transaction: a killed client leaves a whole index with its comment, or none. The server (14 and newer)
// notices a client that is gone within a second; an older one finishes the statement, at most `build_limit`,
// and rolls it back. Each index gets the size that it has when built. What can't be built is named in the
// result, and the others are measured without it. A stop of the connection cancels what runs; what was built
// is removed then, too. Errors: the server is gone.
Result<Verification> verify(Connection& connection, std::vector<VerifyQuery> queries,
                            std::vector<AdvisedIndex>& indexes, const VerifyOptions& options,
                            Diagnostics& diagnostics);

}  // namespace pgadvise::pg
