#include "check/config/config_rules.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iterator>

#include <fmt/format.h>

#include "base/containers.h"
#include "base/text/text.h"
#include "lint/run/rule.h"

namespace pgadvise::check {
namespace {

constexpr std::size_t max_ignores = 2'000;  // of all files; each is compared with findings; likewise owners

std::vector<std::string> rule_ids() {
  std::vector<std::string> out;
  for (const auto& registered : lint::all_rules()) out.emplace_back(registered.rule->id);
  return out;
}

bool known_rule(ConfigErrors& errors, std::string_view id, const toml::source_region& region) {
  if (lint::find_rule(id)) return true;
  errors.complain(region, "unknown rule " + ellipsis(std::string(id), 60),
                  errors.full() ? std::string() : unknown_rule_hint(id));
  return false;
}

void choice(ConfigErrors& errors, const lint::Option& option, const toml::node& node,
            lint::RuleSettings& settings) {
  const auto word = node.value<std::string>();
  const std::string words = join({option.choices.begin(), option.choices.end()}, ", ") + "; in quotes";
  if (!word || !node.is_string())
    return errors.complain(node.source(), fmt::format("{} is not a string", option.name), words);
  const auto at = std::ranges::find(option.choices, *word);
  if (at == option.choices.end())
    return errors.complain(node.source(),
                           fmt::format("unknown value of {}: {}", option.name, ellipsis(*word, 40)), words);
  settings.options[std::string(option.name)] = static_cast<double>(at - option.choices.begin()) + 1;
  if (!settings.on) settings.on = true;
}

void severity(ConfigErrors& errors, const toml::node& node, lint::RuleSettings& settings) {
  const auto word = node.value<std::string>().value_or("");
  settings.on = word != "off";
  if (word == "error") settings.severity = Severity::error;
  else if (word == "warning") settings.severity = Severity::warning;
  else if (word == "note") settings.severity = Severity::note;
  else if (word != "off")
    errors.complain(node.source(), "unknown severity " + ellipsis(word, 40),
                    "error, warning, note or off, in quotes");
}

void rule(ConfigErrors& errors, const lint::Rule& rule, const toml::table& table, lint::Settings& out) {
  auto& settings = out[std::string(rule.id)];
  std::vector<std::string> known = {"severity"};
  for (const auto* option : rule.options) known.emplace_back(option->name);
  for (const auto& [key, value] : table) {
    const auto* option = find_first(
        rule.options, [&](const auto* each) { return each->name == key.str() && !each->choices.empty(); });
    if (key == "severity") {
      severity(errors, value, settings);
    } else if (option) {
      choice(errors, **option, value, settings);
    } else if (!is_one_of(key.str(), known)) {
      errors.unknown(key, known);
    } else if (const auto number = value.value<double>();
               number && value.is_number() && std::isfinite(*number) && *number >= 0) {
      settings.options[std::string(key.str())] = *number;
    } else {
      errors.complain(value.source(), fmt::format("{} is not a number of at least 0", key.str()),
                      fmt::format("pgadvise rules explain {}", rule.id));
    }
  }
}

// `before`: the number of entries of extended files.
void tables(ConfigErrors& errors, const toml::node& node, std::string_view name, std::size_t before,
            const std::function<void(const toml::table&)>& take) {
  const auto refuse = [&](const toml::node& at) {
    errors.complain(at.source(), fmt::format("{} is not a list of tables", name),
                    fmt::format("write [[{}]], with two brackets", name));
  };
  const auto* list = node.as_array();
  if (!list) return refuse(node);
  if (!errors.bounded(node.source(), name, before + list->size(), max_ignores)) return;
  for (const auto& entry : *list) {
    if (const auto* table = entry.as_table()) take(*table);
    else refuse(entry);
  }
}

void owner(ConfigErrors& errors, const toml::table& table, std::vector<OwnerEntry>& all) {
  OwnerEntry out;
  const std::pair<std::string_view, std::string*> members[] = {
      {"owner", &out.owner}, {"object", &out.object}, {"path", &out.path}, {"application", &out.application}};
  for (const auto& [key, value] : table) {
    const auto* member = find_first(members, [&](const auto& each) { return key == each.first; });
    const auto text = value.value<std::string>();
    if (!member) errors.unknown(key, {"owner", "object", "path", "application"});
    else if (!text || trim(*text).empty())
      errors.complain(value.source(), fmt::format("{} is not a string", key.str()), "in quotes");
    else *member->second = trim(*text);
  }
  if (!table.contains("owner"))
    errors.complain(table.source(), "an [[owner]] names no owner", "owner = \"@shop/payments\"");
  if (!table.contains("object") && !table.contains("path") && !table.contains("application"))
    errors.complain(table.source(), "an [[owner]] names neither an object nor a path nor an application",
                    "object = \"billing.*\", path = \"apps/web/*\" or application = \"web\"");
  for (const auto& [name, value] : members)
    if (!errors.short_pattern(table.source(), name, *value)) return;
  all.push_back(std::move(out));
}

// A date of TOML, or a string with one: "2027-01-31". "", with an error, for anything else.
std::string day(ConfigErrors& errors, const toml::node& node) {
  int year = 0, month = 0, day = 0, length = 0;
  if (const auto* date = node.as_date()) {
    year = date->get().year, month = date->get().month, day = date->get().day;
  } else {
    const auto text = node.value<std::string>().value_or("");
    if (std::sscanf(text.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &length) != 3 || length != 10 ||
        text.size() != 10)
      year = month = day = -1;
  }
  namespace ch = std::chrono;
  if (year >= 0 && ch::year_month_day{ch::year(year), ch::month(static_cast<unsigned>(month)),
                                      ch::day(static_cast<unsigned>(day))}
                       .ok())
    return fmt::format("{:04}-{:02}-{:02}", year, month, day);
  errors.complain(node.source(), "until is not a date", "until = \"2027-01-31\"");
  return {};
}

void rule_names(ConfigErrors& errors, const toml::node& node, std::vector<std::string>& out) {
  const auto add = [&](const toml::node& item) {
    const auto id = item.value<std::string>();
    if (id && known_rule(errors, *id, item.source())) out.push_back(*id);
    if (!id) errors.complain(item.source(), "name a rule by its id", "in quotes");
  };
  const auto* list = node.as_array();
  if (!list) add(node);
  else if (errors.bounded(node.source(), "rule", list->size()))
    std::for_each(list->begin(), list->end(), add);
}

void ignore(ConfigErrors& errors, const toml::table& table, std::vector<Suppression>& all) {
  Suppression out;
  out.place = errors.place(table.source());
  for (const auto& [key, value] : table) {
    const auto text = value.value<std::string>();
    if (key == "rule") rule_names(errors, value, out.rules);
    else if (key == "object" && text) out.object = *text;
    else if (key == "path" && text) out.path = *text;
    else if (key == "reason" && text) out.reason = std::string(trim(*text));
    else if (key == "owner" && text) out.owner = std::string(trim(*text));
    else if (key == "until") out.until = day(errors, value);
    else if (key == "object" || key == "path" || key == "reason" || key == "owner")
      errors.complain(value.source(), fmt::format("{} is not a string", key.str()), "in quotes");
    else errors.unknown(key, {"rule", "object", "path", "reason", "owner", "until"});
  }
  const auto lacks = [&](std::string_view key, const std::string& value) {
    return value.empty() && (!table.contains(key) || table.get(key)->is_string());
  };
  const auto* rules = table.get("rule");
  if (!rules || (rules->is_array() && rules->as_array()->empty()))
    errors.complain(table.source(), "an [[ignore]] names no rule",
                    "rule = \"unindexed-foreign-key\", or a list of rules");
  if (lacks("object", out.object) && lacks("path", out.path))
    errors.complain(table.source(), "an [[ignore]] names neither an object nor a path",
                    "object = \"public.orders.customer_id\", or path = \"drizzle/*\"; to turn off a rule: "
                    "[rules.ID] severity = \"off\"");
  if (lacks("reason", out.reason))
    errors.complain(table.source(), "an [[ignore]] gives no reason", "add reason = \"…\", for later readers");
  if (!errors.short_pattern(table.source(), "path", out.path) ||
      !errors.short_pattern(table.source(), "object", out.object))
    return;
  if (out.path.starts_with("./")) out.path.erase(0, 2);
  if (out.path.starts_with("/"))
    errors.complain(table.source(), "path starts with /",
                    "write it relative to the project's folder: path = \"drizzle/*\"");
  all.push_back(std::move(out));
}

}  // namespace

void read_rules(const toml::node& node, ConfigErrors& errors, lint::Settings& out) {
  const auto* table = node.as_table();
  if (!table)
    return errors.complain(node.source(), "rules is not a table",
                           "write [rules.unindexed-foreign-key], and its settings below it");
  if (!errors.bounded(node.source(), "rules", table->size())) return;
  for (const auto& [id, value] : *table) {
    if (!known_rule(errors, id.str(), id.source())) continue;
    const auto* settings = value.as_table();
    if (!settings) {
      errors.complain(value.source(), "a rule's settings must be a table",
                      fmt::format("[rules.{}]", id.str()));
      continue;
    }
    rule(errors, *lint::find_rule(id.str())->rule, *settings, out);
  }
}

void read_ignores(const toml::node& node, ConfigErrors& errors, std::vector<Suppression>& out) {
  tables(errors, node, "ignore", out.size(), [&](const toml::table& table) { ignore(errors, table, out); });
}

void read_owners(const toml::node& node, ConfigErrors& errors, std::vector<OwnerEntry>& out) {
  tables(errors, node, "owner", out.size(), [&](const toml::table& table) { owner(errors, table, out); });
}

std::string unknown_rule_hint(std::string_view id) {
  const std::string near = nearest(id, rule_ids());
  return near.empty() ? "pgadvise rules lists all rules" : near;
}

}  // namespace pgadvise::check
