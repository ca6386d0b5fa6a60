// What the rules about a server's log share.
#pragma once

#include <optional>
#include <string>

#include "lint/context.h"
#include "model/workload.h"

namespace pgadvise::lint {

// "1.5 s", "3 min", "2 h": for people, of milliseconds.
std::string duration_text(double milliseconds);

// "12 times"; "once"
std::string times(std::uint64_t count);

// The statement that it befell, or `otherwise`, with the place of the first.
Evidence evidence_of(const ServerEvent& event, std::string text);

// From the first to the last one, in minutes, one at least; nullopt: the log has no times.
std::optional<double> minutes(const ServerEvent& event);

// The server's own, or made_by_tool(): no table of the application. `table`: nullptr if only the name is
// known.
bool of_tool_or_server(const QualifiedName& name, const Table* table);

}  // namespace pgadvise::lint
