#include <algorithm>

#include "lint/context.h"

namespace pgadvise::lint {

const RegisteredRule* find_rule(std::string_view id) {
  for (const auto& registered : all_rules())
    if (registered.rule->id == id) return &registered;
  return nullptr;
}

Context::Context(const Inputs& inputs) : inputs_(inputs) {
  if (inputs.catalog) {
    for (const auto& [name, table] : inputs.catalog->tables) {
      for (const auto& constraint : table.constraints)
        if (constraint.kind == Constraint::Kind::foreign_key)
          references_[constraint.referenced_table].push_back({&table, &constraint});
      if (table.partition_of) partitions_[*table.partition_of].push_back(&table);
    }
  }
  if (inputs.workload) {
    for (const auto& query : inputs.workload->queries) {
      by_fingerprint_.emplace(query.fingerprint, &query);
      for (const auto& relation : query.facts.relations) {
        auto& list = queries_[relation.table];
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

double Context::option(const Rule& rule, std::string_view name) const {
  if (const auto* settings = settings_of(inputs_, rule))
    if (const auto it = settings->options.find(name); it != settings->options.end()) return it->second;
  for (const auto& option : rule.options)
    if (option.name == name) return option.fallback;
  return 0;
}

template <class Map>
static const typename Map::mapped_type& look_up(const Map& map, const QualifiedName& key) {
  static const typename Map::mapped_type none;
  const auto it = map.find(key);
  return it == map.end() ? none : it->second;
}

const std::vector<Context::Reference>& Context::references_to(const QualifiedName& table) const {
  return look_up(references_, table);
}
const std::vector<const Table*>& Context::partitions_of(const QualifiedName& table) const {
  return look_up(partitions_, table);
}
const std::vector<const Index*>& Context::indexes_with(const Table& table, std::string_view column) const {
  static const std::vector<const Index*> none;
  const auto [it, fresh] = indexes_.try_emplace(&table);
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
  const auto found = by_column.find(column);
  return found == by_column.end() ? none : found->second;
}
const std::vector<const Query*>& Context::queries_on(const QualifiedName& table) const {
  return look_up(queries_, table);
}

const Query* Context::query(std::string_view fingerprint) const {
  const auto it = by_fingerprint_.find(fingerprint);
  return it == by_fingerprint_.end() || fingerprint.empty() ? nullptr : it->second;
}

const std::vector<KnownPlan>& Context::plans_of(const Query& query) const {
  static const std::vector<KnownPlan> none;
  if (!inputs_.plans) return none;
  const auto it = inputs_.plans->plans.find(query.fingerprint);
  return it == inputs_.plans->plans.end() ? none : it->second;
}

Finding& Reporter::add(Subject subject, std::string message, std::optional<Severity> severity) {
  Finding finding;
  finding.id = finding_id(rule_.id, subject);
  finding.rule = rule_.id;
  finding.severity = severity.value_or(rule_.severity);
  finding.subject = std::move(subject);
  finding.message = std::move(message);
  return out_.emplace_back(std::move(finding));
}

// Not a list of statements, and not the application's own log.
static bool has_server_log(const Workload& workload) {
  return std::any_of(workload.sources.begin(), workload.sources.end(), [](const LogSource& source) {
    return source.format.starts_with("stderr") || source.format.starts_with("csvlog") || source.format.starts_with("jsonlog");
  });
}

static bool has_sessions(const Workload& workload) {
  return std::any_of(workload.server_events.begin(), workload.server_events.end(), [](const ServerEvent& event) {
    return event.kind == ServerEvent::Kind::connection || event.kind == ServerEvent::Kind::disconnection;
  });
}

static bool has_temporary_files(const Workload& workload) {
  return std::any_of(workload.server_events.begin(), workload.server_events.end(), [](const ServerEvent& event) { return event.kind == ServerEvent::Kind::temporary_file; });
}

static std::string missing(Needs needs, const Inputs& inputs) {
  switch (needs) {
    case Needs::catalog:
      if (!inputs.catalog) return "needs a schema: a PATH with migrations or a dump, --schema FILE, or --db CONN";
      break;
    case Needs::workload:
      if (!inputs.workload) return "needs queries: --log FILE or --workload FILE";
      break;
    case Needs::events:
      if (!inputs.workload) return "needs a log: --log FILE";
      if (!inputs.workload->has_events) return "needs a log with every statement in order; the workload given has none";
      break;
    case Needs::events_or_counters: {
      if (!inputs.workload) return "needs a log: --log FILE";
      if (inputs.workload->has_events) break;
      const auto& queries = inputs.workload->queries;
      if (std::none_of(queries.begin(), queries.end(), [](const Query& query) { return query.rows_calls > 0; }))
        return "needs a log with every statement in order; the workload given has none";
      if (!inputs.catalog) return "needs a log with every statement in order, or beside counters a schema";
      break;
    }
    case Needs::server_log:
      if (!inputs.workload || !has_server_log(*inputs.workload)) return "needs a server's log: --log FILE";
      break;
    case Needs::server_log_or_server:
      if ((!inputs.workload || !has_server_log(*inputs.workload)) && (!inputs.catalog || inputs.catalog->settings.empty()))
        return "needs a server's log (--log FILE), or a database (--db CONN) or a snapshot of one";
      break;
    case Needs::sessions:
      if (!inputs.workload || !has_server_log(*inputs.workload)) return "needs a server's log: --log FILE";
      if (!has_sessions(*inputs.workload)) return "needs a log that tells of sessions: log_connections and log_disconnections = on";
      break;
    case Needs::statistics:
      if (!inputs.catalog || !inputs.catalog->has_statistics) return "needs a database or a snapshot of one: --db CONN, --schema FILE";
      break;
    case Needs::server:
      if (!inputs.catalog || inputs.catalog->settings.empty()) return "needs a server's settings: --db CONN, or --schema with a snapshot of one";
      break;
    case Needs::migrations:
      if (!inputs.migrations) return "needs migrations: a PATH with a migrations folder, or a migration's file";
      break;
    case Needs::comparison:
      if (inputs.comparisons.empty()) return "needs migrations, and a database (--db CONN), a snapshot of one or drizzle's snapshots to compare them with";
      break;
    case Needs::plans:
    case Needs::plans_or_temporary_files:
    case Needs::plans_or_statistics: {
      if (inputs.plans && inputs.plans->known()) break;
      if (needs == Needs::plans_or_temporary_files && inputs.workload && has_temporary_files(*inputs.workload)) break;
      if (needs == Needs::plans_or_statistics && inputs.catalog && inputs.catalog->has_statistics) break;
      const std::string also = needs == Needs::plans_or_temporary_files ? ", or the log of log_temp_files" : needs == Needs::plans_or_statistics ? ", or a snapshot of a database" : "";
      return "needs plans: a log (--log FILE) with auto_explain's, or one and the database (--db CONN)" + also;
    }
    case Needs::project:
      if (!inputs.project) return "needs a repository: a PATH";
      break;
  }
  return {};
}

static bool runs(const Rule& rule, const RuleSettings* settings, const std::vector<std::string>& only) {
  if (!only.empty()) return std::find(only.begin(), only.end(), rule.id) != only.end();
  return settings && settings->on ? *settings->on : rule.on_by_default;
}

Outcome run(const Inputs& inputs, const std::vector<std::string>& only) {
  Outcome outcome;
  const Context context(inputs);
  for (const auto& [category, rule, example, bad, good] : all_rules()) {
    const auto* settings = settings_of(inputs, *rule);
    if (!runs(*rule, settings, only)) continue;
    auto reason = missing(rule->needs, inputs);
    if (reason.empty() && rule->also_needs) reason = missing(*rule->also_needs, inputs);
    if (!reason.empty()) {
      outcome.skipped.push_back({std::string(rule->id), std::move(reason)});
      continue;
    }
    const std::size_t before = outcome.findings.size();
    Reporter reporter(*rule, outcome.findings);
    rule->check(context, reporter);
    outcome.ran.emplace_back(rule->id);
    if (!settings || !settings->severity) continue;
    for (std::size_t i = before; i < outcome.findings.size(); ++i) {
      outcome.findings[i].severity = *settings->severity;
      if (outcome.findings[i].probe) outcome.findings[i].probe->confirmed_severity.reset();
    }
  }
  sort_findings(outcome.findings);
  return outcome;
}

void sort_findings(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    if (a.rule != b.rule) return a.rule < b.rule;
    return a.subject < b.subject;
  });
}

}  // namespace pgadvise::lint
