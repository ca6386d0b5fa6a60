// What the entries of migration tools share: names of SQL files, comments that mark the part of a file that
// runs on the way up, folders of one migration each.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "migrations/interface/tools.h"

namespace pgadvise::migrations {

using Files = std::vector<SchemaFile>;
using Names = std::vector<std::string>;

bool is_sql(std::string_view name);
bool is_down(std::string_view name);  // "1_x.down.sql", "down.sql", "1_x.undo.sql" …
bool is_numbered(
    std::string_view name);  // an SQL file that begins with digits (or V and digits), no down one
bool is_numbered_name(std::string_view name);       // of them, "1_x.sql"
std::string_view without_v(std::string_view name);  // "0001.x.sql" of "V0001.x.sql"
void by_number(Names& names);                       // sorts by the number in front, by value
// Without files whose names say that they are for another database: "1_x.mysql.up.sql"; and, beside files for
// PostgreSQL, CockroachDB's.
Names sql_files(const Folder& folder, bool (*wanted)(std::string_view));
// `names` have this ending; the entries don't.
Files as_files(const Folder& folder, const Names& names, std::string_view ending = ".sql");

// A folder for each migration, with one script of that name in each.
Files subfolder_files(const Folder& folder, const std::string& script, bool (*wanted)(std::string_view));
bool any_name(std::string_view name);

// A program instead of a script: some runners know both.
bool holds_program(const Folder& folder);
// Names the number of the folder's files that `is_program` accepts, which pgadvise does not replay; `what`:
// of which kind they are, "programs (.go)".
void name_programs(const Folder& folder, bool (*is_program)(std::string_view), std::string_view what,
                   Diagnostics& diagnostics);

// What the first file of that name in the folder or above it, of those on which `decide` has an answer,
// decides by its text; false if there is none. Looks no further than the root of the git repository, and six
// folders.
bool decided_above(const Folder& folder, const std::string& file,
                   std::optional<bool> (*decide)(const std::string& text));

// Comment markers at the beginning of lines.
enum class Part { same, up, down };
using MarkerOf = Part (*)(std::string_view line);

// Of a comment: the words after the opening, in lower case; "" of other lines.
std::string comment_words(std::string_view line, std::string_view opening = "--");
// Dashes and spaces in front of the words left out.
std::string_view after_dashes(std::string_view words);
bool word_starts(std::string_view words, std::string_view start);
Part marked(std::string_view words, std::string_view up, std::string_view down);

// The lines that are not run on the way up, turned into spaces; `otherwise`: the part in front of the first
// marker.
std::string keep_up(std::string text, MarkerOf marker, Part otherwise);
template <MarkerOf marker, Part otherwise>
std::string up_part(std::string text) {
  return keep_up(std::move(text), marker, otherwise);
}

// Whether the tool runs this file inside a transaction, by its comments.
bool in_transaction(const MigrationTool& tool, std::string_view text);

// Do the files carry the marker? The first five are looked at.
bool carries(const Folder& folder, const Names& names, MarkerOf marker);
// Numbered files that carry it, by number; empty if none does.
Files files_with(const Folder& folder, MarkerOf marker);
template <MarkerOf marker>
Files marked_files(const Folder& folder, Diagnostics&) {
  return files_with(folder, marker);
}

// The line that begins with `mark`, in lower case; "" when there is none.
std::string line_with(std::string_view text, std::string_view mark);

// With line ends as they are, and with the other kind: a checkout may have changed them.
std::vector<std::string> line_end_variants(const std::string& text);
// MigrationTool::unchanged of tools that compare checksums which pgadvise does not compute.
bool same_bytes(const std::string& before, const std::string& after);

// MigrationTool::checksums of tools that record such digests.
template <std::string (*digest)(std::string_view)>
std::vector<std::string> checksums(const std::string& text) {
  auto out = line_end_variants(text);
  for (auto& variant : out) variant = digest(variant);
  return out;
}

}  // namespace pgadvise::migrations
