#include "cli/config.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "base/text.h"

namespace pgadvise::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t config_limit = std::size_t{4} << 20;

std::vector<std::string> rule_ids() {
  std::vector<std::string> out;
  for (const auto& registered : lint::all_rules()) out.emplace_back(registered.rule->id);
  return out;
}

class Reader {
 public:
  explicit Reader(const std::string& path) { out_.path = path; }

  Result<Config> read(const toml::table& root) {
    for (const auto& [key, value] : root) {
      if (key == "rules") rules(value);
      else if (key == "ignore") ignores(value);
      else unknown(key, {"rules", "ignore"});
    }
    if (error_) return tl::unexpected(*error_);
    return std::move(out_);
  }

 private:
  Place place(const toml::source_region& region) const { return {out_.path, static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)}; }

  // The first one is told.
  void complain(const toml::source_region& region, std::string what, std::string hint) {
    if (!error_) error_ = Error{Error::Kind::usage, place(region).str(), std::move(what), std::move(hint)};
  }
  void unknown(const toml::key& key, const std::vector<std::string>& known) {
    const std::string word(key.str());
    const std::string near = nearest(word, known);
    complain(key.source(), "unknown key " + ellipsis(word, 60), near.empty() ? "known here: " + join(known, ", ") : near);
  }
  bool known_rule(std::string_view id, const toml::source_region& region) {
    if (lint::find_rule(id)) return true;
    complain(region, "there is no rule " + ellipsis(std::string(id), 60), unknown_rule_hint(id));
    return false;
  }

  void rules(const toml::node& node) {
    const auto* table = node.as_table();
    if (!table) return complain(node.source(), "rules is no table", "[rules.unindexed-foreign-key] and what is said of it below");
    for (const auto& [id, value] : *table) {
      if (!known_rule(id.str(), id.source())) continue;
      const auto* settings = value.as_table();
      if (!settings) {
        complain(value.source(), "a rule's settings are a table", fmt::format("[rules.{}]", id.str()));
        continue;
      }
      rule(*lint::find_rule(id.str())->rule, *settings);
    }
  }

  void rule(const lint::Rule& rule, const toml::table& table) {
    auto& settings = out_.rules[std::string(rule.id)];
    std::vector<std::string> known = {"severity"};
    for (const auto& option : rule.options) known.emplace_back(option.name);
    for (const auto& [key, value] : table) {
      if (key == "severity") {
        severity(value, settings);
      } else if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
        unknown(key, known);
      } else if (const auto number = value.value<double>(); number && value.is_number() && std::isfinite(*number) && *number >= 0) {
        settings.options[std::string(key.str())] = *number;
      } else {
        complain(value.source(), fmt::format("{} is no number from 0 on", key.str()), fmt::format("pgadvise rules explain {}", rule.id));
      }
    }
  }

  void severity(const toml::node& node, lint::RuleSettings& settings) {
    const auto word = node.value<std::string>().value_or("");
    settings.on = word != "off";
    if (word == "error") settings.severity = Severity::error;
    else if (word == "warning") settings.severity = Severity::warning;
    else if (word == "note") settings.severity = Severity::note;
    else if (word != "off") complain(node.source(), "there is no severity " + ellipsis(word, 40), "error, warning, note or off, in quotes");
  }

  void ignores(const toml::node& node) {
    const auto* list = node.as_array();
    if (!list) return complain(node.source(), "ignore is no list of tables", "[[ignore]], with two brackets");
    for (const auto& entry : *list) {
      const auto* table = entry.as_table();
      if (!table) return complain(entry.source(), "ignore is no list of tables", "[[ignore]], with two brackets");
      ignore(*table);
    }
  }

  void ignore(const toml::table& table) {
    Suppression out;
    out.place = place(table.source());
    for (const auto& [key, value] : table) {
      const auto text = value.value<std::string>();
      if (key == "rule") rule_names(value, out.rules);
      else if (key == "object" && text) out.object = *text;
      else if (key == "path" && text) out.path = *text;
      else if (key == "reason" && text) out.reason = std::string(trim(*text));
      else if (key == "object" || key == "path" || key == "reason") complain(value.source(), fmt::format("{} is no text", key.str()), "in quotes");
      else unknown(key, {"rule", "object", "path", "reason"});
    }
    if (out.rules.empty()) complain(table.source(), "an ignore names no rule", "rule = \"unindexed-foreign-key\", or a list of rules");
    if (out.comment()) complain(table.source(), "an ignore names nothing", "object = \"public.orders.customer_id\", or path = \"drizzle/*\"; to turn a rule off: [rules.ID] severity = \"off\"");
    if (out.reason.empty()) complain(table.source(), "an ignore gives no reason", "reason = \"…\": who reads it next year wants to know");
    if (out.path.starts_with("./")) out.path.erase(0, 2);
    if (out.path.starts_with("/")) complain(table.source(), "path begins at the root", "from the project's folder: path = \"drizzle/*\"");
    out_.ignores.push_back(std::move(out));
  }

  void rule_names(const toml::node& node, std::vector<std::string>& out) {
    const auto add = [&](const toml::node& item) {
      const auto id = item.value<std::string>();
      if (id && known_rule(*id, item.source())) out.push_back(*id);
      if (!id) complain(item.source(), "a rule is named by its id", "in quotes");
    };
    if (const auto* list = node.as_array()) std::for_each(list->begin(), list->end(), add);
    else add(node);
  }

  Config out_;
  std::optional<Error> error_;
};

}  // namespace

std::string find_config(const std::string& folder) {
  std::error_code code;
  fs::path at = fs::weakly_canonical(folder, code);
  const fs::path here = fs::current_path(code);
  if (code) return {};
  if (!fs::is_directory(at, code)) at = at.parent_path();
  for (;; at = at.parent_path()) {
    if (fs::is_regular_file(at / "pgadvise.toml", code)) return (at / "pgadvise.toml").lexically_proximate(here).generic_string();
    if (fs::exists(at / ".git", code) || at == at.parent_path()) return {};
  }
}

Result<Config> read_config(const std::string& path) {
  const auto text = read_file(path, config_limit);
  if (!text) return fail(Error::Kind::usage, path, text.error().what, text.error().hint);
  return parse_config(path, *text);
}

Result<Config> parse_config(const std::string& path, std::string_view text) {
  const auto parsed = toml::parse(text, path);
  if (!parsed) {
    const auto& at = parsed.error().source().begin;
    return fail(Error::Kind::usage, fmt::format("{}:{}", path, at.line), "is no TOML: " + ellipsis(std::string(parsed.error().description()), 200), "docs/configuration.md shows what it may hold");
  }
  return Reader(path).read(parsed.table());
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t least = word.size() / 3 + 2;
  for (const auto& candidate : known) {
    if (candidate.size() > word.size() + least || word.size() > candidate.size() + least) continue;
    if (const std::size_t far = edit_distance(word, candidate); far < least) {
      least = far;
      best = candidate;
    }
  }
  return best.empty() ? std::string() : "did you mean " + best + "?";
}

std::string unknown_rule_hint(std::string_view id) {
  const std::string near = nearest(id, rule_ids());
  return near.empty() ? "pgadvise rules lists them" : near;
}

}  // namespace pgadvise::cli
