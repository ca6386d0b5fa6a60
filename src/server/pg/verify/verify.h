// Builds advised indexes on a database that may be written to, runs the statements before and after, and
// drops the indexes.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/results/advice.h"
#include "pg/connection/connection.h"
#include "plan/run/what_if.h"

namespace pgadvise::pg {

struct VerifyQuery {
  MeasuredQuery query;
  // those that plan::decide() allows to analyze; if empty, why_not has the reason
  std::vector<plan::WhatIfStatement> statements;
};

struct VerifyOptions {
  int runs = 5;  // number of runs of each statement, before and after; three for slow ones
  std::chrono::milliseconds statement_limit{10'000};
  std::chrono::milliseconds build_limit{600'000};  // time limit of each CREATE INDEX
  std::function<void(std::string_view)> progress;
};

// Why the database must not be written to: `database`, the name that the user gave, is not its name, or the
// server is a standby. "": writing is allowed.
std::string not_named(Connection& connection, const std::string& database);
// The same; in addition, this connection must be the only one to it.
std::string not_disposable(Connection& connection, const std::string& database);

// Builds each index without CONCURRENTLY, under a name and with a comment of its own (verify_run.h), in one
// transaction, so that a killed client leaves a complete index with its comment, or none. A server of version
// 14 or later notices a lost client within a second; an older one finishes the statement, after at most
// `build_limit`, and rolls it back. Sets each index's size as built. An index that cannot be built is
// reported in the result, and the others are measured without it. A stop request cancels the running
// statement; indexes built so far are dropped. Errors: the server is lost.
Result<Verification> verify(Connection& connection, std::vector<VerifyQuery> queries,
                            std::vector<AdvisedIndex>& indexes, const VerifyOptions& options,
                            Diagnostics& diagnostics);

}  // namespace pgadvise::pg
