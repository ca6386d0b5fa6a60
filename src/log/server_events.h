// What a server logs besides statements: parsed from one record, whatever stood before it. By SQLSTATE where
// the log has it, else by the server's English messages.
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

// Of a record that is no statement and no duration.
std::optional<ParsedEvent> parse_event(const Record& record);

}  // namespace pgadvise::log
