// The tools that run a project's migrations: how the folder of each is known by its content, in which order it runs the
// files on an empty database, and which part of a file it runs on the way up. A further tool is one entry of the table
// in migration_tools.cc.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "drizzle/journal.h"

namespace pgadvise::migrations {

struct SchemaFile {
  std::string path;
  std::string entry;  // what the tool calls it: the journal's tag, the subfolder's name, a version; "" outside migrations
};

// A folder's names, listed when first asked for.
class Folder {
 public:
  static constexpr std::size_t max_entries = 100'000;
  explicit Folder(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  std::string path(std::string_view name) const;
  std::string name() const;
  const std::vector<std::string>& files() const;    // directly inside, by their bytes
  const std::vector<std::string>& folders() const;
  bool cut() const;  // it holds more than max_entries: some are not among files() and folders()
  bool has(const std::string& file) const;          // also "meta/_journal.json"
  std::string head(const std::string& file, std::size_t bytes = 16384) const;  // its beginning; "" when it can't be read

 private:
  void list() const;
  std::string path_;
  mutable bool listed_ = false;
  mutable bool cut_ = false;
  mutable std::vector<std::string> files_;
  mutable std::vector<std::string> folders_;
};

// A program instead of a script: some runners know both.
bool holds_program(const Folder& folder);

// The files of a drizzle 0.x journal; those it names and that are missing, and those it does not name, are told.
std::vector<SchemaFile> drizzle_files(const Folder& folder, const std::vector<drizzle::JournalEntry>& journal, Diagnostics& diagnostics);

struct MigrationTool {
  std::string_view name;   // as people call it: "golang-migrate"
  std::string_view known;  // how it is recognised, for the documentation
  std::string_view order;  // likewise
  // The files in the order in which an empty database gets them; empty: not a folder of this tool. What the tool would
  // stumble over is named in the diagnostics.
  std::vector<SchemaFile> (*files)(const Folder& folder, Diagnostics& diagnostics);
  // The text with everything that is not run on the way up turned into spaces, so that places stay; nullptr: all is run.
  std::string (*up)(std::string text) = nullptr;
  enum class Transaction { of_each_file, of_all_files, none } transaction = Transaction::of_each_file;
  std::string_view no_transaction = {};  // a comment of this beginning takes the file out of the transaction
  bool by_name_only = false;             // files with numbers: in a repository only in a folder called migrations
};

std::span<const MigrationTool> migration_tools();
const MigrationTool* migration_tool(std::string_view name);

// The first tool whose folder this is, with its files; nullptr when there is none.
const MigrationTool* recognise(const Folder& folder, std::vector<SchemaFile>& files, Diagnostics& diagnostics);

// Whether the tool runs this file inside a transaction.
bool in_transaction(const MigrationTool& tool, std::string_view text);

// "1.10" after "1.9", "1_1" the same as "1.1": < 0, 0, > 0.
int compare_versions(std::string_view a, std::string_view b);

}  // namespace pgadvise::migrations
