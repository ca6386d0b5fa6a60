// Flyway: V1.2__name.sql by version, R__name.sql last and by name, from the newest baseline B on; U and
// callbacks are not run. The scripts of all locations that the project's settings name are one list.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>

#include "base/files/digest.h"
#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "files/yaml_file.h"
#include "migrations/all_tools.h"
#include "migrations/folders/folder_reading.h"
#include "migrations/scripts/dialect.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"
#include "sql/definitions/transaction_needs.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "flyway_schema_history"}, {.name = "schema_version"}};
constexpr TrackingShape::Column columns[] = {
    {"installed_rank", "integer"},   {"version", "character varying"}, {"description", "character varying"},
    {"script", "character varying"}, {"checksum", "integer"},          {"success", "boolean"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns,
     .max_columns = 10,
     .select = "coalesce(version, replace(description, ' ', '_')), checksum, installed_rank, NOT success"}};

namespace fs = std::filesystem;

constexpr int max_below = 3;  // levels of folders in a location

struct ScriptName {
  char kind = 0;  // V R B
  std::string version;
  std::string description;
};

std::optional<ScriptName> script_name(std::string_view name) {
  if (!is_sql(name) || !is_one_of(name.substr(0, 1), {"V", "R", "B"})) return std::nullopt;
  const auto bar = name.find("__");
  if (bar == std::string_view::npos) return std::nullopt;
  ScriptName out{name[0], std::string(name.substr(1, bar - 1)),
                 std::string(name.substr(bar + 2, name.size() - bar - 6))};
  if ((out.kind == 'R') != out.version.empty()) return std::nullopt;
  if (out.version.find_first_not_of("0123456789._") != std::string::npos) return std::nullopt;
  return out;
}

struct Script {
  std::string path;
  ScriptName name;
};

// A location's subfolders belong to it, but for those of another database.
void collect(const Folder& folder, int depth, std::vector<Script>& out, Names& foreign) {
  for (const auto& name : folder.files())
    if (const auto parsed = script_name(name)) out.push_back({folder.path(name), *parsed});
  if (depth == 0) return;
  for (const auto& name : folder.folders()) {
    std::vector<Script> below;
    collect(Folder(folder.path(name)), depth - 1, below, foreign);
    if (below.empty()) continue;
    if (foreign_folder(name)) foreign.push_back(folder.path(name));
    else out.insert(out.end(), below.begin(), below.end());
  }
}

bool same_version_twice(const std::vector<Script>& files) {
  return std::ranges::adjacent_find(files, [](const Script& a, const Script& b) {
           return a.name.kind == 'V' && b.name.kind == 'V' &&
                  compare_versions(a.name.version, b.name.version) == 0;
         }) != files.end();
}

// `depth`: of the folders inside that count, too.
bool holds_scripts(const Folder& folder, int depth = 0) {
  if (std::ranges::any_of(folder.files(), [](const auto& name) { return script_name(name).has_value(); }))
    return true;
  return depth > 0 && std::ranges::any_of(folder.folders(), [&](const auto& name) {
           return holds_scripts(Folder(folder.path(name)), depth - 1);
         });
}

// A folder of folders is one location when several of them hold scripts, and no version twice; else each is
// its own.
std::ptrdiff_t subfolders_with_scripts(const Folder& folder) {
  return std::ranges::count_if(
      folder.folders(), [&](const std::string& name) { return holds_scripts(Folder(folder.path(name))); });
}

// ---- The folders that a project's settings name.

struct Locations {
  std::string project;  // absolute: the folder of the settings
  Names folders;        // absolute, in the order of the settings; empty: not known
  Names of_others;      // absolute: those that only profiles other than production's name
};

// The locations of each profile as written; the profile "" has those that hold for all.
using Profiles = std::map<std::string, Names>;

