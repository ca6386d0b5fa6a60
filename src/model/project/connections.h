// How a project's code and configuration connect to its PostgreSQL database, and how its scripts handle
// errors of migrations. Passwords are never copied into these facts.
#pragma once

#include <string>
#include <vector>

#include "model/source_location.h"

namespace pgadvise {

// Code that runs migrations and goes on, or ends with success, when one fails.
struct IgnoredMigrationError {
  enum class Form { catch_clause, catch_method, exit_in_finally };
  Form form = Form::catch_clause;
  bool script = false;    // the process then ends with 0; false: the application starts
  std::string package;    // "drizzle-orm/node-postgres/migrator"
  std::string function;   // that contains the handler; "" at the top level
  SourceLocation place;   // of the handler
  SourceLocation called;  // where migrations are run
};

// A configuration of drizzle-kit with `strict` off whose database is on another machine, and the script that
// pushes with it.
struct UnconfirmedPush {
  std::string config;
  std::string host;    // "" if only `reason` is known
  std::string reason;  // why the database is not local: "its URL names db.example.com", "it asks for TLS"
  std::string script;  // "script db:push"
  std::string command;
  SourceLocation place;         // of the configuration
  SourceLocation script_place;  // of the script
};

// A password of a database on another machine, in a committed file.
struct CommittedPassword {
  std::string host;
  std::string entry;  // the variable or key that holds it; "" if none
  bool url = true;    // in a connection URL; false: an option of its own
  bool public_host = true;
  SourceLocation place;
};

// A connection pool that application code makes.
struct ClientPool {
  std::string what;             // "new Pool() of node-postgres"
  bool connect_timeout = true;  // false: none is set
  bool statement_timeout = true;
  SourceLocation place;
};

// `casing` of drizzle-kit's configuration and of the database that code makes with drizzle(), which differ.
struct CasingMismatch {
  std::string config;  // the file
  std::string of_kit;  // "snake_case", "camelCase" or ""
  std::string of_client;
  std::string table;  // an example of a column whose name they disagree about, as the tables' source names
  std::string key;
  std::string kit_name;
  std::string client_name;
  int columns = 0;              // about which they disagree
  SourceLocation place;         // of drizzle()
  SourceLocation config_place;  // of `casing`, or of the configuration
};

struct ConnectionFacts {
  std::vector<IgnoredMigrationError> ignored_migration_errors;
  std::vector<UnconfirmedPush> unconfirmed_pushes;
  std::vector<CommittedPassword> passwords;
  std::vector<ClientPool> pools;
  std::vector<CasingMismatch> casing;
  std::vector<std::string> unread_source;  // files of source that were not read: minified, or too large
};

}  // namespace pgadvise
