// A private, throwaway PostgreSQL: its own folder, a Unix socket and no port; removed at the end, also after
// a signal or a crash.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/relation_size.h"
#include "pg/build.h"
#include "pg/connection.h"

namespace pgadvise::pg {

class Sandbox {
 public:
  // Takes about a second. Errors (Kind::usage): no server is installed, or it won't start; each says what to
  // do. A process of its own keeps watch over the server and ends it when this process ends, however it ends;
  // when that one is killed, too, the server ends (Linux), and the next start() removes the folder.
  // `diagnostics` names what was removed so. `max_connections`: the server's setting.
  static Result<Sandbox> start(Diagnostics& diagnostics, SentObserver on_sent = {}, int max_connections = 20);
  static Result<Sandbox> start();
  Sandbox(Sandbox&&) noexcept;
  Sandbox& operator=(Sandbox&&) noexcept;
  ~Sandbox();  // stops the server and removes the folder

  // Runs a script statement by statement. What this server can't take (a missing extension, its types and
  // functions) is stubbed where it can be, and named in `diagnostics`; the rest goes on. Rows of COPY … FROM
  // stdin are not loaded, ownership is left as it is. The script runs as a role without privileges outside
  // the database: SQL from a repository must not reach the machine.
  void build(const Script& script, Diagnostics& diagnostics);

  // Before build(), and after it: the server plans as the one of this catalog does (imitate.h). From then on
  // nothing can be run on its tables, and PlanSource runs nothing. Errors: the server is gone.
  Result<void> import_collation(const Catalog& production);
  Result<void> import_statistics(const Catalog& production, const std::vector<RelationSize>& sizes,
                                 Diagnostics& diagnostics);

  const std::string& conninfo()
      const;                 // for libpq: host=<folder> dbname=sandbox …, the role that owns the database
  Connection& connection();  // by conninfo()
  Connection& admin();       // the superuser: never for input
  const std::string& folder() const;

 private:
  struct State;
  explicit Sandbox(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pgadvise::pg