std::string absolute_path(const fs::path& path) {
  std::error_code code;
  std::string out = fs::absolute(path, code).lexically_normal().generic_string();
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

// "a, b", "[\"a\", 'b']"
Names listed(std::string_view text) {
  Names out;
  for (std::string_view part : split(text, ',')) {
    constexpr std::string_view around = " \t\r\n[]\"'";
    part.remove_prefix(std::min(part.find_first_not_of(around), part.size()));
    part = part.substr(0, part.find_last_not_of(around) + 1);
    if (!part.empty()) out.emplace_back(part);
  }
  return out;
}

void append(const Names& locations, const std::string& profile, Profiles& out) {
  for (const auto& one : locations) out[profile].push_back(one);
}

// Lines of `key = value`. A backslash at the end of a line continues it.
Names in_properties(const std::string& text) {
  Names out;
  const std::string joined = replace_all(replace_all(text, "\\\r\n", ""), "\\\n", "");
  for (const auto line : split(joined, '\n')) {
    const auto sign = line.find_first_of("=:");
    if (sign == std::string_view::npos) continue;
    std::string key = lower(trim(line.substr(0, sign)));
    key = key.substr(0, key.find('['));  // locations[0]
    if (is_one_of(key, {"spring.flyway.locations", "quarkus.flyway.locations", "flyway.locations"}))
      std::ranges::copy(listed(line.substr(sign + 1)), std::back_inserter(out));
  }
  return out;
}

// Of [flyway]: locations = ["…", "…"], also on several lines.
Names in_toml(const std::string& text) {
  bool in_section = false;
  std::size_t at = 0;
  for (const auto line : split(text, '\n')) {
    const std::string_view bare = trim(line);
    if (bare.starts_with('[')) in_section = bare.starts_with("[flyway]");
    const bool named = (in_section && bare.starts_with("locations")) || bare.starts_with("flyway.locations");
    if (const auto sign = line.find('='); named && sign != std::string_view::npos) {
      const std::string_view value = std::string_view(text).substr(at + sign + 1);
      const bool list = trim(value.substr(0, value.find('\n'))).starts_with('[');
      return listed(value.substr(0, value.find(list ? ']' : '\n')));
    }
    at += line.size() + 1;
  }
  return {};
}

// Of each document: spring.flyway.locations, with the profile that activates the document.
void add_yaml(const std::string& text, const std::string& file, const std::string& profile, Profiles& out) {
  constexpr std::string_view mark = "\n---";
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = std::min(rest.find(mark), rest.size());
    const auto document = files::parse_yaml(std::string(rest.substr(0, end)), file);
    rest.remove_prefix(std::min(end + mark.size(), rest.size()));
    if (!document) continue;
    const YAML::Node spring = files::yaml_member(*document, "spring");
    const YAML::Node settings = files::yaml_member(spring, "flyway");
    const YAML::Node activate = files::yaml_member(files::yaml_member(spring, "config"), "activate");
    std::string of = files::yaml_text(files::yaml_member(activate, "on-profile"));
    if (of.empty()) of = profile;
    for (const auto& item : files::yaml_list(files::yaml_member(settings, "locations")))
      append(listed(item), of, out);
  }
}

// application.yml has the profile "", application-prod.yml "prod"; nullopt: no such file.
std::optional<std::string> profile_of(std::string_view name) {
  constexpr std::string_view head = "application";
  const auto dot = name.rfind('.');
  if (!name.starts_with(head) || dot == std::string_view::npos) return std::nullopt;
  const std::string_view rest = name.substr(head.size(), dot - head.size());
  if (!is_one_of(name.substr(dot), {".yml", ".yaml", ".properties"}) ||
      (!rest.empty() && rest.front() != '-'))
    return std::nullopt;
  return std::string(rest.substr(rest.empty() ? 0 : 1));
}

