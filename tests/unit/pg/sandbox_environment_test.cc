#include "pg/sandbox/sandbox_environment.h"

#include <map>

#include <gtest/gtest.h>

#include "support/temp_tree.h"

namespace pgadvise::pg {
namespace {

const SandboxAddress sandbox{.password = "pw"};

std::map<std::string, std::string> of(const Variables& environment,
                                      const std::vector<std::string>& files = {}) {
  const auto out = sandbox_environment(environment, files, sandbox);
  return {out.begin(), out.end()};
}

TEST(SandboxEnvironment, EachUrlOfADatabaseIsReplacedInItsForm) {
  auto out = of({{"DATABASE_URL", "postgres://u:SECRET@prod/x"},
                 {"DIRECT_URL", "postgresql+psycopg2://u:SECRET@prod/x"},
                 {"SPRING_DATASOURCE_URL", "jdbc:postgresql://prod:5432/x?user=u&password=SECRET"},
                 {"ANALYTICS", "mysql://u:SECRET@prod/x"},
                 {"CACHE_URL", "redis://prod:6379"},
                 {"DSN", "host=prod user=u password=SECRET dbname=x"},
                 {"ConnectionStrings__Main", "Host=prod;Username=u;Password=SECRET"},
                 {"SITE", "https://example.com"},
                 {"WORD", "value"}});
  EXPECT_EQ(out["DATABASE_URL"], "postgresql://pgadvise:pw@127.0.0.1:5432/sandbox");
  EXPECT_EQ(out["DIRECT_URL"], "postgresql+psycopg2://pgadvise:pw@127.0.0.1:5432/sandbox");
  EXPECT_EQ(out["SPRING_DATASOURCE_URL"],
            "jdbc:postgresql://127.0.0.1:5432/sandbox?user=pgadvise&password=pw");
  EXPECT_EQ(out["ANALYTICS"], "mysql://127.0.0.1:1/none");
  EXPECT_EQ(out["CACHE_URL"], "redis://127.0.0.1:1/none");
  EXPECT_EQ(out["DSN"], "host=127.0.0.1 port=5432 dbname=sandbox user=pgadvise password=pw");
  EXPECT_EQ(out["ConnectionStrings__Main"],
            "Host=127.0.0.1;Port=5432;Database=sandbox;Username=pgadvise;Password=pw");
  EXPECT_EQ(out.count("SITE") + out.count("WORD"), 0U);
  for (const auto& [name, value] : out) {
    EXPECT_EQ(value.find("SECRET"), std::string::npos) << name;
    EXPECT_EQ(value.find("prod"), std::string::npos) << name;
  }
}

TEST(SandboxEnvironment, PartsOfAnAddressAndLibpqsVariables) {
  auto out = of({{"DB_HOST", "prod"},
                 {"DB_PORT", "6432"},
                 {"DB_SSL", "true"},
                 {"POSTGRES_PASSWORD", "SECRET"},
                 {"TYPEORM_DATABASE", "x"},
                 {"SMTP_HOST", "mail"},
                 {"PGHOSTADDR", "10.0.0.1"},
                 {"PGSERVICE", "prod"},
                 {"PGADVISE_TEST", "1"}});
  EXPECT_EQ(out["DB_HOST"], "127.0.0.1");
  EXPECT_EQ(out["DB_PORT"], "5432");
  EXPECT_EQ(out["DB_SSL"], "false");
  EXPECT_EQ(out["POSTGRES_PASSWORD"], "pw");
  EXPECT_EQ(out["TYPEORM_DATABASE"], "sandbox");
  EXPECT_EQ(out.count("SMTP_HOST"), 0U);
  EXPECT_EQ(out.at("PGHOSTADDR"), "") << "taken out";
  EXPECT_EQ(out.at("PGSERVICE"), "");
  EXPECT_EQ(out.count("PGADVISE_TEST"), 0U);
  EXPECT_EQ(out["PGHOST"], "127.0.0.1");
}

TEST(SandboxEnvironment, WhatOnlyAnEnvFileNamesIsSetBeforeItIsRead) {
  auto out = of({{"PRIMARY_URL", "postgres://a@b/c"}},
                {"# production\nexport SHADOW_URL=\"postgres://u:SECRET@prod/x\"\nDB_HOST=prod\nA=b\n"
                 "PRIMARY_URL=postgres://u@prod/y\nURL=postgres://${DB_HOST}/x\nno line\n=x\n"});
  EXPECT_EQ(out["SHADOW_URL"], "postgres://pgadvise:pw@127.0.0.1:5432/sandbox");
  EXPECT_EQ(out["DB_HOST"], "127.0.0.1");
  EXPECT_EQ(out["PRIMARY_URL"], "postgres://pgadvise:pw@127.0.0.1:5432/sandbox");
  EXPECT_EQ(out.count("A") + out.count("URL"), 0U);
}

TEST(SandboxEnvironment, EnvFilesOfAFolder) {
  const testing_support::TempTree tree{
      {".env", "A=1"}, {".env.production", "B=2"}, {".environment", "C=3"}, {"sub/.env", "D=4"}};
  EXPECT_EQ(read_env_files({tree.path(), tree.path(), tree.path("missing")}),
            (std::vector<std::string>{"A=1", "B=2"}));
}

}  // namespace
}  // namespace pgadvise::pg
