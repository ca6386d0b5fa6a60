// Migrations as their folder tells of them, and as the database does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/source_location.h"

namespace pgadvise {

struct MigrationEntry {
  std::string name;       // as the tool calls it: a tag, a folder, a version, a change of a plan
  std::string file;       // relative to the project's root, as is the place
  SourceLocation place;   // of its entry in the journal or plan; of the file where there is none
  std::int64_t when = 0;  // milliseconds, of a tool that runs entries only if larger than all that ran before
  bool repeatable = false;  // the tool runs it again whenever it changes
  std::vector<std::string>
      checksums;  // what the tool may have stored of it: of the file as it is, and with other line ends
  // What git says; unknown: there is no git here.
  enum class Git { unknown, committed, untracked, ignored };
  Git git = Git::unknown;
  std::string
      changed_in;  // the last commit of the main line that changed it after it was added; "" when none did
  int changed_after_days = 0;          // between the commit that added it and that one
  bool changed_after_release = false;  // a tag lies between the two
};

// Something about a folder that the tool stumbles over, or passes over in silence.
struct JournalProblem {
  std::string kind;   // in a word or two, to tell two of one entry apart: "missing file"
  std::string entry;  // the entry or the file, relative to the folder
  std::string text;   // "has no file: drizzle/0003_x.sql is missing"
  SourceLocation place;
};

struct MigrationFolder {
  std::string tool;                        // ToolFacts::id
  std::string path;                        // relative to the project's root
  std::vector<MigrationEntry> migrations;  // in the order of the tool
  std::vector<JournalProblem> problems;
  bool has_releases = false;  // the repository has tags
};

// A table in which a tool keeps what it has run.
struct TrackingTable {
  std::string tool;  // ToolFacts::id
  std::string schema;
  std::string name;
  struct Row {
    std::string migration;  // its name or version; "" where the tool keeps only the time
    std::string checksum;   // "" where the tool keeps none
    std::int64_t when = 0;  // ToolFacts::RowKey::when
    bool failed = false;    // began and did not end
  };
  std::vector<Row> rows;
};

}  // namespace pgadvise
