#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/files/digest.h"
#include "base/text/text.h"
#include "cli/commands/commands.h"
#include "cli/commands/watch_rounds.h"
#include "cli/options/otlp_option.h"
#include "cli/options/plan_options.h"
#include "cli/options/store_option.h"
#include "cli/output/messages.h"
#include "cli/process/interrupt.h"
#include "report/merged_metrics.h"
#include "report/pages/page.h"
#include "serve/loopback_server.h"
#include "store/store/spool.h"
#include "watch/watch_board.h"
#include "watch/watch_check.h"
#include "watch/watch_files.h"

namespace pgadvise::cli {
namespace {

struct WatchCommand {
  std::vector<std::string> databases;
  std::vector<std::string> targets;  // of --store-as
  std::string store;
  std::string spool;
  std::string serve;
  std::string otlp_url;
  std::string log;
  std::string line_prefix;
  WatchPlan plan;
};

// What the store needs in each round; nullopt: nothing is stored.
struct Kept {
  store::Address address;
  std::string folder;  // for the spool, and for what is kept between rounds
};

Result<std::optional<Kept>> kept_of(const WatchCommand& options, bool store_given) {
  if (!store_given) return std::optional<Kept>();
  TRY(auto address, store_address({.url = options.store, .target = {}, .spool = {}}));
  TRY(auto folder, options.spool.empty() ? store::default_spool() : Result<std::string>(options.spool));
  std::error_code code;
  const bool made = std::filesystem::create_directories(folder, code);
  if (made) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, code);
  if (code) return fail(Error::Kind::usage, folder, "can't be made: " + code.message(), "--spool FOLDER");
  return std::optional(Kept{std::move(address), std::move(folder)});
}

// The files of one database in the spool, without their endings.
std::string own_files(const Kept& kept, const watch::WatchedDatabase& database) {
  return kept.folder + "/" + sha256_hex(id_of(kept.address) + "\n" + database.name).substr(0, 16);
}

// The locks of the databases' files.
Result<std::vector<Descriptor>> locks_of(const std::vector<watch::WatchedDatabase>& databases,
                                         const std::optional<Kept>& kept) {
  std::vector<Descriptor> out;
  if (!kept) return out;
  for (const auto& database : databases) {
    TRY(auto lock, watch::lock_files(own_files(*kept, database)));
    out.push_back(std::move(lock));
  }
  return out;
}

watch::WatchedCheck check_of(const WatchCommand& options, watch::WatchedDatabase database,
                             const std::optional<Kept>& kept) {
  watch::WatchedCheck out;
  out.database = std::move(database);
  if (!kept) return out;
  const std::string own = own_files(*kept, out.database);
  watch::remove_leftovers(own);
  out.store = options.store;
  out.spool = kept->folder;
  if (options.log.empty()) {
    out.counters = own + ".counters";
    return out;
  }
  out.log = options.log;
  out.line_prefix = options.line_prefix;
  out.log_position = own + ".position";
  // A CSV log is known by its name.
  out.log_lines = own + ".lines" + std::filesystem::path(options.log).extension().string();
  return out;
}

std::string spool_metrics(const Kept& kept) {
  const auto state = store::Spool(kept.folder, kept.address).state();
  using report::metric_family;
  return metric_family("watch_spool_runs", "Runs that wait for the store.", state.runs) +
         metric_family("watch_spool_bytes", "Size of the runs that wait for the store.", state.bytes) +
         metric_family("watch_spool_set_aside",
                       "Runs that the store refused too often and that are no longer sent.",
                       state.set_aside) +
         metric_family("watch_spool_dropped_total",
                       "Runs that were removed unsent, since the spool had no room.", state.dropped);
}

Result<std::vector<watch::WatchedDatabase>> databases_of(const WatchCommand& options,
                                                         const DatabaseNames& names) {
  if (!options.targets.empty() && options.targets.size() != options.databases.size())
    return fail(Error::Kind::usage, "--store-as",
                fmt::format("names {} of {} databases", options.targets.size(), options.databases.size()),
                "give it once for each --db, in the same order, or not at all");
  std::vector<watch::WatchedDatabase> out;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < options.databases.size(); ++i) {
    const std::string& db = options.databases[i];
    if (trim(db).empty())
      return fail(Error::Kind::usage, "--db", "is empty", "name a database; is the variable set?");
    const auto known = names.find(db);
    std::string name = !options.targets.empty() ? std::string(trim(options.targets[i]))
                       : known != names.end()   ? known->second
                                                : watch::name_of(db);
    if (name.empty()) return fail(Error::Kind::usage, "--store-as", "is empty", "name the database");
    if (!taken.insert(name).second)
      return fail(Error::Kind::usage, "--db", "two databases are named " + ellipsis(name, 60),
                  "name them: --store-as, once for each --db, in the same order");
    out.push_back({db, std::move(name)});
  }
  return out;
}

