// Files of a repository that are broken or hostile.
#include "deploy/repository.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "deploy/shell/dockerfile.h"
#include "drizzle/schema/names.h"
#include "support/temp_tree.h"

namespace pgadvise::deploy {
namespace {

TEST(Dockerfile, AnEscapedLineEndAloneIsNoInstruction) {
  for (const char* text : {"\\", "\\\n", " \\\n\n#\n", "FROM a\n\\\nRUN b"})
    EXPECT_NO_THROW(parse_dockerfile(text)) << text;
  const auto stages = parse_dockerfile("FROM a\n\\\n\\\nRUN b\n");
  ASSERT_EQ(stages.size(), 1u);
}

TEST(Repository, AWorkflowThatBeginsWithACommaEnds) {
  const testing_support::TempTree tree(
      {{".github/workflows/a.yml", ",,,"},
       {"docker-compose.yml", ","},
       {"package.json", "{\"scripts\":{\"start\":\"npx drizzle-kit push\"}}"}});
  Diagnostics diagnostics;
  EXPECT_EQ(read_repository(tree.path(), diagnostics).deploy_commands.size(), 1u);
}

// Drizzle's migrate() skips an entry with an earlier date; what code of the project skips, is not known. Code
// that only marks migrations as applied runs beside migrate().
TEST(Repository, ARunnerOfTheProjectDoesNotSkipByDate) {
  const auto found = [](const std::string& reads_files) {
    const testing_support::TempTree tree(
        {{"package.json", "{\"scripts\":{\"start\":\"node scripts/migrate.mjs && node server.js\"}}"},
         {"drizzle.config.ts", "export default { dialect: 'postgresql', schema: './schema.ts' };"},
         {"drizzle/0000_a.sql", "CREATE TABLE a (id int PRIMARY KEY);"},
         {"drizzle/0001_b.sql", "CREATE TABLE b (id int PRIMARY KEY);"},
         {"drizzle/meta/_journal.json",
          "{\"version\": \"7\", \"dialect\": \"postgresql\", \"entries\": ["
          "{\"idx\": 0, \"when\": 1700000100000, \"tag\": \"0000_a\"},"
          "{\"idx\": 1, \"when\": 1700000000000, \"tag\": \"0001_b\"}]}"},
         {"scripts/migrate.mjs",
          "const journal = JSON.parse(fs.readFileSync('drizzle/meta/_journal.json', 'utf-8'));\n" +
              reads_files +
              "await client.query('INSERT INTO drizzle.__drizzle_migrations (hash) VALUES ($1)', "
              "[hash]);\n"}});
    Diagnostics diagnostics;
    const Project project = read_repository(tree.path(), diagnostics);
    return std::count_if(
        project.deploy_commands.begin(), project.deploy_commands.end(), [](const DeployCommand& command) {
          return command.words == std::vector<std::string>{"drizzle-orm/migrator", "_journal.json"};
        });
  };
  EXPECT_TRUE(found("const statements = sql.split('--> statement-breakpoint');\n"));
  EXPECT_FALSE(found("")) << "it only marks migrations as applied";
}

TEST(Repository, FilesThatNestWithoutEndAreNotRead) {
  const std::string deep = std::string(350'000, '[') + std::string(350'000, ']');
  const testing_support::TempTree tree(
      {{"package.json", "{\"a\": " + deep + "}"},
       {"tsconfig.json", deep},
       {"docker-compose.yml", "services: " + deep},
       {".github/workflows/a.yml", std::string(100'000, '-')},
       {"drizzle.config.ts", "export default { dialect: 'postgresql', schema: './schema' };"},
       {"schema.ts",
        "import { x } from '~/x';\nimport { pgTable, text } from 'drizzle-orm/pg-core';\n"
        "export const t = pgTable('t', { a: text('a') });"}});
  Diagnostics diagnostics;
  read_repository(tree.path(), diagnostics);
  EXPECT_TRUE(std::any_of(diagnostics.begin(), diagnostics.end(), [](const Error& error) {
    return error.where.ends_with("package.json") &&
           error.what == "is nested more than 200 levels deep: not read";
  }));
}

TEST(Repository, TemplatesAreNoBrokenFiles) {
  const testing_support::TempTree tree(
      {{"create/template/package.json", "{\"name\": \"{{ name }}\", {{ rest }} }"},
       {"{{cookiecutter.name}}/package.json", "{ oops }"},
       {"broken/package.json", "{ oops }"}});
  Diagnostics diagnostics;
  read_repository(tree.path(), diagnostics);
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_NE(diagnostics[0].line().find("broken/package.json"), std::string::npos) << diagnostics[0].line();
}

TEST(Repository, AFolderThatMayNotBeReadIsNoCleanBill) {
  const testing_support::TempTree tree({{"a/package.json", "{}"}});
  std::filesystem::permissions(tree.path("a"), std::filesystem::perms::none);
  const bool root = ::geteuid() == 0;
  if (root) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  Diagnostics whole, inside;
  read_repository(tree.path("a"), whole);
  read_repository(tree.path(), inside);
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  std::filesystem::permissions(tree.path("a"), std::filesystem::perms::owner_all);
  ASSERT_EQ(whole.size(), 1u);
  EXPECT_EQ(whole[0].kind, Error::Kind::input);
  ASSERT_EQ(inside.size(), 1u);
  EXPECT_EQ(inside[0].what, "can't be read: Permission denied");
}

TEST(Repository, SchemasThatNobodyClosesAreReadInTime) {
  std::string tables, configs;
  for (int i = 0; i < 10'000; ++i)
    tables += "const a = pgTable('a', { b: text('b'), ", configs += "dialect: '";
  EXPECT_FALSE(drizzle::names_in(tables).empty());
  EXPECT_TRUE(drizzle::read_drizzle_config("drizzle.config.ts", configs).postgresql());
}

std::vector<DeployCommand> commands(std::initializer_list<std::pair<std::string, std::string>> files) {
  const testing_support::TempTree tree(files);
  Diagnostics diagnostics;
  return read_repository(tree.path(), diagnostics).deploy_commands;
}

TEST(Repository, ASwitchThatIsOffByDefaultNeedNotBeProduction) {
  const auto production = [](const std::string& test) {
    const auto found = commands({{"Dockerfile", "FROM a\nCOPY . .\nCMD [\"sh\", \"start.sh\"]\n"},
                                 {"package.json", "{}"},
                                 {"start.sh", "if " + test + "; then\n npx drizzle-kit push\nfi\n"}});
    EXPECT_FALSE(found.empty()) << test;
    return std::any_of(found.begin(), found.end(),
                       [](const DeployCommand& command) { return command.production; });
  };
  EXPECT_TRUE(production("[ -f drizzle.config.ts ]"));
  EXPECT_TRUE(production("[ \"${PUSH:-1}\" = \"1\" ]"));
  EXPECT_TRUE(production("[ \"${SKIP:-0}\" != \"1\" ]"));
  EXPECT_FALSE(production("[ \"${PUSH:-0}\" = \"1\" ]"));
  EXPECT_FALSE(production("[[ \"${PUSH:-false}\" == true ]]"));
  EXPECT_FALSE(production("[ -n \"${PUSH:-}\" ]"));
}

TEST(Repository, NixpacksAndScriptsNamedForProductionAreDeployments) {
  EXPECT_EQ(
      commands({{"nixpacks.toml", "[phases.build]\ncmds = [\n  \"npm ci\",\n  'npx drizzle-kit push',\n]\n"}})
          .size(),
      1u);
  const auto script = [](const std::string& name) {
    return commands({{"packages/db/package.json", R"({"scripts": {")" + name + R"(": "drizzle-kit push"}})"}})
        .size();
  };
  EXPECT_EQ(script("db:push:prod"), 1u);
  EXPECT_EQ(script("push-production"), 1u);
  EXPECT_EQ(script("db:push"), 0u);
  EXPECT_EQ(script("push:products"), 0u);
  EXPECT_EQ(script("push:prod:local"), 0u);
}

TEST(Repository, AJobInAnEnvironmentOfTestsIsNoDeployment) {
  const auto jobs = [](const std::string& environment) {
    return commands({{".github/workflows/deploy.yml",
                      "on: {push: {branches: [main]}}\njobs:\n  a:\n    environment: " + environment +
                          "\n    env: {DATABASE_URL: '${{ secrets.URL }}'}\n    steps:\n      - run: npx "
                          "drizzle-kit push\n"}})
        .size();
  };
  EXPECT_EQ(jobs("production"), 1u);
  EXPECT_EQ(jobs("staging"), 1u);
  EXPECT_EQ(jobs("test"), 0u);
  EXPECT_EQ(jobs("e2e-eu"), 0u);
}

TEST(Repository, ATypeIsNoConnection) {
  const auto insecure = [](const std::string& text) {
    const testing_support::TempTree tree({{"src/db.ts", "import pg from 'pg';\n" + text}});
    Diagnostics diagnostics;
    return read_repository(tree.path(), diagnostics).insecure_connections.size();
  };
  EXPECT_EQ(insecure("new pg.Pool({ ssl: { rejectUnauthorized: false } });"), 1u);
  EXPECT_EQ(insecure("const c = {\n  ssl: {\n    rejectUnauthorized: false,\n  },\n};"), 1u);
  EXPECT_EQ(insecure("interface Options {\n  ssl: { rejectUnauthorized: false };\n}"), 0u);
  EXPECT_EQ(
      insecure("export type Options = {\n  url: string\n  ssl: {\n    rejectUnauthorized: false\n  }\n}"),
      0u);
  EXPECT_EQ(insecure("function connect(options: { ssl?: { rejectUnauthorized: false } }) {}"), 0u);
  EXPECT_EQ(insecure("let ssl: boolean | { rejectUnauthorized: false };"), 0u);
}

std::vector<std::string> coded_as_json(const std::string& file, const std::string& text) {
  const testing_support::TempTree tree({{file, text}});
  Diagnostics diagnostics;
  const Project project = read_repository(tree.path(), diagnostics);
  std::vector<std::string> out;
  for (const auto& coded : project.coded_as_json)
    out.push_back(coded.name + ":" + std::to_string(coded.place.line));
  return out;
}

TEST(JsonInCode, IsKnownByTheCallsThatReadAndWriteIt) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(coded_as_json("a.ts", "const x = 1;\nconst s = JSON.parse(row.userSettings || '{}');\n"),
            (Names{"row:2", "usersettings:2"}));
  EXPECT_EQ(coded_as_json("a.ts",
                          "db.insert(logs).values({ who, metadata: input ? JSON.stringify(input) : null })"),
            (Names{"metadata:1"}));
  EXPECT_EQ(coded_as_json("a.ts", "await save({ \"extra_headers\": JSON.stringify(headers) })"),
            (Names{"extraheaders:1"}));
  EXPECT_EQ(coded_as_json("a.py", "row.preferences = json.dumps(value)\n"), (Names{"preferences:1"}));
  EXPECT_EQ(coded_as_json("a.go", "err := json.Unmarshal([]byte(row.Payload), &out)"),
            (Names{"byte:1", "row:1", "payload:1", "out:1"}));
  EXPECT_EQ(coded_as_json("a.rb", "class A\n  serialize :settings, coder: JSON\nend\n"),
            (Names{"settings:2", "coder:2", "json:2", "end:3"}));
}

TEST(JsonInCode, EncryptedJsonAndTestsAreNone) {
  EXPECT_TRUE(coded_as_json("a.ts", "const h = JSON.parse(decrypt(row.headers))").empty());
  EXPECT_TRUE(coded_as_json("a.ts", "set({ headers: encrypt(JSON.stringify(h)) })").empty());
  EXPECT_TRUE(coded_as_json("a.test.ts", "JSON.parse(row.headers)").empty());
  EXPECT_TRUE(coded_as_json("a.ts", "return new Response(JSON.stringify(data), {})").empty());
  EXPECT_TRUE(coded_as_json("a.ts", "JSON.stringify(").empty());
  EXPECT_TRUE(coded_as_json("a.ts", "JSON.parse(").empty());
}

}  // namespace
}  // namespace pgadvise::deploy
