#include "lint/server/server_events.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>
#include <utility>

#include "base/text/text.h"
#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"

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

std::string times(std::uint64_t count) { return count == 1 ? "once" : grouped(count) + " times"; }

Evidence evidence_of(const ServerEvent& event, std::string text) {
  if (!event.statement.empty()) text += ": " + ellipsis(event.statement, shown_statement);
  return log_fact(std::move(text), event.place);
}

std::string by_application(const std::vector<const ServerEvent*>& events) {
  std::map<std::string, std::uint64_t> counts;
  for (const auto* event : events)
    for (const auto& [name, count] : event->applications) counts[name] += count;
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
  constexpr std::size_t shown = 5;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < std::min(shown, sorted.size()); ++at)
    out.push_back(sorted[at].first + " " + times(sorted[at].second));
  if (sorted.size() > shown) out.push_back(std::to_string(sorted.size() - shown) + " more");
  return join(out, ", ");
}

std::optional<Evidence> applications_of(const std::vector<const ServerEvent*>& events) {
  std::string text = by_application(events);
  if (text.empty()) return std::nullopt;
  return log_fact("by application: " + text);
}

std::vector<Evidence> holders_of(const std::vector<const ServerEvent*>& events) {
  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t> counts;
  for (const auto* event : events)
    for (const auto& holder : event->holders)
      counts[{holder.application, holder.user, holder.statement}] += holder.count;
  std::vector<std::pair<const std::tuple<std::string, std::string, std::string>*, std::uint64_t>> sorted;
  for (const auto& [holder, count] : counts) sorted.emplace_back(&holder, count);
  std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
  constexpr std::size_t shown = 3;
  std::vector<Evidence> out;
  for (const auto& [holder, count] : sorted) {
    const auto& [application, user, statement] = *holder;
    std::string text = "the lock was held " + times(count) + " by " +
                       (!application.empty() ? "the application " + application
                        : !user.empty()      ? "a session of the user " + user
                                             : "a session");
    if (!application.empty() && !user.empty()) text += " (user " + user + ")";
    if (!statement.empty()) text += ", which ran: " + ellipsis(statement, shown_statement);
    out.push_back(log_fact(std::move(text)));
    if (out.size() == shown) break;
  }
  if (sorted.size() > shown)
    out.back().text += "; " + std::to_string(sorted.size() - shown) + " other holders less often";
  return out;
}

std::string not_repeated_text(std::uint64_t count, std::uint64_t all) {
  const std::string begin = all == 1       ? "the transaction was"
                            : count == all ? "none of the transactions was"
                            : count == 1   ? "one of the transactions was not"
                                           : grouped(count) + " of the transactions were not";
  return begin + (all == 1 ? " not" : "") + " repeated within a minute, so " +
         (count == 1 ? "its" : "their") + " work is lost";
}

Subject event_subject(const Context& context, const ServerEvent& event, std::string entry) {
  const Query* query = context.query(event.fingerprint);
  Subject out = query ? query_subject(*query, main_table(*query)) : Subject{};
  out.kind = event.fingerprint.empty() ? "server" : "query";
  out.fingerprint = event.fingerprint;
  out.entry = std::move(entry);
  return out;
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
