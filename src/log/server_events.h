// Parses server events other than statements from single records, by SQLSTATE if the log has it, else by the
// English messages.
#pragma once

#include <optional>
#include <string>

#include "log/record.h"
#include "model/workload.h"

namespace pgadvise::log {

struct ParsedEvent {
  ServerEvent::Kind kind;
  std::string about;       // without literals
  double duration_ms = 0;  // lock_wait, disconnection
  double bytes = 0;        // temporary_file
};

// Parses a record that is neither a statement nor a duration.
std::optional<ParsedEvent> parse_event(const Record& record);

}  // namespace pgadvise::log
