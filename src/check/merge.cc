#include "check/merge.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <tuple>

#include "check/baseline.h"
#include "check/trust.h"
#include "lint/rule.h"

namespace pgadvise::check {
namespace {

// A finding before it has its final id.
struct Found {
  const Checked* checked = nullptr;
  std::size_t order = 0;  // among all, as the inputs were given
  Finding finding;

  const std::string& path() const {
    static const std::string none;
    return checked->schema ? checked->schema->path : none;
  }
  const Project* project() const { return checked->project; }
};
using Group = std::vector<Found*>;

std::set<std::string> columns_of(const Table& table) {
  std::set<std::string> out;
  for (const auto& column : table.columns) out.insert(column.name + " " + column.type);
  return out;
}

const Table* table_of(const Found& found) {
  const Subject& subject = found.finding.subject;
  const Schema* schema = found.checked->schema;
  return schema && schema->catalog && !subject.table.empty()
             ? schema->catalog->table({subject.schema, subject.table})
             : nullptr;
}

// The table that both are about has the same columns: migrations and a dump of what they create, or two
// folders of migrations.
bool same_table(const Found& one, const Found& other) {
  const Table* first = table_of(one);
  const Table* second = table_of(other);
  return first && second && columns_of(*first) == columns_of(*second);
}

bool same_words(const Finding& one, const Finding& other) {
  const auto sql = [](const Finding& finding) {
    return finding.fix ? finding.fix->sql + "\n" + finding.fix->down_sql : std::string();
  };
  return one.message == other.message && one.severity == other.severity && one.verdict == other.verdict &&
         sql(one) == sql(other);
}

// Whether two findings of one rule and one subject are one.
bool same(const Found& one, const Found& other) {
  const Subject& subject = one.finding.subject;
  if (!subject.fingerprint.empty()) return true;  // a query is the same in every schema
  if (one.project() != other.project()) return false;
  if (!subject.file.empty()) return true;
  return one.project() && same_words(one.finding, other.finding) && same_table(one, other);
}

// The subject with the path that distinguishes it from the same subject of another schema.
Subject with_path(const Found& found) {
  Subject out = found.finding.subject;
  const std::string root = found.project() ? found.project()->root : std::string();
  out.file = !out.file.empty() ? root + "/" + out.file : !found.path().empty() ? found.path() : root;
  return out;
}

// Equal findings become the first of them by path; the others give it their locations.
Found* unite(const Group& equal) {
  Found* first = equal.front();
  for (Found* found : equal)
    if (std::tie(found->path(), found->order) < std::tie(first->path(), first->order)) first = found;
  Group rest;
  std::copy_if(equal.begin(), equal.end(), std::back_inserter(rest),
               [&](const Found* found) { return found != first; });
  std::sort(rest.begin(), rest.end(), [](const Found* one, const Found* other) {
    return std::tie(one->path(), one->order) < std::tie(other->path(), other->order);
  });
  const Subject& subject = first->finding.subject;
  if (!subject.fingerprint.empty() || !subject.file.empty()) return first;
  for (const Found* found : rest) {
    const auto& place = found->finding.location;
    if (!place || place->live()) continue;
    first->finding.other_locations.push_back(*place);
    first->finding.evidence.push_back(
        {Evidence::Kind::project, found->path() + " has the same definition", place, {}});
  }
  return first;
}

class Merger {
 public:
  Merger(const Inputs& inputs, Outcome outcome, const Settings& settings)
      : inputs_(inputs), outcome_(std::move(outcome)), settings_(settings) {}

  Report merge() {
    report_.inputs = inputs_.read;
    report_.server_version = inputs_.server_version;
    report_.what_if = inputs_.what_if;
    report_.planned = outcome_.planned;
    report_.analyzed = outcome_.analyzed;
    report_.analyze_seconds = outcome_.analyze_seconds;
    report_.diagnostics = inputs_.diagnostics;
    report_.diagnostics.insert(report_.diagnostics.end(), outcome_.diagnostics.begin(),
                               outcome_.diagnostics.end());
    merge_rules();
    merge_suppressed();
    merge_findings();
    lint::sort_findings(report_.findings);
    report_patterns_without_match();
    report_unused_suppressions();
    compare_with_baseline();
    for (auto& error : report_.diagnostics) error = without_outside_text(std::move(error));
    return std::move(report_);
  }

