// The plans of a report that show a finding's statement without and with the index that was costed for it.
#include "check/load/plans.h"

#include <gtest/gtest.h>

namespace pgadvise::check {
namespace {

constexpr const char* scan = R"json([{"Plan": {"Node Type": "Seq Scan", "Relation Name": "orders",
  "Total Cost": 1200.5, "Filter": "(note = 'secret'::text)"}}])json";
constexpr const char* with_index = R"json([{"Plan": {"Node Type": "Index Scan",
  "Index Name": "<13543>btree_orders_note", "Relation Name": "orders", "Total Cost": 8.5,
  "Index Cond": "(note = 'secret'::text)"}}])json";

Finding costed(const std::string& id, const std::string& fingerprint, std::string statement = {}) {
  Finding out;
  out.id = id;
  out.probe = Probe{.fingerprint = fingerprint};
  out.plans = std::make_shared<const WhatIfPlans>(WhatIfPlans{.statement = std::move(statement),
                                                              .before = scan,
                                                              .origin = "EXPLAIN, generic plan",
                                                              .after = with_index,
                                                              .indexes = "orders (note)"});
  return out;
}

TEST(PlansOfFindings, ArePairs) {
  std::vector<ReportPlan> plans;
  add_plans_of_findings({Finding{}, costed("a", "f1")}, nullptr, plans);
  ASSERT_EQ(plans.size(), 2u);
  EXPECT_FALSE(plans[0].before);
  EXPECT_EQ(plans[1].before, 0u);
  EXPECT_EQ(plans[0].origin, "EXPLAIN, generic plan");
  EXPECT_EQ(plans[1].origin, "HypoPG, with an index on orders (note)");
  EXPECT_EQ(plans[1].total_cost, 8.5);
  EXPECT_NE(plans[1].json.find("\"hypothetical btree_orders_note\""), std::string::npos) << plans[1].json;
  for (const auto& plan : plans) {
    EXPECT_EQ(plan.fingerprint, "f1");
    EXPECT_EQ(plan.findings, std::vector<std::string>{"a"});
    EXPECT_EQ(plan.json.find("secret"), std::string::npos) << plan.json;
  }
}

TEST(PlansOfFindings, AreThereOnce) {
  std::vector<ReportPlan> plans;
  add_plans_of_findings({costed("a", "f1"), costed("b", "f1"), costed("c", "f2")}, nullptr, plans);
  ASSERT_EQ(plans.size(), 4u);
  EXPECT_EQ(plans[0].findings, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(plans[1].findings, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(plans[3].before, 2u);
  // A plan that the report has already.
  std::vector<ReportPlan> known{plans[0]};
  add_plans_of_findings({costed("d", "f1")}, nullptr, known);
  ASSERT_EQ(known.size(), 2u);
  EXPECT_EQ(known[1].before, 0u);
}

TEST(PlansOfFindings, OfAStatementThatPgadviseMade) {
  std::vector<ReportPlan> plans;
  add_plans_of_findings({costed("a", "", "SELECT 1")}, nullptr, plans);
  ASSERT_EQ(plans.size(), 2u);
  EXPECT_EQ(plans[1].fingerprint, "");
  EXPECT_EQ(plans[1].statement, "SELECT 1");
}

TEST(PlansOfFindings, AreBounded) {
  std::vector<Finding> findings;
  for (int i = 0; i < 150; ++i) findings.push_back(costed(std::to_string(i), "f" + std::to_string(i)));
  findings[0].plans = std::make_shared<const WhatIfPlans>(WhatIfPlans{.before = "no JSON", .after = "{"});
  std::vector<ReportPlan> plans;
  add_plans_of_findings(findings, nullptr, plans);
  EXPECT_EQ(plans.size(), 198u) << "100 findings, of which one has no plan that can be read";
}

}  // namespace
}  // namespace pgadvise::check
