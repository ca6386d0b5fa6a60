#include "check/run/baseline.h"

#include <map>

#include <nlohmann/json.hpp>

#include "base/files/write_file.h"
#include "base/text/json_parse.h"
#include "base/text/json_text.h"
#include "base/text/line_ends.h"
#include "base/text/mask.h"
#include "base/text/text.h"

namespace pgadvise::check {
namespace {

using json = nlohmann::ordered_json;

constexpr int version = 1;
constexpr std::size_t baseline_limit = std::size_t{64} << 20;

struct Known {
  std::string rule;
  std::string file;  // as the repository knows it; "" for none
  std::string what;
};
using Entries = std::map<std::string, Known>;  // by the finding's id

Result<Entries> read_entries(const std::string& path, const UserPaths& user_paths) {
  const auto text = read_file(path, baseline_limit, user_paths);
  if (!text) return fail(Error::Kind::usage, path, text.error().what, "--update-baseline creates it");
  const json root = parsed_json(*text);
  const auto wrong = [&](const std::string& what) {
    return fail(Error::Kind::usage, path, what,
                "--update-baseline writes one; does the file belong to another program?");
  };
  if (!root.is_object() || !root.contains("pgadvise_baseline") || !root.contains("findings") ||
      !root["findings"].is_array())
    return wrong(why_no_json(*text, "is not a pgadvise baseline"));
  if (root["pgadvise_baseline"] != version) return wrong("is a baseline of another pgadvise version");
  Entries out;
  for (const auto& entry : root["findings"]) {
    const auto word = [&](const char* key) {
      return entry.is_object() && entry.contains(key) && entry[key].is_string()
                 ? entry[key].get<std::string>()
                 : std::string();
    };
    if (word("id").empty() || word("rule").empty()) return wrong("has an entry without id or rule");
    out[word("id")] = {word("rule"), word("file"), word("what")};
  }
  return out;
}

std::string file_of(const Finding& finding, const RepositoryPaths& paths) {
  return finding.in_file() ? paths.relative(finding.location->file) : std::string();
}

std::string to_file(const Entries& entries) {
  json root;
  root["pgadvise_baseline"] = version;
  root["findings"] = json::array();
  for (const auto& [id, known] : entries) {
    json entry{{"id", id}, {"rule", known.rule}};
    if (!known.file.empty()) entry["file"] = known.file;
    entry["what"] = known.what;
    root["findings"].push_back(std::move(entry));
  }
  return escape_controls(root.dump(1, ' ', false, json::error_handler_t::replace)) + "\n";
}

// Moves what is known from the findings to the baseline's side; `gone` gets what is left of the entries.
void compare(Entries entries, Report& report, const LookedAt& looked_at) {
  Baseline& baseline = *report.baseline;
  std::vector<Finding> fresh;
  for (auto& finding : report.findings) {
    const bool known = entries.erase(finding.id) + entries.erase(finding.former_id) > 0 &&
                       finding.verdict != Verdict::refuted;
    (known ? baseline.known : fresh).push_back(std::move(finding));
  }
  report.findings = std::move(fresh);
  for (const auto& suppressed : report.suppressed) entries.erase(suppressed.finding.id);
  for (const auto& [id, known] : entries)
    if (looked_at(known.rule, known.file)) baseline.gone.push_back({id, known.rule, known.what});
}

}  // namespace

Result<void> apply_baseline(const std::string& path, Report& report, const LookedAt& looked_at,
                            const UserPaths& user_paths) {
  TRY(auto entries, read_entries(path, user_paths));
  report.baseline.emplace();
  report.baseline->path = path;
  compare(std::move(entries), report, looked_at);
  return {};
}

Result<void> update_baseline(const std::string& path, Report& report, const RepositoryPaths& paths,
                             const LookedAt& looked_at, const UserPaths& user_paths) {
  Entries before;
  std::string text;
  if (path_exists(path)) {
    TRY(before, read_entries(path, user_paths));
    text = read_file(path, baseline_limit, user_paths).value_or("");
  }
  Entries after;
  for (const auto& finding : report.findings)
    if (finding.verdict != Verdict::refuted)
      after[finding.id] = {finding.rule, file_of(finding, paths), mask_secrets(finding.message)};
  report.baseline.emplace();
  report.baseline->path = path;
  Entries all = before;
  for (const auto& [id, known] : after) all.try_emplace(id, known);
  compare(all, report, looked_at);
  for (const auto& [id, known] : before)
    if (!looked_at(known.rule, known.file)) after.try_emplace(id, known);
  return write_file(path, with_line_ends_of(text, to_file(after)));
}

}  // namespace pgadvise::check
