#include "check/run/merge.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "base/containers.h"
#include "base/text/text.h"
#include "check/changes/changes.h"
#include "check/config/trust.h"
#include "check/findings/index_search.h"
#include "check/findings/short_id.h"
#include "check/load/nothing_checked.h"
#include "check/load/plans.h"
#include "check/run/baseline.h"
#include "check/run/fixes.h"
#include "check/run/impact.h"
#include "check/run/one_database.h"
#include "check/run/owners.h"
#include "lint/run/rule.h"
#include "plan/run/confirm.h"

namespace pgadvise::check {
namespace {

// A finding before it has its final id.
struct Found {
  const Checked* checked = nullptr;
  std::size_t order = 0;  // among all, as the inputs were given
  Finding finding;
  const advisor::ProposedFix* proposed = nullptr;  // in `checked`
  const Suppression* suppressed = nullptr;         // in `checked`
  std::string served_by;  // the id, in `checked`, of the finding whose fix is this one's, too
  bool own_fix = true;    // false: that finding is suppressed in another schema

  const std::string& path() const {
    static const std::string none;
    return checked->schema ? checked->schema->path : none;
  }
  const Project* project() const { return checked->project; }
  bool about_query() const { return !finding.subject.fingerprint.empty(); }
};
using Group = std::vector<Found*>;

// The first of equal findings is the one that is reported. An order of the inputs does not matter to it.
bool before(const Found* one, const Found* other) {
  const auto key = [](const Found* found) {
    return std::tuple<bool, bool, bool, bool, bool, const std::string&, std::size_t>(
        found->suppressed != nullptr, found->proposed == nullptr, !found->own_fix,
        found->finding.subject.table.empty(), found->finding.verdict != Verdict::confirmed, found->path(),
        found->order);
  };
  return key(one) < key(other);
}

// Whether the rule reads nothing but logs, which are the same for every schema.
bool of_log_alone(const Finding& finding) {
  using lint::Input;
  const auto* rule = lint::find_rule(finding.rule);
  if (!rule || !finding.subject.table.empty()) return false;
  constexpr Input others[] = {Input::schema, Input::statistics,  Input::settings,   Input::project,
                              Input::code,   Input::migrations,  Input::comparison, Input::declared,
                              Input::plans,  Input::plan_changes};
  return std::ranges::none_of(others, [&](Input other) { return rule->rule->needs.names(other); });
}

// All that a reader sees of the fix: its SQL, or the finding of the same schema that has it.
std::string fix_of(const Found& found) {
  if (!found.finding.fix) return {};
  std::string out = found.finding.fix->sql + "\n" + found.finding.fix->down_sql;
  return found.served_by.empty() ? out : out + "\n" + found.served_by;
}

// A suppressed finding was neither confirmed nor given a fix.
bool same_words(const Found& one, const Found& other) {
  if (one.finding.message != other.finding.message) return false;
  return one.suppressed || other.suppressed ||
         (one.finding.severity == other.finding.severity && one.finding.verdict == other.finding.verdict &&
          (!one.own_fix || !other.own_fix || fix_of(one) == fix_of(other)));
}

// Whether a rule found the same thing in a project's files, which have nothing to do with its schemas. That a
// log confirms a finding about code may show with one of the schemas alone.
bool of_project(const Found& one, const Found& other) {
  const auto* of = lint::find_rule(one.finding.rule);
  if (!of || !of->rule->needs.met_by({lint::Input::project, lint::Input::code})) return false;
  return of->rule->needs.names(lint::Input::code) || same_words(one, other);
}

// The subject with the path that distinguishes it from the same subject of another schema.
Subject with_path(const Found& found) {
  Subject out = found.finding.subject;
  const std::string root = found.project() ? found.project()->root : std::string();
  out.file = !out.file.empty() ? root + "/" + out.file : !found.path().empty() ? found.path() : root;
  return out;
}

// A comment at one location of a finding, or an entry with the object's name, suppresses the finding at all
// of them. A suppression of a whole file or path covers only the copy there, such as that in a generated
// dump. Two statements of one schema may have the same finding: the comment at one of them is not about the
// other.
const Suppression* suppression_of(const Group& equal) {
  const auto covers = [&](const Found* found) {
    const Suppression* by = found->suppressed;
    return by && (by->comment() ? by->first_line > 0 : !by->object.empty()) &&
           std::ranges::none_of(equal, [&](const Found* other) {
             return !other->suppressed && other->checked == found->checked;
           });
  };
  const auto* found = find_first(equal, covers);
  return (found ? *found : equal.front())->suppressed;
}

// Adds the locations of the other findings of a group to the first.
void add_locations(const Group& equal) {
  constexpr std::size_t shown = 2;
  std::size_t added = 0;
  Finding& first = equal.front()->finding;
  if (equal.front()->about_query() || !first.subject.file.empty()) return;
  for (const Found* found : equal) {
    const auto& place = found->finding.location;
    auto& known = first.other_locations;
    if (!place || place->live() || place == first.location || found->checked == equal.front()->checked ||
        (found->suppressed && !equal.front()->suppressed) || std::ranges::find(known, *place) != known.end())
      continue;
    known.push_back(*place);
    if (++added <= shown)
      first.evidence.push_back({Evidence::Kind::project, found->path() + " has the same definition", place});
  }
  if (added > shown)
    first.evidence.push_back(
        {Evidence::Kind::project, fmt::format("{} more input{} the same definition", added - shown,
                                              added - shown == 1 ? " has" : "s have")});
}

class Merger {
 public:
  Merger(const Inputs& inputs, Outcome outcome, const Settings& settings)
      : inputs_(inputs), outcome_(std::move(outcome)), settings_(settings), databases_(outcome_.checked) {}

