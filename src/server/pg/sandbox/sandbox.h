// A private, throwaway PostgreSQL server: its own folder, a Unix socket, and no port unless asked for. It is
// removed at the end, also after a signal or a crash.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/schema/relation_size.h"
#include "pg/connection/connection.h"
#include "pg/sandbox/build.h"

namespace pgadvise::pg {

class Sandbox {
 public:
  // Starts the server, in about a second. Errors (Kind::usage): no server is installed, or it does not start;
  // each with a hint. A guardian process watches the server and stops it when this process ends for any
  // reason. If the guardian is killed, too, the server stops (Linux), and the next start() removes the
  // folder; `diagnostics` names folders removed this way. `max_connections`: the server's setting.
  // `tcp`: the server also listens on a free port of 127.0.0.1; see url(). Only two roles can connect, each
  // with a random password: pgadvise, and a superuser whose password this object keeps to itself.
  static Result<Sandbox> start(Diagnostics& diagnostics, SentObserver on_sent = {}, int max_connections = 20,
                               bool tcp = false);
  static Result<Sandbox> start();
  Sandbox(Sandbox&&) noexcept;
  Sandbox& operator=(Sandbox&&) noexcept;
  ~Sandbox();  // stops the server and removes the folder

  // Runs a script statement by statement. Creates placeholders for missing objects (an extension, its types
  // and functions) where possible, reports each in `diagnostics`, and continues. Skips rows of COPY … FROM
  // stdin, and ownership. The script runs as a role without privileges outside the database: SQL from a
  // repository must not reach the machine.
  void build(const Script& script, Diagnostics& diagnostics);

  // Call one before build() and the other after it: the server then plans like the server of this catalog
  // (import_statistics.h). Afterwards its tables cannot be read, and PlanSource runs nothing. Errors: the
  // server is lost.
  Result<void> import_collation(const Catalog& production);
  Result<void> import_statistics(const Catalog& production, const std::vector<RelationSize>& sizes,
                                 Diagnostics& diagnostics);

  // Ends the sessions that a command left in the server, with their locks. Errors (Kind::database): one does
  // not end within 10 s; the server is lost.
  Result<void> end_other_sessions();

  // For libpq: host=<folder> dbname=sandbox …, with the password of pgadvise, the role that owns the
  // database.
  const std::string& conninfo() const;
  const std::string& password() const;  // of pgadvise; letters and digits
  int port() const;                     // of the socket's name, and of TCP
  // "postgresql://pgadvise:…@127.0.0.1:40123/sandbox", which drivers without libpq read, too; "" without TCP.
  const std::string& url() const;
  // "jdbc:postgresql://127.0.0.1:40123/sandbox?user=pgadvise&password=…"; "" without TCP.
  const std::string& jdbc_url() const;
  Connection& connection();  // by conninfo()
  Connection& admin();       // the superuser: never for input of users
  const std::string& folder() const;

 private:
  struct State;
  explicit Sandbox(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pgadvise::pg
