#include "cli/commands/watch_rounds.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "base/files/write_file.h"
#include "base/text/text.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "report/merged_metrics.h"
#include "report/otlp.h"
#include "watch/check_process.h"
#include "watch/log_tail.h"
#include "watch/watch_sampler.h"

namespace pgadvise::cli {
namespace {

class Rounds {
 public:
  Rounds(const WatchPlan& plan, watch::WatchBoard& board, std::stop_token stop)
      : plan_(plan), board_(board), stop_(std::move(stop)), free_(plan.jobs) {}

  bool run() {
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < plan_.checks.size(); ++i) threads.emplace_back([this, i] { watch(i); });
    }
    return good_;
  }

 private:
  // Rounds begin `every` seconds after each other; one that takes longer delays the next.
  void watch(std::size_t database) {
    const watch::WatchedCheck& check = plan_.checks[database];
    std::optional<watch::LogTail> log;
    if (!check.log.empty()) log.emplace(check.log, check.log_position, stop_);
    std::optional<net::OtlpClient> otlp;
    if (plan_.otlp)
      if (auto client = net::OtlpClient::create(*plan_.otlp)) otlp.emplace(std::move(*client));
    std::optional<watch::ActivitySampler> sampler;  // there is nothing between the rounds of a single one
    if (plan_.store && plan_.sample_every > 0 && plan_.rounds != 1)
      sampler.emplace(check.database, std::chrono::seconds(plan_.sample_every));
    bool good = true;
    for (std::size_t round = 1; !stop_.stop_requested(); ++round) {
      const auto next = std::chrono::steady_clock::now() + std::chrono::seconds(plan_.every);
      if (!take_turn()) break;
      const bool last = round == plan_.rounds;
      if (sampler) keep_samples(check, *sampler);
      good = check_once(database, last);
      const bool checked = good;
      if (log) good = store_new_lines(check, *log, last) && good;
      give_turn();
      if (!publish()) good = false;
      if (checked && otlp && !send(check, *otlp)) good = false;
      if (last) break;
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, stop_, next, [] { return false; });
    }
    if (sampler) keep_samples(check, *sampler);
    if (!good) good_ = false;
  }

  // The check that follows sends them to the store; after the last round, the next `watch`.
  void keep_samples(const watch::WatchedCheck& check, watch::ActivitySampler& sampler) {
    const auto kept = sampler.keep(*plan_.store, check.spool);
    if (!kept) report(check, kept.error());
    if (stop_.stop_requested()) return;
    if (const auto failure = sampler.new_failure())
      report(check, "no samples of sessions and locks: " + failure->line());
  }

  Result<ProgramRun> run_child(watch::ChildCommand command, ProgramOutput output = {}) {
    return watch::run_itself(std::move(command.words), std::move(command.variables),
                             std::chrono::seconds(plan_.time_limit),
                             {.output = std::move(output), .in_child = {}, .stop = stop_});
  }

  // False if the check failed, which is reported. A check that `stop_` ends counts as good, and so does one
  // that has written its reports and waits for the store.
  bool check_once(std::size_t database, bool last) {
    const watch::WatchedCheck& check = plan_.checks[database];
    std::string metrics;
    auto ran = run_child(watch::command_of(check), [&](std::string_view text, bool error) {
      if (!error) metrics += text;
    });
    if (stop_.stop_requested()) return true;
    const bool waits = !ran && !check.store.empty() && report::is_complete(metrics);
    if (waits) {
      report(check,
             fmt::format("the store did not take the results within --time-limit ({} s)", plan_.time_limit),
             "the next round that reaches the store sends what waits in " + check.spool);
      board_.add(database, std::move(metrics));
      return true;
    }
    const bool good = succeeded(check, ran, last);
    board_.add(database, good ? std::optional(std::move(ran->out)) : std::nullopt);
    return good;
  }

  // Reports what a child complained about. `last`: no check of the database follows.
  bool succeeded(const watch::WatchedCheck& check, const Result<ProgramRun>& ran, bool last) {
    const bool good = ran && ran->status == exit_clean;
    if (good && trim(ran->err).empty()) return true;
    report(check, ran ? watch::reason_of(*ran) : ran.error().what,
           good || last ? "" : fmt::format("the next check is in {} seconds at most", plan_.every));
    return good;
  }

  void report(const watch::WatchedCheck& check, std::string what, std::string hint = {}) {
    const std::lock_guard lock(printing_);
    complain({Error::Kind::nonfatal, "watch " + check.database.name, std::move(what), std::move(hint)});
  }

  void report(const watch::WatchedCheck& check, const Error& error) {
    report(check, error.where + ": " + error.what, error.hint);
  }

  // False if a part of what the check found was not sent, which is reported.
  bool send(const watch::WatchedCheck& check, net::OtlpClient& client) {
    const auto take = [&](const std::string& path) {
      auto body = read_file(path);
      ::unlink(path.c_str());
      return report::otlp::with_target(body.value_or(""), check.database.name);
    };
    net::OtlpBodies bodies;
    bodies.logs = take(check.otlp_logs);
    bodies.metrics = take(check.otlp_metrics);
    if (bodies.logs.empty() || bodies.metrics.empty()) {
      report(check, "what the check found can't be read from " + check.otlp_logs);
      return false;
    }
    if (stop_.stop_requested()) return true;
    const auto diagnostics = client.send(bodies, stop_);
    if (stop_.stop_requested()) return true;
    bool good = true;
    for (const auto& error : diagnostics) {
      report(check, error);
      good = good && error.kind == Error::Kind::nonfatal;
    }
    return good;
  }

  // False if a part of the new lines was not stored. Lines that fail three times are left out.
  bool store_new_lines(const watch::WatchedCheck& check, watch::LogTail& log, bool last) {
    constexpr int most_parts = 16;
    constexpr int most_failures = 3;
    for (int part = 0; part < most_parts && !stop_.stop_requested(); ++part) {
      const auto lines = log.next();
      if (!lines) {
        report(check, lines.error());
        return false;
      }
      if (lines->lost) report(check, check.log + ": lines of the log before this one may be lost");
      if (lines->text.empty()) return true;
      if (!digested(check, lines->text, last)) {
        if (stop_.stop_requested()) return true;
        if (++log_failures_[check.log] < most_failures) return false;
        report(check, fmt::format("{}: {} bytes of new lines are left out", check.log, lines->text.size()),
               {});
      }
      log_failures_[check.log] = 0;
      if (const auto taken = log.take(); !taken) {
        report(check, taken.error().where + ": " + taken.error().what);
        return false;
      }
      // A busy server has written more meanwhile: those lines are for the next round.
      if (!lines->more) return true;
    }
    return true;
  }

  bool digested(const watch::WatchedCheck& check, const std::string& lines, bool last) {
    // Logs have literals: nobody else reads them.
    const std::string temporary = write_aside(check.log_lines, lines, 0600);
    if (temporary.empty() || ::rename(temporary.c_str(), check.log_lines.c_str()) != 0) {
      report(check, check.log_lines + ": can't be written: " + std::strerror(errno));
      return false;
    }
    const bool good = succeeded(check, run_child(watch::digest_command_of(check)), last);
    ::unlink(check.log_lines.c_str());
    return good;
  }

  // Replaces the file of the metrics.
  bool publish() {
    if (plan_.output.empty() || stop_.stop_requested()) return true;
    const std::lock_guard lock(printing_);
    const auto wrote = write_output(plan_.output, board_.metrics(report::MetricsFormat::prometheus));
    if (!wrote) complain(wrote.error());
    return wrote.has_value();
  }

  // False if a stop was requested before there was a turn.
  bool take_turn() {
    std::unique_lock lock(mutex_);
    if (!wake_.wait(lock, stop_, [this] { return free_ > 0; })) return false;
    --free_;
    return true;
  }

  void give_turn() {
    {
      const std::lock_guard lock(mutex_);
      ++free_;
    }
    wake_.notify_all();
  }

  const WatchPlan& plan_;
  watch::WatchBoard& board_;
  std::stop_token stop_;
  std::mutex mutex_;  // of free_
  std::condition_variable_any wake_;
  std::size_t free_;
  std::mutex printing_;
  std::map<std::string, int> log_failures_;  // one thread has a log
  std::atomic<bool> good_ = true;
};

}  // namespace

bool run_rounds(const WatchPlan& plan, watch::WatchBoard& board, const std::stop_token& stop) {
  return Rounds(plan, board, stop).run();
}

}  // namespace pgadvise::cli
