#include "reports/fleet.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/files/boundary.h"
#include "base/process/process.h"
#include "base/text/mask.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "check/config/config.h"
#include "check/config/trust.h"
#include "cli/commands/commands.h"
#include "cli/options/fail_on.h"
#include "cli/options/plan_options.h"
#include "cli/options/store_option.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "cli/output/progress.h"
#include "cli/process/interrupt.h"
#include "report/json/stored_report.h"
#include "store/open.h"
#include "watch/check_process.h"

namespace pgadvise::cli {
namespace {

struct FleetCommand {
  std::vector<std::string> names;
  bool all = false;
  std::string store;
  std::size_t jobs = 4;
  int time_limit = 600;
  std::string fail_on = "error";
  std::size_t top = 10;
  std::string format = "text";
  std::string output;
};

// The databases to check: each once, in the order of the command line, or of their names.
Result<std::vector<std::string>> database_names(const FleetCommand& options) {
  const auto user = check::read_user_config(work_tree_of("."));
  if (!user) return tl::unexpected(user.error().front());
  std::vector<std::string> known;
  for (const auto& [name, profile] : user->databases) known.push_back(name);
  if (options.all && known.empty())
    return fail(Error::Kind::usage, "--all", "your own configuration names no database",
                "[databases.NAME]: docs/configuration.md");
  if (options.all) return known;
  std::vector<std::string> out;
  for (const auto& given : options.names) {
    const std::string name = given.starts_with('@') ? given.substr(1) : given;
    if (!user->databases.contains(name)) {
      const std::string near = nearest(name, known);
      return fail(Error::Kind::usage, "fleet",
                  "your own configuration has no database " + ellipsis(mask_credentials(name), 60),
                  near.empty() ? "[databases.NAME]: docs/configuration.md" : near);
    }
    if (std::ranges::find(out, name) == out.end()) out.push_back(name);
  }
  if (out.empty())
    return fail(Error::Kind::usage, "fleet", "no database is named",
                "name databases of your own configuration, or --all");
  return out;
}

// The value of PGADVISE_STORE for processes that run in another folder; "" without --store. Creates the
// store: what is wrong with it is reported once, before anything runs.
Result<std::string> url_for_all(const FleetCommand& options, bool given) {
  if (!given) return std::string();
  TRY(const auto address, store_address({.url = options.store, .target = {}, .spool = {}}));
  TRY_VOID(store::open(address, true));
  if (!address.conninfo.empty()) return address.conninfo;
  if (!address.clickhouse.empty()) return address.clickhouse;
  std::error_code code;
  return "sqlite:" + std::filesystem::absolute(address.path, code).string();
}

// Checks one database in a process of its own: its memory, its time and its crash are its own.
class Checker {
 public:
  // `stop`: ends running checks.
  Checker(const FleetCommand& options, std::string store, std::stop_token stop)
      : options_(options), store_(std::move(store)), stop_(std::move(stop)) {
    if (!store_.empty()) variables_.emplace_back("PGADVISE_STORE", store_);
  }

  // Returns the exit code.
  int check(const std::string& name, report::FleetDatabase& out) const {
    std::vector<std::string> words{"check",   "--db",    "@" + name, "--format",  "json",
                                   "--quiet", "--color", "never",    "--fail-on", options_.fail_on};
    if (!store_.empty()) words.insert(words.end(), {"--store", "env", "--store-as", name});
    // No pgadvise.toml counts for all databases.
    const ProgramHooks hooks{
        .output = {}, .in_child = [] { return ::chdir("/") == 0 ? 0 : errno; }, .stop = stop_};
    const auto start = std::chrono::steady_clock::now();
    const auto ran = watch::run_itself(words, variables_, std::chrono::seconds(options_.time_limit), hooks);
    out.name = name;
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!ran) {
      out.failure = ran.error().what;
      return exit_database;
    }
    if (ran->status != exit_clean && ran->status != exit_findings) {
      out.failure = watch::reason_of(*ran);
      return ran->status == exit_usage ? exit_usage : exit_database;
    }
    auto record = report::read_stored_report(name, ran->out);
    if (!record) {
      out.failure = record.error().what;
      return exit_database;
    }
    out.run = std::move(*record);
    return ran->status;
  }

