// Migrations as their folder tells of them, and as the database does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/place.h"

namespace pgadvise {

struct MigrationEntry {
  std::string name;     // as the tool calls it: drizzle's tag, a folder, flyway's version, sqitch's change
  std::string file;     // relative to the project's root, as is the place
  Place place;          // of its entry in the journal or plan; of the file where there is none
  std::int64_t when = 0;  // drizzle: milliseconds; runs only when larger than all that ran before
  std::vector<std::string> checksums;  // what the tool may have stored of it: of the file as it is, and with other line ends
  // What git says; unknown: there is no git here.
  enum class Git { unknown, committed, untracked, ignored };
  Git git = Git::unknown;
  std::string changed_in;           // the last commit of the main line that changed it after it was added; "" when none did
  int changed_after_days = 0;       // between the commit that added it and that one
  bool changed_after_release = false;  // a tag lies between the two
};

// Something about a folder that the tool stumbles over, or passes over in silence.
struct JournalProblem {
  std::string kind;   // in a word or two, to tell two of one entry apart: "missing file"
  std::string entry;  // the entry or the file, relative to the folder
  std::string text;   // "has no file: drizzle/0003_x.sql is missing"
  Place place;
};

struct MigrationFolder {
  std::string tool;  // as src/migrations/tools.h names it
  std::string path;  // relative to the project's root
  std::vector<MigrationEntry> migrations;  // in the order of the tool
  std::vector<JournalProblem> problems;
  bool has_releases = false;  // the repository has tags
};

// A table in which a tool keeps what it has run.
struct TrackingTable {
  std::string tool;  // drizzle, prisma, flyway, sqitch …
  std::string schema;
  std::string name;
  struct Row {
    std::string migration;        // its name or version; "" of drizzle 0.x
    std::string checksum;         // "" where the tool keeps none
    std::int64_t when = 0;        // drizzle: created_at
    bool failed = false;          // began and did not end
  };
  std::vector<Row> rows;
};

}  // namespace pgadvise
