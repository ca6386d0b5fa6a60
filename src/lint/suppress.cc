#include "lint/suppress.h"

#include <algorithm>

#include "base/text.h"

namespace pgadvise::lint {
namespace {

// `*` stands for any characters. Linear but for the last star's part.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

// Every name that a person may call the subject by.
std::vector<std::string> names_of(const Subject& subject) {
  std::vector<std::string> out;
  const auto with_schema = [&](const std::string& name) {
    if (name.empty()) return;
    if (subject.schema.empty() || subject.schema == "public") out.push_back(name);
    if (!subject.schema.empty()) out.push_back(subject.schema + "." + name);
  };
  if (subject.kind == "schema") out.push_back(subject.schema);
  with_schema(subject.table);
  with_schema(subject.index);
  with_schema(subject.constraint);
  if (!subject.table.empty()) {
    if (!subject.columns.empty()) with_schema(subject.table + "." + join(subject.columns, ","));
    if (!subject.constraint.empty()) with_schema(subject.table + "." + subject.constraint);
  }
  for (const auto* name : {&subject.fingerprint, &subject.entry, &subject.file})
    if (!name->empty()) out.push_back(*name);
  return out;
}

bool speaks_for(const Suppression& suppression, const Finding& finding) {
  if (std::find(suppression.rules.begin(), suppression.rules.end(), finding.rule) == suppression.rules.end()) return false;
  if (suppression.comment()) {
    if (!finding.location || finding.location->file != suppression.place.file) return false;
    if (suppression.first_line == 0) return true;
    if (finding.subject.kind == "schema") return false;
    const std::pair at(finding.location->line, finding.location->column);
    return at >= std::pair(suppression.first_line, suppression.first_column) && at <= std::pair(suppression.last_line, suppression.last_column);
  }
  if (!suppression.path.empty()) {
    const std::string file = finding.location ? finding.location->file : finding.subject.file;
    if (!matches(suppression.path, file) && !matches("*/" + suppression.path, file)) return false;
  }
  if (suppression.object.empty()) return true;
  const auto names = names_of(finding.subject);
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return matches(suppression.object, name); });
}

}  // namespace

std::vector<Suppressed> suppress(std::vector<Finding>& findings, const std::vector<Suppression>& suppressions, UsedSuppressions& used) {
  std::vector<Suppressed> out;
  if (suppressions.empty()) return out;
  std::vector<Finding> kept;
  for (Finding& finding : findings) {
    const Suppression* by = nullptr;
    for (std::size_t i = 0; i < suppressions.size(); ++i) {
      if (!speaks_for(suppressions[i], finding)) continue;
      used.emplace(i, finding.rule);
      if (!by) by = &suppressions[i];
    }
    if (by) out.push_back({std::move(finding), *by});
    else kept.push_back(std::move(finding));
  }
  findings = std::move(kept);
  return out;
}

}  // namespace pgadvise::lint