Profiles written_locations(const fs::path& folder) {
  Profiles out;
  const auto add = [&](const std::string& path, std::string_view name) {
    const auto profile = name.starts_with("flyway") ? std::string() : profile_of(name);
    const auto text = profile ? read_file(path, files::text_limit) : Result<std::string>(std::string());
    if (!text || !contains(*text, "locations")) return;
    if (name.ends_with("ml") && !name.ends_with(".toml")) return add_yaml(*text, path, *profile, out);
    append(name.ends_with(".toml") ? in_toml(*text) : in_properties(*text), *profile, out);
  };
  for (const char* below : {"", "config", "conf", "src/main/resources", "src/main/resources/config"}) {
    const Folder settings((folder / below).lexically_normal().generic_string());
    for (const auto& name : settings.files())
      if (name == "flyway.conf" || name == "flyway.toml" || name.starts_with("application"))
        add(settings.path(name), name);
  }
  return out;
}

// The folder of `project` that a location names: "" if there is none, nullopt if it is not known.
std::optional<std::string> folder_at(const std::string& project, std::string location) {
  location = replace_all(std::move(location), "{vendor}", "postgresql");
  for (const char* root : {"${project.basedir}/", "${basedir}/"}) location = replace_all(location, root, "");
  if (location.starts_with("${") && location.ends_with('}')) {  // ${LOCATIONS:classpath:db/migration}
    const auto sign = location.find(':');
    location = sign == std::string::npos ? "*" : location.substr(sign + 1, location.size() - sign - 2);
  }
  if (location.find_first_of("*?$") != std::string::npos) return std::nullopt;
  constexpr std::string_view of_files = "filesystem:", of_classes = "classpath:";
  Names candidates;
  if (location.starts_with(of_files)) {
    candidates = {project + "/" + location.substr(of_files.size())};
  } else {
    if (location.starts_with(of_classes)) location.erase(0, of_classes.size());
    if (location.find(':') != std::string::npos) return "";  // s3:…
    candidates = {project + "/src/main/resources/" + location, project + "/" + location};
  }
  for (const auto& one : candidates) {
    const std::string path = absolute_path(one);
    std::error_code code;
    if (path.starts_with(project + "/") && fs::is_directory(path, code)) return path;
  }
  return "";
}

// nullopt: one of them is not known.
std::optional<Names> folders_at(const std::string& project, const Names& locations) {
  Names out;
  for (const auto& location : locations) {
    auto folder = folder_at(project, location);
    if (!folder) return std::nullopt;
    if (!folder->empty() && !is_one_of(*folder, out)) out.push_back(std::move(*folder));
  }
  return out;
}

// By the settings that are nearest above the folder. The profile of production decides, else what holds for
// all, else Flyway's default.
Locations project_locations(const Folder& folder) {
  constexpr int most_above = 8;
  fs::path at = absolute_path(folder.path());
  for (int up = 0; up < most_above && at != at.parent_path(); ++up, at = at.parent_path()) {
    const Profiles profiles = written_locations(at);
    if (profiles.empty()) continue;
    std::string project = at.generic_string();
    for (const std::string_view resources : {"/src/main/resources", "/src/main/resources/config"})
      if (project.ends_with(resources)) project.resize(project.size() - resources.size());
    Names chosen{"classpath:db/migration"};
    for (const char* profile : {"", "production", "prod"})
      if (const auto found = profiles.find(profile); found != profiles.end()) chosen = found->second;
    const auto folders = folders_at(project, chosen);
    Locations out{project, folders.value_or(Names()), {}};
    for (const auto& [profile, locations] : folders ? profiles : Profiles())
      for (auto& one : folders_at(project, locations).value_or(Names()))
        if (!is_one_of(one, out.folders)) out.of_others.push_back(std::move(one));
    return out;
  }
  return {};
}

// Whether a symbolic link is on the way from the project to the folder: no walk through the project finds it.
bool is_linked(const std::string& project, const std::string& folder) {
  std::error_code code;
  const fs::path expected = fs::canonical(project, code) / fs::path(folder).lexically_relative(project);
  return fs::canonical(folder, code) != expected || code;
}

