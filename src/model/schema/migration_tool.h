// The facts about a migration tool that rules and the reader of tracking tables use: plain data, the part of
// a tool's entry (src/read/migrations/tools/<tool>.cc) that does not depend on files.
#pragma once

#include <span>
#include <string_view>

#include "model/schema/catalog.h"

namespace pgadvise {

// A table that a migration tool creates for itself.
struct OwnTable {
  std::string_view name;  // in lower case; compared without regard to case. "": every table of the schema
  std::string_view schema = {};  // "": any schema
  // For a name that applications use too: a column that only the tool's table has.
  std::string_view column = {};
};

// The table in which a tool records what it has run, as its columns identify it: names and schemas are
// configurable.
struct TrackingShape {
  struct Column {
    std::string_view name;
    std::string_view type;  // the beginning of the type's name
  };
  std::span<const Column> columns;
  std::size_t max_columns;  // a table with more columns belongs to somebody else
  std::string_view select;  // expressions for TrackingTable::Row: migration, checksum, when, failed
  // For shapes of one or two columns: the names to accept.
  bool (*named)(const QualifiedName& table) = nullptr;
  bool digits_only = false;  // a row whose migration is not a number belongs to somebody else's table
};

struct ToolFacts {
  // How a row of the tracking table identifies its migration.
  enum class RowKey {
    name,
    number,   // the number in front of the migration's name
    version,  // the numbers of the version, "_" and "." being equal
    when,     // the time in the journal; the tool runs only entries later than the latest row
  };

  // What a deployment does where the file of a migration that has run has another checksum than the recorded
  // one.
  enum class OnEdit {
    ignores,  // nothing: the tool records no checksum, or does not compare it
    warns,    // deploys all the same
    stops,    // fails, and runs no migration
  };

  std::string_view id;        // unique: "golang-migrate"
  std::string_view sentence;  // the tool at the beginning of a sentence: "Golang-migrate", "drizzle"
  std::span<const OwnTable> tables = {};
  std::span<const TrackingShape> tracking = {};
  RowKey row_key = RowKey::name;
  bool rows_name_all = false;     // a row without a migration in the folder shows that the folder lacks one
  bool newest_row_only = false;   // the tracking table holds one row: the latest version
  bool rows_name_folder = false;  // a row also names the application, a folder above: others have such files
  bool names_by_file = false;     // people know a migration by its file's name, not by its version
  // The command that runs the migrations, if its words do not say "migrate": "goose up".
  std::string_view command = {};
  std::string_view application = {};  // how its application_name begins, in lower case
  // How a statement that cannot run in a transaction gets out of the tool's: a sentence without its full
  // stop. "": not known.
  std::string_view leave_transaction = {};
  OnEdit on_edit = OnEdit::ignores;
  // What `on_edit` means for this tool: a sentence without its full stop; "" if the tool never compares.
  std::string_view notices_edit = {};
  // The same tool in a project whose settings turn the comparison off; it has an id of its own and shares the
  // tracking table. nullptr: no setting does.
  const ToolFacts* without_comparison = nullptr;
  bool leaving_may_fail = false;      // versions in use do not support leave_transaction
  std::string_view runs_script = {};  // a sentence, for tools that send a file as a script; "": the usual one
};

// Every tool, by the name of its file. Written by cmake/migration_tools.cmake from the files of
// src/read/migrations/tools.
std::span<const ToolFacts* const> tool_facts();

// Also that of a tool without its comparison. nullptr: no tool has this id.
const ToolFacts* find_tool_facts(std::string_view id);

// The tool that created `name` for itself; nullptr: no tool's list has it. `table`, if known, decides about
// names that applications use too; without it the name is enough.
const ToolFacts* owner_of_table(const QualifiedName& name, const Table* table);

// Does a migration tool connect under this application_name?
bool is_migration_tool(std::string_view application);

}  // namespace pgadvise
