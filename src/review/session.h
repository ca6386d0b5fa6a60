// Walking the findings: what is shown, which key does what. Nothing is written but by Host::write, and that
// only from the last screen.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "files/write_files.h"
#include "model/finding.h"
#include "report/paint.h"
#include "report/report.h"
#include "review/console.h"

namespace pgadvise::review {

using report::Look;

// A finding's fix as it would be run here.
struct FixView {
  std::string sql;                       // as the project's tool gets it; "" when there is none
  std::vector<std::string> lock_impact;  // locks, sizes, safety: a sentence each
  std::string schema_line;               // for schema.ts
  std::string schema_place;              // where that line goes
  std::string refused;                   // why it can't be accepted; "" when it can
};

struct Choices {
  std::vector<const Finding*> accepted;
  std::vector<std::pair<const Finding*, std::string>> ignored;  // with the reason
};

// What would be written.
struct Pending {
  std::vector<files::NewFile> files;
  std::vector<std::string> notes;
  std::vector<Error> failed;  // why migrations of a folder are not among the files; each is in `notes`, too
};

class Host {
 public:
  virtual ~Host() = default;
  virtual FixView fix(const Finding& finding) = 0;
  // The lines around what it is about; nullopt: there are none to be shown.
  virtual std::optional<report::Source> source(const Finding& finding) = 0;
  // The plan of what the finding is about, as text for a terminal. With `run`: of EXPLAIN ANALYZE, right now.
  // Errors: why there is none.
  virtual Result<std::string> plan(const Finding& finding, bool run, const Look& look) = 0;
  // Errors: why these together can't be written.
  virtual Result<Pending> prepare(const Choices& choices) = 0;
  virtual Result<void> write(const Pending& pending) = 0;
};

struct Ending {
  enum class How { nothing, written, left, interrupted, no_more_input, failed };
  How how = How::nothing;
  int signal = 0;
  std::size_t seen = 0;
  Choices choices;
  Pending pending;
  std::optional<Error> error;
};

// `findings`: in the order to walk them. The ones whose index another one proposes are passed over once that
// is accepted.
Ending walk(const std::vector<const Finding*>& findings, Console& console, Host& host, Look look);

}  // namespace pgadvise::review
