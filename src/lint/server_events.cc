#include "lint/server_events.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "base/text.h"
#include "lint/queries.h"
#include "lint/tables.h"

namespace pgadvise::lint {

std::string duration_text(double milliseconds) {
  const auto with = [](double value, const char* unit) {
    char out[32];
    std::snprintf(out, sizeof out, value < 10 ? "%.1f %s" : "%.0f %s", value, unit);
    return std::string(out);
  };
  if (milliseconds < 1000) return with(milliseconds, "ms");
  if (milliseconds < 120'000) return with(milliseconds / 1000, "s");
  if (milliseconds < 7'200'000) return with(milliseconds / 60'000, "min");
  return with(milliseconds / 3'600'000, "h");
}

std::string times(std::uint64_t count) {
  return count == 1 ? "once" : grouped(static_cast<double>(count)) + " times";
}

Evidence evidence_of(const ServerEvent& event, std::string text) {
  if (!event.statement.empty()) text += ": " + ellipsis(event.statement, shown_statement);
  return {Evidence::Kind::statement, std::move(text), event.place, {}};
}

std::optional<Evidence> applications_of(const std::vector<const ServerEvent*>& events) {
  constexpr std::size_t most = 5;
  std::map<std::string, std::uint64_t> counts;
  for (const auto* event : events)
    for (const auto& [application, count] : event->applications) counts[application] += count;
  if (counts.empty()) return std::nullopt;
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (std::size_t i = 0; i < sorted.size() && i < most; ++i)
    text += (i ? ", " : "by application: ") + ellipsis(sorted[i].first, 64) + " " +
            grouped(static_cast<double>(sorted[i].second));
  if (sorted.size() > most) text += ", …";
  return Evidence{Evidence::Kind::statement, std::move(text), std::nullopt, {}};
}

std::string not_repeated_text(std::uint64_t count, std::uint64_t all) {
  const std::string begin = all == 1       ? "the transaction was"
                            : count == all ? "none of the transactions was"
                            : count == 1
                                ? "one of the transactions was not"
                                : grouped(static_cast<double>(count)) + " of the transactions were not";
  return begin + (all == 1 ? " not" : "") + " repeated within a minute, so " +
         (count == 1 ? "its" : "their") + " work is lost";
}

std::optional<double> minutes(const ServerEvent& event) {
  if (!event.first || !event.last) return std::nullopt;
  return std::max(1.0, static_cast<double>(*event.last - *event.first) / 60e6);
}

bool of_tool_or_server(const QualifiedName& name, const Table* table) {
  return name.schema == "pg_catalog" || name.schema == "information_schema" ||
         lower(name.name).starts_with("pg_") || made_by_tool(name, table);
}

}  // namespace pgadvise::lint
