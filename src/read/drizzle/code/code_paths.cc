#include "drizzle/code/code_paths.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text/text.h"
#include "files/files.h"
#include "files/tree.h"
#include "typescript/resolve.h"

namespace pgadvise::drizzle {
namespace {

template <std::size_t n>
bool any_folder(std::string_view path, const std::array<std::string_view, n>& names) {
  return std::ranges::any_of(split(files::folder_of(path), '/'),
                             [&](std::string_view folder) { return is_one_of(folder, names); });
}

constexpr auto source_folders = word_list("src", "app", "pages", "routes", "lib");

// Folders of one-off code; below an application's sources, the names are those of features.
bool of_trials(std::string_view folder) {
  static constexpr auto names = word_list("experiment", "experiments", "sandbox", "sandboxes", "scratch");
  for (const auto one : split(folder, '/')) {
    if (is_one_of(one, source_folders)) return false;
    if (is_one_of(one, names)) return true;
  }
  return false;
}

// testing.ts and test-agent.ts. Below an application's sources, test-results.ts may be a feature, and only
// the usual names of what tests share count.
bool named_as_test(std::string_view folder, std::string_view base) {
  static constexpr auto shared = word_list("utils", "util", "helper", "helpers", "setup", "db", "database",
                                           "server", "context", "fixtures");
  const std::string_view stem = base.substr(0, base.rfind('.'));
  if (stem == "testing") return true;
  if (!stem.starts_with("test-") && !stem.starts_with("test_")) return false;
  return !any_folder(std::string(folder) + "/", source_folders) || is_one_of(stem.substr(5), shared);
}

// Whether the text has `from 'vitest'`, `require("vitest")` or the like.
bool imports(std::string_view text, std::string_view package) {
  for (auto at = text.find(package); at != std::string_view::npos; at = text.find(package, at + 1)) {
    const std::size_t end = at + package.size();
    if (at == 0 || end >= text.size() || text[at - 1] != text[end] || (text[end] != '\'' && text[end] != '"'))
      continue;
    const std::string_view before = text.substr(0, at - 1);
    if (ends_with_any(before, {"from ", "import ", "require("})) return true;
  }
  return false;
}

}  // namespace

bool is_test_code(std::string_view text) {
  for (const auto* runner : {"vitest", "jest", "@jest/globals", "bun:test", "node:test", "@playwright/test"})
    if (imports(text, runner)) return true;
  for (const auto* call : {"\ndescribe(", "\ndescribe.", "\nbeforeEach(", "\nbeforeAll("})
    if (contains(text, call) || text.starts_with(std::string_view(call).substr(1))) return true;
  return false;
}

bool is_application_source(std::string_view path) {
  const std::string low = lower(path);
  if (!typescript::is_source(path) || files::never_deployed(path) || files::deployed_by_others(path))
    return false;
  // Not drizzle/ and out/: src/drizzle/ and the like may have queries, what drizzle-kit writes there is SQL.
  static constexpr auto names =
      word_list("node_modules", "dist", "build", ".next", "seed", "seeds", "seeders", "scripts", "script",
                "migrations", "migration", "mocks", "__mocks__", "stories", "bench", "benchmarks",
                "generated", "vendor", "bin", "tools", "e2e", ".storybook", "seeding", "tooling");
  if (any_folder(low, names) || of_trials(files::folder_of(low))) return false;
  const std::string_view base = std::string_view(low).substr(low.find_last_of('/') + 1);
  return !named_as_test(files::folder_of(low), base) &&
         !contains_any(base, {".test.", ".spec.", ".e2e.", ".e2e-spec.", ".e2e-test.", ".stories.", ".bench.",
                              "seed", "migrat", "backfill", ".config."});
}

bool in_background(std::string_view path, std::string_view package) {
  static constexpr auto words =
      word_list("job", "jobs", "worker", "workers", "cron", "crons", "queue", "queues", "consumer",
                "consumers", "scheduler", "background", "inngest");
  static constexpr auto of_requests =
      word_list("controller", "controllers", "route", "routes", "api", "handler", "handlers", "routers");
  const std::string low = lower(path);
  if (any_folder(std::string_view(low).substr(std::min(package.size(), low.size())), of_requests))
    return false;
  if (any_folder(low, words)) return true;
  const std::string_view name = std::string_view(low).substr(low.find_last_of('/') + 1);
  const std::string_view stem = name.substr(0, name.rfind('.'));
  return is_one_of(stem.substr(stem.find_last_of(".-_") + 1), words);
}

}  // namespace pgadvise::drizzle
