#include "cli/watch.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/check_process.h"
#include "cli/interrupt.h"
#include "cli/messages.h"

namespace pgadvise::cli {
namespace {

struct Options {
  std::string db;
  std::string store;
  std::string target;
  std::string output;
  long every = 600;
  int time_limit = 600;
  std::size_t rounds = 0;
};

std::vector<std::string> check_of(const Options& options) {
  std::vector<std::string> words{"check",     "--db",
                                 "env",       "--quiet",
                                 "--color",   "never",
                                 "--fail-on", "never",
                                 "--format",  options.output.empty() ? "json" : "openmetrics",
                                 "-o",        options.output.empty() ? "/dev/null" : options.output};
  if (!options.store.empty()) words.insert(words.end(), {"--store", options.store});
  if (!options.target.empty()) words.insert(words.end(), {"--store-as", options.target});
  return words;
}

// False if the check failed, which is reported.
bool check_once(const Options& options) {
  // The process list shows arguments, and a connection string may have a password.
  std::vector<std::pair<std::string, std::string>> variables;
  if (trim(options.db) != "env") variables.emplace_back("DATABASE_URL", options.db);
  const auto ran = run_itself(check_of(options), variables, std::chrono::seconds(options.time_limit));
  if (ran && ran->status == exit_clean) return true;
  complain({Error::Kind::nonfatal, "watch", ran ? reason_of(*ran) : ran.error().what,
            "the next check is in " + std::to_string(options.every) + " seconds at most"});
  return false;
}

// The exit code. Rounds begin `every` seconds after each other; one that takes longer delays the next.
int run(const Options& options) {
  const StopOnInterrupt interrupt(Interruptible::By::any_ending);
  std::mutex mutex;
  std::condition_variable_any wake;
  bool good = true;
  for (std::size_t round = 1; !interrupt.token().stop_requested(); ++round) {
    const auto next = std::chrono::steady_clock::now() + std::chrono::seconds(options.every);
    good = check_once(options);
    if (round == options.rounds) break;
    std::unique_lock lock(mutex);
    wake.wait_until(lock, interrupt.token(), next, [] { return false; });
  }
  return good || interrupt.token().stop_requested() ? exit_clean : exit_database;
}

}  // namespace

void add_watch(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command =
      app.add_subcommand("watch", "Check a database again and again, for a store or for Prometheus");
  command
      ->add_option(
          "--db", options->db,
          "Database: a libpq connection string, env (DATABASE_URL, else PG*), or @NAME, a database of "
          "your own configuration")
      ->required()
      ->type_name("CONN");
  command->add_option("--every", options->every, "Time between two checks: 600, 90s, 10m, 1h")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, long>{{"s", 1}, {"m", 60}, {"h", 3600}}))
      ->check(CLI::Range(1L, 86400L))
      ->type_name("TIME")
      ->capture_default_str();
  auto* store =
      command->add_option("--store", options->store, "Store each run, for pgadvise history; as for check");
  store->type_name("URL");
  command->add_option("--store-as", options->target, "Name under which the store keeps the runs")
      ->needs(store)
      ->type_name("NAME");
  command
      ->add_option(
          "-o,--output", options->output,
          "File for the numbers of the last run, as of check --format openmetrics; replaced as a whole")
      ->type_name("FILE");
  command
      ->add_option("--time-limit", options->time_limit,
                   "Seconds for one check; a longer one is ended, and failed")
      ->check(CLI::Range(1, 86400))
      ->type_name("SECONDS")
      ->capture_default_str();
  command->add_option("--rounds", options->rounds, "Number of checks; 0: until a signal")
      ->capture_default_str();
  command->footer(
      "A check that fails is reported, and the next one runs in its time. SIGTERM and Ctrl-C end the command "
      "after the running check. Exit codes: 0 ended by a signal, or the last check succeeded, 2 wrong usage, "
      "3 "
      "the last of --rounds checks failed.");
  command->callback([options, store, &exit_code] {
    if (store->count() == 0 && options->output.empty()) {
      complain({Error::Kind::usage, "watch", "nothing keeps the results", "--store URL, or -o FILE"});
      exit_code = exit_usage;
      return;
    }
    exit_code = run(*options);
  });
}

}  // namespace pgadvise::cli
