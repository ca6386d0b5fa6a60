#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::multiple_permissive_policies {
namespace {

constexpr std::string_view everybody = "PUBLIC";

using Policies = std::vector<const Policy*>;

// The permissive policies for each role and command. Policies for PUBLIC count for every role that is named.
std::map<std::pair<std::string, std::string>, Policies> by_role_and_command(const Table& table) {
  std::set<std::string> roles = {std::string(everybody)};
  for (const auto& policy : table.policies) roles.insert(policy.roles.begin(), policy.roles.end());
  std::map<std::pair<std::string, std::string>, Policies> out;
  for (const auto& policy : table.policies) {
    if (!policy.permissive) continue;
    for (const auto& role : roles) {
      if (!policy.roles.empty() && !contains(policy.roles, role)) continue;
      for (const char* command : {"SELECT", "INSERT", "UPDATE", "DELETE"})
        if (policy.command == "ALL" || policy.command == command) out[{role, command}].push_back(&policy);
    }
  }
  std::erase_if(out, [](const auto& one) { return one.second.size() < 2; });
  return out;
}

std::string names(const Policies& policies) {
  std::vector<std::string> out;
  for (const auto* policy : policies) out.push_back(policy->name);
  return join(out, ", ");
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    if (!table->row_security) continue;
    const auto several = by_role_and_command(*table);
    if (several.empty()) continue;
    std::size_t most = 0;
    std::map<Policies, std::vector<std::string>> together;  // the roles and commands that they apply to
    for (const auto& [role_and_command, policies] : several) {
      most = std::max(most, policies.size());
      together[policies].push_back(role_and_command.second + " by " + role_and_command.first);
    }
    Finding& finding = reporter.add(table_subject(table->name), several.begin()->second.back()->origin,
                                    "On " + display(table->name) + " up to " + std::to_string(most) +
                                        " permissive policies apply to one role and command: the server "
                                        "evaluates all of them for each row.");
    for (const auto& [policies, uses] : together)
      finding.evidence.push_back(
          catalog_fact(join(uses, ", ") + ": " + names(policies), policies.back()->origin));
    finding.fix = manual_fix(
        "Replace them by one policy for each role and command, whose expression joins theirs with OR; a "
        "condition that all rows must meet is a RESTRICTIVE policy");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "multiple-permissive-policies",
    .severity = Severity::note,
    .needs = Input::schema,
    .summary = "several permissive row-level security policies for one role and command",
    .why =
        "A row is visible if one of the permissive policies admits it: PostgreSQL joins their expressions "
        "with OR, and evaluates them one after another until one is true. A row that no policy admits costs "
        "all of them, and an OR often keeps the planner from using an index. A reader of the schema has to "
        "combine the policies, too, to see who may do what.\n\n"
        "A policy FOR ALL counts for each command, a policy TO PUBLIC for each role that a policy of the "
        "table names. In SQL files, CURRENT_USER and SESSION_USER count as roles of their own: the files do "
        "not say which role runs them.",
    .fix = "Write one policy for each role and command.",
    .when_to_ignore = "The table is small, or the policies are kept apart on purpose.",
    .check = check};

}  // namespace pgadvise::rules::multiple_permissive_policies
