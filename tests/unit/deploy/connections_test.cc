// How code connects to its database, and how its scripts handle errors of migrations.
#include "model/project/connections.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "deploy/connections/database_urls.h"
#include "deploy/repository.h"
#include "drizzle/schema/source_reader.h"
#include "support/temp_tree.h"

namespace pgadvise::deploy {
namespace {

using Files = std::initializer_list<std::pair<std::string, std::string>>;

Project read(Files files) {
  const testing_support::TempTree tree(files);
  Diagnostics diagnostics;
  Project project = read_repository(tree.path(), diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  return project;
}

class ReadsSource : public testing::Test {
 protected:
  void SetUp() override {
    if (!drizzle::reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  }
};
using MigrationErrors = ReadsSource;
using Clients = ReadsSource;

// "script" or "application" for the handler that hides the error of migrate(); "" if none does.
std::string hidden_by(const std::string& code, const std::string& file = "scripts/migrate.ts") {
  const Project project = read(
      {{"package.json", R"({"dependencies": {"drizzle-orm": "1"}})"},
       {file, "import { migrate } from 'drizzle-orm/node-postgres/migrator';\nimport { db } from '../db';\n" +
                  code}});
  const auto& found = project.connections->ignored_migration_errors;
  if (found.empty()) return "";
  return found.front().script ? "script" : "application";
}

TEST_F(MigrationErrors, AHandlerThatOnlyWritesMessagesHidesThem) {
  EXPECT_EQ(hidden_by("migrate(db, {}).catch(console.error);"), "script");
  EXPECT_EQ(hidden_by("migrate(db, {}).catch(() => {});"), "script");
  EXPECT_EQ(hidden_by("migrate(db, {}).then(() => process.exit(0), (e) => { console.error(e); });"),
            "script");
  EXPECT_EQ(hidden_by("try { await migrate(db, {}); } catch {}"), "script");
  EXPECT_EQ(hidden_by("try { await migrate(db, {}); } catch (e) { console.log(e); process.exit(0); }"),
            "script");
  EXPECT_EQ(hidden_by("try { await migrate(db, {}); } catch (e) { console.log(e); process.exit(); }"),
            "script");
  EXPECT_EQ(hidden_by("migrate(db, {}).finally(() => process.exit(0));"), "script");
  EXPECT_EQ(hidden_by("const run = async () => { await migrate(db, {}); };\n"
                      "run().then(() => console.log('done')).catch((e) => logger.error(e));"),
            "script");
  EXPECT_EQ(
      hidden_by("async function run() { return migrate(db, {}); }\n"
                "async function main() { try { await run(); } catch (e) { console.error(e); } }\nmain();"),
      "script");
  EXPECT_EQ(hidden_by("connect().then(() => migrate(db, {})).catch((e) => console.error(e));"), "script");
}

TEST_F(MigrationErrors, AnApplicationThatStartsAllTheSameIsNoScript) {
  EXPECT_EQ(hidden_by("migrate(db, {}).catch(console.error);\napp.listen(3000);", "src/main.ts"),
            "application");
  EXPECT_EQ(hidden_by("export async function prepare() {\n  await migrate(db, {}).catch(console.error);\n}",
                      "src/prepare.ts"),
            "application");
}

TEST_F(MigrationErrors, AHandlerThatMakesTheFailureKnownHidesNothing) {
  for (const char* code :
       {"await migrate(db, {});", "migrate(db, {});",
        "migrate(db, {}).catch((e) => { console.error(e); process.exit(1); });",
        "migrate(db, {}).catch((e) => { console.error(e); process.exitCode = 1; });",
        "migrate(db, {}).catch((e) => { throw e; });",
        "const ok = await migrate(db, {}).then(() => true).catch(() => false);",
        "let failed = false;\ntry { await migrate(db, {}); } catch { failed = true; }\nif (failed) "
        "process.exit(1);",
        "try { await migrate(db, {}); process.exit(0); } catch (e) { console.error(e); }\nprocess.exit(1);",
        "try { await migrate(db, {}); } catch (e) { console.error(e); throw e; } finally { await db.end(); }",
        "try { migrate(db, {}); } catch (e) { console.error(e); }",
        "async function go(req, res) { try { await migrate(db, {}); } catch (e) { res.status(500).send(); } "
        "}\n"
        "app.post('/migrate', go);",
        "new Promise((resolve, reject) => migrate(db, {}).then(resolve).catch((e) => reject(e)));",
        "async function run() { try { await migrate(db, {}); } catch (e) { return { error: e }; } }\nrun();",
        "if (process.env.NODE_ENV !== 'production') migrate(db, {}).catch(console.error);",
        "while (left--) { try { await migrate(db, {}); break; } catch (e) { console.error(e); } }",
        "function fail(e) { console.error(e); process.exit(1); }\nmigrate(db, {}).catch(fail);"})
    EXPECT_EQ(hidden_by(code), "") << code;
  EXPECT_EQ(hidden_by("migrate(db, {}).catch(console.error);", "tests/setup.ts"), "");
}

std::vector<std::string> pools(const std::string& code) {
  const Project project = read({{"package.json", R"({"dependencies": {"pg": "8"}})"},
                                {"src/db.ts",
                                 "import pg, { Pool } from 'pg';\nimport postgres from 'postgres';\n"
                                 "import { drizzle } from 'drizzle-orm/node-postgres';\n" +
                                     code}});
  std::vector<std::string> out;
  for (const auto& pool : project.connections->pools)
    out.push_back(std::string(pool.connect_timeout ? "connect " : "- ") +
                  (pool.statement_timeout ? "statement" : "-"));
  return out;
}

TEST_F(Clients, PoolsHaveTimeoutsOrNot) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(pools("new Pool();"), (Names{"- -"}));
  EXPECT_EQ(pools("new pg.Pool({ connectionTimeoutMillis: 5000 });"), (Names{"connect -"}));
  EXPECT_EQ(pools("new Pool({ connectionTimeoutMillis: 0, query_timeout: 0 });"), (Names{"- -"}));
  EXPECT_EQ(pools("const options = { query_timeout: LIMIT };\nnew Pool(options);"), (Names{"- statement"}));
  EXPECT_EQ(pools("postgres(process.env.URL!);"), (Names{"connect -"}));
  EXPECT_EQ(pools("drizzle(process.env.DATABASE_URL!);"), (Names{"- -"}));
  EXPECT_EQ(pools("drizzle({ connection: { connectionString: url } });"), (Names{"- -"}));
  EXPECT_EQ(
      pools("const pool = new Pool();\npool.on('connect', (c) => c.query('SET statement_timeout = 1'));"),
      (Names{"- statement"}));
  EXPECT_EQ(pools("new Pool({ ...given() });\nnew Pool(given());"), Names());
}

TEST_F(Clients, SizesOfPoolsAreValues) {
  const Project project =
      read({{"package.json", R"({"dependencies": {"pg": "8"}})"},
            {"src/db.ts",
             "import { drizzle } from 'drizzle-orm/node-postgres';\nimport { Pool } from 'pg';\n"
             "const size = 40;\nnew Pool({ max: size });\n"
             "drizzle({ connection: { connectionString: process.env.URL, max: 30 } });\nnew Pool({ max: 20 "
             "});\n"}});
  std::vector<int> sizes;
  for (const auto& pool : project.pools) sizes.push_back(pool.size);
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes, (std::vector<int>{20, 30, 40}));
}

TEST(DatabaseUrls, HaveParts) {
  const auto urls = database_urls(
      "a=postgres://u:p@h.net:5432/d?sslmode=require b=postgresql+asyncpg://u@[::1]/d postgres://$A@h "
      "postgres://u:p@$HOST/d mypostgres://");
  ASSERT_EQ(urls.size(), 3u);
  EXPECT_EQ(urls[0].user, "u");
  EXPECT_EQ(urls[0].password, "p");
  EXPECT_EQ(urls[0].host, "h.net");
  EXPECT_EQ(urls[0].options, "?sslmode=require");
  EXPECT_EQ(urls[1].password, "");
  EXPECT_EQ(urls[2].user, "$A");
}

std::vector<std::string> passwords(Files files) {
  std::vector<std::string> out;
  const Project project = read(files);
  for (const auto& password : project.connections->passwords)
    out.push_back(password.host + (password.public_host ? "" : " (private)"));
  return out;
}

TEST(Passwords, OfOtherMachinesInCommittedFiles) {
  using Names = std::vector<std::string>;
  const std::string url = "URL=postgres://shop:t0rtoise-Kettle@db.shop-data.net/shop\n";
  EXPECT_EQ(passwords({{".env", url}}), (Names{"db.shop-data.net"}));
  EXPECT_EQ(passwords({{".env", url}, {".gitignore", ".env\n"}}), Names()) << "not committed";
  EXPECT_EQ(passwords({{"dump.sh", "PGPASSWORD='kq8Zr2Lm' psql -h db.acme.io -U app\n"}}).size(), 1u);
  EXPECT_EQ(passwords({{"dump.sh", "export PGPASSWORD=kq8Zr2Lm && psql -h db.acme.io\n"}}).size(), 1u);
  EXPECT_EQ(passwords({{"dump.sh", "PGPASSWORD=$PW psql -h db.acme.io -U app\n"}}), Names());
  EXPECT_EQ(passwords({{".env.example", url}}), Names());
  EXPECT_EQ(passwords({{"tests/db.ts", url}}), Names());
  EXPECT_EQ(passwords({{".env", "URL=postgres://shop:t0rtoise-Kettle@10.0.0.7/shop\n"}}),
            (Names{"10.0.0.7 (private)"}));
  for (const char* host : {"localhost", "127.0.0.1", "[::1]", "host.docker.internal", "db", "db.example.com"})
    EXPECT_EQ(passwords({{".env", "URL=postgres://shop:t0rtoise-Kettle@" + std::string(host) + "/shop\n"}}),
              Names())
        << host;
  for (const char* password : {"password", "postgres", "changeme", "shop", "xxxxxx", "$PASSWORD",
                               "${PASSWORD}", "YOUR_PASSWORD", "***"})
    EXPECT_EQ(
        passwords({{".env", "URL=postgres://shop:" + std::string(password) + "@db.shop-data.net/shop\n"}}),
        Names())
        << password;
}

// "lock_timeout 5000 PGOPTIONS", with "unread" where the driver does not see it.
std::vector<std::string> timeouts(Files files) {
  std::vector<std::string> out;
  for (const SessionTimeout& one : read(files).timeouts)
    out.push_back((one.lock ? "lock_timeout " : "statement_timeout ") + std::to_string(one.ms) + " " +
                  one.what + (one.unread.empty() ? "" : ", unread"));
  return out;
}

TEST(SessionTimeouts, OfEnvironmentsUrlsRolesAndTools) {
  using Found = std::vector<std::string>;
  EXPECT_EQ(timeouts({{"Dockerfile", "FROM node\nENV PGOPTIONS=\"-c lock_timeout=5s\"\n"}}),
            Found{"lock_timeout 5000 PGOPTIONS"});
  EXPECT_EQ(timeouts({{"package.json",
                       R"({"scripts": {"migrate": "PGOPTIONS='-c lock_timeout=500ms' drizzle-kit migrate"},
                           "dependencies": {"drizzle-orm": "1", "postgres": "3"}})"}}),
            Found{"lock_timeout 500 PGOPTIONS, unread"});
  EXPECT_EQ(timeouts({{".env.production",
                       "DATABASE_URL=postgres://a@db.acme.io/app?options=-c%20lock_timeout%3D4s\n"}}),
            Found{"lock_timeout 4000 the options of a connection URL"});
  EXPECT_EQ(timeouts({{"ops/roles.sql",
                       "ALTER ROLE deploy SET lock_timeout = '2s';\nSET lock_timeout = '9s';\n"
                       "ALTER DATABASE app SET statement_timeout TO '1min';\n"}}),
            (Found{"lock_timeout 2000 ALTER ROLE", "statement_timeout 60000 ALTER DATABASE"}));
  EXPECT_EQ(timeouts({{"knexfile.js",
                       "module.exports = { client: 'pg', connection: { lock_timeout: 5_000 } };\n"}}),
            Found{"lock_timeout 5000 knexfile.js"});
  EXPECT_EQ(timeouts({{"config/database.yml", "production:\n  variables:\n    lock_timeout: 5s\n"}}),
            Found{"lock_timeout 5000 database.yml"});
}

TEST(SessionTimeouts, NotOfCommentsDevelopmentOrApplications) {
  const std::vector<std::string> none;
  EXPECT_EQ(timeouts({{"Dockerfile", "FROM node\n# ENV PGOPTIONS=\"-c lock_timeout=5s\"\n"}}), none);
  EXPECT_EQ(timeouts({{"Dockerfile.dev", "FROM node\nENV PGOPTIONS=\"-c lock_timeout=5s\"\n"}}), none);
  EXPECT_EQ(timeouts({{"Dockerfile", "FROM node\nENV PGOPTIONS=\"-c lock_timeout=0\"\n"}}), none);
  EXPECT_EQ(timeouts({{"src/pool.ts", "export const pool = new Pool({ lock_timeout: 5000 });\n"}}), none);
  EXPECT_EQ(timeouts({{"knexfile.js", "// lock_timeout: 5000\nmodule.exports = {};\n"}}), none);
  EXPECT_EQ(timeouts({{"a.sql", "-- ALTER ROLE deploy SET lock_timeout = '2s';\n"}}), none);
}

}  // namespace
}  // namespace pgadvise::deploy
