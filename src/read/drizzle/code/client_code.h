// How code and drizzle-kit's configurations connect: pools, clients of Drizzle, credentials, and scripts that
// run migrations. What is not known without running the code is left out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/project/connections.h"
#include "model/project/project.h"
#include "typescript/program.h"

namespace pgadvise::drizzle {

// Options of a connection, with a password: never to be copied into a report.
struct WrittenCredentials {
  std::string host;
  std::string password;  // a literal of the source
  SourceLocation place;  // of the password
};

// What a configuration of drizzle-kit says of the database to which `push` connects.
struct PushTarget {
  std::string config;
  bool strict = false;
  std::optional<std::string> url;      // with its password: never to be copied into a report
  std::optional<std::string> host;     // given beside a URL
  std::vector<std::string> variables;  // of the environment, which hold the URL or the host
  bool tls = false;                    // asks for TLS
  SourceLocation place;                // of dbCredentials
};

struct ClientCode {
  // Of application code, whose options are known: of node-postgres and postgres.js, also those that drizzle()
  // makes of a URL.
  std::vector<ClientPool> pools;
  std::vector<PoolSize> sizes;  // of the same, with a number for `max`
  std::vector<WrittenCredentials> credentials;
  std::vector<CasingMismatch> casing;
  std::vector<PushTarget> push_targets;  // of PostgreSQL configurations whose object is known
  std::vector<IgnoredMigrationError> ignored_migration_errors;
  std::vector<std::string> unread;  // source files of the application that may_be_source() refuses, sorted
};

// Whether the value is the class Pool of node-postgres.
bool is_pg_pool(const typescript::Value& constructor);

// REQUIRES a build that reads source, and provide_packages().
ClientCode read_client_code(typescript::Program& program);

}  // namespace pgadvise::drizzle
