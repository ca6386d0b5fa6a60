// `pgadvise fleet` over a server's databases, one of which does not exist.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "live/support.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::quoted;
using testing_support::run;

TEST(FleetOfDatabases, OneThatFailsDoesNotStopTheOthers) {
  const live::Database calm("CREATE TABLE customers (id bigint PRIMARY KEY)");
  const live::Database faulty(
      "CREATE TABLE customers (id bigint PRIMARY KEY); CREATE TABLE orders (id bigint PRIMARY KEY, "
      "customer_id bigint NOT NULL REFERENCES customers (id))");
  live::Database store;
  const testing_support::Folder folder;
  std::string configuration;
  const auto add = [&](const std::string& name, const std::string& url) {
    configuration += fmt::format("[databases.{}]\nurl = \"{}\"\n", name, url);
  };
  add("calm", calm.conninfo());
  add("faulty", faulty.conninfo());
  add("missing", live::conninfo_of("no_such_database", "pgadvise_admin"));
  configuration += fmt::format("[stores.team]\nurl = \"{}\"\n", "postgresql:///" + store.name() +
                                                                    "?host=" + live::server_folder() +
                                                                    "&user=pgadvise_admin&retention=90");
  folder.write("config/pgadvise/config.toml", configuration);
  const std::string environment = "XDG_CONFIG_HOME=" + quoted(folder.path("config"));

  const auto ran = run("fleet --all --jobs 2 --store @team --format json", folder.path(), environment);
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
  const auto out = json::parse(ran.out, nullptr, false);
  ASSERT_TRUE(out.is_object()) << ran.out << ran.err;
  EXPECT_EQ(out["checked"], 2) << ran.out;
  ASSERT_EQ(out["failures"].size(), 1u) << ran.out;
  EXPECT_EQ(out["failures"][0]["name"], "missing");
  EXPECT_NE(out["failures"][0]["failure"].get<std::string>().find("does not exist"), std::string::npos)
      << ran.out;
  EXPECT_EQ(out["databases"][0]["name"], "faulty") << ran.out;
  EXPECT_EQ(store.value(
                "SELECT string_agg(DISTINCT r.target, ' ') FROM pgadvise.run r JOIN pgadvise.finding_event e "
                "ON e.run_id = r.run_id"),
            "calm faulty");
  EXPECT_EQ(store.value("SELECT value FROM pgadvise.setting WHERE name = 'retention_days'"), "90");

  const auto history = run("history --store @team --target faulty --format json", folder.path(), environment);
  EXPECT_EQ(history.exit_code, 0) << history.err;
  EXPECT_NE(history.out.find("unindexed-foreign-key"), std::string::npos) << history.out;

  const auto good = run("fleet calm @calm", folder.path(), environment);
  EXPECT_EQ(good.exit_code, 0) << good.err << good.out;
  EXPECT_NE(good.out.find("1 database checked, 0 not."), std::string::npos) << good.out;
}

}  // namespace
}  // namespace pgadvise
