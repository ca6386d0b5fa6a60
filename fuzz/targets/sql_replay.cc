// A script to a catalog.
#include "base/text/text.h"
#include "sql/parse/statement.h"
#include "sql/replay/replay.h"
#include "support.h"

namespace pgadvise::fuzz {

void sql_replay(std::string_view input) {
  const char* end = input.data();
  for (const auto& statement : sql::split(input)) {
    require(!statement.text.empty() && within(statement.text, input), "a statement lies in the script");
    require(statement.text.data() == input.data() + statement.offset && statement.text.data() >= end,
            "statements follow each other");
    end = statement.text.data() + statement.text.size();
  }
  sql::Replayer replayer;
  replayer.run(input, "a.sql");
  const auto& counts = replayer.counts();
  require(counts.statements <= counts.replayed + counts.without_effect + counts.not_understood,
          "each statement is counted");
  require(static_cast<std::size_t>(counts.not_understood) <= replayer.diagnostics().size(),
          "what is not understood is named");
  for (const Error& error : replayer.diagnostics())
    require(printable(error.line()) == error.line(), "a diagnostic is printable");
  replayer.run(input, "b.sql");  // again, onto what is there
  replayer.take();
}

}  // namespace pgadvise::fuzz