  Report merge() {
    report_.inputs = inputs_.read;
    report_.server_version = inputs_.database.server_version;
    report_.what_if = inputs_.database.what_if;
    report_.comparison = inputs_.comparison;
    if (inputs_.live_database()) report_.activity = activity_of(*inputs_.database.live);
    report_.nothing_checked = inputs_.nothing.checked;
    report_.plans = std::move(outcome_.plans);
    report_.nothing_to_check = inputs_.nothing.to_check;
    report_.planned = outcome_.planned;
    report_.analyzed = outcome_.analyzed;
    report_.analyze_seconds = outcome_.analyze_seconds;
    report_.diagnostics = inputs_.diagnostics;
    append(report_.diagnostics, outcome_.diagnostics);
    merge_rules();
    take_further_indexes();
    merge_findings();
    if (!report_.findings.empty()) {
      if (report_.nothing_to_check) report_.not_read = report_.nothing_checked;
      report_.nothing_checked.clear();
      report_.nothing_to_check = false;
    }
    if (report_.nothing_checked.empty() && only_deployments()) report_.not_read = nothing_but_deployments();
    if (report_.nothing_checked.empty() && !inputs_.nothing.selected.empty())
      report_.not_read = inputs_.nothing.selected;
    merge_lock_forecasts();
    sort_by_impact(report_.findings);
    set_owners(report_, inputs_, settings_);
    keep_only();
    report_patterns_without_match();
    report_unused_suppressions();
    set_scope();
    compare_with_baseline();
    add_plans_of_findings(report_.findings, inputs_.database.live ? &*inputs_.database.live : nullptr,
                          report_.plans);
    for (auto& error : report_.diagnostics) error = without_outside_text(std::move(error));
    return std::move(report_);
  }

 private:
  bool only_deployments() const {
    return !inputs_.database.live && !inputs_.has_workload && !inputs_.projects.empty() &&
           std::ranges::none_of(inputs_.schemas,
                                [](const Schema& schema) { return schema.catalog.has_value(); });
  }

  std::string nothing_but_deployments() const {
    const std::string others = for_another_database(inputs_.diagnostics);
    return "no schema, log or database was read" + (others.empty() ? others : ": " + others);
  }

