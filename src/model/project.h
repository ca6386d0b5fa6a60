// What a repository tells about how its database is made and changed.
#pragma once

#include <string>
#include <vector>

#include "model/catalog.h"
#include "model/migrations.h"
#include "model/source_location.h"

namespace pgadvise {

// A command that runs when the project is deployed, with the way that leads to it.
struct DeployCommand {
  enum class Stage { image_build, start, release, build, ci, compose };
  std::string command;  // as written, credentials masked
  std::vector<std::string>
      words;  // of the tool itself, npx, dotenv, docker exec and the like taken off, credentials
              // masked: {"drizzle-kit", "push", "--force"}; of code: {"drizzle-kit/api", "pushSchema"},
              // {"typeorm", "synchronize"}, {"seed", "wipe"} …
  std::string entry;     // what tells it from others of its file: "script db:push", "CMD", "job deploy"
  SourceLocation place;  // where the command itself is written
  Stage stage = Stage::start;
  bool production = true;         // false: the target may not be production (a note)
  bool conditional = false;       // on the way there is a condition, of which nobody can tell when it holds
  std::vector<std::string> path;  // "Dockerfile:12 CMD", "package.json script start", … outermost first
};

// A way to a database on another machine, as committed files tell of it.
struct InsecureConnection {
  enum class Kind {
    no_tls,
    disabled,
    not_verified
  };  // nothing asks for TLS, sslmode says no, the certificate is not looked at
  Kind kind = Kind::no_tls;
  std::string host;   // "" in code, where the URL comes from elsewhere
  std::string entry;  // the variable or key it is given to, "" when there is none
  SourceLocation place;
};

// How many connections one process may open.
struct PoolSize {
  int size = 0;
  std::string what;    // "max of node-postgres"
  std::string folder;  // of the package
  SourceLocation place;
};

// How many processes of an application run.
struct InstanceCount {
  int count = 0;
  std::string what;    // "replicas of service web"
  std::string folder;  // that its image is built from; "" when only a name is known
  SourceLocation place;
  std::string name = {};  // of a deployment, where there is no folder
};

// A name that code reads from JSON or writes as JSON.
struct CodedAsJson {
  std::string
      name;  // lower case, without underscores: "customattributes" of customAttributes and custom_attributes
  SourceLocation place;
};

struct Project {
  std::string root;
  bool drizzle = false;    // a drizzle config, folder or dependency was seen
  bool postgresql = true;  // false: its drizzle config names another dialect
  std::vector<DeployCommand> deploy_commands;
  std::vector<MigrationFolder> migrations;
  std::vector<InsecureConnection> insecure_connections;
  std::vector<PoolSize> pools;
  std::vector<InstanceCount> instances;
  std::vector<CodedAsJson> coded_as_json;  // each name once, where it was seen first
  int code_files = 0;                      // that were read for it, tests left out
  std::vector<std::string> files_read;
  // schema.ts spelling: "schema.table" ("public.orders", always with its schema) -> the identifier of the
  // pgTable constant, and "schema.table.column" -> the property name; sorted; found by a plain reading of the
  // schema files, absent where that fails.
  std::vector<std::pair<std::string, std::string>> drizzle_names;

  // What schema.ts calls the table, or its column; "" when drizzle_names does not hold it.
  std::string drizzle_name(const QualifiedName& table, std::string_view column = {}) const;
};

}  // namespace pgadvise