 private:
  const FleetCommand& options_;
  std::string store_;
  std::stop_token stop_;
  std::vector<std::pair<std::string, std::string>> variables_;
};

// 130 takes precedence over 3, 3 over 2, 2 over 1, 1 over 0.
Result<int> run(const FleetCommand& options, bool store_given) {
  TRY_VOID(parse_fail_on({options.fail_on}));
  TRY(const auto names, database_names(options));
  TRY(const auto store, url_for_all(options, store_given));
  const StopOnInterrupt interrupt;
  const Checker checker(options, store, interrupt.token());
  std::vector<report::FleetDatabase> databases(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    databases[i].name = names[i];
    databases[i].failure = "interrupted";
  }
  int exit_code = exit_clean;
  {
    ProgressLine progress;
    std::mutex mutex;
    std::size_t done = 0, failed = 0;
    watch::run_jobs(names.size(), options.jobs, interrupt.token(), [&](std::size_t i) {
      report::FleetDatabase database;
      const int code = checker.check(names[i], database);
      const std::lock_guard lock(mutex);
      exit_code = std::max(exit_code, code);
      ++done;
      failed += database.failure.empty() ? 0 : 1;
      databases[i] = std::move(database);
      if (progress.wanted())
        progress.show(fmt::format("{} of {} databases, {} failed", done, names.size(), failed));
    });
  }
  const std::string content = options.format == "json"
                                  ? report::fleet_json(databases)
                                  : report::fleet_text(databases, look_of(options.output), options.top);
  TRY_VOID(write_output(options.output, content,
                        fmt::format("{}, {}", counted(names.size(), "database"), options.format)));
  return interrupt.token().stop_requested() ? exit_interrupted : exit_code;
}

void add_options(CLI::App& command, FleetCommand& options) {
  command.add_option("NAME", options.names, "Databases that your own configuration names: [databases.NAME]")
      ->type_name("NAME");
  command.add_flag("--all", options.all, "All databases of your own configuration")
      ->excludes(command.get_option("NAME"));
  command
      .add_option(
          "--store", options.store,
          "Store what the checks find, each under the database's NAME, for pgadvise history: sqlite, "
          "sqlite:PATH, postgresql://… (its schema pgadvise), clickhouse://… (its database pgadvise), env "
          "(PGADVISE_STORE), or @NAME, a store of your own configuration" +
              about_store_password)
      ->type_name("URL");
  command.add_option("--jobs", options.jobs, "Number of databases that are checked at the same time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command
      .add_option("--time-limit", options.time_limit,
                  "Seconds for one database; a check that takes longer is ended, and reported as failed")
      ->check(CLI::Range(1, max_seconds))
      ->type_name("SECONDS")
      ->capture_default_str();
  command
      .add_option("--fail-on", options.fail_on,
                  "Findings that make the exit code 1, as for check: error, warning, note, never, confirmed, "
                  "rule ids; several separated by commas")
      ->type_name("WORDS")
      ->capture_default_str();
  command.add_option("--top", options.top, "Number of databases and rules in the text report; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--format", options.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command.add_option("-o,--output", options.output, "File to write to");
}

}  // namespace

void add_fleet(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<FleetCommand>();
  auto* command = app.add_subcommand(
      "fleet", "Check many databases, a few at a time, and show which one to look at first");
  add_options(*command, *options);
  command->footer(
      "Exit codes: 0 no finding at or above --fail-on, 1 findings, 2 wrong usage, or a run that could not be "
      "stored, 3 a database that can't be reached or read, 130 Ctrl-C. "
      "A database that fails does not stop the others.");
  command->callback([options, command, &exit_code] {
    exit_code = exit_code_of(run(*options, command->count("--store") > 0));
  });
}

}  // namespace pgadvise::cli
