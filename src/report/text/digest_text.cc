#include "report/text/digest_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "base/text/text.h"
#include "base/text/utf8.h"
#include "report/text/figures.h"

namespace pgadvise::report {
namespace {

// The sketch's cells: half a decade each, the same for all queries, so that they can be compared by eye. The
// first one is what took less than 0.1 ms, the last one 10 s and more.
constexpr std::size_t cells = 12;
constexpr std::string_view axis = "   1ms   1s";  // begins the cells of 1 ms and of 1 s

std::size_t cell_of(double milliseconds) {
  const double at = std::floor(std::log10(std::max(milliseconds, 1e-6)) * 2) + 3;
  return static_cast<std::size_t>(std::clamp<double>(at, 0, cells - 1));
}

// "30 s", "15 min", "2 h", "4 days": in the largest unit that leaves no remainder.
std::string whole_time(std::int64_t seconds) {
  if (seconds % 86'400 == 0) return fmt::format("{} day{}", seconds / 86'400, seconds == 86'400 ? "" : "s");
  if (seconds % 3600 == 0) return fmt::format("{} h", seconds / 3600);
  return seconds % 60 == 0 ? fmt::format("{} min", seconds / 60) : fmt::format("{} s", seconds);
}

std::string share_of(double part, double whole) {
  const double value = whole > 0 ? 100 * part / whole : 0;
  return value > 0 && value < 0.05 ? "<0.1%" : fmt::format("{:.1f}%", value);
}

std::string p95_of(const Query& query) {
  const auto p95 = query.percentile_ms(0.95);
  return p95 ? short_time(*p95) : "-";
}

class Writer {
 public:
  explicit Writer(const DigestOptions& options) : options_(options), look_(options.look) {}

  std::string digest(const Workload& workload) {
    for (const auto& query : workload.queries) {
      users_.insert(query.users.begin(), query.users.end());
      databases_.insert(query.databases.begin(), query.databases.end());
      applications_.insert(query.applications.begin(), query.applications.end());
    }
    head(workload);
    timeline(workload.timeline);
    notes(workload);
    table(workload);
    server_events(workload);
    return std::move(out_);
  }

  std::string comparison(const Comparison& comparison) {
    whole("old", *comparison.before, comparison.hours_before);
    whole("new", *comparison.after, comparison.hours_after);
    if (!comparison.per_hour)
      out_ +=
          "Calls are compared as totals, not per hour: one of the inputs covers less than a minute or an "
          "unknown time.\n";
    changes("New", comparison.added, Ratio::none);
    changes("Slower", comparison.slower, Ratio::slower);
    changes("More frequent", comparison.more_frequent, Ratio::calls);
    changes("Gone", comparison.gone, Ratio::none);
    changes("Faster", comparison.faster, Ratio::faster);
    if (comparison.added.empty() && comparison.gone.empty() && comparison.slower.empty() &&
        comparison.more_frequent.empty() && comparison.faster.empty())
      out_ += "\nNo query is new, gone, slower, faster or more frequent.\n";
    return std::move(out_);
  }

 private:
  std::string bold(std::string_view text) const { return paint(look_, "1", text); }
  std::size_t width() const { return static_cast<std::size_t>(std::max(look_.width, 40)); }

  std::string cut(std::string text, std::size_t width) const {
    text = ellipsis(text, width);
    if (!look_.unicode && text.ends_with("…")) text.replace(text.size() - 3, 3, "~");
    return text;
  }

  // A statement, wrapped at blanks; what does not fit in `lines` is cut.
  void statement(std::string_view text, std::string_view indent, int lines) {
    std::string rest = one_line(text);
    const std::size_t room = width() - indent.size();
    for (int line = 1; !rest.empty(); ++line) {
      if (character_count(rest) <= room || line == lines) {
        out_ += fmt::format("{}{}\n", indent, cut(rest, room));
        return;
      }
      auto at = rest.rfind(' ', room);
      if (at == std::string::npos || at < room / 2) at = character_begin(rest, std::min(room, rest.size()));
      out_ += fmt::format("{}{}\n", indent, rest.substr(0, at));
      rest.erase(0, rest[at] == ' ' ? at + 1 : at);
    }
  }

  void paragraph(std::string_view text) {
    out_ += wrapped("", "  ", split(text, ' '), static_cast<std::size_t>(look_.width));
  }

  // By kind; of each the most frequent.
  void server_events(const Workload& workload) {
    if (workload.server_events.empty()) return;
    constexpr std::size_t max_shown = 3;
    out_ += "\n" + bold("Also in the logs") + "\n";
    for (std::size_t at = 0; at < workload.server_events.size();) {
      const auto kind = workload.server_events[at].kind;
      std::uint64_t all = 0;
      std::size_t end = at;
      for (; end < workload.server_events.size() && workload.server_events[end].kind == kind; ++end)
        all += workload.server_events[end].count;
      out_ += fmt::format("{:>9} x {}\n", count(all), label(kind));
      for (std::size_t i = at; i < end && i < at + max_shown; ++i) server_event(workload.server_events[i]);
      if (end - at > max_shown)
        out_ += fmt::format("{:>11}and {} more\n", "", plural(end - at - max_shown, "other"));
      at = end;
    }
  }

  void server_event(const ServerEvent& event) {
    std::string text = one_line(event.about);
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (event.kind == ServerEvent::Kind::temporary_file)
      add(fmt::format("{:.1f} MB in total, the largest {:.1f} MB", event.total_bytes / 1e6,
                      event.largest_bytes / 1e6));
    else if (event.times.count())
      add(fmt::format("median {}, longest {}", short_time(median_ms(event)),
                      short_time(event.longest_us / 1000)));
    std::string line =
        fmt::format("{:>11}{} x {}{}first at ", "", count(event.count), text, text.empty() ? "" : ", ");
    std::string place = one_line(event.place.str());
    // Of a long path the end is what is needed.
    if (const std::size_t room = width() > line.size() + 20 ? width() - line.size() : 20;
        place.size() > room) {
      std::size_t from = place.size() - room + 1;
      while (from < place.size() && continues_character(place[from])) ++from;
      place = (look_.unicode ? "…" : "~") + place.substr(from);
    }
    out_ += cut(line + place, width()) + "\n";
    if (!event.statement.empty()) statement(event.statement, "                 ", 1);
    if (event.holders.empty()) return;
    const LockHolder& holder = event.holders.front();
    text = "held " + count(holder.count) + " x by " +
           (!holder.application.empty() ? holder.application
            : !holder.user.empty()      ? holder.user
                                        : "a session");
    if (!holder.statement.empty()) text += ": " + holder.statement;
    statement(text, "                 ", 1);
  }

  // How busy at which time: a character a bucket, of calls and of their time.
  void timeline(const Timeline& timeline) {
    constexpr std::string_view labels[] = {"calls  ", "time   "};
    if (timeline.buckets().size() < 2) return;
    const auto room = width() - 24;  // beside label and peak
    const std::size_t each = (timeline.buckets().size() + room - 1) / room;
    std::vector<double> calls, times;
    for (std::size_t i = 0; i < timeline.buckets().size(); ++i) {
      if (i % each == 0) calls.push_back(0), times.push_back(0);
      calls.back() += static_cast<double>(timeline.buckets()[i].calls);
      times.back() += static_cast<double>(timeline.buckets()[i].total_us) / 1000;
    }
    const auto highest = [](const std::vector<double>& values) { return *std::ranges::max_element(values); };
    paragraph(fmt::format("over time, {} a column, from {}:",
                          whole_time(timeline.width() / 1'000'000 * static_cast<std::int64_t>(each)),
                          one_time(timeline.start())));
    out_ += fmt::format("{}{}  {} at most\n", labels[0], bars(calls),
                        count(static_cast<std::uint64_t>(highest(calls))));
    if (highest(times) > 0)
      out_ += fmt::format("{}{}  {} at most\n", labels[1], bars(times), short_time(highest(times)));
  }

  // One character a value, as high as its share of the greatest one; a blank is 0.
  std::string bars(std::span<const double> values) const {
    static constexpr std::string_view blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static constexpr std::string_view ascii[] = {" ", ".", ".", ":", ":", "+", "+", "#", "#"};
    const double highest = *std::ranges::max_element(values);
    std::string out;
    for (const auto value : values) {
      const auto level = highest > 0 ? static_cast<std::size_t>(std::ceil(8 * value / highest)) : 0;
      out += look_.unicode ? blocks[std::min<std::size_t>(level, 8)] : ascii[std::min<std::size_t>(level, 8)];
    }
    return out;
  }

  // How much, from when to when, how busy: before any single query.
  void head(const Workload& workload) {
    const LogSource all_logs = total_of(workload.sources);
    const auto logs = static_cast<std::uint64_t>(
        std::ranges::count_if(workload.sources, [](const auto& source) { return !source.format.empty(); }));
    double total = 0;
    for (const auto& query : workload.queries) total += query.total_ms;
    std::string text =
        fmt::format("{}, {}, {} of {}", plural(logs, "log"), plural(all_logs.lines, "line"),
                    plural(all_logs.statements, "statement"), plural(workload.queries.size(), "template"));
    if (workload.sessions) text += fmt::format(", {}", plural(workload.sessions, "session"));
    paragraph(text);
    if (all_logs.continuation + all_logs.other + all_logs.not_understood > 0)
      paragraph(
          fmt::format("lines: {} of statements, {} that continue them, {} of other kinds, {} not recognized",
                      count(all_logs.used), count(all_logs.continuation), count(all_logs.other),
                      count(all_logs.not_understood)));
    if (const auto span = span_of(workload)) {
      text = fmt::format("{} to {}", one_time(span->first), one_time(span->last));
      const double length_ms = static_cast<double>(span->last - span->first) / 1000;
      if (length_ms > 0) text += fmt::format(" ({})", short_time(length_ms));
      if (total > 0) text += fmt::format(", {} of query time", short_time(total));
      if (length_ms >= 60'000 && total > 0)
        text += fmt::format(": {:.2f} at once on average", total / length_ms);
      paragraph(text);
    } else if (total > 0) {
      paragraph(short_time(total) + " of query time");
    }
    std::vector<std::string> all;
    for (const auto& [label, names] :
         {std::pair{"user", &users_}, {"database", &databases_}, {"application", &applications_}})
      if (names->size() == 1) all.push_back(fmt::format("{} {}", label, one_line(*names->begin())));
    if (!all.empty()) paragraph("all of " + join(all, ", "));
    if (const std::uint64_t timed = all_logs.timed_statements; timed < all_logs.statements && timed > 0)
      paragraph(fmt::format("{} of {} have no duration", count(all_logs.statements - timed),
                            plural(all_logs.statements, "statement")));
  }

  static std::string one_time(std::int64_t at) {
    std::string text = time_stamp(at);
    text.resize(19);
    text[10] = ' ';
    return text;
  }

  void notes(const Workload& workload) {
    for (const auto& source : workload.sources) {
      if (!source.note.empty())
        paragraph(fmt::format("{}: {}", printable(source.path), printable(source.note)));
      if (!source.not_understood) continue;
      std::string text = fmt::format("{}: {} of {} not recognized", printable(source.path),
                                     count(source.not_understood), plural(source.lines, "line"));
      for (std::size_t i = 0; i < source.not_understood_at.size(); ++i)
        text += fmt::format("{}{}", i ? ", " : ", first at line ", source.not_understood_at[i].line);
      paragraph(text);
    }
  }

  void table(const Workload& workload) {
    if (workload.queries.empty()) return;
    double total = 0;
    std::uint64_t calls = 0;
    bool rows = false, sketches = false;
    for (const auto& query : workload.queries) {
      total += query.total_ms;
      calls += query.calls;
      rows |= query.rows_calls > 0;
      sketches |= query.times.count() > 0;
    }
    const bool timed = total > 0;
    std::string header = fmt::format("{:>3} {:>6} {:>8} {:>11} {:>7} {:>7} {:>7}", "#", "share", "total",
                                     "calls", "mean", "p95", "max");
    if (rows) header += fmt::format(" {:>7}", "rows");
    if (sketches) header += fmt::format("  {}", axis);
    out_ += "\n" + bold(header) + "\n";
    const std::size_t shown =
        options_.top ? std::min(options_.top, workload.queries.size()) : workload.queries.size();
    for (std::size_t i = 0; i < shown; ++i) {
      const Query& query = workload.queries[i];
      const std::string share = timed
                                    ? share_of(query.total_ms, total)
                                    : share_of(static_cast<double>(query.calls), static_cast<double>(calls));
      row(i + 1, query, share, rows);
    }
    rest(workload, shown, total, calls);
    if (!timed)
      paragraph("No durations were logged: ranked by calls. log_min_duration_statement = 0 logs them.");
  }

  void row(std::size_t rank, const Query& query, const std::string& share, bool rows) {
    const bool timed = query.timed_calls > 0;
    std::string line = fmt::format("{:>3} {:>6} {:>8} {:>11} {:>7} {:>7} {:>7}", rank, share,
                                   timed ? short_time(query.total_ms) : "-", count(query.calls),
                                   timed ? short_time(query.mean_ms()) : "-", p95_of(query),
                                   timed ? short_time(query.max_ms) : "-");
    if (rows) {
      const double mean = query.mean_rows();
      line += fmt::format(" {:>7}", query.rows_calls ? (mean < 1000 ? fmt::format("{:.3g}", mean)
                                                                    : count(static_cast<std::uint64_t>(mean)))
                                                     : "-");
    }
    if (query.times.count()) line += "  " + sketch(query.times);
    while (line.ends_with(' ')) line.pop_back();
    out_ += bold(line) + "\n";
    statement(query.text, "    ", 3);
    origin(query);
  }

  std::string sketch(const Histogram& times) const {
    std::array<double, cells> counts{};
    for (const auto& bucket : times.buckets())
      counts[cell_of(Histogram::middle_ms(bucket.index))] += static_cast<double>(bucket.count);
    return bars(counts);
  }

  // Whose it is, and where its slowest call stands in the log.
  void origin(const Query& query) {
    std::vector<std::string> parts;
    const auto add = [&](std::string_view label, const std::set<std::string>& names) {
      if (names.empty()) return;
      if (&names == &query.users && users_.size() == 1) return;
      if (&names == &query.databases && databases_.size() == 1) return;
      if (&names == &query.applications && applications_.size() == 1) return;
      std::vector<std::string> shown;
      for (const auto& name : names)
        if (shown.size() < 3) shown.push_back(one_line(name));
      parts.push_back(fmt::format("{} {}{}", label, join(shown, ", "),
                                  names.size() > 3 ? fmt::format(" and {} more", names.size() - 3) : ""));
    };
    const Sample* slowest =
        query.samples.empty() || query.samples.front().place.live() ? nullptr : &query.samples.front();
    if (slowest) parts.push_back("slowest at " + one_line(slowest->place.str()));
    if (query.plan) {
      const SourceLocation& place = query.plan->place;
      parts.push_back("plan at " + (slowest && place.file == slowest->place.file
                                        ? fmt::format("line {}", place.line)
                                        : one_line(place.str())));
    }
    add("user", query.users);
    add("database", query.databases);
    add("application", query.applications);
    if (!parts.empty()) out_ += paint(look_, "2", "    " + cut(join(parts, "; "), width() - 4)) + "\n";
    if (!options_.show_literals) return;
    for (const auto& logged : query.samples) {
      const Sample sample = without_secrets(logged);
      std::string text = sample.duration_ms ? short_time(*sample.duration_ms) : std::string();
      if (!sample.place.live()) text += " at " + sample.place.str();
      text += ": ";
      if (sample.statement != query.text || !sample.parameters) text += sample.statement + " ";
      if (sample.parameters)
        for (std::size_t i = 0; i < sample.parameters->size(); ++i)
          text += fmt::format("{}${} = {}", i ? ", " : "", i + 1, (*sample.parameters)[i].value_or("NULL"));
      statement(text, "      ", 3);
    }
  }

  void rest(const Workload& workload, std::size_t shown, double total, std::uint64_t calls) {
    if (shown == workload.queries.size()) return;
    double other = 0;
    std::uint64_t other_calls = 0;
    for (std::size_t i = shown; i < workload.queries.size(); ++i)
      other += workload.queries[i].total_ms, other_calls += workload.queries[i].calls;
    const std::string share = total > 0
                                  ? share_of(other, total)
                                  : share_of(static_cast<double>(other_calls), static_cast<double>(calls));
    out_ += fmt::format("{:>3} {:>6} {:>8} {:>11}  {} more; --top 0 shows all\n", "", share,
                        total > 0 ? short_time(other) : "-", count(other_calls),
                        plural(workload.queries.size() - shown, "template"));
  }

  void whole(std::string_view name, const Workload& workload, double hours) {
    std::uint64_t statements = 0;
    double total = 0;
    for (const auto& query : workload.queries) statements += query.calls, total += query.total_ms;
    std::string text = fmt::format("{}: {} of {}", name, plural(statements, "call"),
                                   plural(workload.queries.size(), "template"));
    if (total > 0) text += fmt::format(", {} of query time", short_time(total));
    if (hours > 0) text += fmt::format(" in {}", short_time(hours * 3.6e6));
    if (const auto span = span_of(workload))
      text += fmt::format(", {} to {}", one_time(span->first), one_time(span->last));
    paragraph(text);
  }

  enum class Ratio { none, slower, faster, calls };

  void changes(std::string_view title, const std::vector<QueryChange>& list, Ratio ratio) {
    if (list.empty()) return;
    out_ += "\n" + bold(fmt::format("{}: {}", title, plural(list.size(), "template"))) + "\n";
    const std::size_t shown = options_.top ? std::min(options_.top, list.size()) : list.size();
    for (std::size_t i = 0; i < shown; ++i) change(list[i], ratio);
    if (shown < list.size())
      out_ += fmt::format("  and {} more; --top 0 shows all\n", count(list.size() - shown));
  }

  // What the section is about comes first.
  void change(const QueryChange& change, Ratio ratio) {
    const auto figure = [&](std::string_view label, auto value) {
      if (!change.before || !change.after)
        return fmt::format("{} {}", label, value(change.before ? *change.before : *change.after));
      return fmt::format("{} {} -> {}", label, value(*change.before), value(*change.after));
    };
    const auto timed = [](const Query& query, double value) {
      return query.timed_calls ? short_time(value) : std::string("-");
    };
    const auto calls = figure("calls", [](const Query& query) { return count(query.calls); });
    const auto mean = figure("mean", [&](const Query& query) { return timed(query, query.mean_ms()); });
    const auto p95 = figure("p95", p95_of);
    const auto total = figure("total", [&](const Query& query) { return timed(query, query.total_ms); });
    const bool time = ratio == Ratio::slower || ratio == Ratio::faster;
    std::string line = time                    ? join({mean, p95, calls}, ", ")
                       : ratio == Ratio::calls ? join({calls, mean, total}, ", ")
                                               : join({total, calls, mean, p95}, ", ");
    const double factor = ratio == Ratio::slower   ? change.time_ratio
                          : ratio == Ratio::faster ? 1 / std::max(change.time_ratio, 1e-9)
                          : ratio == Ratio::calls  ? change.calls_ratio
                                                   : 0;
    if (factor > 0)
      line = fmt::format("{:>4}x  {}",
                         factor < 99.5 ? fmt::format("{:.{}f}", factor, factor < 9.95 ? 1 : 0)
                                       : count(static_cast<std::uint64_t>(factor)),
                         line);
    const std::size_t room = width() - 2;
    for (std::string indent = "  "; !line.empty(); indent = "         ") {
      auto end = line.size() <= room ? line.size() : line.rfind(", ", room - 1);
      if (end == std::string::npos) end = line.size();
      else if (end < line.size()) ++end;
      out_ += bold(indent + line.substr(0, end)) + "\n";
      line.erase(0, std::min(line.size(), end + 1));
    }
    statement((change.after ? change.after : change.before)->text, "    ", 2);
  }

  const DigestOptions& options_;
  const Look& look_;
  std::set<std::string> users_, databases_,
      applications_;  // of all queries; what is the same for all is said once
  std::string out_;
};

}  // namespace

std::string digest_text(const Workload& workload, const DigestOptions& options) {
  return Writer(options).digest(workload);
}
std::string comparison_text(const Comparison& comparison, const DigestOptions& options) {
  return Writer(options).comparison(comparison);
}

}  // namespace pgadvise::report
