// Shared by check and review: their options, and the run.
#pragma once

#include <memory>

#include "check/load/load.h"
#include "cli/output/sources.h"
#include "model/results/report.h"
#include "report/report.h"

namespace CLI {
class App;
}

namespace pgadvise::cli {

struct CheckOptions {
  check::Sources sources;
  check::Settings settings;
  double max_analyze_time = 60;  // seconds
  int migrate_seconds = 600;
  bool show_literals = false;
};

// Adds the options that name and select inputs. `options` must outlive the parsing.
void add_inputs(CLI::App& command, CheckOptions& options);
void add_choices(CLI::App& command, CheckOptions& options);
// Errors (usage): the value of an option is empty.
Result<void> check_words(const CLI::App& command, const CheckOptions& options);

// A report, and the objects that it refers to.
struct CheckRun {
  check::Inputs inputs;
  Report report;
  report::Options how;
  std::unique_ptr<Sources> sources;  // how.source reads from it
};
// Calls load, run and merge, with progress on a terminal. The first Ctrl-C during work on a server ends the
// planning. Errors: those of load().
tl::expected<CheckRun, Diagnostics> run_check(const CheckOptions& options);

}  // namespace pgadvise::cli