// The location that stands for all: the first with scripts, or one around it; others may hold callbacks only.
// "": there is none.
std::string main_location(const Locations& locations) {
  const auto& folders = locations.folders;
  const auto first = std::ranges::find_if(folders, [&](const std::string& one) {
    return !is_linked(locations.project, one) && holds_scripts(Folder(one), max_below);
  });
  std::string out = first == folders.end() ? std::string() : *first;
  for (const auto& other : folders)
    if (out.starts_with(other + "/")) out = other;
  return out;
}

// Whether the folder lies in one of the locations, so that collect() finds its scripts there.
bool collected_with_others(const Names& locations, const std::string& folder) {
  return std::ranges::any_of(locations, [&](const std::string& one) {
    return folder.starts_with(one + "/") &&
           std::count(folder.begin() + static_cast<std::ptrdiff_t>(one.size()), folder.end(), '/') <=
               max_below;
  });
}

// Adds the scripts of the other locations to those of the main one. False: the folder is no location of its
// own: another one of the project's, a folder above them, or one that production does not use.
bool add_locations(const Folder& folder, std::vector<Script>& out, Names& foreign) {
  const Locations locations = project_locations(folder);
  const std::string own = absolute_path(folder.path());
  const std::string home = main_location(locations);
  if (home.empty()) return true;
  if (own != home)
    return !is_one_of(own, locations.folders) && !is_one_of(own, locations.of_others) &&
           !collected_with_others(locations.folders, own) &&
           (holds_scripts(folder) || !home.starts_with(own + "/"));
  for (const auto& other : locations.folders) {
    if (other == own || collected_with_others(locations.folders, other) ||
        is_linked(locations.project, other))
      continue;
    const fs::path path = fs::path(folder.path()) / fs::path(other).lexically_relative(own);
    collect(Folder(path.lexically_normal().generic_string()), max_below, out, foreign);
  }
  return true;
}

Files files_of(const Folder& folder, Diagnostics& diagnostics) {
  if (!holds_scripts(folder) && subfolders_with_scripts(folder) < 2) return {};
  std::vector<Script> found;
  Names foreign;
  collect(folder, max_below, found, foreign);
  if (!add_locations(folder, found, foreign)) return {};
  std::ranges::stable_sort(found, [](const Script& a, const Script& b) {
    if (a.name.kind != b.name.kind) return a.name.kind != 'R' && (b.name.kind == 'R' || a.name.kind == 'B');
    if (a.name.kind == 'R') return a.name.description < b.name.description;
    return compare_versions(a.name.version, b.name.version) < 0;
  });
  if (found.empty() || (!holds_scripts(folder) && same_version_twice(found))) return {};
  for (const auto& path : foreign) warn(diagnostics, path, "migrations of another database: skipped");
  std::string baseline;
  for (const auto& file : found)
    if (file.name.kind == 'B') baseline = file.name.version;
  Files out;
  for (const auto& [path, name] : found) {
    if (name.kind == 'B' && name.version != baseline) continue;
    if (name.kind == 'V' && !baseline.empty() && compare_versions(name.version, baseline) <= 0) continue;
    out.push_back({path, name.kind == 'R' ? name.description : name.version});
  }
  return out;
}

// "V7__add_x.sql"; "U…" and "R…" are not run once.
bool versioned_name(std::string_view name) {
  return name.size() > 3 && name[0] == 'V' && name[1] >= '0' && name[1] <= '9' && contains(name, "__");
}

// Whether one of the files with a Flyway project's settings, in the migrations' folder or above it, holds
// true. `holds` gets its text in lower case, with dots for hyphens.
bool any_setting(const fs::path& folder, bool (*holds)(const std::string& settings)) {
  std::error_code code;
  fs::path at = fs::absolute(folder, code).lexically_normal();
  for (int up = 0; !code && up < 8 && at != at.parent_path(); ++up, at = at.parent_path())
    for (const char* name :
         {"flyway.conf", "conf/flyway.conf", "flyway.toml", "application.properties", "application.yml",
          "application.yaml", "pom.xml", "build.gradle", "build.gradle.kts"}) {
      const auto text = read_file((at / name).generic_string(), files::text_limit);
      if (text && contains(lower(*text), "flyway") && holds(replace_all(lower(*text), "-", "."))) return true;
    }
  return false;
}