  void take_further_indexes() {
    if (!outcome_.advice) return;
    std::vector<IndexProposal> asked;
    std::vector<const Fix*> fixes;
    for (const auto& checked : outcome_.checked) {
      append(asked, advisor::all_asked_indexes(checked.findings, checked.confirmations));
      for (std::size_t at = 0; at < checked.findings.size(); ++at) {
        const Finding& finding = checked.findings[at];
        const bool changed = at < checked.confirmations.size() && checked.confirmations[at].verdict;
        const Verdict verdict = changed ? *checked.confirmations[at].verdict : finding.verdict;
        if (finding.fix && verdict != Verdict::refuted) fixes.push_back(&*finding.fix);
      }
      for (const auto& proposal : checked.proposals) fixes.push_back(&proposal.fix);
    }
    report_.workload_cost = outcome_.advice->cost_before;
    report_.further_indexes = without_finding(*outcome_.advice, asked);
    if (inputs_.database.live) {
      leave_out_created(report_.further_indexes, fixes, *inputs_.database.live);
      rename_taken(report_.further_indexes, fixes, *inputs_.database.live, project_of(inputs_, ""));
      count_not_costed(fixes);
    }
    set_index_set(*outcome_.advice);
    if (!outcome_.advice->complete && !settings_.stop.stop_requested())
      warn(report_.diagnostics, "the search for indexes",
           "ended early, so pgadvise advise, which may search longer than 20 "
           "seconds, may propose other indexes");
  }

  void set_index_set(const Advice& advice) {
    Report::IndexSet& set = report_.index_set;
    const auto share = [&](double saved) { return advice.cost_before > 0 ? saved / advice.cost_before : 0; };
    set.count = advice.indexes.size();
    set.share_saved = share(advice.cost_before - advice.cost_after);
    for (const AdvisedIndex& index : advice.indexes) {
      set.bytes += index.size_bytes;
      set.steps.push_back({plan::index_names({index.proposal}), index.size_bytes, share(index.cost_saved)});
    }
  }

  void count_not_costed(const std::vector<const Fix*>& fixes) {
    std::vector<AdvisedIndex> left;
    for (const UncostedIndex& index : outcome_.advice->not_costed) {
      AdvisedIndex& one = left.emplace_back();
      one.table = index.table;
      one.sql = index.sql;
    }
    leave_out_created(left, fixes, *inputs_.database.live);
    report_.not_costed = left.size();
  }

  void merge_rules() {
    for (const auto& checked : outcome_.checked)
      for (const auto& rule : checked.rules_run)
        if (!ran(rule)) report_.rules_run.push_back(rule);
    if (!outcome_.checked.empty()) report_.skipped = outcome_.checked.front().skipped;
    std::erase_if(report_.skipped, [&](const SkippedRule& skipped) { return ran(skipped.rule); });
    if (inputs_.database.not_compared.empty()) return;
    for (auto& skipped : report_.skipped)
      if (rule_reads(skipped.rule, lint::Input::comparison)) skipped.reason = inputs_.database.not_compared;
  }

  // Where findings are selected, only if one about a migration is among them.
  void merge_lock_forecasts() {
    const auto selected = [](const std::string& only) {
      const auto* found = lint::find_rule(only.substr(0, only.find(':')));
      return found && found->category == "migration";
    };
    if (!settings_.only.empty() && std::ranges::none_of(settings_.only, selected)) return;
    for (auto& checked : outcome_.checked) append(report_.lock_forecasts, std::move(checked.lock_forecasts));
  }

  bool ran(const std::string& rule) const { return is_one_of(rule, report_.rules_run); }

