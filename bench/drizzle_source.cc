// Reads the Drizzle source of a folder and compares each schema with the newest snapshot in its migrations
// folder.
//   drizzle_source FOLDER [--gaps] [--parse]
// Prints a line of counts for each schema, each difference, and with --gaps what is unknown; then time and
// memory; with --parse also the time to parse every source file. bench/drizzle-source runs it over git
// repositories.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>

#include "base/text/text.h"
#include "compare_catalogs.h"
#include "drizzle/kit/snapshot.h"
#include "drizzle/schema/source_reader.h"
#include "files/files.h"
#include "typescript/parse.h"
#include "typescript/resolve.h"

namespace {

using namespace pgadvise;

// The newest snapshot in the folder of migrations, not in one of another configuration below it; "" if there
// is none.
std::string newest_snapshot(const files::Tree& tree, const std::string& folder) {
  std::string newest;
  for (const auto& file : tree.files())
    if (const std::string_view above = files::folder_of(files::folder_of(file));
        above == folder && (file.ends_with("_snapshot.json") || file.ends_with("/snapshot.json")))
      if (newest.empty() || files::natural_less(newest, file)) newest = file;
  return newest;
}

void parse_all(files::Tree& tree) {
  const auto begin = std::chrono::steady_clock::now();
  std::size_t files = 0, bytes = 0;
  for (const auto& file : tree.files()) {
    const std::string* text = typescript::is_source(file) ? tree.peek(file) : nullptr;
    if (!text || !typescript::parse(file, *text)) continue;
    ++files;
    bytes += text->size();
  }
  const auto end = std::chrono::steady_clock::now();
  fmt::print("PARSED {} files, {} KB: {} ms\n", files, bytes / 1024,
             std::chrono::duration_cast<std::chrono::milliseconds>(end - begin).count());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || !drizzle::reads_source()) {
    fmt::print(stderr, "drizzle_source FOLDER [--gaps]; needs a build with the TypeScript grammar\n");
    return 2;
  }
  const std::vector<std::string> options(argv + 2, argv + argc);
  const auto given = [&](const char* name) {
    return std::find(options.begin(), options.end(), name) != options.end();
  };
  const auto begin = std::chrono::steady_clock::now();
  Diagnostics diagnostics;
  files::Tree tree(argv[1], diagnostics);
  const auto schemas = drizzle::read_source_schemas(tree);
  const auto end = std::chrono::steady_clock::now();
  for (const auto& schema : schemas) {
    fmt::print("SCHEMA {} ({} files, {} parsed): {} tables, {} incomplete, {} unknown\n",
               schema.config.paths.empty() ? "without configuration" : join(schema.config.paths, ", "),
               schema.config.files.size(), schema.read.size(), schema.catalog.tables.size(),
               schema.incomplete.size(), schema.unknown.size());
    if (given("--gaps"))
      for (const auto& gap : schema.unknown) fmt::print("  unknown: {}: {}\n", gap.location.str(), gap.what);
    const std::string file = newest_snapshot(tree, schema.config.out);
    const std::string* text = file.empty() ? nullptr : tree.text(file);
    if (!text) continue;
    Diagnostics ignored;
    if (const auto snapshot = drizzle::read_snapshot(*text, file, ignored))
      bench::compare(schema.catalog, "source", *snapshot, "snapshot", file);
  }
  for (const Error& error : diagnostics) fmt::print("  warning: {}\n", error.line());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  fmt::print("TIME {} files, {} schemas: {} ms, {} MB\n", tree.files().size(), schemas.size(),
             std::chrono::duration_cast<std::chrono::milliseconds>(end - begin).count(),
             usage.ru_maxrss / 1024);
  if (given("--parse")) parse_all(tree);
  return 0;
}
