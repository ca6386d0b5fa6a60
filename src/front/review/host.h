// What the walk through findings asks of the program: fixes, sources, plans, and the files to write.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "files/write_files.h"
#include "model/results/finding.h"
#include "report/report.h"
#include "report/text/paint.h"

namespace pgadvise::review {

using report::Look;

// The fix of a finding, adapted to this project.
struct FixView {
  std::string sql;                       // in the form for the project's migration tool; "" if there is none
  std::vector<std::string> lock_impact;  // one sentence each about locks, size, safety
  std::string schema_line;               // for schema.ts
  std::string schema_place;              // where that line goes
  std::string refused;                   // why the fix cannot be accepted; "" if it can
};

struct Choices {
  std::vector<const Finding*> accepted;
  std::vector<std::pair<const Finding*, std::string>> ignored;  // with the reason
};

// The changes that review would write.
struct Pending {
  std::vector<files::NewFile> files;
  std::vector<std::string> notes;
  std::vector<Error> failed;  // why migrations of a folder are not among the files; each is in `notes`, too
};

class Host {
 public:
  virtual ~Host() = default;
  virtual FixView fix(const Finding& finding) = 0;
  // The source lines of the finding; nullopt: no lines to show.
  virtual std::optional<report::Source> source(const Finding& finding) = 0;
  // The plan of the finding's statement, as text for a terminal.
  virtual Result<std::string> plan(const Finding& finding, bool run, const Look& look) = 0;
  // Errors: why these together can't be written.
  virtual Result<Pending> prepare(const Choices& choices) = 0;
  virtual Result<void> write(const Pending& pending) = 0;
};

}  // namespace pgadvise::review
