#include "report/text/lock_timeline.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/text/number_format.h"
#include "base/text/text.h"

namespace pgadvise::report {
namespace {

constexpr std::size_t max_forecasts = 3;
constexpr std::size_t max_statements = 4;  // a fifth one is shown if it is the last
constexpr std::size_t max_locks = 4;       // tables with locks
constexpr std::size_t more_columns = 2;

using Work = TableLock::Work;

std::string seconds_text(double seconds, double unit) {
  const double value = seconds / unit;
  return value < 9.95 && value != std::floor(value) ? fmt::format("{:.1f}", value)
                                                    : fmt::format("{:.0f}", value);
}

std::string work_text(const ForecastStatement& statement) {
  switch (statement.work) {
    case Work::none: return "short";
    case Work::rows: return "changes rows of " + display(statement.work_table);
    case Work::scan: return "scans " + display(statement.work_table);
    case Work::build: return "builds an index on " + display(statement.work_table);
    case Work::rewrite: return "rewrites " + display(statement.work_table);
  }
  return {};
}

class Drawing {
 public:
  Drawing(const LockForecast& forecast, const Look& look) : forecast_(forecast), look_(look) {
    std::map<QualifiedName, std::size_t> rows;
    for (const ForecastLock& lock : forecast.locks) {
      if (!lock.harmful) continue;
      // A stronger lock is drawn in the row of the weaker one of the same transaction.
      const auto known = rows.find(lock.table);
      if (known != rows.end() && locks_[known->second].back()->until == lock.until) {
        locks_[known->second].push_back(&lock);
        continue;
      }
      rows[lock.table] = locks_.size();
      locks_.push_back({&lock});
    }
    first_ = locks_.front().front()->from;
    for (std::size_t i = first_; i < forecast.statements.size(); ++i) {
      last_ = i;
      if (i + 1 - first_ == max_statements && i + 2 < forecast.statements.size()) break;
    }
  }

  std::vector<std::string> lines() {
    line(paint(look_, "1", "Locks of " + printable(forecast_.migration)) +
         (forecast_.how.empty() ? "" : ": " + printable(forecast_.how)));
    for (std::size_t i = first_; i <= last_; ++i) statement(i);
    if (const auto more = forecast_.statements.size() - last_ - 1; more > 0)
      line(fmt::format("  and {} more statements{}", more,
                       forecast_.statements.back().fails ? " until one fails inside a transaction" : ""));
    axis();
    for (std::size_t i = 0; i < std::min(max_locks, locks_.size()); ++i) lock(locks_[i]);
    if (locks_.size() > max_locks) line(fmt::format("  and {} more tables", locks_.size() - max_locks));
    return std::move(out_);
  }

 private:
  // A line that is too long ends in "…".
  void line(const std::string& text) {
    const std::string_view mark = look_.unicode ? "…" : "...";
    if (cut_line(text, width()).size() == cut_line(text, text.size()).size()) out_.push_back(text);
    else out_.push_back(cut_line(text, width() - std::min(width(), characters(mark))).append(mark));
  }

  void statement(std::size_t at) {
    const ForecastStatement& one = forecast_.statements[at];
    std::string end = one.fails ? "fails inside a transaction, the migration stops here" : work_text(one);
    if (one.work != Work::none) end += one.seconds ? ", " + range_text(*one.seconds) : ", size unknown";
    const std::string where = one.place.file == forecast_.file || at == first_
                                  ? fmt::format("line {}", one.place.line)
                                  : one.place.str();
    end = fmt::format(": {} ({})", end, where);
    const auto taken = characters(end) + 6;
    const std::size_t room = width() > taken + 20 ? width() - taken : 20;
    line(fmt::format("  {}. {}{}", at - first_ + 1, ellipsis(printable(one.text), room), printable(end)));
  }

  // Columns of the statement on the time's axis.
  std::size_t columns(std::size_t at) const {
    const ForecastStatement& one = forecast_.statements[at];
    if (one.work == Work::none) return 2;
    if (!one.seconds) return 6;
    return 4 + static_cast<std::size_t>(std::clamp(std::log2(1 + one.seconds->to), 0.0, 10.0));
  }

  std::size_t column_of(std::size_t at) const {
    std::size_t out = 0;
    for (std::size_t i = first_; i < std::min(at, last_ + 1); ++i) out += columns(i);
    return at > last_ + 1 ? all_columns() : out;
  }

  bool has_more() const { return last_ + 1 < forecast_.statements.size(); }

  // Behind the last statement that is shown is one column for all others.
  std::size_t all_columns() const {
    std::size_t out = has_more() ? more_columns : 0;
    for (std::size_t i = first_; i <= last_; ++i) out += columns(i);
    return out;
  }

  void axis() {
    std::string text;
    for (std::size_t i = first_; i <= last_; ++i) {
      const std::string number = std::to_string(i - first_ + 1);
      text += number + std::string(columns(i) - number.size(), ' ');
    }
    if (has_more()) text += "+" + std::string(more_columns - 1, ' ');
    line("  " + text + " order of statements");
  }

