// The tools that run a project's migrations. A tool is one file, src/read/migrations/tools/<tool>.cc, with
// one MigrationTool: how its folder is recognised, in which order it runs the files on an empty database,
// which part of a file it runs on the way up, what it records, and how a new migration is written for it. The
// file's existence registers the tool (cmake/migration_tools.cmake).
//
// No other source has a string with a table of a tool, or with a tool's id outside the sentences of rule
// pages and of messages about drizzle (tests/unit/migrations/tool_entries_test.cc). That test lists the
// exceptions, by file and tool. They are not about running migrations: libraries, programs, settings and
// images that src/read/deploy and two rules look for in a repository and that have a tool's name, and the
// formats of drizzle, which src/read/drizzle reads.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "drizzle/kit/journal.h"
#include "model/schema/migration_tool.h"
#include "model/schema/schema_step.h"

namespace pgadvise::migrations {

struct FolderReading;  // folder_reading.h
struct Writing;        // writing.h
struct SchemaInput;    // schema_input.h
struct Steps;          // writing.h
struct Written;        // writing.h

struct SchemaFile {
  std::string path;
  std::string entry;  // what the tool calls it: the journal's tag, the subfolder's name, a version; ""
                      // outside migrations
};

// A folder's names, listed when first asked for.
class Folder {
 public:
  static constexpr std::size_t max_entries = 100'000;
  explicit Folder(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  std::string path(std::string_view name) const;
  std::string name() const;
  const std::vector<std::string>& files() const;  // directly inside, by their bytes
  const std::vector<std::string>& folders() const;
  bool cut() const;  // it holds more than max_entries: some are not among files() and folders()
  bool has(std::string_view file) const;  // also "meta/_journal.json"
  std::string head(const std::string& file,
                   std::size_t bytes = 16384) const;  // its beginning; "" when it can't be read

 private:
  void list() const;
  std::string path_;
  mutable bool listed_ = false;
  mutable bool cut_ = false;
  mutable std::vector<std::string> files_;
  mutable std::vector<std::string> folders_;
};

// Where a tool can run CREATE INDEX CONCURRENTLY.
enum class Concurrently {
  nowhere,   // there is a transaction around whatever it runs
  alone,     // in a file with no other statement
  together,  // in files of nothing but such statements
  anywhere,  // in any file, with the marker that keeps the transaction away
};

// How `review` writes a new migration.
struct Writer {
  Concurrently concurrently = Concurrently::nowhere;
  std::string_view why = {};  // for `nowhere`: a sentence without its full stop
  // The files for one part. Errors (nonfatal): the folder is not in a state that a new migration may follow.
  // nullptr: no migrations are written.
  Result<Written> (*write)(Writing& writing, const Steps& part) = nullptr;
  std::string_view note = {};  // what the person has to know of each new migration
  // nullptr: `concurrently` holds; else what the project's settings make of it.
  Concurrently (*by_settings)(const SchemaInput& input) = nullptr;
  // Adds what the person has to change elsewhere.
  void (*add_notes)(const SchemaInput& input, std::span<const Steps> parts,
                    std::vector<std::string>& notes) = nullptr;
};

// Migrations that are programs. pgadvise neither runs nor understands them; it can add one with SQL in it.
struct Programs {
  int rank = 0;  // of several tools that a program may belong to, the one with the lowest rank has it
  bool (*may_hold)(std::string_view folder, std::string_view name) = nullptr;  // by the names alone
  bool (*is_one)(std::string_view path, const std::string& text) = nullptr;    // of a file of such a name
  Writer writer = {};
  // How the names of the tables begin that a folder's application makes; nullptr: not known of this tool.
  std::string (*table_prefix)(const SchemaInput& input) = nullptr;
};

// A schema that is kept in code alone: only named, with the command that makes SQL of it.
struct SchemaInCode {
  std::string_view what;
  // Of a path: is it the file that keeps the schema, or one of the migrations?
  bool (*holds)(std::string_view path) = nullptr;
  // Likewise, of a service in which no file `holds`: migrations whose schema is kept nowhere else.
  bool (*or_else_holds)(std::string_view path) = nullptr;
  // Files that show which database it is for: base names, or "*" and an ending.
  std::span<const std::string_view> evidence = {};
  std::span<const std::string_view> words = {};  // one of them in such a file says PostgreSQL
  // What a user may do; with `programs` and MigrationTool::migrate, beside --migrate-with.
  std::string_view hint = "--db";
  bool programs = false;           // it is kept in migrations of the tool's own, which are programs
  std::string_view and_word = {};  // must stand in the same file
  // Of the text of the file that `holds`; nullptr: the evidence decides alone.
  bool (*says_postgresql)(const std::string& path, const std::string& text) = nullptr;
};

// The program that runs a tool, as scripts and workflows call it.
struct ToolProgram {
  std::string_view name = {};                      // "drizzle-kit"; "": none that src/read/deploy asks for
  std::span<const std::string_view> aliases = {};  // other names of the same program
  std::string_view module = {};  // stands in the path of its script below node_modules: `node PATH` runs it
};

struct MigrationTool {
  using Transaction = Migration::Transaction;

