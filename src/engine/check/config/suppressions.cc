#include "check/config/suppressions.h"

#include <ctime>
#include <filesystem>

#include <fmt/chrono.h>

#include "base/text/text.h"
#include "check/config/config_rules.h"
#include "lint/run/rule.h"
#include "sql/parse/suppressions.h"

namespace pgadvise::check {

void add_suppressions(std::vector<Suppression> found, Suppressions& suppressions, Diagnostics& diagnostics) {
  for (auto& suppression : found) {
    const auto report = [&](const std::string& what, std::string hint) {
      warn(diagnostics, suppression.place.str(), "pgadvise: ignore " + what, std::move(hint));
    };
    if (suppression.rules.empty()) report("names no rule", "-- pgadvise: ignore rule-id the reason");
    for (const auto& rule : suppression.rules)
      if (!lint::find_rule(rule)) report("unknown rule " + ellipsis(rule, 60), unknown_rule_hint(rule));
    if (suppression.reason.empty()) report("gives no reason", "add a reason, for later readers");
    suppressions.entries.push_back(std::move(suppression));
  }
}

void read_comments(const std::string& file, Suppressions& suppressions, Diagnostics& diagnostics,
                   const UserPaths& user_paths) {
  constexpr std::size_t comments_limit = std::size_t{64} << 20;
  if (!suppressions.files_read.insert(file).second) return;
  const auto text = read_file(file, comments_limit, user_paths);
  if (!text) return;
  add_suppressions(
      file.ends_with(".sql") ? sql::suppressions(*text, file) : sql::line_suppressions(*text, file),
      suppressions, diagnostics);
}

std::vector<Suppression> in_force(const std::vector<Suppression>& entries, const std::string& today,
                                  Diagnostics& diagnostics) {
  std::vector<Suppression> out;
  for (const auto& entry : entries) {
    if (entry.until.empty() || today <= entry.until) {
      out.push_back(entry);
      continue;
    }
    warn(diagnostics, entry.place.str(),
         "this [[ignore]] applied until " + entry.until + ", so pgadvise reports its findings again" +
             (entry.owner.empty() ? "" : "; its owner is " + ellipsis(entry.owner, 120)),
         "fix the findings and remove the entry, or set a later date");
  }
  return out;
}

std::string below_config(const std::string& path) {
  namespace fs = std::filesystem;
  if (path.empty()) return {};
  std::error_code code;
  const auto folder = fs::weakly_canonical(fs::absolute(path, code).parent_path(), code);
  const std::string here = fs::current_path(code).lexically_relative(folder).generic_string();
  return code || here == "." || here.empty() || here.starts_with("..") ? std::string() : here + "/";
}

std::string today() { return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr))); }

}  // namespace pgadvise::check
