// The migrations of a folder, and the records of applied migrations in a database.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/source_location.h"

namespace pgadvise {

struct MigrationEntry {
  std::string name;       // the tool's name for it: a tag, a folder, a version, a change of a plan
  std::string file;       // relative to the project's root, as is the place
  SourceLocation place;   // its entry in the journal or plan, else the file
  std::int64_t when = 0;  // milliseconds; only for a tool that runs entries later than the latest applied one
  bool repeatable = false;  // the tool runs it again after each change
  std::vector<std::string>
      checksums;  // possible checksums in the tracking table: of the file as it is, and with other line ends
  // From git; unknown: not a git repository.
  enum class Git { unknown, committed, untracked, ignored };
  Git git = Git::unknown;
  // The last commit of the first-parent history of HEAD that edited the file after it was added, such that
  // the file still differs: in its checksum, if another one stops the tool, else in the statements that run
  // on the way up.
  // "": none.
  std::string changed_in;
  int changed_after_days = 0;          // days from the commit that added it to `changed_in`
  bool changed_after_release = false;  // a release has a version of before the edit
  // Databases have moved on with the edit or without it: a release has the edit; in a repository without
  // releases, the migrations changed once more 90 days later or more.
  bool released_since = false;
};

// A problem of a folder, at which the tool fails, or which it silently ignores.
struct JournalProblem {
  std::string kind;   // a few words that distinguish two problems of one entry: "missing file"
  std::string entry;  // the entry, or the file relative to the folder
  std::string text;   // "has no file: drizzle/0003_x.sql is missing"
  SourceLocation place;
};

struct MigrationFolder {
  std::string tool;                        // ToolFacts::id
  std::string path;                        // relative to the project's root
  std::vector<MigrationEntry> migrations;  // in the tool's order
  std::vector<JournalProblem> problems;
  bool has_releases = false;  // the repository has tags
};

// A table in which a tool records applied migrations.
struct TrackingTable {
  std::string tool;  // ToolFacts::id
  std::string schema;
  std::string name;
  struct Row {
    std::string migration;  // its name or version; "" if the tool records only the time
    std::string checksum;   // "" if the tool records none
    std::int64_t when = 0;  // ToolFacts::RowKey::when
    bool failed = false;    // started, but did not finish
  };
  std::vector<Row> rows;
};

}  // namespace pgadvise
