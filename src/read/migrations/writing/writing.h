// What a new migration consists of, and what the tools' writers share: versions, comments, scripts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "files/write_files.h"
#include "migrations/interface/schema_input.h"
#include "model/schema/catalog.h"

namespace pgadvise::migrations {

// One migration's statements, without semicolons.
struct Steps {
  std::string name;                 // of lower-case letters, digits and _
  std::vector<std::string> titles;  // comments
  std::vector<std::string> up;
  std::vector<std::string> down;
  bool concurrent = false;    // it must run in no transaction
  bool lock_timeout = false;  // `up` begins by setting it, unless the part is `concurrent`
};

// The new migrations of one run; the writer of the tool keeps the state between two of them.
struct Writing {
  const SchemaInput& input;
  std::int64_t now;     // milliseconds since 1970
  std::string version;  // of the last migration that was written; "" before the first
  std::string last;     // that migration, where each names the one before it
};

struct Written {
  std::vector<files::NewFile> files;
  std::vector<std::string> notes;  // what the person has to know
};

Written one_file(const std::string& path, std::string content);
std::string inside(const SchemaInput& input, const std::string& name);  // a path in the folder

std::string utc(std::int64_t milliseconds, const char* form);  // strftime's
// Above `last`, in its own form: a time of so many digits, or a number as wide.
std::string next_version(const std::string& last, std::int64_t now);
std::string highest_version(const SchemaInput& input);
// The next one, which is kept in `writing`.
const std::string& give_version(Writing& writing);

// The path of the next migration, with its name and without an ending: "migrations/0007_add_index".
std::string next_path(Writing& writing, const Steps& steps);

// The titles, each as a comment line behind `mark`.
std::string comments(const Steps& steps, std::string_view mark = "--");
std::string script(const std::vector<std::string>& statements);
std::string up_script(const Steps& steps);  // with its comments
std::string down_script(const Steps& steps);
// Both in one file, each behind a line of the tool's.
std::string marked_scripts(const std::string& up_mark, const std::string& down_mark, const Steps& steps);
// A migration of two files, of which the second undoes the first.
Written up_and_down(const std::string& up_path, const std::string& down_path, const Steps& steps);

// The newest file's text; "" when there is none, or it can't be read.
std::string newest_text(const SchemaInput& input);

// The schema that the folder makes, before and after the steps. Errors (nonfatal): it can't be read, or does
// not make what the steps change.
struct Replayed {
  Catalog before, after;
};
Result<Replayed> replay(const SchemaInput& input, const Steps& steps);

}  // namespace pgadvise::migrations
