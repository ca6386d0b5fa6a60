#include "lint/run/rule.h"

#include <algorithm>

namespace pgadvise::lint {

const RegisteredRule* find_rule(std::string_view id) {
  for (const auto& registered : all_rules())
    if (registered.rule->id == id) return &registered;
  return nullptr;
}

bool decided_by_files(const Rule& rule, bool sizes_known) {
  const Needs& needs = rule.needs;
  if (!needs.met_by({Input::schema, Input::migrations})) return false;
  return !sizes_known ||
         std::ranges::none_of(rule.options, [](const Option* option) { return option->table_size; });
}

}  // namespace pgadvise::lint
