// What carries a server's stderr lines elsewhere: syslog, CloudWatch, Heroku's logplex, Cloud SQL's and Azure's JSON, and
// CloudNativePG's JSON, which carries jsonlog's fields.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "log/record.h"

namespace pgadvise::log {

enum class Envelope : std::uint8_t { none, syslog, cloudwatch, logplex, cloud_sql, azure, cloudnativepg };

std::string_view name(Envelope envelope);  // "syslog", for reports

// The server's line in `line`, as it would stand in its own log; further lines of a record begin with a tab. With `stamped`
// the envelope's time and process id stand before it as log_line_prefix "%m [%p] " (or "%t [%p]: ", without fractions of a
// second) would have put them, for servers whose own prefix says neither. false: no line of this envelope.
bool unwrap(Envelope envelope, std::string_view line, bool stamped, std::string& out);

// When the entry was written, of Cloud SQL and Azure; no_time: not told, or another envelope.
std::int64_t entry_time(Envelope envelope, std::string_view line);

}  // namespace pgadvise::log
