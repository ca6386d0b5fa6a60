#include "migrations/schema_in_code.h"

#include <algorithm>
#include <set>

#include "base/input_file.h"
#include "base/text.h"
#include "files/tree.h"
#include "migrations/program_names.h"
#include "migrations/tools.h"

namespace pgadvise::migrations {
namespace {

// Scripts that no tool's entry accounts for.
constexpr SchemaInCode of_unknown_tool{
    .what = "migrations are programs, which pgadvise does not run",
    .holds = script_migration,
    .evidence = package_json,
    .words = node_drivers,
    .hint =
        "migrate an empty database, run pg_dump -s > schema.sql, then pass --schema schema.sql; or use --db"};

bool is_evidence(const SchemaInCode& keeper, std::string_view file) {
  return std::any_of(keeper.evidence.begin(), keeper.evidence.end(), [&](std::string_view name) {
    return name[0] == '*' ? file.ends_with(name.substr(1)) : files::base_of(file) == name;
  });
}

bool says_postgresql(const std::string& root, const std::vector<std::string>& files,
                     const SchemaInCode& keeper) {
  constexpr std::size_t max_files = 50;
  std::size_t read = 0;
  for (const auto& file : files) {
    const bool config = keeper.says_postgresql && keeper.holds(file);
    if (!config && !is_evidence(keeper, file)) continue;
    if (++read > max_files) return false;
    const auto text = read_file(files::path_under(root, file), files::text_limit);
    if (text && config && keeper.says_postgresql(file, *text)) return true;
    if (!text || text->find(keeper.and_word) == std::string::npos) continue;
    if (std::any_of(keeper.words.begin(), keeper.words.end(),
                    [&](std::string_view word) { return contains(*text, word); }))
      return true;
  }
  return false;
}

}  // namespace

Diagnostics schemas_in_code(const std::string& root, const std::vector<std::string>& files) {
  Diagnostics out;
  std::set<std::string> named;  // files: of several tools that a file may belong to, the first is named
  const auto name = [&](const SchemaInCode& keeper) {
    const auto at = std::find_if(files.begin(), files.end(), [&](const std::string& file) {
      return keeper.holds(file) && !files::never_deployed(file);
    });
    if (at == files.end() || named.count(*at) || !says_postgresql(root, files, keeper)) return;
    named.insert(*at);
    out.push_back({Error::Kind::nonfatal, files::path_under(root, *at), std::string(keeper.what),
                   std::string(keeper.hint)});
  };
  for (const auto* tool : migration_tools())
    if (tool->in_code.holds) name(tool->in_code);
  name(of_unknown_tool);
  return out;
}

}  // namespace pgadvise::migrations
