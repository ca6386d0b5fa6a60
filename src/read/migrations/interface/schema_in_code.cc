#include "migrations/interface/schema_in_code.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/tree.h"
#include "migrations/interface/program_names.h"
#include "migrations/interface/tools.h"

namespace pgadvise::migrations {
namespace {

// Scripts that no tool's entry accounts for.
constexpr SchemaInCode of_unknown_tool{
    .what = "migrations are programs, which pgadvise does not run",
    .holds = script_migration,
    .evidence = package_json,
    .words = node_drivers,
    .hint = "to check the migrations: pgadvise check --migrate-with 'CMD', where CMD runs them; or --db"};

bool is_evidence(const SchemaInCode& keeper, std::string_view file) {
  return std::ranges::any_of(keeper.evidence, [&](std::string_view name) {
    return name[0] == '*' ? file.ends_with(name.substr(1)) : files::base_of(file) == name;
  });
}

// Folders with the manifest of a package, as paths inside the repository.
class Services {
 public:
  // With `one`, the whole repository is a single service.
  Services(const std::vector<std::string>& files, bool one) {
    static constexpr auto manifests =
        word_list("package.json", "mix.exs", "Gemfile", "go.mod", "Cargo.toml", "pom.xml", "build.gradle",
                  "pyproject.toml", "setup.py", "requirements.txt", "Pipfile", "manage.py",
                  "build.gradle.kts", "composer.json");
    if (one) return;
    for (const auto& file : files)
      if (file.ends_with(".csproj") || std::ranges::find(manifests, files::base_of(file)) != manifests.end())
        folders_.emplace(files::folder_of(file));
  }

  // The closest one that the folder lies in; "" is the root.
  std::string_view of(std::string_view folder) const {
    while (!folder.empty() && folders_.find(folder) == folders_.end()) folder = files::folder_of(folder);
    return folder;
  }

 private:
  std::set<std::string, std::less<>> folders_;
};

// Whether `folder` is `other` or lies in it.
bool inside(std::string_view folder, std::string_view other) {
  return other.empty() || folder == other ||
         (folder.starts_with(other) && folder.substr(other.size()).starts_with("/"));
}

bool says_postgresql(const std::string& root, const std::vector<std::string>& files,
                     const SchemaInCode& keeper, const Services& services, std::string_view service) {
  constexpr std::size_t max_files = 50;
  std::size_t read = 0;
  for (const auto& file : files) {
    const bool config = keeper.says_postgresql && keeper.holds(file);
    if (!config && !is_evidence(keeper, file)) continue;
    if (!inside(service, services.of(files::folder_of(file)))) continue;
    if (++read > max_files) return false;
    const auto text = read_file(files::path_under(root, file), files::text_limit);
    if (text && config && keeper.says_postgresql(file, *text)) return true;
    if (!text || text->find(keeper.and_word) == std::string::npos) continue;
    if (contains_any(*text, keeper.words)) return true;
  }
  return false;
}

// Whether the schema that was read is that of the file in `folder`.
bool same_schema(const ReadSchema& read, const SchemaInCode& keeper, const MigrationTool* tool,
                 std::string_view folder, const Services& services) {
  if (!keeper.programs && tool && read.tool == tool) return true;
  const std::string_view at = read.folder, above = files::folder_of(folder);
  if (at == folder || (!folder.empty() && (inside(at, folder) || inside(folder, at))) ||
      (!above.empty() && at == above))
    return true;
  // Migrations in SQL that lie elsewhere in the service of migrations in Ruby are not Rails'.
  return services.of(at) == services.of(folder) && (!read.migrations || !keeper.programs);
}

// "Ecto's migrations are programs, which pgadvise does not run; also in a, b and 3 more folders".
std::string with_others(std::string_view what, const std::vector<std::string_view>& folders) {
  constexpr std::size_t max_named = 3;
  std::string out(what);
  for (std::size_t i = 0; i < std::min(folders.size(), max_named); ++i)
    out += (i == 0                                                   ? "; also in "
            : i + 1 == folders.size() && folders.size() <= max_named ? " and "
                                                                     : ", ") +
           std::string(folders[i].empty() ? "." : folders[i]);
  return out + (folders.size() > max_named ? fmt::format(" and {} more", folders.size() - max_named) : "");
}

std::string hint_of(const SchemaInCode& keeper, const MigrationTool* tool) {
  if (!tool || tool->migrate.empty() || !keeper.programs) return std::string(keeper.hint);
  return fmt::format("to check the migrations: pgadvise check --migrate-with '{}'; or {}", tool->migrate,
                     keeper.hint);
}

}  // namespace

Diagnostics schemas_in_code(const std::string& root, const std::vector<std::string>& files,
                            const std::vector<ReadSchema>& read) {
  constexpr std::size_t max_services = 50;
  Diagnostics out;
  const Services services(files, read.empty());
  std::set<std::string> named;  // files: of several tools that a file may belong to, the first is named
  const auto name = [&](const SchemaInCode& keeper, const MigrationTool* tool) {
    const std::string* first = nullptr;
    std::vector<std::string_view> others;
    std::set<std::string_view> looked_at;  // services
    for (const auto* holds : {&keeper.holds, &keeper.or_else_holds})
      for (const auto& file : files) {
        if (!*holds || !(*holds)(file) || files::never_deployed(file)) continue;
        const std::string_view folder = files::folder_of(file), service = services.of(folder);
        if (looked_at.count(service) || looked_at.size() >= max_services) continue;
        if (!read.empty() && files::deployed_by_others(file)) continue;
        const bool covered = std::ranges::any_of(
            read, [&](const ReadSchema& one) { return same_schema(one, keeper, tool, folder, services); });
        if (covered) continue;
        looked_at.insert(service);
        if (named.count(file) || !says_postgresql(root, files, keeper, services, service)) continue;
        named.insert(file);
        if (first) others.push_back(folder);
        else first = &file;
      }
    if (first)
      out.push_back({Error::Kind::nonfatal, files::path_under(root, *first), with_others(keeper.what, others),
                     hint_of(keeper, tool)});
  };
  for (const auto* tool : migration_tools())
    if (tool->in_code.holds) name(tool->in_code, tool);
  name(of_unknown_tool, nullptr);
  return out;
}

bool names_schema_in_code(const Error& error) {
  const auto& tools = migration_tools();
  return error.what.starts_with(of_unknown_tool.what) ||
         std::ranges::any_of(tools, [&](const MigrationTool* tool) {
           return tool->in_code.holds && error.what.starts_with(tool->in_code.what);
         });
}

}  // namespace pgadvise::migrations
