// Sqitch: sqitch.plan, with a deploy script for each change.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/files/digest.h"
#include "base/files/input_file.h"
#include "base/text/line_ends.h"
#include "base/text/text.h"
#include "files/files.h"
#include "files/json_file.h"
#include "migrations/all_tools.h"
#include "migrations/folders/folder_reading.h"
#include "migrations/scripts/script_files.h"
#include "migrations/writing/writing.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.schema = "sqitch"}};
constexpr TrackingShape::Column columns[] = {
    {"change_id", "text"}, {"script_hash", "text"}, {"change", "text"}, {"project", "text"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns,
     .max_columns = 11,
     .select = "change, CASE WHEN script_hash <> change_id THEN script_hash END, 0, false"}};

namespace fs = std::filesystem;

struct PlannedChange {
  std::string name;
  int line = 0;  // of the plan
  std::vector<std::string> tags =
      {};  // of a change that was reworked: those between it and the next of its name
  std::string deploy_file = {};
  bool missing = false;  // deploy_file does not exist
};

bool is_file(const std::string& path) {
  std::error_code code;
  return fs::is_regular_file(path, code);
}

std::string setting(std::string_view conf, std::string_view wanted) {
  for (const auto raw : split(conf, '\n')) {
    const auto line = trim(raw);
    const auto equals = line.find('=');
    if (equals != std::string_view::npos && trim(line.substr(0, equals)) == wanted)
      return std::string(trim(line.substr(equals + 1)));
  }
  return {};
}

// The text of sqitch.conf, in the folder or above it by at most two.
std::string configuration(const std::string& folder) {
  fs::path at = fs::path(folder).lexically_normal();
  for (int up = 0; up < 3; ++up, at /= "..")
    if (const auto text = read_file((at / "sqitch.conf").generic_string(), files::text_limit)) return *text;
  return {};
}

bool safe_name(std::string_view name) {
  for (const auto part : split(name, '/'))
    if (is_one_of(part, {"", ".", ".."})) return false;
  return name.size() < 256 && name.find_first_of("\\:") == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

// The changes of a plan, without their deploy files.
std::vector<PlannedChange> parse(std::string_view text, const std::string& path, Diagnostics& diagnostics) {
  std::vector<PlannedChange> out;
  std::map<std::string, std::size_t> last;
  std::vector<std::pair<std::size_t, std::string>> tags;  // the number of changes before it
  int number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    std::string_view line = trim(raw);
    if (line.empty() || line.front() == '%' || line.front() == '#') continue;
    if (line.front() == '@') {
      tags.emplace_back(out.size(), std::string(line.substr(0, line.find_first_of(" \t"))));
      continue;
    }
    if (line.front() == '-') continue;  // a change that is reverted again: none is written so any more
    if (line.front() == '+') line = trim(line.substr(1));
    const std::string name(line.substr(0, line.find_first_of(" \t[")));
    if (!safe_name(name)) {
      warn(diagnostics, path + ":" + std::to_string(number),
           "not the name of a change: " + ellipsis(name, 60));
      continue;
    }
    if (const auto known = last.find(name); known != last.end())
      for (const auto& [after, tag] : tags)
        if (after > known->second) out[known->second].tags.push_back(tag);
    last[name] = out.size();
    out.push_back({name, number});
  }
  return out;
}

// A change that was reworked has its earlier script under the name of the first tag after it for which there
// is one: deploy/name@tag.sql. A script that is missing is named in the diagnostics.
std::vector<PlannedChange> read_plan(const std::string& folder, Diagnostics& diagnostics) {
  const std::string path = files::path_under(folder, "sqitch.plan");
  const auto text = read_file(path, files::text_limit);
  if (!text) {
    diagnostics.push_back(text.error());
    diagnostics.back().kind = Error::Kind::nonfatal;
    return {};
  }
  const std::string configured = setting(configuration(folder), "deploy_dir");
  const std::string deploy = configured.empty() || !safe_name(files::base_of(configured))
                                 ? "deploy"
                                 : std::string(files::base_of(configured));
  std::vector<PlannedChange> out = parse(*text, path, diagnostics);
  for (PlannedChange& change : out) {
    const auto file_of = [&](const std::string& tag) {
      return files::path_under(folder, deploy + "/" + change.name + tag + ".sql");
    };
    const auto tag =
        std::ranges::find_if(change.tags, [&](const auto& one) { return is_file(file_of(one)); });
    change.deploy_file = file_of(tag == change.tags.end() ? "" : *tag);
    change.missing = !is_file(change.deploy_file);
    if (change.missing)
      warn(diagnostics, change.deploy_file, "is missing: " + path + " names this deploy script",
           "sqitch deploy stops here");
  }
  return out;
}

Files files_of(const Folder& folder, Diagnostics& diagnostics) {
  if (!folder.has("sqitch.plan")) return {};
  Files out;
  for (const auto& change : read_plan(folder.path(), diagnostics))
    if (!change.missing) out.push_back({change.deploy_file, change.name});
  return out;
}

