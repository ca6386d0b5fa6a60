// A run of check, for those who do more with what it found than report it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "cli/config.h"
#include "migrations/schema_input.h"
#include "model/catalog.h"
#include "model/project.h"
#include "model/workload.h"
#include "plan/source.h"
#include "report/report.h"

namespace pgadvise::cli {

// Views: the run owns all of it, and lives as long as the function that it is given to.
struct Checked {
  report::Report& report;
  const report::Options& how;
  Diagnostics& diagnostics;
  const Config& config;
  std::string folder;  // of the first PATH
  const std::vector<migrations::SchemaInput>& schemas;
  const std::vector<Project>& projects;
  std::vector<std::pair<std::string, const Catalog*>> catalogs;  // those that the rules judged, by their input's path; "": the server's
  const Workload* workload = nullptr;
  plan::PlanSource* plans = nullptr;
  const Catalog* live = nullptr;
};
using AfterCheck = std::function<int(const Checked&)>;  // gives the exit code

// A subcommand with check's inputs; what comes after the check is the caller's. `possible` is asked before anything is read.
CLI::App* add_check_like(CLI::App& app, const std::string& name, const std::string& what, std::function<Result<void>()> possible, AfterCheck after, int& exit_code);

}  // namespace pgadvise::cli
