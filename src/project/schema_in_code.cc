#include "project/schema_in_code.h"

#include <algorithm>

#include "base/text.h"
#include "project/dialect.h"
#include "project/files.h"
#include "project/tree.h"

namespace pgadvise::project {
namespace {

bool python_migration(std::string_view path) { return path.ends_with(".py") && base_of(folder_of(path)) == "migrations" && leading_digits(base_of(path)).size() == 4; }

// Timestamped programs, as TypeORM, Knex, Sequelize, MikroORM and node-pg-migrate name them: Migration20240101120000.ts, 1700000000000-x.ts.
bool script_migration(std::string_view path) {
  if (!path.ends_with(".ts") && !path.ends_with(".js")) return false;
  const auto folder = base_of(folder_of(path));
  if (folder != "migrations" && folder != "migration") return false;
  std::string_view name = base_of(path);
  if (name.starts_with("Migration")) name.remove_prefix(9);
  return leading_digits(name).size() >= 8;
}

struct Keeper {
  const char* what;
  bool (*keeps)(std::string_view path);
  std::vector<std::string_view> evidence;  // files that tell the database: base names; none: the keeper itself, a drizzle config
  std::vector<std::string_view> words;     // one of them says PostgreSQL
  const char* hint;
};

const std::vector<Keeper>& keepers() {
  constexpr auto migrate_and_dump = "migrate an empty database and pg_dump -s > schema.sql, then --schema schema.sql; or --db";
  static const std::vector<Keeper> out = {
      {"Rails keeps its schema in Ruby, which is not read", [](std::string_view path) { return path == "db/schema.rb" || path.ends_with("/db/schema.rb"); },
       {"database.yml", "Gemfile"}, {"postgresql", "'pg'", "\"pg\""}, "config.active_record.schema_format = :sql makes db/structure.sql; or --db"},
      {"Prisma's schema has no migrations beside it, and is not read itself", [](std::string_view path) { return path.ends_with(".prisma"); },
       {"schema.prisma"}, {"\"postgresql\"", "\"postgres\"", "\"cockroachdb\""}, "prisma migrate diff --from-empty --to-schema-datamodel schema.prisma --script > schema.sql, then --schema schema.sql; or --db"},
      {"drizzle's schema has no migrations beside it, and is not read itself", [](std::string_view path) { return base_of(path).starts_with("drizzle.config."); },
       {}, {}, "drizzle-kit export > schema.sql, then --schema schema.sql; or --db"},
      {"Alembic's migrations are programs, which are not run", [](std::string_view path) { return base_of(path) == "alembic.ini"; },
       {"requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg"}, {"psycopg", "asyncpg", "pg8000"}, "alembic upgrade head --sql > schema.sql, then --schema schema.sql; or --db"},
      {"Django's migrations are programs, which are not run", python_migration,
       {"requirements.txt", "base.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg"}, {"psycopg"}, migrate_and_dump},
      {"migrations are programs, which are not run", script_migration, {"package.json"}, {"\"pg\"", "\"postgres\""}, migrate_and_dump},
  };
  return out;
}

bool names_postgresql(const DrizzleConfig& config) { return std::find(config.dialects.begin(), config.dialects.end(), "postgresql") != config.dialects.end(); }

bool says_postgresql(const std::string& root, const std::vector<std::string>& files, const Keeper& keeper) {
  constexpr std::size_t most_files = 50;
  std::size_t read = 0;
  for (const auto& file : files) {
    const bool config = keeper.evidence.empty() && keeper.keeps(file);
    if (!config && std::find(keeper.evidence.begin(), keeper.evidence.end(), base_of(file)) == keeper.evidence.end()) continue;
    if (++read > most_files) return false;
    const auto text = read_file(path_under(root, file), text_limit);
    if (text && config && names_postgresql(read_drizzle_config(file, *text))) return true;
    if (text && std::any_of(keeper.words.begin(), keeper.words.end(), [&](std::string_view word) { return text->find(word) != std::string::npos; })) return true;
  }
  return false;
}

}  // namespace

Diagnostics schemas_in_code(const std::string& root, const std::vector<std::string>& files) {
  Diagnostics out;
  for (const auto& keeper : keepers()) {
    const auto at = std::find_if(files.begin(), files.end(), [&](const std::string& file) { return keeper.keeps(file) && !never_deployed(file); });
    if (at != files.end() && says_postgresql(root, files, keeper)) out.push_back({Error::Kind::passing, path_under(root, *at), keeper.what, keeper.hint});
  }
  return out;
}

}  // namespace pgadvise::project