 private:
  void merge_rules() {
    for (const auto& checked : outcome_.checked)
      for (const auto& rule : checked.rules_run)
        if (!ran(rule)) report_.rules_run.push_back(rule);
    if (!outcome_.checked.empty()) report_.skipped = outcome_.checked.front().skipped;
    std::erase_if(report_.skipped, [&](const SkippedRule& skipped) { return ran(skipped.rule); });
  }

  bool ran(const std::string& rule) const {
    return std::find(report_.rules_run.begin(), report_.rules_run.end(), rule) != report_.rules_run.end();
  }

  void merge_suppressed() {
    std::set<std::pair<std::string, std::string>> known;  // id and file
    for (auto& checked : outcome_.checked)
      for (auto& one : checked.suppressed)
        if (known.emplace(one.finding.id, one.finding.location ? one.finding.location->file : "").second)
          report_.suppressed.push_back(std::move(one));
  }

  // Findings with the same id, of rule and subject, in the order of the inputs.
  std::vector<Group> groups() {
    std::map<std::string, std::size_t> known;
    std::vector<Group> out;
    for (const auto& checked : outcome_.checked) {
      first_of_[&checked] = found_.size();
      auto findings = checked.findings;
      plan::apply_confirmations(checked.confirmations, findings);
      for (auto& finding : findings) found_.push_back({&checked, found_.size(), std::move(finding)});
    }
    for (const auto& checked : outcome_.checked)
      for (const auto& proposal : checked.proposals)
        find(checked, proposal.finding).finding.fix = proposal.fix;
    for (auto& found : found_) {
      const auto [it, fresh] = known.emplace(found.finding.id, out.size());
      if (fresh) out.emplace_back();
      out[it->second].push_back(&found);
    }
    return out;
  }

  Found& find(const Checked& checked, std::size_t at) { return found_[first_of_.at(&checked) + at]; }

  void merge_findings() {
    const auto by_id = groups();
    std::map<const Found*, Found*> united;  // each to the one that is reported for it
    std::vector<Found*> reported;
    for (const auto& group : by_id) {
      std::vector<Group> distinct;
      for (Found* found : group) {
        const auto equal = std::find_if(distinct.begin(), distinct.end(),
                                        [&](const Group& other) { return same(*other.front(), *found); });
        if (equal == distinct.end()) distinct.push_back({found});
        else equal->push_back(found);
      }
      std::set<std::string> ids;
      for (const auto& equal : distinct) {
        Found* one = unite(equal);
        if (distinct.size() > 1) set_apart(*one, *equal.front(), &equal == &distinct.front());
        if (ids.insert(one->finding.id).second) reported.push_back(one);
        for (const Found* found : equal) united[found] = one;
      }
    }
    refer_to_proposals(united);
    for (Found* found : reported) report_.findings.push_back(std::move(found->finding));
  }

  // Earlier versions gave the first schema's finding the id without a path.
  void set_apart(Found& found, const Found& first_read, bool first) const {
    const std::string former =
        first ? found.finding.id : finding_id(found.finding.rule, with_path(first_read));
    found.finding.subject = with_path(found);
    Subject in_repository = found.finding.subject;
    in_repository.file = settings_.repository.relative(in_repository.file);
    found.finding.id = finding_id(found.finding.rule, in_repository);
    if (former != found.finding.id) found.finding.former_id = former;
  }