Result<void> check_words(const WatchCommand& options, bool store_given) {
  if (store_given && trim(options.store).empty())
    return fail(Error::Kind::usage, "--store", "is empty", "name a store; is the variable set?");
  if (!store_given && !options.plan.otlp && options.plan.output.empty() && options.serve.empty())
    return fail(Error::Kind::usage, "watch", "nothing keeps the results",
                "--store URL, --otlp URL, -o FILE, or --serve PORT");
  if (!options.log.empty() && options.databases.size() > 1)
    return fail(Error::Kind::usage, "--log", "is the log of one database, and several are named",
                "run one watch for each log");
  return {};
}

Result<int> run(WatchCommand& options, const CLI::App& command, const DatabaseNames& names_given) {
  const bool store_given = command.count("--store") > 0;
  TRY(options.plan.otlp, optional_otlp(command, options.otlp_url));
  TRY_VOID(check_words(options, store_given));
  TRY(auto databases, databases_of(options, names_given));
  TRY(const auto kept, kept_of(options, store_given));
  TRY(const auto locks, locks_of(databases, kept));
  std::vector<std::string> names;
  for (const auto& one : databases) names.push_back(one.name);
  const bool serves = !options.serve.empty();
  const auto page = serves ? report::need_page() : Result<void>();
  if (!page) complain({Error::Kind::nonfatal, page.error().where, page.error().what, page.error().hint});
  std::function<std::string()> more;
  if (kept) more = [&kept] { return spool_metrics(*kept); };
  // Before there is anything to remove, and before the address is printed.
  const StopOnInterrupt interrupt(Interruptible::By::any_ending);
  watch::WatchBoard board(names, serves && page, std::move(more));
  std::unique_ptr<serve::LoopbackServer> server;
  if (serves) {
    TRY(const auto address, serve::read_loopback_address(options.serve));
    TRY(server, serve::LoopbackServer::start(address,
                                             [&board](const std::string& path) { return board.page(path); }));
    fmt::print(stderr, "pgadvise: serves {0} and {0}metrics\n", server->url());
  }
  std::optional<watch::PagesFolder> bodies;  // what checks write for --otlp
  if (options.plan.otlp && bodies.emplace().path().empty())
    return fail(Error::Kind::usage, "--otlp", "no folder for temporary files could be made",
                "set TMPDIR to a folder that you may write to");
  for (std::size_t i = 0; i < databases.size(); ++i) {
    options.plan.checks.push_back(check_of(options, std::move(databases[i]), kept));
    watch::WatchedCheck& check = options.plan.checks.back();
    check.page = board.page_file(i);
    if (!bodies) continue;
    check.otlp_logs = fmt::format("{}/{}.logs", bodies->path(), i);
    check.otlp_metrics = fmt::format("{}/{}.metrics", bodies->path(), i);
  }
  if (kept) options.plan.store = kept->address;
  const bool good = run_rounds(options.plan, board, interrupt.token());
  return good || interrupt.token().stop_requested() ? exit_clean : exit_database;
}

