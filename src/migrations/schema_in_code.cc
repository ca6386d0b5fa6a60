#include "migrations/schema_in_code.h"

#include <algorithm>
#include <set>

#include "base/input_file.h"
#include "base/text.h"
#include "drizzle/config.h"
#include "files/files.h"
#include "files/tree.h"

namespace pgadvise::migrations {
namespace {

bool python_migration(std::string_view path) { return path.ends_with(".py") && files::base_of(files::folder_of(path)) == "migrations" && files::leading_digits(files::base_of(path)).size() == 4; }

// Timestamped programs, as TypeORM, Knex, Sequelize, MikroORM and node-pg-migrate name them: Migration20240101120000.ts, 1700000000000-x.ts.
bool script_migration(std::string_view path) {
  if (!path.ends_with(".ts") && !path.ends_with(".js")) return false;
  const auto folder = files::base_of(files::folder_of(path));
  if (folder != "migrations" && folder != "migration") return false;
  std::string_view name = files::base_of(path);
  if (name.starts_with("Migration")) name.remove_prefix(9);
  return files::leading_digits(name).size() >= 8;
}

bool in_folder(std::string_view path, std::string_view folder, std::string_view extension) {
  return path.ends_with(extension) && (path.starts_with(folder) || path.find("/" + std::string(folder)) != std::string_view::npos);
}

using Words = std::vector<std::string_view>;

struct Keeper {
  const char* what;
  bool (*keeps)(std::string_view path);
  Words evidence;  // files that tell the database: base names, or "*" and an ending; none: the keeper itself, a drizzle config
  Words words;     // one of them says PostgreSQL
  const char* hint;
  std::string_view tool = {};  // must stand in the same file
};

const std::vector<Keeper>& keepers() {
  constexpr auto migrate_and_dump = "migrate an empty database and pg_dump -s > schema.sql, then --schema schema.sql; or --db";
  const Words node = {"\"pg\"", "\"postgres\"", "\"pg-promise\"", "\"pg-native\""};
  static const std::vector<Keeper> out = {
      {"Rails keeps its schema in Ruby, which is not read", [](std::string_view path) { return path == "db/schema.rb" || path.ends_with("/db/schema.rb"); },
       {"database.yml", "Gemfile"}, {"postgresql", "'pg'", "\"pg\""}, "config.active_record.schema_format = :sql makes db/structure.sql; or --db"},
      {"Prisma's schema has no migrations beside it, and is not read itself", [](std::string_view path) { return path.ends_with(".prisma"); },
       {"schema.prisma"}, {"\"postgresql\"", "\"postgres\"", "\"cockroachdb\""}, "prisma migrate diff --from-empty --to-schema-datamodel schema.prisma --script > schema.sql, then --schema schema.sql; or --db"},
      {"drizzle's schema has no migrations beside it, and is not read itself", [](std::string_view path) { return files::base_of(path).starts_with("drizzle.config."); },
       {}, {}, "drizzle-kit export > schema.sql, then --schema schema.sql; or --db"},
      {"Alembic's migrations are programs, which are not run", [](std::string_view path) { return files::base_of(path) == "alembic.ini"; },
       {"requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "alembic.ini", "docker-compose.yml"}, {"psycopg", "asyncpg", "pg8000", "postgresql"}, "alembic upgrade head --sql > schema.sql, then --schema schema.sql; or --db"},
      {"Django's migrations are programs, which are not run", python_migration,
       {"requirements.txt", "base.txt", "production.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "settings.py", "base.py", "production.py", "docker-compose.yml"},
       {"psycopg", "backends.postgresql", "backends.postgis", "image: postgres", "image: postgis"},
       "python manage.py migrate on an empty database and pg_dump -s > schema.sql, then --schema schema.sql; of one migration: python manage.py sqlmigrate; or --db"},
      {"Ecto's migrations are programs, which are not run", [](std::string_view path) { return in_folder(path, "priv/repo/migrations/", ".exs"); },
       {"mix.exs"}, {":postgrex"}, "mix ecto.dump makes priv/repo/structure.sql; or --db"},
      {"Laravel's migrations are programs, which are not run", [](std::string_view path) { return in_folder(path, "database/migrations/", ".php"); },
       {".env.example", "docker-compose.yml"}, {"DB_CONNECTION=pgsql", "image: postgres"}, "php artisan schema:dump makes database/schema/pgsql-schema.sql; or --db"},
      {"Entity Framework's migrations are programs, which are not run", [](std::string_view path) { return in_folder(path, "Migrations/", ".cs"); },
       {"*.csproj", "Directory.Packages.props"}, {"Npgsql"}, "dotnet ef migrations script -o schema.sql, then --schema schema.sql; or --db"},
      {"Liquibase's changelogs in XML and YAML are not read", [](std::string_view path) { return lower(files::base_of(path)).find("changelog") != std::string::npos && (path.ends_with(".xml") || path.ends_with(".yaml") || path.ends_with(".yml")); },
       {"pom.xml", "build.gradle", "build.gradle.kts", "application.properties", "application.yml", "application.yaml", "liquibase.properties"}, {"postgresql"}, "liquibase update-sql > schema.sql, then --schema schema.sql; or --db"},
      {"GORM makes its tables from Go's types, which are not read", [](std::string_view path) { return files::base_of(path) == "go.mod"; }, {"go.mod"}, {"gorm.io/driver/postgres"}, "pg_dump -s > schema.sql, then --schema schema.sql; or --db"},
      {"Knex's migrations are programs, which are not run", script_migration, {"package.json"}, node, "npx knex migrate:latest on an empty database and pg_dump -s > schema.sql, then --schema schema.sql; or --db", "\"knex\""},
      {"Sequelize's migrations are programs, which are not run", script_migration, {"package.json"}, node, "npx sequelize db:migrate on an empty database and pg_dump -s > schema.sql, then --schema schema.sql; or --db", "\"sequelize\""},
      {"TypeORM's migrations are programs, which are not run", script_migration, {"package.json"}, node, "typeorm migration:run on an empty database and pg_dump -s > schema.sql, then --schema schema.sql; or --db", "\"typeorm\""},
      {"MikroORM's migrations are programs, which are not run", script_migration, {"package.json"}, {"@mikro-orm/postgresql"}, "mikro-orm schema:create --dump > schema.sql, then --schema schema.sql; or --db"},
      {"migrations are programs, which are not run", script_migration, {"package.json"}, node, migrate_and_dump},
  };
  return out;
}

bool is_evidence(const Keeper& keeper, std::string_view file) {
  return std::any_of(keeper.evidence.begin(), keeper.evidence.end(), [&](std::string_view name) { return name[0] == '*' ? file.ends_with(name.substr(1)) : files::base_of(file) == name; });
}

bool names_postgresql(const drizzle::DrizzleConfig& config) { return std::find(config.dialects.begin(), config.dialects.end(), "postgresql") != config.dialects.end(); }

bool says_postgresql(const std::string& root, const std::vector<std::string>& files, const Keeper& keeper) {
  constexpr std::size_t most_files = 50;
  std::size_t read = 0;
  for (const auto& file : files) {
    const bool config = keeper.evidence.empty() && keeper.keeps(file);
    if (!config && !is_evidence(keeper, file)) continue;
    if (++read > most_files) return false;
    const auto text = read_file(files::path_under(root, file), files::text_limit);
    if (text && config && names_postgresql(drizzle::read_drizzle_config(file, *text))) return true;
    if (!text || text->find(keeper.tool) == std::string::npos) continue;
    if (std::any_of(keeper.words.begin(), keeper.words.end(), [&](std::string_view word) { return text->find(word) != std::string::npos; })) return true;
  }
  return false;
}

}  // namespace

Diagnostics schemas_in_code(const std::string& root, const std::vector<std::string>& files) {
  Diagnostics out;
  std::set<std::string> named;  // files: of two that a file speaks for, the first is the surer one
  for (const auto& keeper : keepers()) {
    const auto at = std::find_if(files.begin(), files.end(), [&](const std::string& file) { return keeper.keeps(file) && !files::never_deployed(file); });
    if (at != files.end() && !named.count(*at) && says_postgresql(root, files, keeper) && named.insert(*at).second) out.push_back({Error::Kind::passing, files::path_under(root, *at), keeper.what, keeper.hint});
  }
  return out;
}

}  // namespace pgadvise::migrations
