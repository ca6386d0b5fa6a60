// Replays the DDL of migrations and dumps into a Catalog, as a server would run it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/schema/catalog.h"
#include "model/schema/schema_step.h"
#include "sql/replay/replay_counts.h"

namespace pgadvise::sql {

struct ReplayState;

class Replayer {
 public:
  Replayer();
  explicit Replayer(Catalog catalog);  // that the scripts change
  ~Replayer();
  Replayer(const Replayer&) = delete;
  Replayer& operator=(const Replayer&) = delete;

  // Replays one script; locations name `file`. A failing statement is reported in diagnostics(), and the
  // others are replayed.
  void run(std::string_view script, const std::string& file);
  // Replays a migration that is checked: its effects on existing tables become its `steps`. Its tool's
  // transaction mode must be set. `together`: it is deployed together with the previous checked migrations,
  // so the tables that they create are new, too.
  void run(std::string_view script, Migration& migration, bool together);

  // For scripts that no tool puts in an order, before the first one: a statement that needs an object which
  // does not exist waits until finish().
  void any_order();
  // Replays what waits, in at most four rounds; what still fails is reported.
  void finish();

  const Catalog& catalog() const;
  Catalog take();
  const Diagnostics& diagnostics() const;
  const ReplayCounts& counts() const;

 private:
  std::unique_ptr<ReplayState> state_;
};

}  // namespace pgadvise::sql
