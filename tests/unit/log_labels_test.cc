// Precision and recall of the rules about loops, on recordings of real clients.
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "lint/context.h"
#include "log_support.h"
#include "sql/facts.h"
#include "sql/replay.h"
#include "sql/statement.h"

namespace pgadvise::log::testing {
namespace {

using Json = nlohmann::json;
using Found = std::set<std::pair<std::string, std::string>>;  // rule, fingerprint

Json labels(const std::string& file) { return Json::parse(read_file(fixture(file)).value_or(""), nullptr, false); }

Catalog schema_of(const std::vector<std::string>& files) {
  sql::Replayer replayer;
  for (const auto& file : files) replayer.run(read_file(fixture(file)).value_or(""), file);
  return replayer.take();
}

Found judge(const std::string& file, const Catalog& catalog) {
  Workload workload = read_paths({fixture(file)}).workload;
  sql::resolve(workload, catalog);
  Found out;
  for (const auto& finding : lint::run({&catalog, &workload, nullptr}, {"n-plus-one-query", "n-plus-one-write", "redundant-query"}).findings)
    out.emplace(finding.rule, finding.subject.fingerprint);
  return out;
}

struct Score {
  std::size_t right = 0, false_alarms = 0, missed = 0;
  double precision() const { return static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(1, right + false_alarms)); }
  double recall() const { return static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(1, right + missed)); }
};

void add(const std::string& recording, const Found& expected, const Found& found, Score& total) {
  Score own;
  for (const auto& finding : found) (expected.count(finding) ? own.right : own.false_alarms) += 1;
  for (const auto& [rule, fingerprint] : expected)
    if (!found.count({rule, fingerprint})) {
      ++own.missed;
      fmt::print("missed in {}: {} {}\n", recording, rule, fingerprint);
    }
  for (const auto& [rule, fingerprint] : found)
    if (!expected.count({rule, fingerprint})) fmt::print("false alarm in {}: {} {}\n", recording, rule, fingerprint);
  fmt::print("{:12} {:3} labelled {:3} right {:3} false {:3} missed\n", recording, expected.size(), own.right, own.false_alarms, own.missed);
  total.right += own.right;
  total.false_alarms += own.false_alarms;
  total.missed += own.missed;
}

std::string fingerprint(const Json& query) { return sql::fingerprint(query.get<std::string>()).value_or(""); }

TEST(Labels, PrecisionAndRecallOfTheLoopRules) {
  Score total;
  const Catalog books = schema_of({"n-plus-one/schema.sql"});
  const Json recordings = labels("n-plus-one/labels.json");
  for (const auto& [recording, expected] : recordings.items()) {
    Found wanted;
    for (const auto& label : expected) wanted.emplace(label["rule"], fingerprint(label["query"]));
    add(recording, wanted, judge("n-plus-one/" + recording + ".log", books), total);
  }
  Found wanted;
  const Json shop_labels = labels("shop/labels.json");
  for (const auto& scenario : shop_labels["scenarios"]) {
    const std::string expect = scenario["expect"];
    if (expect != "n+1" && expect != "redundant") continue;
    for (const auto& child : scenario["children"])
      wanted.emplace(expect == "redundant" ? "redundant-query" : scenario["kind"] == "write" || starts_with_nocase(child["query"].get<std::string>(), "update") ? "n-plus-one-write" : "n-plus-one-query",
                     fingerprint(child["query"]));
  }
  const Catalog shop = schema_of({"shop/drizzle/0000_init.sql", "shop/drizzle/0001_checkout.sql", "shop/drizzle/0002_fulfilment.sql", "shop/drizzle/0003_events.sql",
                                  "shop/drizzle/0004_accounts.sql", "shop/drizzle/0005_billing.sql", "shop/drizzle/0006_catalog_search.sql",
                                  "shop/drizzle/0007_comments.sql"});
  for (const auto* log : {"shop/logs/shop.log", "shop/logs/shop.csv", "shop/logs/shop.json"}) add(log, wanted, judge(log, shop), total);
  fmt::print("precision {:.3f}, recall {:.3f}\n", total.precision(), total.recall());
  EXPECT_GE(total.precision(), 0.95);
  EXPECT_GE(total.recall(), 0.9);
}

}  // namespace
}  // namespace pgadvise::log::testing