void add_outputs(CLI::App& command, WatchCommand& options) {
  auto* store =
      command.add_option("--store", options.store,
                         "Store the results of each check, for pgadvise history. URL as for check --store" +
                             about_store_password);
  store->type_name("URL");
  command
      .add_option(
          "--spool", options.spool,
          "Folder that keeps the results of checks, up to 64 MB, until the store has them, and the positions "
          "in logs and counters between two checks. Default: pgadvise/spool in XDG_STATE_HOME or "
          "~/.local/state")
      ->needs(store)
      ->type_name("FOLDER");
  command
      .add_option(
          "--log", options.log,
          "Log of the server: each check stores the statistics of the queries in its new lines, also "
          "after a rotation. A pattern in quotes ('postgresql-*.log') for the files of a log_filename with "
          "a date. Without --log a check stores how much the counters of pg_stat_statements grew")
      ->needs(store)
      ->type_name("FILE");
  command
      .add_option("--log-line-prefix", options.line_prefix,
                  "The server's log_line_prefix, if pgadvise does not detect it")
      ->needs("--log")
      ->type_name("PREFIX");
  command
      .add_option(
          "--store-as", options.targets,
          "Name of the database in the store and in the metrics. With several --db give --store-as once "
          "for each, in the same order. Default: NAME of @NAME, else the name of the database")
      ->type_name("NAME");
  command
      .add_option("-o,--output", options.plan.output,
                  "File for the metrics of the last check of each database, for Prometheus' textfile "
                  "collector; each check replaces the whole file")
      ->type_name("FILE");
  command.get_option("--sample-every")->needs(store);
  add_otlp(command, options.otlp_url);
  command
      .add_option("--serve", options.serve,
                  "Serve /metrics (the metrics of the last checks, for Prometheus) and / (the HTML report of "
                  "the last successful check) on 127.0.0.1 or [::1] only. Port 0: a free port, which watch "
                  "prints")
      ->type_name("[127.0.0.1:]PORT");
}

void add_times(CLI::App& command, WatchPlan& plan) {
  const CLI::AsNumberWithUnit time_unit(std::map<std::string, long>{{"s", 1}, {"m", 60}, {"h", 3600}});
  command
      .add_option("--every", plan.every,
                  "Time from the start of a check of a database to the start of the next: 600 (seconds), "
                  "90s, 10m, 1h")
      ->transform(time_unit)
      ->check(CLI::Range(1L, static_cast<long>(max_seconds)))
      ->type_name("TIME")
      ->capture_default_str();
  command
      .add_option("--sample-every", plan.sample_every,
                  "Time from one sample of the sessions and of their waits for locks to the "
                  "next, between the checks: 10 (seconds), 30s, 1m; 0: no samples")
      ->transform(time_unit)
      ->check(CLI::Range(0L, 3600L))
      ->type_name("TIME")
      ->capture_default_str();
  command
      .add_option("--time-limit", plan.time_limit,
                  "Seconds after which watch ends a check, which then counts as failed")
      ->check(CLI::Range(1, max_seconds))
      ->type_name("SECONDS")
      ->capture_default_str();
  command.add_option("--jobs", plan.jobs, "Number of databases that are checked at the same time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command
      .add_option("--rounds", plan.rounds,
                  "Number of checks of each database; 0: no limit, until SIGTERM or Ctrl-C")
      ->capture_default_str();
}

}  // namespace

void add_watch(CLI::App& app, std::shared_ptr<const DatabaseNames> names, int& exit_code) {
  auto options = std::make_shared<WatchCommand>();
  auto* command =
      app.add_subcommand("watch", "Check databases at regular intervals, for a store or for Prometheus");
  command
      ->add_option(
          "--db", options->databases,
          "Database (repeatable; a database that fails does not stop the others): a libpq connection string, "
          "or env (DATABASE_URL, else PG*)")
      ->required()
      ->type_name("CONN");
  add_times(*command, options->plan);
  add_outputs(*command, *options);
  command->footer(
      "watch reports a failed check on standard error, and goes on at the next interval. SIGTERM and Ctrl-C "
      "end the running checks and watch. Exit codes: 0 ended by SIGTERM or Ctrl-C, or the last check of each "
      "database succeeded, 2 wrong usage, 3 the last of --rounds checks of a database failed, or its results "
      "were not sent.");
  command->callback([options, names = std::move(names), command, &exit_code] {
    exit_code = exit_code_of(run(*options, *command, *names));
  });
}

}  // namespace pgadvise::cli
