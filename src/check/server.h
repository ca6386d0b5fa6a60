// The server that a call works on: the database of a connection string, or a sandbox.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/inputs.h"
#include "check/observer.h"
#include "pg/connection.h"
#include "pg/sandbox.h"
#include "plan/source.h"

namespace pgadvise::check {

// Owns its connection and, for a sandbox, the server process, which ends with it. For one thread at a time.
struct Server {
  std::unique_ptr<pg::Sandbox> sandbox;  // one of the two is set
  std::unique_ptr<pg::Connection> opened;
  std::string conninfo;                     // that opened it
  std::unique_ptr<plan::PlanSource> plans;  // null until make_plans()

  pg::Connection& connection() { return sandbox ? sandbox->connection() : *opened; }

  // Plans are made as the role and with the search_path of `acting`. Errors: the server refuses; the
  // connection is gone.
  Result<void> make_plans(const pg::SessionSettings& session_settings);
  // Plan sources on connections of their own: `jobs` in all, 0 for one on a database and one for each
  // processor, up to four, on a sandbox.
  std::vector<std::unique_ptr<plan::PlanSource>> more_plans(std::size_t jobs);
};

// Errors (Kind::database): the server cannot be reached.
Result<std::unique_ptr<Server>> open_server(const std::string& conninfo, pg::SentObserver on_sent = {});
std::unique_ptr<Server> take_server(pg::Sandbox sandbox);

// For a server that runs for this process alone: one connection for each processor, four at most.
std::size_t connections_to_sandbox();

}  // namespace pgadvise::check
