// Reads the Prisma schemas of a folder and compares them with the SQL that Prisma itself makes of them.
//   prisma_schema FOLDER             prints a line for each schema: its files, the one with the datasource
//   first prisma_schema FOLDER FILE SQL    compares the schema whose first file is FILE with the script SQL
// bench/prisma-schema runs it over git repositories.
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "compare_catalogs.h"
#include "files/files.h"
#include "files/tree.h"
#include "prisma/project.h"
#include "sql/replay/replay.h"

int main(int argc, char** argv) {
  using namespace pgadvise;
  if (argc != 2 && argc != 4) {
    fmt::print(stderr, "prisma_schema FOLDER [FILE SQL]\n");
    return 2;
  }
  Diagnostics diagnostics;
  files::Tree tree(argv[1], diagnostics);
  for (const auto& found : prisma::project_schemas(tree, diagnostics)) {
    if (argc == 2) {
      fmt::print("{}\n", join(found.files, "\t"));
      continue;
    }
    if (found.files.front() != argv[2]) continue;
    const auto text = read_file(argv[3], files::sql_limit);
    if (!text) {
      fmt::print(stderr, "{}\n", text.error().line());
      return 2;
    }
    sql::Replayer replayer;
    replayer.run(*text, argv[3]);
    replayer.finish();
    bench::compare(found.schema.catalog, "source", replayer.take(), "Prisma", argv[2]);
    for (const auto& gap : found.schema.unknown)
      fmt::print("  unknown: {}: {}\n", gap.location.str(), gap.what);
  }
  for (const Error& error : diagnostics) fmt::print(stderr, "{}\n", error.line());
  return 0;
}
