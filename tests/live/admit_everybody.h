// Opens a sandbox's server for tests, which connect as roles of their own.
#pragma once

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "pg/connection/connection.h"
#include "pg/sandbox/sandbox.h"

namespace pgadvise::live {

// From now on the server admits every role to every database over its Unix socket, without a password.
// Errors: it does not within 10 s.
inline Result<void> admit_everybody(pg::Sandbox& sandbox) {
  std::ofstream(sandbox.folder() + "/data/pg_hba.conf") << "local all,replication all trust\n";
  if (const auto done = sandbox.admin().query("SELECT pg_reload_conf()"); !done)
    return tl::unexpected(done.error());
  const std::string conninfo = "host=" + sandbox.folder() + " port=" + std::to_string(sandbox.port()) +
                               " dbname=sandbox user=pgadvise_admin password='' options=''";
  for (int tries = 0;; ++tries) {
    const auto connection = pg::Connection::open(conninfo);
    if (connection) return {};
    if (tries == 200) return tl::unexpected(connection.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace pgadvise::live
