#include "check/load/server.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "pg/plans/plan_source.h"
#include "pg/plans/what_if.h"

namespace pgadvise::check {

// One for each processor.
static std::size_t connections_of_processors() {
  constexpr std::size_t max_connections = 4;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, max_connections);
}

Result<void> Server::make_plans(const pg::SessionSettings& session_settings) {
  connection().set_session(session_settings);
  TRY(plans, pg::make_plan_source(connection()));
  return {};
}

std::vector<std::unique_ptr<plan::PlanSource>> Server::more_plans(std::size_t jobs) {
  const std::size_t wanted = jobs ? jobs : sandbox ? connections_of_processors() : 1;
  return pg::more_plan_sources(connection(), conninfo, wanted - 1);
}

Result<std::unique_ptr<plan::WhatIf>> Server::make_what_if(std::size_t jobs, std::size_t queries) {
  const std::size_t wanted =
      std::min(jobs ? jobs : connections_of_processors(), std::max<std::size_t>(1, queries));
  return pg::make_what_if(connection(), pg::more_connections(connection(), conninfo, wanted - 1));
}

Result<std::unique_ptr<Server>> open_server(const std::string& conninfo, pg::SentObserver on_sent) {
  TRY(auto connection, pg::Connection::open(conninfo, std::move(on_sent)));
  auto out = std::make_unique<Server>();
  out->opened = std::make_unique<pg::Connection>(std::move(connection));
  out->conninfo = conninfo;
  return out;
}

std::unique_ptr<Server> take_server(pg::Sandbox sandbox) {
  auto out = std::make_unique<Server>();
  out->sandbox = std::make_unique<pg::Sandbox>(std::move(sandbox));
  out->conninfo = out->sandbox->conninfo();
  return out;
}

}  // namespace pgadvise::check