  void refer_to_proposals(const std::map<const Found*, Found*>& united) {
    for (const auto& checked : outcome_.checked)
      for (const auto& proposal : checked.proposals) {
        if (!proposal.served_by) continue;
        const Finding& carrier = united.at(&find(checked, *proposal.served_by))->finding;
        Fix& fix = *find(checked, proposal.finding).finding.fix;
        fix.proposed_by = carrier.id;
        fix.title = advisor::title_of_served(carrier.id);
      }
  }

  void report_patterns_without_match() {
    std::vector<std::string> folders;
    for (const auto& path : inputs_.paths)
      if (std::error_code code; std::filesystem::is_directory(path, code)) folders.push_back(path);
    if (folders.empty() || inputs_.files_named) return;
    for (auto& error : inputs_.config.fits_nothing(folders)) report_.diagnostics.push_back(std::move(error));
  }

  bool reported_at(const std::string& where) const {
    return std::any_of(report_.diagnostics.begin(), report_.diagnostics.end(),
                       [&](const Error& error) { return error.where == where; });
  }

  // Only where the rule could have found something: it ran over everything that the suppression covers.
  void report_unused_suppressions() {
    for (std::size_t i = 0; i < outcome_.suppressions.size(); ++i) {
      const Suppression& suppression = outcome_.suppressions[i];
      if (!suppression.comment() && (inputs_.files_named || reported_at(suppression.place.str()))) continue;
      for (const auto& rule : suppression.rules) {
        if (outcome_.used.count({i, rule}) || !could_find(rule, suppression)) continue;
        const bool of_schema = std::any_of(
            report_.findings.begin(), report_.findings.end(),
            [&](const Finding& finding) { return finding.rule == rule && finding.subject.kind == "schema"; });
        report_.diagnostics.push_back(
            {Error::Kind::nonfatal, suppression.place.str(),
             "unused suppression: " + rule +
                 (of_schema ? " applies to the whole schema" : " has no finding there"),
             of_schema ? "write an [[ignore]] in pgadvise.toml with object = the schema's name"
                       : "remove it"});
      }
    }
  }

  // Not what a log, a comparison, git or sizes decide: their absence today does not mean absence tomorrow.
  bool could_find(const std::string& id, const Suppression& suppression) const {
    const auto* found = lint::find_rule(id);
    if (!found || !ran(id)) return false;
    const lint::Rule& rule = *found->rule;
    if (!lint::decided_by_files(rule, inputs_.live != nullptr)) return false;
    if (!suppression.comment()) return true;
    const std::string& file = suppression.place.file;
    if (inputs_.replayed_only.count(file) ||
        (rule.needs.names(lint::Input::migrations) && !inputs_.checked_migrations.count(file)))
      return false;
    // No rule saw a statement that could not be read.
    return std::none_of(inputs_.not_replayed.begin(), inputs_.not_replayed.end(),
                        [&](const std::string& place) { return place.starts_with(file + ":"); });
  }

  void compare_with_baseline() {
    if (settings_.baseline.empty()) return;
    std::set<std::string> migrations;
    for (const auto& file : inputs_.checked_migrations)
      migrations.insert(settings_.repository.relative(file));
    const LookedAt looked_at = [&](const std::string& rule, const std::string& file) {
      const auto* known = lint::find_rule(rule);
      return ran(rule) && known &&
             (!known->rule->needs.names(lint::Input::migrations) || migrations.count(file) > 0);
    };
    const auto done = settings_.update_baseline
                          ? update_baseline(settings_.baseline, report_, settings_.repository, looked_at,
                                            settings_.user_paths)
                          : apply_baseline(settings_.baseline, report_, looked_at, settings_.user_paths);
    if (!done) report_.diagnostics.push_back(done.error());
  }

  const Inputs& inputs_;
  Outcome outcome_;
  const Settings& settings_;
  std::vector<Found> found_;
  std::map<const Checked*, std::size_t> first_of_;  // in found_
  Report report_;
};

}  // namespace

Report merge(const Inputs& inputs, Outcome outcome, const Settings& settings) {
  return Merger(inputs, std::move(outcome), settings).merge();
}

}  // namespace pgadvise::check
