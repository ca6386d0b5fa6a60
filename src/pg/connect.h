// Opens libpq connections within bounds of time and bytes: libpq's own connect_timeout covers neither a
// server that keeps on sending before the session begins nor how much it sends.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pg/metered_socket.h"

struct pg_conn;

namespace pgadvise::pg {

// What a server may send before the session begins: certificates, authentication, parameters, notices.
constexpr std::size_t max_greeting_bytes = std::size_t{1} << 20;

// `connection` is libpq's, and the caller's to close (before `socket` goes); null when memory has run out.
// `failure` is the reason when pgadvise gave up; "" when libpq did (PQerrorMessage has the reason), or when
// PQstatus is CONNECTION_OK.
struct Connected {
  pg_conn* connection = nullptr;
  std::unique_ptr<MeteredSocket> socket;
  std::string failure;
};

// `options`: libpq's keywords and values. Each address has `connect_timeout` seconds, from `options` or
// PGCONNECT_TIMEOUT, else 10; "0" (no limit in libpq) stands for 60. Where a host of a list does not answer
// in time, the next one is tried. Looking a host's name up is up to the resolver's own limits.
Connected connect(const std::vector<std::pair<std::string, std::string>>& options);

}  // namespace pgadvise::pg
