#include "base/text/text.h"
#include "drizzle/kit/snapshot.h"
#include "sql/render_sql.h"
#include "sql/replay/replay.h"
#include "support.h"

namespace pgadvise::fuzz {

void drizzle_snapshot(std::string_view input) {
  drizzle::looks_like_snapshot(input);
  Diagnostics diagnostics;
  const auto catalog = drizzle::read_snapshot(input, "0000_snapshot.json", diagnostics);
  for (const Error& error : diagnostics)
    require(printable(error.line()) == error.line(), "a diagnostic is printable");
  if (!catalog) return;
  sql::Replayer replayer;
  replayer.run(sql::render_sql(*catalog), "rendered.sql");
}

}  // namespace pgadvise::fuzz
