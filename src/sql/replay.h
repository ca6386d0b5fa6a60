// DDL -> Catalog: replays the statements of migrations and dumps as a server would.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/catalog.h"
#include "model/schema_step.h"

namespace pgadvise::sql {

struct ReplayCounts {
  int statements = 0;      // all that were read
  int replayed = 0;        // changed the catalog, or would have
  int without_effect = 0;  // understood, no matter for a catalog (INSERT, GRANT, COMMENT ON FUNCTION …)
  int not_understood = 0;  // each with a line in diagnostics()
};

class Replayer {
 public:
  Replayer();
  ~Replayer();
  Replayer(const Replayer&) = delete;
  Replayer& operator=(const Replayer&) = delete;

  // Replays one script; `file` is what places name. A statement that fails is named in diagnostics(), the
  // rest goes on.
  void run(std::string_view script, const std::string& file);
  // The same of a migration that is to be judged: what it does to tables that were there before goes into its `steps`; how
  // its tool runs it must be known. `together`: it is deployed with the judged ones before it, so what they made is new, too.
  void run(std::string_view script, Migration& migration, bool together);

  const Catalog& catalog() const;
  Catalog take();
  const Diagnostics& diagnostics() const;
  const ReplayCounts& counts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgadvise::sql