  // Findings with the same id, of rule and subject, in the order of the inputs.
  std::vector<Group> groups() {
    std::map<std::string, std::size_t> known;
    std::vector<Group> out;
    std::size_t all = 0;
    for (const auto& checked : outcome_.checked) all += checked.findings.size() + checked.suppressed.size();
    found_.reserve(all);
    for (auto& checked : outcome_.checked) {
      first_of_[&checked] = found_.size();
      auto findings = std::move(checked.findings);
      plan::apply_confirmations(checked.confirmations, findings);
      for (auto& finding : findings) found_.push_back({&checked, found_.size(), std::move(finding)});
    }
    std::set<std::string> suppressed;  // ids
    for (auto& checked : outcome_.checked)
      for (auto& one : checked.suppressed) {
        suppressed.insert(one.finding.id);
        found_.push_back({&checked, found_.size(), std::move(one.finding), nullptr, &one.by});
      }
    for (const auto& checked : outcome_.checked)
      for (const auto& proposal : checked.proposals) {
        Found& found = find(checked, proposal.finding);
        found.finding.fix = proposal.fix;
        found.proposed = &proposal;
        if (!proposal.served_by) continue;
        found.served_by = find(checked, *proposal.served_by).finding.id;
        found.own_fix = suppressed.count(found.served_by) == 0;
      }
    // Of a query, a schema that has its table says more than another one.
    std::map<std::pair<std::string, std::string>, const Found*> with_table;
    for (const auto& found : found_)
      if (found.about_query() && !found.finding.subject.table.empty())
        with_table.emplace(std::pair(found.finding.rule, found.finding.subject.fingerprint), &found);
    for (auto& found : found_) {
      const Finding* finding = &found.finding;
      if (outcome_.found_in_code.count(finding->rule + " " + finding->subject.fingerprint)) continue;
      if (found.about_query() && finding->subject.table.empty())
        if (const auto* more = find_value(with_table, std::pair(finding->rule, finding->subject.fingerprint));
            more && (*more)->checked != found.checked)
          finding = &(*more)->finding;
      const auto [it, fresh] = known.emplace(finding->id, out.size());
      if (fresh) out.emplace_back();
      out[it->second].push_back(&found);
    }
    return out;
  }

  Found& find(const Checked& checked, std::size_t at) { return found_[first_of_.at(&checked) + at]; }

  // Whether two findings of one rule and one subject are one. `later`: in the order of before().
  bool same(const Found& one, const Found& later) {
    // What a rule says about a query alone holds for every schema, an index only for its own.
    if (later.about_query() && !later.proposed) return true;
    if (of_log_alone(later.finding)) return true;
    if (one.project() != later.project()) return false;
    if (!one.finding.subject.file.empty() || of_project(one, later)) return true;
    const QualifiedName table = table_of(later.finding);
    return table == table_of(one.finding) && same_words(one, later) &&
           databases_.same(*one.checked, *later.checked, table);
  }

  void merge_findings() {
    std::vector<Found*> reported;
    for (auto& group : groups()) {
      std::ranges::sort(group, before);
      std::vector<Group> distinct;
      for (Found* found : group) {
        auto* equal = find_first(distinct, [&](const Group& other) { return same(*other.front(), *found); });
        if (equal) equal->push_back(found);
        else distinct.push_back({found});
      }
      const Found* first = read_first(group);
      std::set<std::string> ids;
      for (const auto& equal : distinct) {
        Found* one = equal.front();
        const Found* own_first = read_first(equal);
        one->suppressed = suppression_of(equal);
        if (one->suppressed && one->proposed) one->finding.fix.reset();
        add_locations(equal);
        if (distinct.size() > 1) set_apart(*one, *own_first, own_first == first);
        else if (equal.size() > 1 && !one->about_query())
          one->finding.former_id = id_of(one->finding.rule, with_path(*one));
        if (ids.insert(one->finding.id).second) reported.push_back(one);
        for (const Found* found : equal) united_[found] = one;
      }
    }
    rank(reported);
    refer_to_proposals();
    std::ranges::sort(reported, {}, &Found::order);
    report_.findings.reserve(reported.size());
    for (Found* found : reported) {
      if (found->finding.fix && !of_drizzle(*found)) found->finding.fix->drizzle.clear();
      if (found->suppressed) report_.suppressed.push_back({std::move(found->finding), *found->suppressed});
      else report_.findings.push_back(std::move(found->finding));
    }
  }

  // Whether the application defines the finding's table with Drizzle, as far as the inputs show. A repository
  // may have a Drizzle service beside others.
  bool of_drizzle(const Found& found) const {
    const auto& inputs = inputs_.schema_inputs;
    const bool by_input = std::ranges::any_of(inputs, [&](const migrations::SchemaInput& input) {
      return (found.path().empty() || input.path == found.path()) &&
             (input.kind == migrations::SchemaKind::drizzle_snapshot || !input.journal.empty());
    });
    if (by_input) return true;
    const Project* project = found.project();
    if (!project || !project->drizzle) return false;
    const QualifiedName table = table_of(found.finding);
    return table.name.empty() || project->drizzle_names.empty() || !project->drizzle_name(table).empty();
  }