// Flyway looks at the statements: a script whose statements all fail in a transaction gets none. It refuses
// one that has both kinds, unless its settings say `mixed`.
std::optional<Migration::Transaction> by_name(std::string_view name, std::string_view text) {
  if (!versioned_name(name)) return std::nullopt;
  const sql::TransactionNeeds needs = sql::transaction_needs(text);
  return needs.outside > 0 && needs.inside == 0 ? Migration::Transaction::none : Migration::Transaction::file;
}

// The settings of one script (V1__a.sql.conf), and `mixed` of the project's.
std::optional<Migration::Transaction> by_folder(const fs::path& file) {
  if (!versioned_name(file.filename().string())) return std::nullopt;
  if (const auto own = read_file(file.string() + ".conf", files::text_limit);
      own && contains(replace_all(lower(*own), " ", ""), "executeintransaction=false"))
    return Migration::Transaction::none;
  if (!any_setting(file.parent_path(), [](const std::string& settings) {
        const auto at = settings.find("mixed");
        return at != std::string::npos && contains(settings.substr(at, 20), "true");
      }))
    return std::nullopt;
  const auto text = read_file(file.string(), files::sql_limit);
  return text && sql::transaction_needs(*text).outside > 0 ? std::optional(Migration::Transaction::none)
                                                           : std::nullopt;
}

std::string version_of(const MigrationEntry& migration) {
  if (!files::base_of(migration.file).starts_with('V')) return {};
  return replace_all(migration.name.substr(0, migration.name.find_first_not_of("0123456789._")), "_", ".");
}

bool repeatable(std::string_view file_name) { return file_name.starts_with('R'); }

// CRC-32 of the lines without their ends and without a byte order mark, as a signed number.
std::vector<std::string> checksums(const std::string& file) {
  std::string_view text = file;
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  std::uint32_t crc = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of("\r\n"), text.size());
    crc = crc32(text.substr(0, end), crc);
    text.remove_prefix(std::min(end + (text.substr(end, 2) == "\r\n" ? 2 : 1), text.size()));
  }
  return {std::to_string(static_cast<std::int32_t>(crc))};
}

std::string tracked_name(std::string_view entry) { return replace_all(std::string(entry), "_", "."); }

// V2__x -> V3__x, V1.4 -> V1.5, V007 -> V008, beside the newest one.
Result<Written> write(Writing& writing, const Steps& steps) {
  const SchemaFile* newest = nullptr;
  for (const auto& file : writing.input.files)
    if (std::string_view(files::base_of(file.path)).starts_with("V") &&
        (!newest || compare_versions(file.entry, newest->entry) > 0))
      newest = &file;
  if (!newest)
    return fail(Error::Kind::nonfatal, writing.input.path,
                "contains no versioned migration (V1__name.sql) to continue from");
  const std::string last = writing.version.empty() ? newest->entry : writing.version;
  const std::size_t from = last.find_last_of("._") + 1;  // 0: one number
  writing.version = last.substr(0, from) + next_version(last.substr(from), writing.now);
  return one_file(files::path_under(std::string(files::folder_of(newest->path)),
                                    "V" + writing.version + "__" + steps.name + ".sql"),
                  up_script(steps));
}

Concurrently by_settings(const SchemaInput& input) {
  const bool releases_lock = any_setting(input.path, [](const std::string& settings) {
    const auto place = std::min(settings.find("transactional.lock"), settings.find("transactional:"));
    return place != std::string::npos && contains(settings.substr(place, 80), "false");
  });
  return releases_lock ? Concurrently::together : Concurrently::nowhere;
}

