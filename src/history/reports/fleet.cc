#include "reports/fleet.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/json/members.h"
#include "report/text/figures.h"
#include "reports/sections.h"

namespace pgadvise::report {
namespace {

using json = nlohmann::ordered_json;

struct DatabaseCounts {
  std::size_t errors = 0, warnings = 0, notes = 0;

  void add(Severity severity) {
    ++(severity == Severity::error ? errors : severity == Severity::warning ? warnings : notes);
  }
};

struct Entry {
  const FleetDatabase* database = nullptr;
  DatabaseCounts counts;
  double score = 0;                        // sum of impacts
  const RecordedFinding* first = nullptr;  // of the greatest impact; null without findings
};

struct RuleEntry {
  std::string rule;
  std::size_t findings = 0;
  std::set<std::string> databases;
};

struct Summary {
  std::vector<Entry> checked;  // the one to look at first comes first
  std::vector<const FleetDatabase*> failed;
  std::vector<RuleEntry> rules;  // by the number of databases
  DatabaseCounts counts;
};

Entry entry_of(const FleetDatabase& database) {
  Entry out;
  out.database = &database;
  for (const auto& finding : database.run.findings) {
    if (finding.state != RecordedFinding::State::standing) continue;
    out.counts.add(finding.severity);
    out.score += finding.impact.score;
    if (!out.first || finding.impact.score > out.first->impact.score) out.first = &finding;
  }
  return out;
}

Summary summary_of(const std::vector<FleetDatabase>& databases) {
  Summary out;
  std::map<std::string, RuleEntry> rules;
  for (const auto& database : databases) {
    if (!database.failure.empty()) {
      out.failed.push_back(&database);
      continue;
    }
    out.checked.push_back(entry_of(database));
    for (const auto& finding : database.run.findings) {
      if (finding.state != RecordedFinding::State::standing) continue;
      out.counts.add(finding.severity);
      auto& rule = rules[finding.rule];
      rule.rule = finding.rule;
      ++rule.findings;
      rule.databases.insert(database.name);
    }
  }
  for (auto& [name, rule] : rules) out.rules.push_back(std::move(rule));
  std::ranges::sort(out.rules, [](const RuleEntry& a, const RuleEntry& b) {
    return std::tuple(b.databases.size(), b.findings, a.rule) <
           std::tuple(a.databases.size(), a.findings, b.rule);
  });
  std::ranges::sort(out.checked, [](const Entry& a, const Entry& b) {
    return std::tie(b.counts.errors, b.score, a.database->name) <
           std::tie(a.counts.errors, a.score, b.database->name);
  });
  std::ranges::sort(out.failed, [](const auto* a, const auto* b) { return a->name < b->name; });
  return out;
}

std::string line_of(const DatabaseCounts& counts) {
  return fmt::format("{}, {}, {}", plural(counts.errors, "error"), plural(counts.warnings, "warning"),
                     plural(counts.notes, "note"));
}

}  // namespace

std::string fleet_text(const std::vector<FleetDatabase>& databases, const Look& look, std::size_t top) {
  const Summary summary = summary_of(databases);
  Sections out(look, top);
  out.paragraph("", "  ",
                fmt::format("{} checked, {} not. {}.", plural(summary.checked.size(), "database"),
                            count(summary.failed.size()), line_of(summary.counts)));
  if (!summary.failed.empty()) out.title("Not checked, or not stored");
  for (const auto* database : summary.failed) out.entry(database->name + ": " + database->failure);
  out.section("Databases to look at first", summary.checked, [&](const Entry& entry) {
    out.entry(entry.database->name + ": " + line_of(entry.counts));
    if (entry.first) out.remark(entry.first->message);
  });
  out.section("Rules with findings in most databases", summary.rules, [&](const RuleEntry& rule) {
    out.entry(fmt::format("{}: {} in {}", rule.rule, plural(rule.findings, "finding"),
                          plural(rule.databases.size(), "database")));
  });
  return out.text();
}

std::string fleet_json(const std::vector<FleetDatabase>& databases) {
  const Summary summary = summary_of(databases);
  const auto counts_json = [](const DatabaseCounts& counts) {
    return object("errors", counts.errors, "warnings", counts.warnings, "notes", counts.notes);
  };
  json out = object("schema", "pgadvise-fleet-1", "checked", summary.checked.size(), "failed",
                    summary.failed.size(), "findings", counts_json(summary.counts));
  out["databases"] = array_of(summary.checked, [&](const Entry& entry) {
    const FleetDatabase& database = *entry.database;
    json out = object("name", database.name, "seconds", database.seconds, "server_version",
                      database.run.server_version, "findings", counts_json(entry.counts), "impact",
                      object("score", entry.score));
    if (const auto* first = entry.first)
      out["first"] = object("id", first->id, "rule", first->rule, "severity", name(first->severity),
                            "message", first->message);
    return out;
  });
  out["failures"] = array_of(summary.failed, [](const FleetDatabase* database) {
    return object("name", database->name, "seconds", database->seconds, "failure", database->failure);
  });
  out["rules"] = array_of(summary.rules, [](const RuleEntry& rule) {
    return object("rule", rule.rule, "findings", rule.findings, "databases", rule.databases.size());
  });
  return text_of(out);
}

}  // namespace pgadvise::report
