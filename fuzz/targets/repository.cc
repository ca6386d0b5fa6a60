// A repository: "=== <name>\n<content>" for each file, the names from the list below.
#include "deploy/repository.h"

#include <array>

#include "base/text/text.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/schema_load.h"
#include "support.h"

namespace pgadvise::fuzz {
namespace {

constexpr std::array names = {
    "package.json",
    "packages/db/package.json",
    "Dockerfile",
    "docker-compose.yml",
    "docker-entrypoint.sh",
    "start.sh",
    "Procfile",
    ".github/workflows/ci.yml",
    "vercel.json",
    "fly.toml",
    "render.yaml",
    "netlify.toml",
    "railway.json",
    "app.json",
    "nixpacks.toml",
    "drizzle.config.ts",
    "src/schema.ts",
    "src/index.ts",
    "pnpm-workspace.yaml",
    "turbo.json",
    "drizzle/meta/_journal.json",
    "drizzle/meta/0000_snapshot.json",
    "drizzle/0000_a.sql",
    "drizzle/0001_b.sql",
    "prisma/schema.prisma",
    "prisma/migrations/1_a/migration.sql",
    "supabase/migrations/1_a.sql",
    "migrations/0001_a.sql",
    "tsconfig.json",
};

}  // namespace

void repository(std::string_view input) {
  const TemporaryFolder folder;
  constexpr std::string_view mark = "=== ";
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
  const auto project = deploy::read_repository(folder.path(), diagnostics);
  for (const auto& command : project.deploy_commands)
    require(!command.command.empty(), "a command has its text");
  if (const auto schemas = migrations::find_schemas(folder.path(), diagnostics))
    for (const auto& schema : *schemas) {
      migrations::load(schema, diagnostics);
      migrations::schema_sql(schema, diagnostics);
    }
  for (const Error& error : diagnostics)
    require(printable(error.line()) == error.line(), "a diagnostic is printable");
}

}  // namespace pgadvise::fuzz
