// What check and explain share about plans.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/cli.h"
#include "model/workload.h"
#include "pg/connection.h"
#include "plan/planner.h"

namespace pgadvise::cli {

inline std::chrono::milliseconds milliseconds(double seconds) { return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)); }

// For a server that is ours alone: one for each processor, and not many.
std::size_t connections_to_our_own();

struct PlanOptions {
  pg::Acting acting;
  double max_analyze_time = 60;  // seconds
  std::chrono::milliseconds analyze_budget() const { return milliseconds(max_analyze_time); }
};

// --role, --search-path; they want a database. `command` must outlive nothing, `acting` the parsing.
void add_acting_options(CLI::App& command, pg::Acting& acting);
void add_analyze_time(CLI::App& command, double& seconds);
// CLI::Range lets "nan" pass.
CLI::Validator seconds_between(double least, double most);

// The application's statements that take or take up most: by total time, by mean time, by calls.
std::vector<const Query*> worth_planning(const Workload& workload);

// Says where row-level security does not hold for whom plans are made as.
void tell_unguarded(const plan::PlanSource& source, const pg::Connection& connection, Diagnostics& diagnostics);
// What the planner did not do, for want of time or because of Ctrl-C, and what it lost on the way.
void tell_left_out(const plan::Planner& planner, Diagnostics& diagnostics);

}  // namespace pgadvise::cli
