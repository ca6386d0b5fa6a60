// Facts from a repository about how its database is created, migrated and used.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/schema/catalog.h"
#include "model/schema/migrations.h"
#include "model/source_location.h"

namespace pgadvise {

struct CodeFacts;        // model/code.h
struct ConnectionFacts;  // model/connections.h

// A command that runs when the project is deployed, and how the deployment reaches it.
struct DeployCommand {
  enum class Stage { image_build, start, release, build, ci, compose };
  std::string command;  // as written, credentials masked
  std::vector<std::string>
      words;  // words of the tool itself, without npx, dotenv, docker exec and the like, credentials masked:
              // {"drizzle-kit", "push", "--force"}; for code: {"drizzle-kit/api", "pushSchema"}, {"typeorm",
              // "synchronize"}, {"seed", "wipe"} …
  std::string entry;     // identifies it in its file: "script db:push", "CMD", "job deploy"
  SourceLocation place;  // location of the command itself
  Stage stage = Stage::start;
  bool production = true;         // false: the target may not be production (a note)
  bool conditional = false;       // depends on a condition that pgadvise cannot evaluate
  std::vector<std::string> path;  // "Dockerfile:12 CMD", "package.json script start", … outermost first
};

// A connection to a database on another machine, found in committed files.
struct InsecureConnection {
  enum class Kind {
    no_tls,
    disabled,
    not_verified
  };  // no TLS requested; sslmode disables TLS; the certificate is not verified
  Kind kind = Kind::no_tls;
  std::string host;   // "" in code that gets the URL from elsewhere
  std::string entry;  // the variable or key that holds the connection; "" if none
  SourceLocation place;
};

// The maximum number of connections of one process.
struct PoolSize {
  int size = 0;
  std::string what;    // "max of node-postgres"
  std::string folder;  // of the package
  SourceLocation place;
};

// A timeout that the connection of migrations gets outside of their files.
struct SessionTimeout {
  bool lock = true;  // lock_timeout; false: statement_timeout
  std::int64_t ms = 0;
  std::string what;    // "PGOPTIONS", "the options of a connection URL", "ALTER ROLE", "drizzle.config.ts"
  std::string unread;  // why the migration tool's driver does not see it; "" if it does
  SourceLocation place;
};

// The number of processes of an application.
struct InstanceCount {
  int count = 0;
  std::string what;    // "replicas of service web"
  std::string folder;  // from which its image is built; "" if only a name is known
  SourceLocation place;
  std::string name = {};  // of a deployment without a folder
};

// A key that code reads from JSON or writes to JSON.
struct CodedAsJson {
  std::string
      name;  // lower case, without underscores: "customattributes" of customAttributes and custom_attributes
  SourceLocation place;
};

struct Project {
  std::string root;
  bool drizzle = false;    // has a drizzle config, folder or dependency
  bool postgresql = true;  // false: the drizzle config has another dialect
  std::vector<DeployCommand> deploy_commands;
  std::vector<MigrationFolder> migrations;
  std::vector<InsecureConnection> insecure_connections;
  std::vector<PoolSize> pools;
  std::vector<InstanceCount> instances;
  std::vector<SessionTimeout> timeouts;                // in the order of files and lines
  std::vector<CodedAsJson> coded_as_json;              // each name once, with its first location
  int code_files = 0;                                  // code files read for coded_as_json, without tests
  std::shared_ptr<const CodeFacts> code;               // queries in Drizzle source; null: none was read
  std::shared_ptr<const ConnectionFacts> connections;  // null: not read
  std::vector<std::string> files_read;
  // Names in schema.ts. "schema.table" ("public.orders", always with its schema) maps to the identifier of
  // the exported constant, and "schema.table.column" to the property name; sorted. Names that are not known
  // are missing.
  std::vector<std::pair<std::string, std::string>> drizzle_names;

  // The name of the table, or of its column, in schema.ts; "" if drizzle_names lacks it.
  std::string drizzle_name(const QualifiedName& table, std::string_view column = {}) const;
};

}  // namespace pgadvise