// What the text says of validateOnMigrate, however it is written; nullopt: nothing.
std::optional<bool> validates(std::string text) {
  text = lower(text);
  std::erase_if(text, [](char c) { return c == '.' || c == '-' || c == '_'; });
  std::optional<bool> out;
  constexpr std::string_view setting = "validateonmigrate";
  for (std::size_t at = text.find(setting); at != std::string::npos; at = text.find(setting, at)) {
    at = std::min(text.find_first_not_of(" \t=:(>\"'", at + setting.size()), text.size());
    const std::string_view value = std::string_view(text).substr(at, 5);
    if (value.starts_with("true")) return true;
    if (value == "false") out = false;
  }
  return out;
}

// Settings in the code of a program that runs Flyway by itself: in src/main, in files that are named for it.
bool code_turns_validation_off(const Folder& folder) {
  constexpr std::size_t max_files = 20;
  const std::string path = fs::path(folder.path()).lexically_normal().generic_string();
  const auto at = path.rfind("src/main/");
  if (at == std::string::npos) return false;
  const std::string main = path.substr(0, at) + "src/main";
  Diagnostics unused;
  std::size_t read = 0;
  bool off = false;
  for (const auto& file : files::list_files(main, unused)) {
    if (!ends_with_any(file, {".java", ".kt", ".scala"}) || !contains(lower(files::base_of(file)), "flyway"))
      continue;
    if (++read > max_files) break;
    const auto text = read_file(files::path_under(main, file), files::text_limit);
    const auto says = text ? validates(*text) : std::nullopt;
    if (says && *says) return false;
    off = off || says.has_value();
  }
  return off;
}

bool compares(const Folder& folder) {
  const auto says = [&](bool (*holds)(const std::string&)) { return any_setting(folder.path(), holds); };
  if (says([](const std::string& text) { return validates(text) == true; })) return true;
  return !says([](const std::string& text) { return validates(text) == false; }) &&
         !code_turns_validation_off(folder);
}

constexpr MigrationTool entry() {
  return MigrationTool{
      .facts = {.id = "flyway",
                .sentence = "Flyway",
                .tables = tables,
                .tracking = tracking,
                .row_key = ToolFacts::RowKey::version,
                .names_by_file = true,
                .application = "flyway",
                .leave_transaction =
                    "Put it into a migration of its own, with no other statement: Flyway then "
                    "runs it outside a transaction",
                .on_edit = ToolFacts::OnEdit::stops,
                .notices_edit = "Flyway compares the checksums of all files before it migrates, and fails"},
      .known = "V<version>__name.sql, R__name.sql, B<version>__name.sql",
      .order =
          "versions by value, R last; from the newest B on; U and callbacks are not run; all locations "
          "of the project's settings together",
      .rank = 40,
      .files = files_of,
      .by_folder = by_folder,
      .by_name = by_name,
      .versioned_name = versioned_name,
      .version = version_of,
      .repeatable = repeatable,
      .checksums = checksums,
      .tracked_name = tracked_name,
      .writer = {.why = "Flyway 9.1 and later waits for its own lock there, unless "
                        "flyway.postgresql.transactional.lock=false",
                 .write = write,
                 .by_settings = by_settings},
      .migrate = "flyway -url=\"$JDBC_DATABASE_URL\" migrate",
  };
}

constexpr MigrationTool entry_without_comparison() {
  MigrationTool out = entry();
  out.facts.id = "flyway without validation";
  out.facts.on_edit = ToolFacts::OnEdit::ignores;
  out.facts.notices_edit = "Flyway compares no checksums here: the project sets validateOnMigrate to false";
  return out;
}

constinit const MigrationTool without_comparison = entry_without_comparison();

constexpr MigrationTool entry_with_comparison() {
  MigrationTool out = entry();
  out.without_comparison = &without_comparison;
  out.compares = compares;
  out.facts.without_comparison = &without_comparison.facts;
  return out;
}

}  // namespace

constinit const MigrationTool flyway = entry_with_comparison();

}  // namespace pgadvise::migrations::tools
