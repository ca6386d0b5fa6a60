// Parses server events other than statements from single records, by SQLSTATE if the log has it, else by the
// English messages.
#pragma once

#include <optional>
#include <string>

#include "log/record/record.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

struct ParsedEvent {
  ServerEvent::Kind kind;
  std::string about;       // without literals
  double duration_ms = 0;  // lock_wait, disconnection
  double bytes = 0;        // temporary_file
};

// Whether the server rolled a transaction back that would succeed if it ran again: a deadlock or a
// serialization failure.
bool is_rollback(const ParsedEvent& event);

// ServerEvent::about of such a transaction, as an event of kind `cancelled`. A deadlock has one only if
// nobody repeated the transaction: events of kind `deadlock` count all.
std::string rollback_reason(bool deadlock, bool not_repeated);

// Whether the server says of a BEGIN that a transaction is open already, which goes on.
bool is_begin_in_transaction(const Record& record);

// Parses a record that is neither a statement nor a duration.
std::optional<ParsedEvent> parse_event(const Record& record);

}  // namespace pgadvise::log