  void keep_only() {
    if (settings_.only.empty()) return;
    report_.further_indexes.clear();
    report_.index_set = {};
    report_.not_costed = 0;
    for (const auto& text : settings_.only)
      if (std::ranges::none_of(report_.findings,
                               [&](const Finding& finding) { return named_by(finding, text); }))
        warn(report_.diagnostics, "--only " + text, "names no finding of this run",
             "name an id as the report shows it, or a rule");
    std::erase_if(report_.findings, [&](const Finding& finding) {
      return std::ranges::none_of(settings_.only,
                                  [&](const std::string& text) { return named_by(finding, text); });
    });
  }

  // Sets impact, statement and short id, for which severities, verdicts, fixes and ids must be final.
  void rank(const std::vector<Found*>& reported) const {
    const Workload* workload = inputs_.has_workload ? &inputs_.workload : nullptr;
    const WorkloadTime time = workload ? time_of(*workload) : WorkloadTime();
    std::vector<Finding*> findings;
    for (Found* found : reported) {
      const Schema* schema = found->checked->schema;
      const Catalog* catalog = schema && schema->catalog ? &*schema->catalog : nullptr;
      found->finding.impact =
          impact_of(found->finding, {.catalog = catalog, .workload = workload, .time = time});
      if (const Query* query = workload ? workload->query(found->finding.subject.fingerprint) : nullptr)
        found->finding.statement = query->text;
      findings.push_back(&found->finding);
    }
    set_short_ids(findings);
  }

  // Of the findings that are not suppressed, if there are any.
  static const Found* read_first(const Group& group) {
    return *std::ranges::min_element(
        group, {}, [](const Found* one) { return std::pair(one->suppressed != nullptr, one->order); });
  }

  // Earlier versions gave the first schema's finding the id without a path, and did not merge equal schemas.
  void set_apart(Found& found, const Found& first_read, bool first) const {
    const std::string former =
        first ? found.finding.id : finding_id(found.finding.rule, with_path(first_read));
    found.finding.subject = with_path(found);
    found.finding.id = id_of(found.finding.rule, found.finding.subject);
    if (former != found.finding.id) found.finding.former_id = former;
  }

  std::string id_of(const std::string& rule, Subject with_path) const {
    with_path.file = settings_.repository.relative(with_path.file);
    return finding_id(rule, with_path);
  }

  // If a comment in another schema suppresses the finding that has the SQL, the first finding that the index
  // serves has it instead.
  void refer_to_proposals() {
    std::map<const Found*, Found*> heirs;
    for (const auto& checked : outcome_.checked)
      for (const auto& proposal : checked.proposals) {
        if (!proposal.served_by) continue;
        Found& served = find(checked, proposal.finding);
        if (united_.at(&served)->suppressed) continue;
        const Found* carrier = &find(checked, *proposal.served_by);
        Fix& fix = *served.finding.fix;
        if (united_.at(carrier)->suppressed) {
          const auto [heir, fresh] = heirs.try_emplace(carrier, &served);
          if (fresh) {
            const Fix& inherited = fix_before(checked, *proposal.served_by);
            fix.title = inherited.title;
            fix.sql = inherited.sql;
            fix.down_sql = inherited.down_sql;
            fix.drizzle = inherited.drizzle;
            continue;
          }
          carrier = heir->second;
        }
        const Finding& proposing = united_.at(carrier)->finding;
        fix.proposed_by = proposing.id;
        fix.title = advisor::title_of_served(proposing.short_id);
      }
  }

  // The fix as it was proposed, or as the rule wrote it.
  const Fix& fix_before(const Checked& checked, std::size_t finding) {
    const auto* proposed =
        find_first(checked.proposals, [&](const auto& proposal) { return proposal.finding == finding; });
    return proposed ? proposed->fix : *find(checked, finding).finding.fix;
  }

  void report_patterns_without_match() {
    std::vector<std::string> folders;
    for (const auto& path : inputs_.paths)
      if (is_folder(path)) folders.push_back(path);
    if (folders.empty() || inputs_.chosen.files_named) return;
    append(report_.diagnostics, inputs_.config.fits_nothing(folders));
  }

