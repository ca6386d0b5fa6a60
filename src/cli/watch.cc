#include "cli/watch.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/text.h"
#include "cli/check_process.h"
#include "cli/interrupt.h"
#include "cli/messages.h"

namespace pgadvise::cli {
namespace {

struct Options {
  WatchedCheck check;
  long every = 600;
  int time_limit = 600;
  std::size_t rounds = 0;
};

// False if the check failed, which is reported. One that `stop` ends is no failure.
bool check_once(const Options& options, const std::stop_token& stop) {
  auto [words, variables] = command_of(options.check);
  const auto ran = run_itself(std::move(words), std::move(variables),
                              std::chrono::seconds(options.time_limit), {.stop = stop});
  if (stop.stop_requested() || (ran && ran->status == exit_clean)) return true;
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
    good = check_once(options, interrupt.token());
    if (round == options.rounds) break;
    std::unique_lock lock(mutex);
    wake.wait_until(lock, interrupt.token(), next, [] { return false; });
  }
  return good || interrupt.token().stop_requested() ? exit_clean : exit_database;
}

Result<void> check_words(const Options& options, bool store_given) {
  if (trim(options.check.db).empty())
    return fail(Error::Kind::usage, "--db", "is empty", "name a database; is the variable set?");
  if (store_given && trim(options.check.store).empty())
    return fail(Error::Kind::usage, "--store", "is empty", "name a store; is the variable set?");
  if (!store_given && options.check.output.empty())
    return fail(Error::Kind::usage, "watch", "nothing keeps the results", "--store URL, or -o FILE");
  return {};
}

}  // namespace

CheckCommand command_of(const WatchedCheck& check) {
  CheckCommand out;
  // What may have a password goes into a variable: the process list shows arguments.
  const auto argument = [&out](const std::string& given, const char* variable) {
    const std::string value(trim(given));
    if (value == "env" || value.starts_with("@")) return value;
    out.variables.emplace_back(variable, value);
    return std::string("env");
  };
  out.words = {"check",     "--db", argument(check.db, "DATABASE_URL"), "--quiet", "--color", "never",
               "--fail-on", "never"};
  const auto add = [&out](const std::string& option, const std::string& value) {
    out.words.push_back(option);
    out.words.push_back(value);
  };
  add("--format", check.output.empty() ? "json" : "openmetrics");
  add("-o", check.output.empty() ? "/dev/null" : check.output);
  if (!check.store.empty()) add("--store", argument(check.store, "PGADVISE_STORE"));
  if (!check.target.empty()) add("--store-as", check.target);
  return out;
}

void add_watch(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command =
      app.add_subcommand("watch", "Check a database again and again, for a store or for Prometheus");
  command
      ->add_option(
          "--db", options->check.db,
          "Database: a libpq connection string, env (DATABASE_URL, else PG*), or @NAME, a database of "
          "your own configuration")
      ->required()
      ->type_name("CONN");
  command->add_option("--every", options->every, "Time between two checks: 600, 90s, 10m, 1h")
      ->transform(CLI::AsNumberWithUnit(std::map<std::string, long>{{"s", 1}, {"m", 60}, {"h", 3600}}))
      ->check(CLI::Range(1L, 86400L))
      ->type_name("TIME")
      ->capture_default_str();
  auto* store = command->add_option("--store", options->check.store,
                                    "Store each run, for pgadvise history; as for check");
  store->type_name("URL");
  command->add_option("--store-as", options->check.target, "Name under which the store keeps the runs")
      ->needs(store)
      ->type_name("NAME");
  command
      ->add_option(
          "-o,--output", options->check.output,
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
      "A check that fails is reported, and the next one runs in its time. SIGTERM and Ctrl-C end the "
      "running check and the command. Exit codes: 0 ended by a signal, or the last check succeeded, 2 wrong "
      "usage, 3 the last of --rounds checks failed.");
  command->callback([options, store, &exit_code] {
    if (const auto valid = check_words(*options, store->count() > 0); !valid) {
      complain(valid.error());
      exit_code = exit_usage;
      return;
    }
    exit_code = run(*options);
  });
}

}  // namespace pgadvise::cli
