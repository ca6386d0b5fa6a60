// A Drizzle project: "=== <name>\n<content>" for each file, the names from the list below; without such a
// line, the schema file alone.
#include <array>

#include "base/text/text.h"
#include "drizzle/checks/code_reader.h"
#include "drizzle/schema/source_reader.h"
#include "files/tree.h"
#include "sql/render_sql.h"
#include "support.h"

namespace pgadvise::fuzz {
namespace {

constexpr std::array names = {
    "package.json",     "tsconfig.json", "drizzle.config.ts",        "src/schema.ts",
    "src/a.tsx",        "src/b.mjs",     "packages/db/package.json", "packages/db/src/index.ts",
    "svelte.config.js",
};

}  // namespace

void drizzle_source(std::string_view input) {
  const TemporaryFolder folder;
  constexpr std::string_view mark = "=== ";
  if (!input.starts_with(mark)) {
    folder.write("drizzle.config.ts", "export default { dialect: 'postgresql', schema: 'src/schema.ts' };");
    folder.write("src/schema.ts", input);
  }
  while (input.starts_with(mark)) {
    const auto next = input.find("\n=== ");
    const auto [name, content] =
        two(input.substr(mark.size(), next == std::string_view::npos ? next : next + 1 - mark.size()));
    for (const char* known : names)
      if (name == known) folder.write(known, content);
    if (next == std::string_view::npos) break;
    input.remove_prefix(next + 1);
  }
  Diagnostics diagnostics;
  files::Tree tree(folder.path(), diagnostics);
  for (const auto& schema : drizzle::read_source_schemas(tree)) {
    for (const auto& gap : schema.unknown) require(!gap.what.empty(), "what is unknown has a name");
    for (const auto& [name, table] : schema.catalog.tables)
      require(name == table.name, "a table is found by its name");
    sql::render_sql(schema.catalog);
  }
  if (const auto code = drizzle::read_code(tree))
    for (const auto& query : code->queries) require(query.place.line > 0, "a query has a place");
  for (const Error& error : diagnostics)
    require(printable(error.line()) == error.line(), "a diagnostic is printable");
}

}  // namespace pgadvise::fuzz
