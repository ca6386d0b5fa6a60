// Shared by the rules about events in a server's log.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lint/context.h"
#include "model/workload.h"

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

// Minutes from the first to the last event, at least one; nullopt: the log has no times.
std::optional<double> minutes(const ServerEvent& event);

// Whether the table belongs to the server or to a tool (made_by_tool()), not to the application. `table`:
// nullptr if only the name is known.
bool of_tool_or_server(const QualifiedName& name, const Table* table);

}  // namespace pgadvise::lint