  ToolFacts facts;
  std::string_view known = {};  // how it is recognised, for the documentation
  std::string_view order = {};  // in which order it runs the files, likewise

  // Where the signs of several tools are there, the lowest rank has the folder; of equal ones the first by
  // file name. 10: a file that only this tool writes; 20: a layout that includes another tool's; 30: a
  // layout; 40: names of files; 50: comments; 60 and above: what lies beside the files; 90: numbers alone.
  int rank = 90;
  // Its migrations look like no other tool's: comments of other tools in them count for nothing, and no file
  // that is only numbered is one of them.
  bool unmistakable = false;
  bool by_name_only = false;    // nothing but numbers: in a repository only in a folder called migrations
  std::string_view label = {};  // in the report's list of inputs, instead of the id
  // The base name of a file that makes a folder this tool's, without an SQL file beside it.
  std::string_view plan = {};

  // The files in the order in which an empty database gets them; empty: not a folder of this tool. What the
  // tool would stumble over is named in the diagnostics. nullptr: the tool has no SQL files, or none that can
  // be told from others.
  std::vector<SchemaFile> (*files)(const Folder& folder, Diagnostics& diagnostics) = nullptr;
  // The number of files that the tool's plan names and that do not exist: without them the files do not
  // create the schema. nullptr: the tool has no plan.
  std::size_t (*missing_files)(const Folder& folder) = nullptr;
  // The text with everything that is not run on the way up turned into spaces, so that locations stay;
  // nullptr: all is run.
  std::string (*up)(std::string text) = nullptr;
  // Are these another database's? Then the diagnostics say so.
  bool (*other_database)(const Folder& folder, Diagnostics& diagnostics) = nullptr;

  // A journal beside the files (a path in the folder), and what to read of a folder that has one.
  std::string_view journal = {};
  Result<std::vector<SchemaInput>> (*open_journal)(const std::string& folder,
                                                   Diagnostics& diagnostics) = nullptr;

  // Transactions. For one file the first of these decides: what a comment says, the folder's layout, the
  // file's name, then `transaction`, `no_transaction` and `file_without_transaction`.
  Transaction transaction = Transaction::file;
  std::string_view no_transaction = {};  // a comment of this beginning takes the file out of the transaction
  // By what lies beside the file.
  bool (*file_without_transaction)(const std::filesystem::path& file) = nullptr;
  // nullopt, here and below: not a file of this tool.
  std::optional<Transaction> (*by_comments)(std::string_view text) = nullptr;
  std::optional<Transaction> (*by_folder)(const std::filesystem::path& file) = nullptr;
  std::optional<Transaction> (*by_name)(std::string_view name, std::string_view text) = nullptr;
  // Scripts with such names in a folder that is no tool's are migrations all the same.
  bool (*versioned_name)(std::string_view name) = nullptr;

