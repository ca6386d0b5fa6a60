#include "check/config/config_errors.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/text/text.h"

namespace pgadvise::check {
namespace {

constexpr std::size_t max_errors = 100;
constexpr std::size_t max_stars = 20;  // of a pattern

// A key that would name a command where none is allowed: "url-command".
bool names_command(std::string_view key) {
  return is_one_of(key.substr(key.find_last_of("-_") + 1), {"migrate", "command", "commands", "cmd", "exec",
                                                            "hook", "hooks", "run", "shell", "script"});
}

}  // namespace

void ConfigErrors::open(const std::string& path) {
  reading_.push_back(path);
  reported_.emplace_back();
}

void ConfigErrors::close() {
  // As they stand in the file: the parser sorts keys by name.
  auto& reported = reported_.back();
  std::ranges::stable_sort(reported, [](const Reported& one, const Reported& other) {
    return std::pair(one.line, one.column) < std::pair(other.line, other.column);
  });
  for (auto& one : reported) errors_.push_back(std::move(one.error));
  reported_.pop_back();
  reading_.pop_back();
}

bool ConfigErrors::full() const { return reported_.back().size() >= max_errors; }

Diagnostics ConfigErrors::take(const std::string& path) {
  if (errors_.size() > max_errors) {
    const std::size_t more = errors_.size() - max_errors;
    errors_.resize(max_errors);
    errors_.push_back({Error::Kind::usage, path, fmt::format("{} more errors are not shown", more), ""});
  }
  return std::move(errors_);
}

SourceLocation ConfigErrors::place(const toml::source_region& region) const {
  return {reading_.back(), static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

void ConfigErrors::complain(const toml::source_region& region, std::string what, std::string hint) {
  reported_.back().push_back({{Error::Kind::usage, place(region).str(), std::move(what), std::move(hint)},
                              region.begin.line,
                              region.begin.column});
}

bool ConfigErrors::bounded(const toml::source_region& region, std::string_view name, std::size_t count,
                           std::size_t bound) {
  if (count <= bound) return true;
  complain(region, fmt::format("{} has {} entries, and the limit is {}", name, count, bound),
           "take some out: none of them is read");
  return false;
}

bool ConfigErrors::short_pattern(const toml::source_region& region, std::string_view name,
                                 const std::string& pattern) {
  const auto stars = static_cast<std::size_t>(std::ranges::count(pattern, '*'));
  if (pattern.size() <= max_pattern && stars <= max_stars) return true;
  complain(region,
           fmt::format("{}: a pattern of {} characters with {} *, and the limits are {} and {}", name,
                       pattern.size(), stars, max_pattern, max_stars),
           "use a shorter pattern");
  return false;
}

void ConfigErrors::unknown(const toml::key& key, const std::vector<std::string>& known) {
  const std::string word(key.str());
  if (!of_user_ && names_command(word))
    return complain(key.source(),
                    ellipsis(word, 60) + ": a repository's configuration may not name a command",
                    "the only command is that of [migrate], which needs --allow-commands");
  const std::string near = full() ? std::string() : nearest(word, known);
  complain(key.source(), "unknown key " + ellipsis(word, 60),
           near.empty() ? "known here: " + join(known, ", ") : near);
}

void ConfigErrors::texts(const toml::node& node, std::string_view name,
                         const std::function<void(const toml::node&, const std::string&)>& take,
                         std::size_t bound) {
  const auto one = [&](const toml::node& item) {
    const auto text = item.value<std::string>();
    if (text && !trim(*text).empty()) take(item, *text);
    else
      complain(item.source(), fmt::format("{} is neither a string nor a list of strings", name),
               fmt::format("{} = [\"…\"]", name));
  };
  const auto* list = node.as_array();
  if (!list) one(node);
  else if (bounded(node.source(), name, list->size(), bound)) std::for_each(list->begin(), list->end(), one);
}

}  // namespace pgadvise::check
