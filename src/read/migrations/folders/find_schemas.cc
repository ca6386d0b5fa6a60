#include "migrations/folders/find_schemas.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/text/text.h"
#include "drizzle/kit/snapshot.h"
#include "files/catalog_snapshot.h"
#include "files/files.h"
#include "files/tree.h"
#include "migrations/interface/schema_in_code.h"
#include "migrations/interface/source_schemas.h"
#include "migrations/scripts/dialect.h"
#include "migrations/scripts/loose_scripts.h"
#include "migrations/scripts/project_database.h"
#include "migrations/scripts/script_files.h"
#include "migrations/scripts/sqlc.h"
#include "migrations/scripts/versions.h"

namespace pgadvise::migrations {
namespace fs = std::filesystem;
namespace {

using Found = Result<std::vector<SchemaInput>>;

// The folder that has `path` as its journal, and the journal's tool; nullptr: the path is none.
std::pair<const MigrationTool*, std::string> of_journal(const std::string& path) {
  for (const auto* tool : migration_tools()) {
    if (tool->journal.empty()) continue;
    const fs::path journal(tool->journal);
    fs::path folder(path);
    bool same = true;
    for (fs::path rest = journal; same && !rest.empty();
         rest = rest.parent_path(), folder = folder.parent_path())
      same = folder.filename() == rest.filename();
    if (same) return {tool, folder.generic_string()};
  }
  return {nullptr, {}};
}

bool up_migration(std::string_view name) {
  const std::string lowered = lower(name);
  // syntax_test_….sql: a text editor's test of its highlighting.
  return is_sql(lowered) && !lowered.starts_with("syntax_test_") && !lowered.ends_with(".down.sql") &&
         !lowered.ends_with("_down.sql") && lowered != "down.sql";
}

std::string head_of(const SchemaFile& file, std::size_t bytes = 16384) { return read_head(file.path, bytes); }

// The other database that a sample of the files is written for; "" if it is PostgreSQL's. The types that any
// of the files creates are PostgreSQL's, too.
std::string other_database(const std::vector<SchemaFile>& files) {
  constexpr std::size_t longest_head = 400'000, all_heads = 64u << 20;
  std::string sample;
  for (std::size_t i = 0; i < files.size() && sample.size() < longest_head; i += 1 + files.size() / 40)
    sample += head_of(files[i]) + "\n;\n";
  if (foreign_sql(sample).empty()) return {};
  TypeNames own_types;
  std::size_t read = 0;
  for (std::size_t i = 0; i < files.size() && read < all_heads; ++i) {
    const std::string text = head_of(files[i], longest_head);
    read += text.size();
    own_types.merge(created_types(text));
  }
  return foreign_sql(sample, own_types);
}

// Another database's, by the folder's name or what the scripts say. Its name, "" when there is none.
std::string other_database(const Folder& folder, const std::vector<SchemaFile>& files) {
  return foreign_folder(folder.name()) ? folder.name() : other_database(files);
}

// "migrations", or a folder of its own inside: migrations/postgres, migrations/tenants.
bool named_for_migrations(const Folder& folder) {
  static constexpr std::string_view others[] = {"seed",    "data",    "down",   "rollback",
                                                "undo",    "revert",  "verify", "templates",
                                                "queries", "archive", "old",    "legacy"};
  const std::string name = lower(folder.name());
  const std::string above =
      lower(fs::path(folder.path()).lexically_normal().parent_path().filename().string());
  if (contains(name, "migration") || name == "migrate") return true;
  return (contains(above, "migration") || above == "migrate") && version_in_name(name).empty() &&
         std::ranges::none_of(others, [&](std::string_view other) { return name.starts_with(other); });
}

// Whether most migrations of the folder, or of the one that it lies in, are programs: the scripts are parts
// of these, as Django's RunSQL reads them.
bool parts_of_programs(const Folder& folder, std::size_t scripts) {
  const auto above = fs::path(folder.path()).lexically_normal().parent_path().generic_string();
  return count_programs(folder) > scripts || count_programs(Folder(above)) > scripts;
}

// Nothing, one input, or, of another database, a line among the diagnostics.
std::optional<SchemaInput> tool_folder(const std::string& path, bool repository, Diagnostics& diagnostics) {
  const Folder folder(path);
  Diagnostics named;
  std::vector<SchemaFile> files;
  const MigrationTool* tool = recognise(folder, files, named);
  if (!tool || tool->open_journal) return std::nullopt;
  if (tool->by_name_only && repository &&
      (!named_for_migrations(folder) || parts_of_programs(folder, files.size())))
    return std::nullopt;
  if (tool->other_database && tool->other_database(folder, diagnostics)) return SchemaInput{};
  if (const auto other = other_database(folder, files); !other.empty()) {
    warn(diagnostics, path, std::string(tool->name()) + " migrations of another database (" + other + ")",
         "pgadvise reads only PostgreSQL migrations");
    return SchemaInput{};
  }
  diagnostics.insert(diagnostics.end(), named.begin(), named.end());
  SchemaInput input{SchemaKind::migrations, path, std::move(files), tool};
  input.incomplete = tool->missing_files && tool->missing_files(folder) > 0;
  if (input.incomplete)
    warn(diagnostics, path,
         "files that " + std::string(tool->id()) + " runs are missing: pgadvise can't know the schema",
         "commit the migrations, or use --db, or pass a dump: pg_dump -s > schema.sql, then --schema "
         "schema.sql");
  return input;
}

// Takes scripts that only drop things out of a folder without an order, unless all do, and names them.
void leave_out_drops(const Folder& folder, std::vector<std::string>& names, Diagnostics& diagnostics) {
  constexpr std::size_t max_named = 5;
  std::vector<std::string> left, drops;
  for (const auto& name : names) {
    const auto text = read_file(folder.path(name), files::text_limit);
    (text && only_drops(*text) ? drops : left).push_back(name);
  }
  if (drops.empty() || left.empty()) return;
  names = std::move(left);
  const std::size_t more = drops.size() - std::min(drops.size(), max_named);
  drops.resize(drops.size() - more);
  warn(diagnostics, folder.path(),
       "pgadvise left out scripts that only drop objects, as the folder's scripts have no order: " +
           join(drops, ", ") + (more > 0 ? fmt::format(" and {} more", more) : ""));
}

SchemaInput plain_folder(const std::string& path, const files::LeaveOut& leave_out,
                         Diagnostics& diagnostics) {
  const Folder folder(path);
  SchemaInput input{SchemaKind::none, path, {}};
  std::vector<std::string> names;
  for (const auto& name : folder.files())
    if (up_migration(name) && !(leave_out && leave_out(folder.path(name)))) names.push_back(name);
  std::ranges::sort(names, files::natural_less);
  leave_out_drops(folder, names, diagnostics);
  for (const auto& name : names) input.files.push_back({folder.path(name), ""});
  if (!input.files.empty()) input.kind = SchemaKind::sql_folder;
  return input;
}

// A journal or a snapshot of another dialect, or a broken one, ends nothing in a repository: it is named, the
// rest goes on.
void add_journal(const MigrationTool& tool, const std::string& folder, std::vector<SchemaInput>& out,
                 Diagnostics& diagnostics) {
  auto found = tool.open_journal(folder, diagnostics);
  if (found) {
    out.insert(out.end(), found->begin(), found->end());
  } else {
    Error error = found.error();
    error.kind = Error::Kind::nonfatal;
    diagnostics.push_back(std::move(error));
  }
}

// A dump that a framework keeps beside migrations which are programs: Rails', Ecto's.
bool structure_dump(const std::string& path) {
  const std::string head =
      Folder(std::string(files::folder_of(path))).head(std::string(files::base_of(path)));
  return head.find("PostgreSQL") != std::string::npos ||
         head.find("SET statement_timeout") != std::string::npos ||
         head.find("SET client_encoding") != std::string::npos;
}

// Scripts that are called what people call a whole schema.
bool schema_name(std::string_view file) {
  static constexpr std::string_view names[] = {
      "schema.sql",        "structure.sql",   "database.sql",        "db.sql",
      "ddl.sql",           "init.sql",        "tables.sql",          "create_tables.sql",
      "create-tables.sql", "db_schema.sql",   "database_schema.sql", "schema.pgsql",
      "latest.sql",        "init_schema.sql", "full_schema.sql",     "base_schema.sql"};
  const std::string base = lower(files::base_of(file));
  return std::ranges::find(names, base) != std::end(names);
}

bool makes_tables(std::string_view text) { return lower(text).find("create table") != std::string::npos; }

// What a script without migrations says of its database: "" for PostgreSQL.
std::string other_database_of(const std::string& path, const UserPaths& user_paths = {}) {
  if (foreign_folder(files::base_of(files::folder_of(path))))
    return std::string(files::base_of(files::folder_of(path)));
  return foreign_sql(read_head(path, 400'000, user_paths));
}

bool is_plan(std::string_view base) {
  const auto tools = migration_tools();
  return std::ranges::any_of(
      tools, [&](const MigrationTool* tool) { return !tool->plan.empty() && tool->plan == base; });
}

// Where migrations may lie, as paths inside the repository; a folder comes before those inside it.
struct Places {
  std::map<std::string, const MigrationTool*> journals;  // by folder
  std::set<std::string> folders;
  std::set<std::string> dumps;
  std::vector<std::string> schemas;  // schema.sql and the like, which speak where nothing else does
};

Places places_of(const std::vector<std::string>& files) {
  Places out;
  for (const auto& file : files) {
    const std::string folder(files::folder_of(file));
    const std::string_view base = files::base_of(file);
    if (const auto [tool, of] = of_journal(file); tool) out.journals[of] = tool;
    if (base == "structure.sql") out.dumps.insert(file);
    if (schema_name(file) && !files::never_deployed(file)) out.schemas.push_back(file);
    if (is_plan(base)) out.folders.insert(folder);
    if (!up_migration(base)) continue;
    out.folders.insert(folder);
    if (!folder.empty())
      out.folders.insert(
          std::string(files::folder_of(folder)));  // of folders of one migration each, or of one tool's
  }
  return out;
}

bool lies_in(const std::string& folder, const std::set<std::string>& others) {
  for (std::string_view at = folder; !at.empty(); at = files::folder_of(at))
    if (others.count(std::string(at))) return true;
  return others.count("") > 0;
}

// A script whose folder's name says which database it is for, anywhere on the way.
bool for_another_database(const std::string& folder) {
  const auto parts = split(folder, '/');
  return std::ranges::any_of(parts, [](std::string_view part) { return foreign_folder(part); });
}

// A schema in a folder that is named by a version, beside a folder of a later one.
bool of_an_old_version(const std::string& root, const std::string& folder) {
  const std::string version = version_in_name(files::base_of(folder));
  if (version.empty() || !named_for_versions(files::base_of(files::folder_of(folder)))) return false;
  const auto siblings = folders_of_versions(Folder(files::path_under(root, files::folder_of(folder))));
  return !siblings.empty() && compare_versions(version, version_in_name(siblings.back())) < 0;
}

// The input whose path has the longest beginning in common with `path`.
const SchemaInput& nearest(const std::vector<SchemaInput>& inputs, const std::string& path) {
  const auto common = [&](const SchemaInput& input) {
    return std::mismatch(path.begin(), path.end(), input.path.begin(), input.path.end()).first - path.begin();
  };
  return *std::ranges::max_element(
      inputs, [&](const SchemaInput& a, const SchemaInput& b) { return common(a) < common(b); });
}

// Scripts that make a schema and are nobody's migrations: read where there are no migrations, else named. The
// latter.
std::vector<std::string> add_schemas(const std::string& root, const Places& places,
                                     const std::set<std::string>& taken, const SqlcPaths& sqlc,
                                     std::vector<SchemaInput>& out, Diagnostics& diagnostics) {
  constexpr std::size_t max_named = 5;
  const bool described = !out.empty();
  std::vector<std::string> named;
  for (const auto& file : places.schemas) {
    const std::string path = files::path_under(root, file);
    const std::string folder(files::folder_of(file));
    const bool read = std::ranges::any_of(out, [&](const SchemaInput& input) { return input.path == path; });
    if (read || lies_in(folder, taken) || for_another_database(folder) ||
        (described && lies_in(file, sqlc.schemas)) ||
        !makes_tables(Folder(std::string(files::folder_of(path))).head(std::string(files::base_of(path)))))
      continue;
    if (const auto other = other_database_of(path); !other.empty()) {
      warn(diagnostics, path, "is SQL of another database (" + other + ")",
           "pgadvise reads only PostgreSQL's");
    } else if (of_an_old_version(root, folder)) {
      warn(diagnostics, path, "was not read: a later version's folder lies beside its own",
           "pgadvise check " + path + " checks it on its own");
    } else if (!described) {
      out.push_back({SchemaKind::sql_file, path, {{path, ""}}});
    } else {
      named.push_back(path);
      if (named.size() <= max_named)
        warn(diagnostics, path, "was not read: " + nearest(out, path).path + " already provides the schema",
             "pgadvise check " + path + " checks it on its own");
    }
  }
  return named;
}

constexpr std::string_view unread_scripts =
    "pgadvise did not read SQL that creates tables, because it belongs to no known migration tool: ";

// Does one of the folder's scripts, of a sample, make or change tables? Seeds and queries don't.
bool changes_tables(const std::string& path, const std::vector<std::string>& names) {
  constexpr std::size_t sample = 5;
  const Folder folder(path);
  for (std::size_t i = 0; i < names.size(); i += 1 + names.size() / sample) {
    const std::string text = lower(folder.head(names[i]));
    if (contains(text, "create table") || contains(text, "alter table") || contains(text, "create index"))
      return foreign_sql(text).empty();
  }
  return false;
}

bool looks_like_repository(const std::string& folder);

using Scripts = std::map<std::string, std::vector<std::string>>;  // by their folder

// "db/sql (3 scripts), x.sql's folder (1 script) and 2 more".
std::string listing(const std::map<std::string, std::size_t>& folders) {
  constexpr std::size_t max_named = 5;
  std::vector<std::string> named;
  for (const auto& [folder, count] : folders)
    if (named.size() < max_named)
      named.push_back(
          fmt::format("{} ({} {})", folder.empty() ? "." : folder, count, count == 1 ? "script" : "scripts"));
  return join(named, ", ") +
         (folders.size() > max_named ? fmt::format(" and {} more", folders.size() - max_named) : "");
}

// The command that reads the folder that comes closest to a whole schema; of equal ones, the one with the
// most scripts. In a folder that looks like a repository, scripts are read one by one.
std::string how_to_read(const std::string& root, const Scripts& scripts) {
  SchemaScore score;
  const auto paths_of = [&](const Scripts::value_type& entry) {
    std::vector<std::string> out;
    for (const auto& name : entry.second)
      out.push_back(files::path_under(root, files::join_path(entry.first, name)));
    return out;
  };
  auto best = scripts.begin();
  std::pair<int, std::size_t> most{score.of(paths_of(*best)), best->second.size()};
  for (auto at = std::next(best); at != scripts.end(); ++at)
    if (const std::pair<int, std::size_t> its{score.of(paths_of(*at)), at->second.size()}; its > most) {
      best = at;
      most = its;
    }
  // Of folders of versions, the newest.
  const auto versions = folders_of_versions(Folder(files::path_under(root, files::folder_of(best->first))));
  if (!version_in_name(files::base_of(best->first)).empty())
    for (const auto& version : versions)
      if (const auto later = scripts.find(files::join_path(files::folder_of(best->first), version));
          later != scripts.end())
        best = later;
  const auto& [folder, names] = *best;
  const std::string path = files::path_under(root, folder);
  if (names.size() > 1 && !looks_like_repository(path)) return "pgadvise check " + path;
  return "pgadvise check --schema " + files::path_under(root, files::join_path(folder, names[0]));
}

// Removes folders of versions beside a schema that was read, and names them on a line of their own: the
// schema is what they lead to.
void name_versions(const std::string& root, const std::vector<SchemaInput>& read, Scripts& scripts,
                   Diagnostics& diagnostics) {
  for (const auto& input : read) {
    const std::string above = files::path_under(".", files::folder_of(input.path));
    if (input.kind != SchemaKind::sql_file) continue;
    const auto versions = folders_of_versions(Folder(above));
    std::size_t removed = 0;
    for (const auto& version : versions)
      removed += scripts.erase(files::relative_to(files::path_under(above, version), root));
    if (removed == 0) continue;
    warn(diagnostics, above,
         fmt::format("pgadvise read {} in place of the folders of versions, {} to {}, which do "
                     "not create the schema together",
                     files::base_of(input.path), versions.front(), versions.back()),
         "to check the newest version's migrations: pgadvise check " +
             files::path_under(above, versions.back()));
  }
}

// Folders whose scripts make tables and are nobody's: what is not looked at is said, on one line. The
// scripts.
std::vector<std::string> tell_passed_over(const std::string& root, const std::vector<std::string>& files,
                                          const std::set<std::string>& taken, const SqlcPaths& sqlc,
                                          const std::vector<SchemaInput>& read, Diagnostics& diagnostics) {
  Scripts scripts;
  const bool root_is_read = read.empty() && !looks_like_repository(root);
  for (const auto& file : files) {
    const std::string folder(files::folder_of(file));
    const bool known = std::ranges::any_of(
        read, [&](const SchemaInput& input) { return input.path == files::path_under(root, file); });
    if (!up_migration(files::base_of(file)) || schema_name(file) || known || (folder.empty() && root_is_read))
      continue;
    const bool of_sqlc = lies_in(file, sqlc.schemas);
    if (of_sqlc ? !read.empty() : lies_in(file, sqlc.queries)) continue;
    if (!files::never_deployed(file) && !files::deployed_by_others(file) && !lies_in(folder, taken) &&
        !for_another_database(folder))
      scripts[folder].emplace_back(files::base_of(file));
  }
  std::erase_if(scripts, [&](const auto& entry) {
    return !changes_tables(files::path_under(root, entry.first), entry.second);
  });
  name_versions(root, read, scripts, diagnostics);
  std::vector<std::string> out;
  for (const auto& [folder, names] : scripts)
    for (const auto& name : names) out.push_back(files::path_under(root, files::join_path(folder, name)));
  std::map<std::string, std::size_t> siblings, passed;  // a folder of several stands for them
  for (const auto& [folder, names] : scripts) ++siblings[std::string(files::folder_of(folder))];
  for (const auto& [folder, names] : scripts) {
    const std::string above(files::folder_of(folder));
    passed[!above.empty() && (siblings[above] > 1 || scripts.count(above)) ? above : folder] += names.size();
  }
  if (passed.empty()) return out;
  warn(diagnostics, root, std::string(unread_scripts) + listing(passed),
       "to read the SQL: " + how_to_read(root, scripts));
  return out;
}

// The schemas of tests and fixtures, likewise.
void tell_left_out(const std::string& root, const std::vector<std::string>& files,
                   const std::set<std::string>& taken, Diagnostics& diagnostics) {
  Scripts scripts;
  for (const auto& file : files)
    if (up_migration(files::base_of(file)) && files::never_deployed(file) &&
        !lies_in(std::string(files::folder_of(file)), taken) &&
        !for_another_database(std::string(files::folder_of(file))))
      scripts[std::string(files::folder_of(file))].emplace_back(files::base_of(file));
  std::erase_if(scripts, [&](const auto& entry) {
    return !changes_tables(files::path_under(root, entry.first), entry.second);
  });
  std::map<std::string, std::size_t> folders;
  for (const auto& [folder, names] : scripts)
    folders[std::string(files::folder_of_tests(folder + "/"))] += names.size();
  if (folders.empty()) return;
  warn(diagnostics, root,
       "pgadvise left out the SQL of tests, fixtures and documentation: " + listing(folders),
       "to read it all the same: " + how_to_read(root, scripts));
}

std::string of_project(const std::string& root, const std::vector<std::string>& files,
                       const std::string& folder) {
  const std::string other = other_database_of_project(root, files, folder);
  return other.empty() ? other : " (" + other + ")";
}

// Gives migrations the source of their schema, if only one writes to their folder. Adds schemas that only
// source declares, to `read`, too. `unread`: the scripts that create tables and were not read.
void add_sources(const std::string& root, const std::vector<std::string>& files,
                 const std::vector<std::string>& unread, std::vector<ReadSchema>& read,
                 std::vector<SchemaInput>& out, Diagnostics& diagnostics) {
  std::set<std::string> several;
  for (auto& [source, covered] : source_schemas(root, files, read, diagnostics)) {
    const std::string folder = files::path_under(root, source->folder);
    const auto same = std::ranges::find_if(out, [&](const SchemaInput& one) {
      return !source->unread && one.source && one.source->files == source->files;
    });
    const auto migrations = std::ranges::find_if(out, [&](const SchemaInput& one) {
      return source->configured && one.kind == SchemaKind::migrations && one.path == folder &&
             one.tool->id().starts_with(source->language->tool);
    });
    if (migrations != out.end()) {
      if (migrations->source) several.insert(folder);
      migrations->source = std::move(source);
      migrations->root = root;
      continue;
    }
    if (covered || same != out.end()) continue;
    const std::string& place = source->files.empty() ? source->place : source->files.front();
    SchemaInput input{.kind = SchemaKind::source, .path = files::path_under(root, place)};
    for (const auto& file : source->files) input.files.push_back({files::path_under(root, file), ""});
    read.push_back({std::string(files::folder_of(source->place)), nullptr, false});
    input.source = std::move(source);
    input.root = root;
    input.created_by_scripts = created_tables(unread);
    out.push_back(std::move(input));
  }
  for (auto& input : out)
    if (several.count(input.path)) input.source.reset();
}

Found repository(const std::string& root, const std::vector<std::string>& files, Diagnostics& diagnostics) {
  const Places places = places_of(files);
  std::vector<SchemaInput> out;
  std::set<std::string> taken;
  for (const auto& [folder, tool] : places.journals) {
    if (files::never_deployed(folder + "/")) continue;
    add_journal(*tool, files::path_under(root, folder), out, diagnostics);
    taken.insert(folder);
  }
  for (const auto& folder : places.folders) {
    if (lies_in(folder, taken) || files::never_deployed(folder + "/")) continue;
    Diagnostics named;
    auto found = tool_folder(files::path_under(root, folder), true, named);
    if (!found) continue;
    taken.insert(folder);
    if (const auto base = lower(files::base_of(folder));
        found->kind != SchemaKind::none && (base == "templates" || base == "template")) {
      const std::string path = files::path_under(root, folder);
      warn(diagnostics, path, "was not read: no application runs migrations of a folder named " + base,
           "pgadvise check " + path + " checks them on their own");
      continue;
    }
    const std::string other = found->kind == SchemaKind::none ? std::string()
                              : for_another_database(folder)  ? ", according to the folder's name"
                              : found->tool->other_database   ? std::string()
                                                              : of_project(root, files, folder);
    if (!other.empty()) {
      warn(diagnostics, files::path_under(root, folder),
           std::string(found->tool->name()) + " migrations of another database" + other,
           "pgadvise reads only PostgreSQL migrations");
      continue;
    }
    diagnostics.insert(diagnostics.end(), named.begin(), named.end());
    for (const auto& file : found->files)  // a tool's settings may name further folders
      taken.insert(std::string(files::folder_of(files::relative_to(file.path, root))));
    if (found->kind != SchemaKind::none) out.push_back(std::move(*found));
  }
  for (const auto& dump : places.dumps)
    if (const auto path = files::path_under(root, dump);
        !lies_in(std::string(files::folder_of(dump)), taken) && !files::never_deployed(dump) &&
        structure_dump(path))
      out.push_back({SchemaKind::sql_file, path, {{path, ""}}});
  const SqlcPaths sqlc = sqlc_paths(root, files);
  std::vector<std::string> unread = add_schemas(root, places, taken, sqlc, out, diagnostics);
  for (auto& script : tell_passed_over(root, files, taken, sqlc, out, diagnostics))
    unread.push_back(std::move(script));
  tell_left_out(root, files, taken, diagnostics);
  std::ranges::sort(
      out, [](const SchemaInput& a, const SchemaInput& b) { return files::natural_less(a.path, b.path); });
  std::vector<ReadSchema> read;
  for (const auto& input : out) {
    const bool folder = input.kind == SchemaKind::migrations || input.kind == SchemaKind::sql_folder;
    const std::string path = files::relative_to(input.path, root);
    read.push_back({folder ? path : std::string(files::folder_of(path)), input.tool,
                    input.kind == SchemaKind::migrations});
  }
  add_sources(root, files, unread, read, out, diagnostics);
  for (auto& elsewhere : schemas_in_code(root, files, read)) diagnostics.push_back(std::move(elsewhere));
  return out;
}

// package.json and the like: what is named is a project, and its .sql files are its own business.
bool looks_like_repository(const std::string& folder) {
  for (const auto name : {"package.json", ".git", "pnpm-workspace.yaml", "Dockerfile", "docker-compose.yml",
                          "Cargo.toml", "go.mod", "pyproject.toml", "Gemfile", "pom.xml", "composer.json"}) {
    std::error_code code;
    if (fs::exists(files::path_under(folder, name), code)) return true;
  }
  return false;
}

// The folder whose journal lies in the folder `path`: that of migrations/meta is migrations.
std::pair<const MigrationTool*, std::string> beside_journal(const std::string& path) {
  for (const auto* tool : migration_tools()) {
    if (tool->journal.empty()) continue;
    const std::string_view journal = files::base_of(tool->journal);
    if (auto found = of_journal(files::path_under(path, journal));
        found.first == tool && Folder(path).has(journal))
      return found;
  }
  return {nullptr, {}};
}

Found folder_input(const std::string& path, Diagnostics& diagnostics, const files::LeaveOut& leave_out) {
  const auto listed = files::list_files(path, diagnostics, leave_out);  // names what is not read
  if (const auto* tool = journal_tool(path)) return tool->open_journal(path, diagnostics);
  if (const auto [tool, folder] = beside_journal(path); tool) return tool->open_journal(folder, diagnostics);
  // A repository's root may hold numbered scripts that are no migrations.
  const bool root = looks_like_repository(path);
  if (auto input = tool_folder(path, root, diagnostics))
    return input->kind == SchemaKind::none ? std::vector<SchemaInput>{}
                                           : std::vector<SchemaInput>{std::move(*input)};
  // Loose scripts beside migrations are queries, seeds and the like: they count only where there is nothing
  // else.
  auto found = repository(path, listed, diagnostics);
  if (!found || !found->empty() || looks_like_repository(path)) return found;
  auto input = plain_folder(path, leave_out, diagnostics);
  if (input.kind == SchemaKind::none) return found;
  if (const auto other = other_database(input.files); !other.empty())
    warn(diagnostics, path, "SQL of another database (" + other + ")", "pgadvise reads only PostgreSQL's");
  else found->push_back(std::move(input));
  return found;
}

Found file_input(const std::string& path, Diagnostics& diagnostics, const UserPaths& user_paths) {
  const auto input = [&](SchemaKind kind) {
    return std::vector<SchemaInput>{
        {.kind = kind, .path = path, .files = {{path, ""}}, .user_paths = user_paths}};
  };
  if (const auto [tool, folder] = of_journal(path); tool) return tool->open_journal(folder, diagnostics);
  if (is_sql(path))
    if (const auto other = other_database_of(path, user_paths); !other.empty())
      return fail(Error::Kind::input, path, "is SQL of another database (" + other + ")",
                  "pgadvise reads only PostgreSQL's");
  if (is_sql(path)) return input(SchemaKind::sql_file);
  TRY(const auto text, read_file(path, files::sql_limit, user_paths));
  if (files::is_catalog_snapshot(text)) return input(SchemaKind::server_snapshot);
  if (drizzle::looks_like_snapshot(text)) return input(SchemaKind::drizzle_snapshot);
  if (text.substr(0, 5) == "PGDMP")
    return fail(Error::Kind::input, path, "is a dump in PostgreSQL's own format",
                "convert it to SQL: pg_restore -s -f schema.sql");
  if (lower(path).ends_with(".json") || text.find('\0') != std::string::npos)
    return fail(Error::Kind::input, path, "is neither SQL nor a pgadvise snapshot nor a drizzle snapshot",
                "name a .sql file, a migrations folder or a repository");
  return input(SchemaKind::sql_file);
}

}  // namespace

Result<std::vector<SchemaInput>> find_schemas(const std::string& path, Diagnostics& diagnostics,
                                              const files::LeaveOut& leave_out, const UserPaths& user_paths) {
  std::error_code code;
  const auto status = fs::status(path, code);
  if (!fs::exists(status)) return fail(Error::Kind::input, path, "no such file or folder", "check the name");
  return fs::is_directory(status) ? folder_input(path, diagnostics, leave_out)
                                  : file_input(path, diagnostics, user_paths);
}

bool names_unread_scripts(const Error& error) { return error.what.starts_with(unread_scripts); }

}  // namespace pgadvise::migrations