  // Only where the rule could have found something: it ran over everything that the suppression covers.
  void report_unused_suppressions() {
    for (std::size_t i = 0; i < outcome_.suppressions.entries.size(); ++i) {
      const Suppression& suppression = outcome_.suppressions.entries[i];
      const auto is_there = [place = suppression.place.str()](const Error& error) {
        return error.where == place;
      };
      if (!suppression.comment() &&
          (inputs_.chosen.files_named || std::ranges::any_of(report_.diagnostics, is_there)))
        continue;
      for (const auto& rule : suppression.rules) {
        if (outcome_.used.count({i, rule}) || !could_find(rule, suppression)) continue;
        const bool of_schema = std::ranges::any_of(report_.findings, [&](const Finding& finding) {
          return finding.rule == rule && finding.subject.kind == "schema";
        });
        warn(
            report_.diagnostics, suppression.place.str(),
            "unused suppression: " + rule +
                (of_schema ? " applies to the whole schema" : " has no finding there"),
            of_schema ? "write an [[ignore]] in pgadvise.toml with object = the schema's name" : "remove it");
      }
    }
  }

  // Not what a log, a comparison, git or sizes decide: their absence today does not mean absence tomorrow.
  bool could_find(const std::string& id, const Suppression& suppression) const {
    const auto* found = lint::find_rule(id);
    if (!found || !ran(id) || stopped()) return false;
    const lint::Rule& rule = *found->rule;
    if (!lint::decided_by_files(rule, inputs_.database.live != nullptr)) return false;
    if (!suppression.comment()) return true;
    const std::string& file = suppression.place.file;
    if (inputs_.chosen.replayed_only.count(file) ||
        (rule.needs.names(lint::Input::migrations) && !inputs_.chosen.migrations.count(file)))
      return false;
    // No rule saw a statement that could not be read.
    return std::ranges::none_of(inputs_.chosen.not_replayed,
                                [&](const std::string& place) { return place.starts_with(file + ":"); });
  }

  // Only findings that chosen migrations cause were reported.
  bool of_changes() const {
    return std::ranges::any_of(inputs_.schemas, [](const Schema& schema) { return !schema.changes.empty(); });
  }

  // Then no rule ran over everything.
  bool stopped() const { return inputs_.stopped || outcome_.stopped; }

  // Rules that reported only findings about changes looked nowhere completely.
  void set_scope() {
    if (stopped() || !settings_.only.empty()) return;
    CheckedScope& scope = report_.scope;
    for (const auto& rule : report_.rules_run) {
      if ((of_changes() && about_schema_alone(rule)) ||
          (inputs_.chosen.changed_code && rule_reads(rule, lint::Input::code)))
        continue;
      (rule_reads(rule, lint::Input::migrations) ? scope.migration_rules : scope.rules).push_back(rule);
    }
    scope.migrations.assign(inputs_.chosen.migrations.begin(), inputs_.chosen.migrations.end());
  }

  void compare_with_baseline() {
    if (settings_.baseline.empty()) return;
    if (settings_.update_baseline && any_failed(report_.diagnostics)) {
      report_.diagnostics.push_back(
          {Error::Kind::input, settings_.baseline, "not updated, because an input could not be read"});
      return;
    }
    std::set<std::string> migrations;
    for (const auto& file : report_.scope.migrations) migrations.insert(settings_.repository.relative(file));
    const LookedAt looked_at = [&](const std::string& rule, const std::string& file) {
      return is_one_of(rule, report_.scope.rules) ||
             (is_one_of(rule, report_.scope.migration_rules) && migrations.count(file) > 0);
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
  Databases databases_;
  std::vector<Found> found_;
  std::map<const Found*, Found*> united_;           // each to the one that is reported for it
  std::map<const Checked*, std::size_t> first_of_;  // in found_
  Report report_;
};

}  // namespace

Report merge(const Inputs& inputs, Outcome outcome, const Settings& settings) {
  return Merger(inputs, std::move(outcome), settings).merge();
}

}  // namespace pgadvise::check
