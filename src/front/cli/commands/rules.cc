#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text/text.h"
#include "check/config/config_rules.h"
#include "cli/commands/commands.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "lint/run/rule.h"
#include "report/pages/rule_page.h"

namespace pgadvise::cli {

static int list() {
  std::string out;
  for (const auto& [category, rule, example, bad, good] : lint::all_rules())
    out += fmt::format("{:<28} {:<8} {:<10} {}\n", rule->id,
                       rule->on_by_default ? name(rule->severity) : "off", category, rule->summary);
  return print_output(out);
}

// `id`: a rule's, or a finding's, unindexed-foreign-key:1b17.
static int explain(const std::string& id) {
  const auto* rule = lint::find_rule(id.substr(0, id.find(':')));
  if (!rule) return usage_error({Error::Kind::usage, "", "unknown rule " + id, check::unknown_rule_hint(id)});
  return print_output(join(report::rule_lines(*rule, look_of({})), "\n") + "\n");
}

void add_rules(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("rules", "List or describe the rules");
  command->require_subcommand(0, 1);
  auto id = std::make_shared<std::string>();
  command->add_subcommand("list", "List all rules, one per line");
  auto* explained = command->add_subcommand("explain", "Describe a rule: what it finds, why, and what to do");
  explained->add_option("ID", *id, "The rule's id, or a finding's: unindexed-foreign-key:1b17")->required();
  command->callback([command, explained, id, &exit_code] {
    exit_code = command->got_subcommand(explained) ? explain(*id) : list();
  });
}

}  // namespace pgadvise::cli