std::size_t missing_files(const Folder& folder) {
  Diagnostics named_before;
  const auto plan = read_plan(folder.path(), named_before);
  return static_cast<std::size_t>(
      std::ranges::count_if(plan, [](const PlannedChange& change) { return change.missing; }));
}

bool other_database(const Folder& folder, Diagnostics& diagnostics) {
  const auto engine = lower(setting(configuration(folder.path()), "engine"));
  if (is_one_of(engine, {"", "pg", "cockroach", "yugabyte"})) return false;
  warn(diagnostics, folder.path(), "sqitch migrations of another database (" + engine + ")",
       "pgadvise reads only PostgreSQL migrations");
  return true;
}

std::optional<Migration::Transaction> by_folder(const fs::path& file) {
  const fs::path folder = file.parent_path();
  if (!is_file((folder / "sqitch.plan").string()) &&
      !is_file((folder.parent_path() / "sqitch.plan").string()))
    return std::nullopt;
  return Migration::Transaction::none;
}

void read_folder(FolderReading& reading) {
  Diagnostics named_before;
  std::map<std::string, int> lines;
  const SourceLocation plan = reading.location_of("sqitch.plan");
  for (const auto& change : read_plan(reading.folder.path(), named_before)) {
    lines[files::relative_to(change.deploy_file, reading.root)] = change.line;
    if (change.missing)
      reading.missing_file("line " + std::to_string(change.line), change.deploy_file,
                           "the deploy script of " + ellipsis(change.name, 80) + " is missing",
                           SourceLocation{plan.file, change.line, 1});
  }
  for (auto& migration : reading.out.migrations)
    if (const auto line = lines.find(migration.file); line != lines.end())
      migration.place = SourceLocation{plan.file, line->second, 1};
}

// The scripts, and a line of the plan in the name of who planned the last change.
Result<Written> write(Writing& writing, const Steps& steps) {
  const std::string plan = inside(writing.input, "sqitch.plan");
  TRY(const auto text, read_file(plan, files::json_limit));
  const std::string so_far = writing.last.empty() ? text : writing.last;
  std::string planner, project;
  std::set<std::string> names;
  for (const auto raw : split(text, '\n')) {
    const auto line = trim(raw);
    if (line.starts_with("%project=")) project = line.substr(9);
    if (line.empty() || line[0] == '%' || line[0] == '#') continue;
    names.insert(std::string(line.substr(0, line.find(' '))));
    const auto end = line.find('>');
    const auto time = line.rfind("Z ", end);
    if (end != std::string_view::npos && time != std::string_view::npos)
      planner = line.substr(time + 2, end - time - 1);
  }
  if (planner.empty())
    return fail(Error::Kind::nonfatal, plan, "does not name the planner of a change",
                "sqitch add makes the first one");
  std::string name = steps.name;
  for (int number = 2; names.count(name) || contains(so_far, "\n" + name + " "); ++number)
    name = fmt::format("{}_{}", steps.name, number);
  const SchemaFile& newest = writing.input.files.back();  // whose change may have folders in its name
  std::string deploy(files::folder_of(newest.path));
  for (auto folders = std::ranges::count(newest.entry, '/'); folders > 0; --folders)
    deploy = std::string(files::folder_of(deploy));
  const auto body = [&](std::string_view what, const std::string& statements) {
    const std::string head = fmt::format("-- {} {}:{}\n\n", what, project, name);
    return head + (steps.concurrent ? statements : "BEGIN;\n\n" + statements + "\nCOMMIT;\n");
  };
  writing.last = so_far + (so_far.ends_with("\n") ? "" : "\n") + name + " " +
                 utc(writing.now, "%Y-%m-%dT%H:%M:%SZ") + " " + planner + " # " +
                 replace_all(printable(join(steps.titles, "; ")), "#", "") + "\n";
  return Written{
      {{files::path_under(deploy, name + ".sql"), body("Deploy", up_script(steps)), std::nullopt},
       {files::path_under(files::path_under(std::string(files::folder_of(deploy)), "revert"), name + ".sql"),
        body("Revert", down_script(steps)), std::nullopt},
       {plan, with_line_ends_of(text, writing.last), text}},
      {}};
}

}  // namespace

constinit const MigrationTool sqitch{
    .facts = {.id = "sqitch",
              .sentence = "Sqitch",
              .tables = tables,
              .tracking = tracking,
              .application = "sqitch",
              .on_edit = ToolFacts::OnEdit::warns,
              .notices_edit = "`sqitch check` reports the change, `sqitch deploy` does not"},
    .known = "sqitch.plan",
    .order = "the plan; deploy/ only, reworked changes by their tag",
    .rank = 31,
    .plan = "sqitch.plan",
    .files = files_of,
    .missing_files = missing_files,
    .other_database = other_database,
    .transaction = Migration::Transaction::none,
    .by_folder = by_folder,
    .read_folder = read_folder,
    .checksums = checksums<sha1_hex>,
    .writer = {.concurrently = Concurrently::together, .write = write},
};

}  // namespace pgadvise::migrations::tools
