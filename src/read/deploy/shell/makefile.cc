#include "deploy/shell/makefile.h"

#include <algorithm>
#include <map>

#include "base/text/text.h"

namespace pgadvise::deploy {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t longest_line = 4096;  // after replacement of variables
constexpr std::size_t most_targets = 5000;
constexpr std::size_t most_names = 100;  // of one rule

struct Expansion {
  const Variables& variables;
  int budget = 20'000;  // replacements in one file: values that name each other grow fast
};

std::string expanded(std::string_view text, Expansion& expansion, int depth = 0) {
  std::string out;
  for (std::size_t at = 0; at < text.size() && out.size() < longest_line; ++at) {
    const char next = at + 1 < text.size() ? text[at + 1] : ' ';
    if (text[at] != '$') {
      out += text[at];
    } else if (next == '$') {
      out += '$';
      ++at;
    } else if (next == '(' || next == '{') {
      const auto close = text.find(next == '(' ? ')' : '}', at);
      if (close == std::string_view::npos) return out + std::string(text.substr(at));
      const auto name = text.substr(at + 2, close - at - 2);
      const auto known = expansion.variables.find(name);
      if (name == "MAKE") {
        out += "make";
      } else if (known != expansion.variables.end() && depth < 8 && expansion.budget-- > 0) {
        out += expanded(known->second, expansion, depth + 1);
      } else {
        out += "${" + std::string(name) + "}";
      }
      at = close;
    } else {
      out += '$';
    }
  }
  return out;
}

struct Line {
  std::string text;  // continued lines joined: the backslash and the line end are blanks
  std::size_t offset = 0;
};

std::vector<Line> logical_lines(std::string_view text) {
  std::vector<Line> out;
  std::size_t offset = 0;
  bool continued = false;
  for (const auto line : split(text, '\n')) {
    auto content = line;
    if (content.ends_with("\r")) content.remove_suffix(1);
    const bool more = content.ends_with("\\");
    if (more) content.remove_suffix(1);
    if (continued) {
      out.back().text += " " + std::string(content.starts_with("\t") ? content.substr(1) : content);
    } else {
      out.push_back({std::string(content), offset});
    }
    continued = more;
    offset += line.size() + 1;
  }
  return out;
}

// `NAME = value`, with any of make's operators; false for other lines.
bool read_variable(std::string_view line, Variables& variables) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return false;
  auto name = line.substr(0, equals);
  bool if_unset = false;
  while (!name.empty() &&
         (name.back() == ':' || name.back() == '?' || name.back() == '+' || name.back() == '!')) {
    if_unset = if_unset || name.back() == '?' || name.back() == '+';
    name.remove_suffix(1);
  }
  name = trim(name);
  if (name.starts_with("export ")) name = trim(name.substr(7));
  if (name.empty() || name.find_first_of(" \t:$(") != std::string_view::npos) return false;
  if (if_unset && variables.count(name)) return true;
  variables[std::string(name)] = std::string(trim(line.substr(equals + 1)));
  return true;
}

std::string_view without_comment(std::string_view line) { return line.substr(0, line.find('#')); }

}  // namespace

std::vector<MakeTarget> parse_makefile(std::string_view text) {
  const auto lines = logical_lines(text);
  Variables variables{{"MAKE", "make"}};
  for (const auto& line : lines)
    if (!line.text.starts_with("\t")) read_variable(without_comment(line.text), variables);
  Expansion expansion{variables};
  std::vector<MakeTarget> out;
  std::size_t first = 0;  // of the targets that the recipe belongs to
  const auto add_recipe = [&](std::string_view recipe, std::size_t offset) {
    const auto begin = std::min(recipe.find_first_not_of(" \t@-+"), recipe.size());
    if (begin == recipe.size() || recipe[begin] == '#') return;
    for (std::size_t i = first; i < out.size(); ++i)
      out[i].recipe.push_back({expanded(recipe.substr(begin), expansion), offset + begin});
  };
  for (const auto& line : lines) {
    if (line.text.starts_with("\t")) {
      add_recipe(line.text, line.offset);
      continue;
    }
    const std::string_view rule = without_comment(line.text);
    Variables ignored;
    const auto colon = rule.find(':');
    if (trim(rule).empty() || colon == std::string_view::npos || read_variable(rule, ignored)) continue;
    const auto after = rule.substr(colon + (rule.substr(colon, 2) == "::" ? 2 : 1));
    const auto semicolon = after.find(';');
    first = out.size();
    const std::string names = expanded(trim(rule.substr(0, colon)), expansion);
    for (const auto name : split(names, ' ')) {
      if (name.empty() || name[0] == '.' || contains(name, "%") || contains(name, "$")) continue;
      if (out.size() >= most_targets || out.size() - first >= most_names) break;
      MakeTarget target{std::string(name), {}, {}};
      if (!contains(after, "=")) {
        const std::string needs = expanded(trim(after.substr(0, semicolon)), expansion);
        for (const auto need : split(needs, ' '))
          if (!need.empty() && need != "|") target.needs.emplace_back(need);
      }
      out.push_back(std::move(target));
    }
    if (semicolon != std::string_view::npos)
      add_recipe(line.text.substr(std::min(line.text.find(';') + 1, line.text.size())),
                 line.offset + line.text.find(';') + 1);
  }
  return out;
}

}  // namespace pgadvise::deploy
