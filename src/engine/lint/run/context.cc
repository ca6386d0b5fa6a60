#include "lint/run/context.h"

#include <algorithm>
#include <stdexcept>

#include "base/text/text.h"

namespace pgadvise::lint {

Context::Lookups::Lookups(const Inputs& given) : inputs(given) {
  if (inputs.catalog) {
    for (const auto& [name, table] : inputs.catalog->tables) {
      for (const auto& constraint : table.constraints)
        if (constraint.kind == Constraint::Kind::foreign_key)
          references[constraint.referenced_table].push_back({&table, &constraint});
      if (table.partition_of) partitions[*table.partition_of].push_back(&table);
    }
  }
  if (inputs.workload) {
    for (const auto& query : inputs.workload->queries) {
      by_fingerprint.emplace(query.fingerprint, &query);
      for (const auto& relation : query.facts.relations) {
        auto& list = queries[relation.table];
        if (list.empty() || list.back() != &query) list.push_back(&query);
      }
    }
  }
}

static const RuleSettings* settings_of(const Inputs& inputs, const Rule& rule) {
  if (!inputs.settings) return nullptr;
  const auto it = inputs.settings->find(rule.id);
  return it == inputs.settings->end() ? nullptr : &it->second;
}

Context Context::of(const Rule& rule) const {
  Context out = *this;
  out.rule_ = &rule;
  return out;
}

double Context::option(const Option& option) const {
  if (std::ranges::find(rule_->options, &option) == rule_->options.end())
    throw std::logic_error(std::string(rule_->id) + " reads the option " + std::string(option.name) +
                           ", which it does not declare");
  if (const auto* settings = settings_of(inputs(), *rule_))
    if (const auto it = settings->options.find(option.name); it != settings->options.end()) return it->second;
  return option.fallback;
}

const std::string* Context::setting(const std::string& name) const {
  return has_catalog() ? catalog().setting(name) : nullptr;
}

// An empty value for an unknown key.
template <class Map, class Key>
static const typename Map::mapped_type& look_up(const Map& map, const Key& key) {
  static const typename Map::mapped_type none{};
  const auto it = map.find(key);
  return it == map.end() ? none : it->second;
}

const std::vector<Context::Reference>& Context::references_to(const QualifiedName& table) const {
  return look_up(lookups_->references, table);
}
const std::vector<const Table*>& Context::partitions_of(const QualifiedName& table) const {
  return look_up(lookups_->partitions, table);
}
const std::vector<const Index*>& Context::indexes_with(const Table& table, std::string_view column) const {
  const auto [it, fresh] = lookups_->indexes.try_emplace(&table);
  auto& by_column = it->second;
  const auto add = [&](std::string_view name, const Index& index) {
    auto& list = by_column[name];
    if (list.empty() || list.back() != &index) list.push_back(&index);
  };
  for (std::size_t i = 0; fresh && i < table.indexes.size(); ++i) {
    for (const auto& key : table.indexes[i].keys)
      if (!key.column.empty()) add(key.column, table.indexes[i]);
    for (const auto& name : table.indexes[i].include) add(name, table.indexes[i]);
  }
  return look_up(by_column, column);
}
const std::vector<const Query*>& Context::queries_on(const QualifiedName& table) const {
  return look_up(lookups_->queries, table);
}

const Query* Context::query(std::string_view fingerprint) const {
  return fingerprint.empty() ? nullptr : look_up(lookups_->by_fingerprint, fingerprint);
}

const std::vector<KnownPlan>& Context::plans_of(const Query& query) const {
  static const PlanSet none;
  return look_up((inputs().plans ? *inputs().plans : none).plans, query.fingerprint);
}

Finding& Reporter::add(Subject subject, std::optional<SourceLocation> location, std::string message,
                       std::optional<Severity> severity) {
  Finding finding;
  finding.id = finding_id(rule_.id, subject);
  finding.rule = rule_.id;
  finding.severity = severity.value_or(rule_.severity);
  finding.subject = std::move(subject);
  finding.location = std::move(location);
  finding.message = std::move(message);
  return out_.emplace_back(std::move(finding));
}

// Not a list of statements, and not the application's own log.
static bool has_server_log(const Workload& workload) {
  return std::ranges::any_of(workload.sources, [](const LogSource& source) {
    return source.format.starts_with("stderr") || source.format.starts_with("csvlog") ||
           source.format.starts_with("jsonlog");
  });
}

static bool has_event(const Workload& workload, std::initializer_list<ServerEvent::Kind> kinds) {
  return std::ranges::any_of(workload.server_events, [&](const ServerEvent& event) {
    return std::ranges::find(kinds, event.kind) != kinds.end();
  });
}

static bool has_row_counts(const Workload& workload) {
  return std::ranges::any_of(workload.queries, [](const Query& query) { return query.rows_calls > 0; });
}

static void add_workload(const Workload& workload, InputSet& out) {
  using Kind = ServerEvent::Kind;
  out.add(Input::workload);
  if (workload.has_events) out.add(Input::events);
  if (has_row_counts(workload)) out.add(Input::row_counts);
  if (has_event(workload, {Kind::temporary_file})) out.add(Input::temporary_files);
  if (!has_server_log(workload)) return;
  out.add(Input::server_log);
  if (has_event(workload, {Kind::connection, Kind::disconnection})) out.add(Input::sessions);
}

InputSet inputs_given(const Inputs& inputs) {
  InputSet out;
  if (inputs.catalog) out.add(Input::schema);
  if (inputs.catalog && inputs.catalog->has_statistics) out.add(Input::statistics);
  if (inputs.catalog && !inputs.catalog->settings.empty()) out.add(Input::settings);
  if (inputs.workload) add_workload(*inputs.workload, out);
  if (inputs.plans && inputs.plans->known()) out.add(Input::plans);
  if (inputs.project) out.add(Input::project);
  if (inputs.project && inputs.project->code) out.add(Input::code);
  if (inputs.migrations) out.add(Input::migrations);
  if (!inputs.comparisons.empty()) out.add(Input::comparison);
  if (!inputs.declared.empty()) out.add(Input::declared);
  if (inputs.plans && inputs.plans->comparison) out.add(Input::plan_changes);
  return out;
}

static bool runs(const Rule& rule, const RuleSettings* settings, const std::vector<std::string>& only) {
  if (!only.empty()) return std::ranges::find(only, rule.id) != only.end();
  return settings && settings->on ? *settings->on : rule.on_by_default;
}

// What the configuration says instead of the rule.
static void set_severity(Finding& finding, Severity severity) {
  finding.severity = severity;
  if (finding.probe) finding.probe->confirmed_severity.reset();
}

Outcome run(const Inputs& inputs, const std::vector<std::string>& only) {
  Outcome outcome;
  const Context context(inputs);
  const InputSet given = inputs_given(inputs);
  for (const auto& [category, rule, example, bad, good] : all_rules()) {
    const auto* settings = settings_of(inputs, *rule);
    if (!runs(*rule, settings, only)) continue;
    if (!rule->needs.met_by(given)) {
      outcome.skipped.push_back({std::string(rule->id), "needs " + rule->needs.missing(given).explain()});
      continue;
    }
    const std::size_t before = outcome.findings.size();
    Reporter reporter(*rule, outcome.findings);
    rule->check(context.of(*rule), reporter);
    outcome.ran.emplace_back(rule->id);
    if (!settings || !settings->severity) continue;
    for (std::size_t i = before; i < outcome.findings.size(); ++i)
      set_severity(outcome.findings[i], *settings->severity);
  }
  sort_findings(outcome.findings);
  return outcome;
}

void sort_findings(std::vector<Finding>& findings) {
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    if (a.rule != b.rule) return a.rule < b.rule;
    return a.subject < b.subject;
  });
}

SourceLocation located(const Project& project, SourceLocation place) {
  if (!project.root.empty() && project.root != ".")
    place.file = (project.root.back() == '/' ? project.root : project.root + "/") + place.file;
  return place;
}

Evidence log_fact(std::string text, std::optional<SourceLocation> place, std::string literal) {
  return {Evidence::Kind::statement, std::move(text), std::move(place), std::move(literal)};
}

Evidence catalog_fact(std::string text, std::optional<SourceLocation> place) {
  return {Evidence::Kind::catalog, std::move(text), std::move(place)};
}

Evidence project_fact(std::string text, std::optional<SourceLocation> place) {
  return {Evidence::Kind::project, std::move(text), std::move(place), {}};
}

Fix manual_fix(std::string title) { return {.title = std::move(title), .safety = Fix::Safety::manual}; }

std::string numbered(std::string entry, int number) {
  return number > 1 ? entry + " #" + std::to_string(number) : entry;
}

}  // namespace pgadvise::lint
