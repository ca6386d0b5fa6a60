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
std::pair<const MigrationTool*, std::string> journal_folder_of(const std::string& path) {
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

constexpr std::size_t head_bytes = 16384;
constexpr std::size_t max_named = 5;  // scripts and folders in a diagnostic

std::string and_more(std::size_t count) {
  return count > max_named ? fmt::format(" and {} more", count - max_named) : "";
}

// The other database that a sample of the files is written for; "" if it is PostgreSQL's. The types that any
// of the files creates are PostgreSQL's, too.
std::string other_database(const std::vector<SchemaFile>& files) {
  constexpr std::size_t longest_head = 400'000, all_heads = 64u << 20;
  std::string sample;
  for (std::size_t i = 0; i < files.size() && sample.size() < longest_head; i += 1 + files.size() / 40)
    sample += read_head(files[i].path, head_bytes) + "\n;\n";
  if (foreign_sql(sample).empty()) return {};
  TypeNames own_types;
  std::size_t read = 0;
  for (std::size_t i = 0; i < files.size() && read < all_heads; ++i) {
    const std::string text = read_head(files[i].path, longest_head);
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
  static constexpr auto others = word_list("seed", "data", "down", "rollback", "undo", "revert", "verify",
                                           "templates", "queries", "archive", "old", "legacy");
  const std::string name = lower(folder.name());
  const std::string above =
      lower(fs::path(folder.path()).lexically_normal().parent_path().filename().string());
  if (contains(name, "migration") || name == "migrate") return true;
  return (contains(above, "migration") || above == "migrate") && version_in_name(name).empty() &&
         std::ranges::none_of(others, [&](std::string_view other) { return name.starts_with(other); });
}

// Whether most migrations of the folder, or of the one that it lies in, are programs: the scripts are parts
// of these, as Django's RunSQL reads them.
bool holds_parts_of_programs(const Folder& folder, std::size_t scripts) {
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
      (!named_for_migrations(folder) || holds_parts_of_programs(folder, files.size())))
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
  std::vector<std::string> left, drops;
  for (const auto& name : names) {
    const auto text = read_file(folder.path(name), files::text_limit);
    (text && only_drops(*text) ? drops : left).push_back(name);
  }
  if (drops.empty() || left.empty()) return;
  names = std::move(left);
  const std::size_t count = drops.size();
  drops.resize(std::min(count, max_named));
  warn(diagnostics, folder.path(),
       "pgadvise left out scripts that only drop objects, as the folder's scripts have no order: " +
           join(drops, ", ") + and_more(count));
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
  if (auto found = tool.open_journal(folder, diagnostics)) {
    out.insert(out.end(), found->begin(), found->end());
  } else {
    diagnostics.push_back(std::move(found).error());
    diagnostics.back().kind = Error::Kind::nonfatal;
  }
}

// A dump that a framework keeps beside migrations which are programs: Rails', Ecto's.
bool structure_dump(const std::string& path) {
  return contains_any(read_head(path, head_bytes),
                      {"PostgreSQL", "SET statement_timeout", "SET client_encoding"});
}

// Scripts that are called what people call a whole schema.
bool schema_name(std::string_view file) {
  static constexpr auto names =
      word_list("schema.sql", "structure.sql", "database.sql", "db.sql", "ddl.sql", "init.sql", "tables.sql",
                "create_tables.sql", "create-tables.sql", "db_schema.sql", "database_schema.sql",
                "schema.pgsql", "latest.sql", "init_schema.sql", "full_schema.sql", "base_schema.sql");
  return is_one_of(lower(files::base_of(file)), names);
}

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
    if (const auto [tool, of] = journal_folder_of(file); tool) out.journals[of] = tool;
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

bool lies_in(std::string_view folder, const std::set<std::string>& others) {
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

constexpr std::string_view unread_scripts =
    "pgadvise did not read SQL that creates tables, because it belongs to no known migration tool: ";
// Does one of the folder's scripts, of a sample, make or change tables? Seeds and queries don't.
bool changes_tables(const std::string& path, const std::vector<std::string>& names) {
  constexpr std::size_t sample = 5;
  for (std::size_t i = 0; i < names.size(); i += 1 + names.size() / sample) {
    const std::string text = lower(Folder(path).head(names[i]));
    if (contains_any(text, {"create table", "alter table", "create index"})) return foreign_sql(text).empty();
  }
  return false;
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

using Scripts = std::map<std::string, std::vector<std::string>>;  // by their folder

// "db/sql (3 scripts), x.sql's folder (1 script) and 2 more".
std::string listing(const std::map<std::string, std::size_t>& folders) {
  std::vector<std::string> named;
  for (const auto& [folder, count] : folders)
    if (named.size() < max_named)
      named.push_back(
          fmt::format("{} ({} {})", folder.empty() ? "." : folder, count, count == 1 ? "script" : "scripts"));
  return join(named, ", ") + and_more(folders.size());
}

// Finds the schemas of a repository. `files`: relative to the root, sorted.
class RepositorySearch {
 public:
  RepositorySearch(const std::string& root, const std::vector<std::string>& files, Diagnostics& diagnostics)
      : root_(root),
        files_(files),
        diagnostics_(diagnostics),
        places_(places_of(files)),
        sqlc_(sqlc_paths(root, files)) {}

  std::vector<SchemaInput> find() {
    for (const auto& [folder, tool] : places_.journals) {
      if (files::never_deployed(folder + "/")) continue;
      add_journal(*tool, under(folder), out_, diagnostics_);
      taken_.insert(folder);
    }
    for (const auto& folder : places_.folders)
      if (!lies_in(folder, taken_) && !files::never_deployed(folder + "/")) add_tool_folder(folder);
    for (const auto& dump : places_.dumps)
      if (!lies_in(files::folder_of(dump), taken_) && !files::never_deployed(dump) &&
          structure_dump(under(dump)))
        out_.push_back({SchemaKind::sql_file, under(dump), {{under(dump), ""}}});
    add_schemas();
    report_passed_over();
    report_left_out();
    std::ranges::sort(
        out_, [](const SchemaInput& a, const SchemaInput& b) { return files::natural_less(a.path, b.path); });
    std::vector<ReadSchema> read;
    for (const auto& input : out_) {
      const bool folder = input.kind == SchemaKind::migrations || input.kind == SchemaKind::sql_folder;
      const std::string path = files::relative_to(input.path, root_);
      read.push_back({folder ? path : std::string(files::folder_of(path)), input.tool,
                      input.kind == SchemaKind::migrations});
    }
    add_sources(read);
    for (auto& elsewhere : schemas_in_code(root_, files_, read)) diagnostics_.push_back(std::move(elsewhere));
    return std::move(out_);
  }

 private:
  std::string under(std::string_view path) const { return files::path_under(root_, path); }
  bool is_read(const std::string& path) const {
    return std::ranges::any_of(out_, [&](const SchemaInput& input) { return input.path == path; });
  }

  void add_tool_folder(const std::string& folder) {
    const std::string path = under(folder);
    Diagnostics named;
    auto found = tool_folder(path, true, named);
    if (!found) return;
    taken_.insert(folder);
    if (const auto base = lower(files::base_of(folder));
        found->kind != SchemaKind::none && (base == "templates" || base == "template"))
      return warn(diagnostics_, path,
                  "was not read: no application runs migrations of a folder named " + base,
                  "pgadvise check " + path + " checks them on their own");
    std::string other;
    if (found->kind != SchemaKind::none && for_another_database(folder))
      other = ", according to the folder's name";
    else if (found->kind != SchemaKind::none && !found->tool->other_database)
      if (const auto by = other_database_of_project(root_, files_, folder); !by.empty())
        other = " (" + by + ")";
    if (!other.empty())
      return warn(diagnostics_, path,
                  std::string(found->tool->name()) + " migrations of another database" + other,
                  "pgadvise reads only PostgreSQL migrations");
    diagnostics_.insert(diagnostics_.end(), named.begin(), named.end());
    for (const auto& file : found->files)  // a tool's settings may name further folders
      taken_.insert(std::string(files::folder_of(files::relative_to(file.path, root_))));
    if (found->kind != SchemaKind::none) out_.push_back(std::move(*found));
  }

  // Scripts that make a schema and are nobody's migrations: read where there are no migrations, else named.
  void add_schemas() {
    const bool described = !out_.empty();
    for (const auto& file : places_.schemas) {
      const std::string path = under(file), folder(files::folder_of(file));
      const std::string on_its_own = "pgadvise check " + path + " checks it on its own";
      if (is_read(path) || lies_in(folder, taken_) || for_another_database(folder) ||
          (described && lies_in(file, sqlc_.schemas)) ||
          !contains(lower(read_head(path, head_bytes)), "create table"))
        continue;
      if (const auto other = other_database_of(path); !other.empty()) {
        warn(diagnostics_, path, "is SQL of another database (" + other + ")",
             "pgadvise reads only PostgreSQL's");
      } else if (of_an_old_version(root_, folder)) {
        warn(diagnostics_, path, "was not read: a later version's folder lies beside its own", on_its_own);
      } else if (!described) {
        out_.push_back({SchemaKind::sql_file, path, {{path, ""}}});
      } else {
        unread_.push_back(path);
        if (unread_.size() <= max_named)
          warn(diagnostics_, path,
               "was not read: " + nearest(out_, path).path + " already provides the schema", on_its_own);
      }
    }
  }

  // The command that reads the folder that comes closest to a whole schema; of equal ones, the one with the
  // most scripts. In a folder that looks like a repository, scripts are read one by one.
  std::string how_to_read(const Scripts& scripts) const {
    SchemaScore score;
    auto best = scripts.begin();
    std::optional<std::pair<int, std::size_t>> most;
    for (auto at = best; at != scripts.end(); ++at)
      if (const std::pair its{score.of(paths_of(*at)), at->second.size()}; !most || its > *most) {
        best = at;
        most = its;
      }
    // Of folders of versions, the newest.
    const std::string_view above = files::folder_of(best->first);
    if (!version_in_name(files::base_of(best->first)).empty())
      for (const auto& version : folders_of_versions(Folder(under(above))))
        if (const auto later = scripts.find(files::join_path(above, version)); later != scripts.end())
          best = later;
    const auto& [folder, names] = *best;
    if (names.size() > 1 && !looks_like_repository(under(folder))) return "pgadvise check " + under(folder);
    return "pgadvise check --schema " + under(files::join_path(folder, names[0]));
  }

  std::vector<std::string> paths_of(const Scripts::value_type& scripts) const {
    std::vector<std::string> out;
    for (const auto& name : scripts.second) out.push_back(under(files::join_path(scripts.first, name)));
    return out;
  }

  // Removes folders of versions beside a schema that was read, and names them on a line of their own: the
  // schema is what they lead to.
  void name_versions(Scripts& scripts) {
    for (const auto& input : out_) {
      if (input.kind != SchemaKind::sql_file) continue;
      const std::string above = files::path_under(".", files::folder_of(input.path));
      const auto versions = folders_of_versions(Folder(above));
      std::size_t removed = 0;
      for (const auto& version : versions)
        removed += scripts.erase(files::relative_to(files::path_under(above, version), root_));
      if (removed == 0) continue;
      warn(diagnostics_, above,
           fmt::format("pgadvise read {} in place of the folders of versions, {} to {}, which do "
                       "not create the schema together",
                       files::base_of(input.path), versions.front(), versions.back()),
           "to check the newest version's migrations: pgadvise check " +
               files::path_under(above, versions.back()));
    }
  }

  // The folders' scripts that `counts` accepts, of folders whose scripts change tables and are nobody's.
  template <class Counts>
  Scripts nobodys_scripts(Counts counts) const {
    Scripts out;
    for (const auto& file : files_) {
      const std::string folder(files::folder_of(file));
      if (up_migration(files::base_of(file)) && counts(file, folder) && !lies_in(folder, taken_) &&
          !for_another_database(folder))
        out[folder].emplace_back(files::base_of(file));
    }
    std::erase_if(out, [&](const auto& entry) { return !changes_tables(under(entry.first), entry.second); });
    return out;
  }

  // Folders whose scripts make tables and are nobody's: what is not looked at is said, on one line.
  void report_passed_over() {
    const bool root_is_read = out_.empty() && !looks_like_repository(root_);
    Scripts scripts = nobodys_scripts([&](const std::string& file, const std::string& folder) {
      if (schema_name(file) || is_read(under(file)) || (folder.empty() && root_is_read)) return false;
      const bool of_sqlc = lies_in(file, sqlc_.schemas);
      if (of_sqlc ? !out_.empty() : lies_in(file, sqlc_.queries)) return false;
      return !files::never_deployed(file) && !files::deployed_by_others(file);
    });
    name_versions(scripts);
    for (const auto& entry : scripts) std::ranges::move(paths_of(entry), std::back_inserter(unread_));
    std::map<std::string, std::size_t> siblings, passed;  // a folder of several stands for them
    for (const auto& [folder, names] : scripts) ++siblings[std::string(files::folder_of(folder))];
    for (const auto& [folder, names] : scripts) {
      const std::string above(files::folder_of(folder));
      passed[!above.empty() && (siblings[above] > 1 || scripts.count(above)) ? above : folder] +=
          names.size();
    }
    if (passed.empty()) return;
    warn(diagnostics_, root_, std::string(unread_scripts) + listing(passed),
         "to read the SQL: " + how_to_read(scripts));
  }

  // The schemas of tests and fixtures, likewise.
  void report_left_out() {
    const Scripts scripts = nobodys_scripts(
        [](const std::string& file, const std::string&) { return files::never_deployed(file); });
    std::map<std::string, std::size_t> folders;
    for (const auto& [folder, names] : scripts)
      folders[std::string(files::folder_of_tests(folder + "/"))] += names.size();
    if (folders.empty()) return;
    warn(diagnostics_, root_,
         "pgadvise left out the SQL of tests, fixtures and documentation: " + listing(folders),
         "to read it all the same: " + how_to_read(scripts));
  }

  // Gives migrations the source of their schema, if only one writes to their folder. Adds schemas that only
  // source declares, to `read`, too.
  void add_sources(std::vector<ReadSchema>& read) {
    std::set<std::string> several;
    for (auto& [source, covered] : source_schemas(root_, files_, read, diagnostics_)) {
      const std::string folder = under(source->folder);
      const bool same = std::ranges::any_of(out_, [&](const SchemaInput& one) {
        return !source->unread && one.source && one.source->files == source->files;
      });
      const auto migrations = std::ranges::find_if(out_, [&](const SchemaInput& one) {
        return source->configured && one.kind == SchemaKind::migrations && one.path == folder &&
               one.tool->id().starts_with(source->language->tool);
      });
      if (migrations != out_.end()) {
        if (migrations->source) several.insert(folder);
        migrations->source = std::move(source);
        migrations->root = root_;
        continue;
      }
      if (covered || same) continue;
      SchemaInput input{.kind = SchemaKind::source,
                        .path = under(source->files.empty() ? source->place : source->files.front())};
      for (const auto& file : source->files) input.files.push_back({under(file), ""});
      read.push_back({std::string(files::folder_of(source->place)), nullptr, false});
      input.source = std::move(source);
      input.root = root_;
      input.created_by_scripts = created_tables(unread_);
      out_.push_back(std::move(input));
    }
    for (auto& input : out_)
      if (several.count(input.path)) input.source.reset();
  }

  const std::string& root_;
  const std::vector<std::string>& files_;
  Diagnostics& diagnostics_;
  const Places places_;
  const SqlcPaths sqlc_;
  std::set<std::string> taken_;      // folders of tools, relative to the root
  std::vector<std::string> unread_;  // scripts that create tables
  std::vector<SchemaInput> out_;
};

// The folder whose journal lies in the folder `path`: that of migrations/meta is migrations.
std::pair<const MigrationTool*, std::string> folder_around_journal(const std::string& path) {
  for (const auto* tool : migration_tools()) {
    if (tool->journal.empty()) continue;
    const std::string_view journal = files::base_of(tool->journal);
    if (auto found = journal_folder_of(files::path_under(path, journal));
        found.first == tool && Folder(path).has(journal))
      return found;
  }
  return {nullptr, {}};
}

Found folder_input(const std::string& path, Diagnostics& diagnostics, const files::LeaveOut& leave_out) {
  const auto listed = files::list_files(path, diagnostics, leave_out);  // names what is not read
  if (const auto* tool = journal_tool(path)) return tool->open_journal(path, diagnostics);
  if (const auto [tool, folder] = folder_around_journal(path); tool)
    return tool->open_journal(folder, diagnostics);
  // A repository's root may hold numbered scripts that are no migrations.
  const bool root = looks_like_repository(path);
  if (auto input = tool_folder(path, root, diagnostics))
    return input->kind == SchemaKind::none ? std::vector<SchemaInput>{}
                                           : std::vector<SchemaInput>{std::move(*input)};
  // Loose scripts beside migrations are queries, seeds and the like: they count only where there is nothing
  // else.
  auto found = RepositorySearch(path, listed, diagnostics).find();
  if (!found.empty() || root) return found;
  auto input = plain_folder(path, leave_out, diagnostics);
  if (input.kind == SchemaKind::none) return found;
  if (const auto other = other_database(input.files); !other.empty())
    warn(diagnostics, path, "SQL of another database (" + other + ")", "pgadvise reads only PostgreSQL's");
  else found.push_back(std::move(input));
  return found;
}

Found file_input(const std::string& path, Diagnostics& diagnostics, const UserPaths& user_paths) {
  const auto input = [&](SchemaKind kind) {
    return std::vector<SchemaInput>{
        {.kind = kind, .path = path, .files = {{path, ""}}, .user_paths = user_paths}};
  };
  if (const auto [tool, folder] = journal_folder_of(path); tool)
    return tool->open_journal(folder, diagnostics);
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
