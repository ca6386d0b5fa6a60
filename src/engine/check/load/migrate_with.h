// Runs a project's own migrate command against a sandbox, and takes the migrations from what the server
// executed: for migrations that are programs.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/config/config.h"
#include "check/load/server.h"
#include "check/observer.h"
#include "migrations/folders/executed.h"

namespace pgadvise::check {

struct MigrateCommand {
  std::string command;  // of a shell; "": none
  std::string folder;   // it runs there; "": the working folder
  std::chrono::milliseconds time{600'000};
  std::vector<std::string> writes = {};  // folders that it may write; see check/migrate_writes.h
  bool allow_unisolated = false;  // where the kernel does not permit the isolation, run it all the same
  bool allow_commands = false;    // also the command of a pgadvise.toml
};

// Where `command` names none: the command of a configuration, if `allow_commands` is set, or the user's own
// configuration allows commands (check/trust.h). If not, and
// `sandbox` was asked for, `diagnostics` says that it did not run.
void choose_command(MigrateCommand& command, const ConfiguredCommand& configured, bool sandbox,
                    Diagnostics& diagnostics);

struct Migrated {
  std::unique_ptr<Server> server;  // the sandbox, migrated
  migrations::SchemaInput input;   // SchemaKind::executed
};

// The command reaches nothing but the sandbox (base/isolated_process.h): on 127.0.0.1:5432 and by the
// variables of pg/sandbox/sandbox_environment.h. It may write to `command.writes` and to a folder of its own
// for temporary files, which is removed; its repository is read-only. As root pgadvise runs it as the owner
// of its folder's repository. Its output goes to `observer.command`, printable and with secrets masked.
// Errors (usage): the kernel refuses this isolation and `allow_unisolated` is not set; `command.writes` names
// what must not be written; the command cannot be run, takes too long, or fails (with its last lines); the
// server executed nothing, or only queries. Errors of the sandbox: those of pg::Sandbox::start().
Result<Migrated> migrate_with(const MigrateCommand& command, const migrations::Repository& repository,
                              const Observer& observer, Diagnostics& diagnostics);

}  // namespace pgadvise::check
