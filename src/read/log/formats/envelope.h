// The formats ("envelopes") in which other programs store a server's log lines: syslog, Kubernetes' container
// logs (CRI), CloudWatch, Heroku's logplex, JSON of Cloud SQL and Azure, and CloudNativePG's JSON, which has
// jsonlog's fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "log/record/record.h"

namespace pgadvise::log {

enum class Envelope : std::uint8_t {
  none,
  syslog,
  cloudwatch,
  logplex,
  cloud_sql,
  azure,
  cloudnativepg,
  cri
};

std::string_view name(Envelope envelope);  // "syslog", for reports

// An envelope's information about the message of a line; log/pieces.h joins the pieces of a message.
struct Piece {
  std::uint64_t origin = 0;   // hash of host and process, or of the stream; 0: the envelope tells none
  std::uint64_t message = 0;  // its number within the process; 0: not told
  int number = 0;             // of the piece within the message, from 1 on; 0: not told
  std::size_t front = 0;      // how much of `out` stands before what the server wrote
  bool goes_on = false;       // cut by the envelope: the next piece of the origin goes on with the line
};

// The server's line in `line`, as it would stand in its own log. With `stamped` the envelope's time and
// process id stand before it as log_line_prefix "%m [%p] " (or "%t [%p]: ", without fractions of a second)
// would have put them, for servers whose own prefix says neither. false: no line of this envelope.
bool unwrap(Envelope envelope, std::string_view line, bool stamped, std::string& out, Piece& piece);
// Whether the envelope splits messages into pieces, which can be interleaved.
inline bool in_pieces(Envelope envelope) {
  return envelope == Envelope::syslog || envelope == Envelope::logplex || envelope == Envelope::cri;
}

// The time at which the entry was written, for Cloud SQL and Azure; no_time: unknown, or another envelope.
std::int64_t entry_time(Envelope envelope, std::string_view line);

}  // namespace pgadvise::log