  // What rules learn of the folder (MigrationFolder).
  void (*read_journal)(FolderReading& reading) = nullptr;  // instead of an entry for each file
  void (*read_folder)(FolderReading& reading) = nullptr;   // besides them
  // Of which the tool refuses two; "": the migration has none.
  std::string (*version)(const MigrationEntry& migration) = nullptr;
  // Whether the project's files show that something else runs the folder, which is only known by its files'
  // names; nullptr: they don't.
  bool (*runs_elsewhere)(const Folder& folder) = nullptr;
  bool (*repeatable)(std::string_view file_name) = nullptr;  // the tool runs it again whenever it changes
  // Those of a file's text that the tool may have stored.
  std::vector<std::string> (*checksums)(const std::string& text) = nullptr;
  // Whether the tool takes two texts for the same migration. nullptr: those with a common checksum, if
  // another one stops the tool (facts.on_edit).
  bool (*unchanged)(const std::string& before, const std::string& after) = nullptr;
  // The tool in a project whose settings turn the comparison of facts.on_edit off, with those facts;
  // `compares` reads the settings of a folder's project. nullptr: no setting does.
  const MigrationTool* without_comparison = nullptr;
  bool (*compares)(const Folder& folder) = nullptr;
  // An entry as the tracking table may call it.
  std::string (*tracked_name)(std::string_view entry) = nullptr;
  // By entry, for RowKey::when.
  std::map<std::string, std::int64_t> (*times)(const SchemaInput& input) = nullptr;
  // The snapshot that the tool made with the last migration; "" if there is none.
  std::string (*last_snapshot)(const SchemaInput& input) = nullptr;
  // The folder to which an input of another kind belongs (a snapshot read in place of files that are
  // missing); "": none.
  std::string (*folder_of)(const SchemaInput& input) = nullptr;

  Writer writer = {};
  Programs programs = {};
  SchemaInCode in_code = {};
  ToolProgram program = {};
  std::string_view migrate = {};  // the usual command that runs the migrations, for --migrate-with

  std::string_view id() const { return facts.id; }
  // As inputs and warnings name it.
  std::string_view name() const { return label.empty() ? id() : label; }
};

// By file name.
std::span<const MigrationTool* const> migration_tools();
// By rank.
const std::vector<const MigrationTool*>& migration_tools_by_rank();
// Also a tool without its comparison. nullptr: no tool has this id.
const MigrationTool* migration_tool(std::string_view id);
// The name of the tool's program of which `word` is an alias, and whose script `path` is; "": of none.
std::string_view tool_program(std::string_view word);
std::string_view tool_program_of_module(std::string_view path);

// The tool whose journal lies in the folder; nullptr: there is none.
const MigrationTool* journal_tool(const std::string& folder);

// The first tool by rank whose folder this is, with its files; nullptr when there is none.
const MigrationTool* recognise(const Folder& folder, std::vector<SchemaFile>& files,
                               Diagnostics& diagnostics);

// Whether a file of this name may be a migration that is a program (MigrationTool::programs).
bool may_be_program(std::string_view folder, std::string_view name);
// The tool whose migration the program is, according to its text; nullptr if none.
const MigrationTool* tool_of_program(std::string_view path, const std::string& text);
// The number of migrations directly in a folder that are programs. Reads the beginnings of the files.
std::size_t count_programs(const Folder& folder);

// Whether a database that ran one text of a migration needs nothing of the other: by the checksum, if another
// one stops the tool (ToolFacts::on_edit), else by the statements that run on the way up.
bool same_migration(const MigrationTool& tool, const std::string& before, const std::string& after);

// "1.10" after "1.9", "1_1" the same as "1.1": < 0, 0, > 0.
int compare_versions(std::string_view a, std::string_view b);

}  // namespace pgadvise::migrations
