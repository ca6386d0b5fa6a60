// The server of one run: the database of a connection string, or a sandbox.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "check/observer.h"
#include "pg/connection/connection.h"
#include "pg/sandbox/sandbox.h"
#include "plan/run/source.h"
#include "plan/run/what_if.h"

namespace pgadvise::check {

// Owns the connection and, for a sandbox, the server process, which stops with it. Not thread-safe.
struct Server {
  std::unique_ptr<pg::Sandbox> sandbox;  // one of the two is set
  std::unique_ptr<pg::Connection> opened;
  std::string conninfo;                     // of `opened`
  std::unique_ptr<plan::PlanSource> plans;  // null until make_plans()

  pg::Connection& connection() { return sandbox ? sandbox->connection() : *opened; }

  // Sets `plans`, which plans with the role and search_path of `session_settings`. Errors: the server rejects
  // them; the connection is lost.
  Result<void> make_plans(const pg::SessionSettings& session_settings);
  // Further plan sources, each with its own connection. `jobs`: how many sources in total; 0: one for a
  // database; for a sandbox one for each processor, at most four.
  std::vector<std::unique_ptr<plan::PlanSource>> more_plans(std::size_t jobs);
  // Hypothetical indexes for a search over that many queries, on at most one connection for each query.
  // REQUIRES an empty PlanSource::what_if_missing(). `jobs`: how many connections in total; 0: one
  // for each processor, at most four. Errors: those of pg::make_what_if().
  Result<std::unique_ptr<plan::WhatIf>> make_what_if(std::size_t jobs, std::size_t queries);
};

// Errors (Kind::database): the server cannot be reached.
Result<std::unique_ptr<Server>> open_server(const std::string& conninfo, pg::SentObserver on_sent = {});
std::unique_ptr<Server> take_server(pg::Sandbox sandbox);

}  // namespace pgadvise::check