  // The locks of one table, the weakest first.
  void lock(const std::vector<const ForecastLock*>& locks) {
    const std::size_t until = column_of(locks.back()->until + 1);
    const std::size_t from = std::min(column_of(locks.front()->from), std::max<std::size_t>(until, 1) - 1);
    std::string bars;
    for (std::size_t i = 0; i < locks.size(); ++i) {
      const std::size_t begin = i == 0 ? from : column_of(locks[i]->from);
      const std::size_t next = i + 1 < locks.size() ? column_of(locks[i + 1]->from) : until;
      std::string bar;
      for (std::size_t at = begin; at < next; ++at) bar += look_.unicode ? "█" : "#";
      bars += paint(look_, blocks_reads(locks[i]->mode) ? "31" : "33", bar);
    }
    const std::string before(from, ' '), after(all_columns() - std::min(until, all_columns()), ' ');
    // What does not fit beside the bar is on a line below.
    std::string beside, below;
    for (const std::string& part : described(locks)) {
      const bool fits =
          below.empty() && 3 + all_columns() + characters(beside) + characters(part) + 2 <= width();
      std::string& to = beside.empty() || fits ? beside : below;
      to += (to.empty() ? "" : "; ") + printable(part);
    }
    line("  " + before + bars + after + " " + beside);
    if (!below.empty()) line(std::string(5 + all_columns(), ' ') + below);
  }

  std::size_t width() const { return static_cast<std::size_t>(look_.width); }

  std::string number_of(std::size_t at) const {
    return at > last_ ? "later" : fmt::format("from {}", at - first_ + 1);
  }

  // The strongest lock in full, since it is held until the end as well.
  std::vector<std::string> described(const std::vector<const ForecastLock*>& locks) const {
    std::string out = display(locks.front()->table) + ": ";
    for (std::size_t i = 0; i + 1 < locks.size(); ++i)
      out += fmt::format("{} blocks {}, {} ", label(locks[i]->mode),
                         blocks_reads(locks[i]->mode) ? "reads and writes" : "writes",
                         number_of(locks[i + 1]->from));
    std::vector<std::string> parts = described(*locks.back());
    parts.front().insert(0, out);
    return parts;
  }

  // Of a lock that is held for an unknown time, only those that queue while it waits can be counted.
  static std::vector<std::string> described(const ForecastLock& lock) {
    std::vector<std::string> out = {fmt::format("{} blocks {}", label(lock.mode),
                                                blocks_reads(lock.mode) ? "reads and writes" : "writes")};
    if (!lock.held) out.back() += ", size unknown";
    else if (lock.held->to >= 0.1) out.back() += " for " + range_text(*lock.held);
    const double rate = lock.queued_per_second.value_or(0);
    const double queued = rate * ((lock.held ? lock.held->to : 0) + lock.longest_ms / 1000);
    const std::string at_most = queued >= 1 ? ", up to " + short_count(std::round(queued)) : "";
    if (rate > 0)
      out.push_back(fmt::format("{}/s queue{}", rate >= 10 ? fmt::format("{:.0f}", rate) : short_count(rate),
                                lock.held ? at_most : ""));
    if (lock.longest_ms >= 1000)
      out.push_back(fmt::format("waits for up to {}{}", range_text({0, lock.longest_ms / 1000}),
                                lock.held || at_most.empty() ? "" : at_most + " queue meanwhile"));
    if (!lock.why_busy.empty()) out.push_back(lock.why_busy);
    return out;
  }

  const LockForecast& forecast_;
  const Look& look_;
  std::vector<std::vector<const ForecastLock*>> locks_;  // by table
  std::size_t first_ = 0, last_ = 0;
  std::vector<std::string> out_;
};

}  // namespace

std::string range_text(const SecondsRange& range) {
  if (range.to < 0.1) return "under 0.1 s";
  const double unit = range.to < 120 ? 1 : range.to < 7200 ? 60 : 3600;
  const char* name = range.to < 120 ? "s" : range.to < 7200 ? "min" : "h";
  const std::string from = seconds_text(range.from, unit), to = seconds_text(range.to, unit);
  return range.from < 0.05 * unit || from == to ? fmt::format("{} {}", to, name)
                                                : fmt::format("{} to {} {}", from, to, name);
}

std::vector<std::string> lock_timeline(const std::vector<LockForecast>& forecasts, const Look& look) {
  std::vector<std::string> out;
  std::size_t harmful = 0;
  for (const LockForecast& forecast : forecasts) {
    if (!forecast.harmful() || ++harmful > max_forecasts) continue;
    for (std::string& line : Drawing(forecast, look).lines()) out.push_back(std::move(line));
  }
  if (harmful > max_forecasts)
    out.push_back(fmt::format("Locks of {} more migrations: --format json has all", harmful - max_forecasts));
  return out;
}

}  // namespace pgadvise::report
