// pop of gobuffalo and of Ory: <version>_name.up.sql and .down.sql beside a go.mod that names it. A part of
// the file's name names a database (1_a.postgres.up.sql): of one version, the file for the database runs in
// place of the one for all databases (gobuffalo/pop, migration_info.go; ory/x, popx/migration_info.go).
#include <map>

#include "base/text/text.h"
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "schema_migration"}};

bool named(const QualifiedName& table) { return table.name.ends_with("schema_migration"); }

constexpr TrackingShape::Column columns[] = {{"version", "character varying"}};
constexpr TrackingShape tracking[] = {{.columns = columns,
                                       .max_columns = 2,  // popx adds version_self
                                       .select = "version, '', 0, false",
                                       .named = named,
                                       .digits_only = true}};

constexpr std::string_view up_ending = ".up.sql", autocommit_ending = ".autocommit.up.sql";

// Does the go.mod require pop itself, and not another library that runs such files?
std::optional<bool> requires_pop(const std::string& go_mod) {
  bool pop = false;
  for (const auto line : split(go_mod, '\n')) {
    if (contains(line, "// indirect")) continue;
    if (contains(line, "golang-migrate/migrate")) return false;
    pop = pop || contains(line, "github.com/gobuffalo/pop") || contains(line, "github.com/ory/pop");
  }
  return pop;
}

std::optional<bool> requires_popx(const std::string& go_mod) {
  return contains(go_mod, "github.com/ory/pop") || contains(go_mod, "github.com/ory/x ");
}

// "postgres" of 1_a.postgres.autocommit.up.sql; "" for all databases; nullopt: not a file that pop runs.
std::optional<std::string> database_of(std::string_view name) {
  const auto version = files::leading_digits(name);
  if (version.empty() || !name.ends_with(up_ending) || !name.substr(version.size()).starts_with("_"))
    return std::nullopt;
  name.remove_suffix((name.ends_with(autocommit_ending) ? autocommit_ending : up_ending).size());
  const auto parts = split(name, '.');
  if (parts.size() > 2) return std::nullopt;
  return parts.size() == 2 ? std::string(parts[1]) : std::string();
}

bool for_postgresql(const std::string& database) {
  return database.starts_with("postgres") || database == "pg" || database == "pgx";
}

Files files_of(const Folder& folder, Diagnostics& diagnostics) {
  std::map<std::string, std::string> chosen;  // version -> file; pop compares versions as text
  Diagnostics twice;
  for (const auto& name : folder.files()) {
    const auto database = database_of(name);
    if (!database || !(database->empty() || for_postgresql(*database))) continue;
    const auto [same, fresh] = chosen.emplace(files::leading_digits(name), name);
    if (fresh) continue;
    if (database_of(same->second)->empty() == database->empty())
      twice.push_back({Error::Kind::nonfatal, folder.path(name), "has the same version as " + same->second,
                       "pop runs only one of them"});
    else if (!database->empty()) same->second = name;
  }
  if (chosen.empty() || !decided_above(folder, "go.mod", requires_pop)) return {};
  Names names;
  for (const auto& [version, name] : chosen) names.push_back(name);
  diagnostics.insert(diagnostics.end(), twice.begin(), twice.end());
  name_programs(
      folder, [](std::string_view name) { return name.ends_with(".up.fizz"); }, "in pop's fizz (.fizz)",
      diagnostics);
  return as_files(folder, names, up_ending);
}

// popx sends such a file to the server without a BEGIN.
std::optional<Migration::Transaction> by_name(std::string_view name, std::string_view) {
  if (!name.ends_with(autocommit_ending)) return std::nullopt;
  return Migration::Transaction::script;
}

Concurrently by_settings(const SchemaInput& input) {
  return decided_above(Folder(input.path), "go.mod", requires_popx) ? Concurrently::alone
                                                                    : Concurrently::nowhere;
}

// Beside files for other databases, a file for PostgreSQL.
Result<Written> write(Writing& writing, const Steps& steps) {
  std::string database;
  const Folder folder(writing.input.path);
  for (const auto& name : folder.files())
    if (const auto of = database_of(name); of && !of->empty() && !for_postgresql(*of)) database = ".postgres";
  const std::string name = next_path(writing, steps) + database + (steps.concurrent ? ".autocommit" : "");
  return up_and_down(name + ".up.sql", name + ".down.sql", steps);
}

}  // namespace

constinit const MigrationTool pop{
    .facts =
        {.id = "pop",
         .sentence = "pop",
         .tables = tables,
         .tracking = tracking,
         .row_key = ToolFacts::RowKey::number,
         .leave_transaction =
             "With ory/x's popx, put it into a migration of its own named "
             "<version>_<name>.autocommit.up.sql; with gobuffalo/pop, run it by hand before the deployment",
         .leaving_may_fail = true},
    .known = "<version>_name.up.sql, <version>_name.postgres.up.sql in a module whose go.mod names pop",
    .order = "versions as text; the file for PostgreSQL in place of the one for all databases",
    .rank = 39,
    .files = files_of,
    .by_name = by_name,
    .writer = {.why = "pop runs each migration in a transaction", .write = write, .by_settings = by_settings},
};

}  // namespace pgadvise::migrations::tools
