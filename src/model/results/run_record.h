// What pgadvise keeps of a check: for the comparison of two reports, and for the store.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/results/report.h"

namespace pgadvise {

struct RecordedFinding {
  // Only a standing finding is a problem of the run. The others were found, too.
  enum class State { standing, refuted, suppressed, accepted };  // accepted: the baseline contains it

  std::string id;
  std::string short_id;
  std::string rule;
  Severity severity = Severity::warning;
  Verdict verdict = Verdict::suspected;
  State state = State::standing;
  Subject subject;
  SourceLocation location;  // live() for an object of a server without a known definition
  std::string message;      // without secrets and literals
  Impact impact;
  std::string owners = {};  // with blanks in between
  // Of a finding that an entry or a comment suppresses.
  std::string reason = {};
  std::string until = {};  // as in Suppression
};

struct RunRecord {
  std::string started;  // ISO 8601, UTC
  std::string version;  // of pgadvise
  std::string server_version;
  std::vector<ReportInput> inputs;
  CheckedScope scope;
  bool scope_known = true;  // false: a report of an earlier version, which does not contain it
  // The baseline hides findings whose ids the report does not contain: the report of an earlier version.
  bool findings_hidden = false;
  std::vector<RecordedFinding> findings;  // by id, without duplicates
};

std::string_view name(RecordedFinding::State state);

// Masks secrets in messages.
RunRecord record_of(const Report& report);

// Sorts `findings` by id, and keeps the first of several with the same id.
void sort_by_id(std::vector<RecordedFinding>& findings);

// The kind of input in which a run has to look for a finding: `log` for findings about logged queries and
// events, `server` for objects without a location in a file, else `file`.
enum class FindingArea { file, server, log };
std::string_view name(FindingArea area);
FindingArea area_of(const RecordedFinding& finding, const std::vector<ReportInput>& inputs);

// The area that an input belongs to.
FindingArea area_of(const ReportInput& input);

// Whether `file` is `path`, or a file below the folder `path`. Compares text, with "." and "//" resolved.
bool contains_file(const std::string& path, const std::string& file);

// Why the absence of `finding`, which the run `found_by` contains, from `other` does not mean that `other`
// did not have the problem; "" if it does: `other` ran the rule, and read the input in which `found_by` found
// it. `which` names `other` in the words: "earlier" or "later".
std::string why_not_checked(const RecordedFinding& finding, const RunRecord& found_by, const RunRecord& other,
                            std::string_view which = "later");

}  // namespace pgadvise
