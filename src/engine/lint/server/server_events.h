// Shared by the rules about events in a server's log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/run/context.h"
#include "model/queries/workload.h"

namespace pgadvise::lint {

// "1.5 s", "3 min", "2 h": for people, of milliseconds.
std::string duration_text(double milliseconds);

// "12 times"; "once"
std::string times(std::uint64_t count);

// The affected statement, or `otherwise`, with the location of the first event.
Evidence evidence_of(const ServerEvent& event, std::string text);

// "api 9 times, worker once": the application_names of the events, the most frequent first; "" if the log
// does not have them.
std::string by_application(const std::vector<const ServerEvent*>& events);
// The applications of events of one statement, the most frequent one first: "by application: api 12, worker
// 3". nullopt: the log has no names of applications.
std::optional<Evidence> applications_of(const std::vector<const ServerEvent*>& events);

// The sessions that held the locks of these waits, the most frequent ones first, with the application or,
// where the log has none, the user, and with the statement. Empty: the log shows none of them.
std::vector<Evidence> holders_of(const std::vector<const ServerEvent*>& events);

// Of transactions that the log shows not to have run again: "3 of these transactions were not repeated …".
// `all`: rollbacks, of which `count` were not repeated.
std::string not_repeated_text(std::uint64_t count, std::uint64_t all);

// ServerEvent::about of kind `cancelled`, as log/server_events.h writes it.
inline constexpr std::string_view serialization_failures = "serialization failure";
inline constexpr std::string_view lost_serialization_failures = "serialization failure, not repeated";
inline constexpr std::string_view lost_deadlocks = "deadlock, not repeated";

// The subject of a finding about the event's statement, or about the server if the log does not have the
// statement. `entry`: what happened to it.
Subject event_subject(const Context& context, const ServerEvent& event, std::string entry);

// Minutes from the first to the last event, at least one; nullopt: the log has no times.
std::optional<double> minutes(const ServerEvent& event);

// Whether the table belongs to the server or to a tool (made_by_tool()), not to the application. `table`:
// nullptr if only the name is known.
bool of_tool_or_server(const QualifiedName& name, const Table* table);

}  // namespace pgadvise::lint
