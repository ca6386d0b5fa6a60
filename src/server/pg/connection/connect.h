// Opens libpq connections with limits of time and bytes. libpq's own connect_timeout neither covers a server
// that keeps sending before the session begins, nor limits the bytes.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pg/connection/metered_socket.h"

struct pg_conn;

namespace pgadvise::pg {

// Limit of the bytes that a server sends before the session begins: certificates, authentication, parameters,
// notices.
constexpr std::size_t max_greeting_bytes = std::size_t{1} << 20;

// `connection`: owned by the caller, who must close it before `socket` is destroyed; null if memory ran out.
// `failure`: the reason if pgadvise gave up; "" if libpq did (see PQerrorMessage), or if PQstatus is
// CONNECTION_OK.
struct Connected {
  pg_conn* connection = nullptr;
  std::unique_ptr<MeteredSocket> socket;
  std::string failure;
};

// `options`: libpq's keywords and values. The time limit of each address is `connect_timeout` seconds, from
// `options` or PGCONNECT_TIMEOUT, else 10; "0" (no limit in libpq) means 60. After a timeout the next host of
// a list is tried. The resolver's limits apply to name resolution.
Connected connect(const std::vector<std::pair<std::string, std::string>>& options);

}  // namespace pgadvise::pg
