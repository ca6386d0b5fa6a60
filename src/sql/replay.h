// DDL -> Catalog: replays the statements of migrations and dumps as a server would.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/catalog.h"
#include "model/schema_step.h"
#include "sql/replay_counts.h"

namespace pgadvise::sql {

struct ReplayState;

class Replayer {
 public:
  Replayer();
  ~Replayer();
  Replayer(const Replayer&) = delete;
  Replayer& operator=(const Replayer&) = delete;

  // Replays one script; `file` is what places name. A statement that fails is named in diagnostics(), the
  // rest goes on.
  void run(std::string_view script, const std::string& file);
  // The same of a migration that is to be judged: what it does to tables that were there before goes into its
  // `steps`; how its tool runs it must be known. `together`: it is deployed with the judged ones before it,
  // so what they made is new, too.
  void run(std::string_view script, Migration& migration, bool together);

  const Catalog& catalog() const;
  Catalog take();
  const Diagnostics& diagnostics() const;
  const ReplayCounts& counts() const;

 private:
  std::unique_ptr<ReplayState> state_;
};

}  // namespace pgadvise::sql
