// What a rule is. One file a rule: rules/<category>/<rule_id>.cc; registration is generated (cmake/rules.cmake).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "model/finding.h"

namespace pgadvise::lint {

class Context;
class Reporter;

// What a rule cannot do without; the runner says "not run: needs a log" instead of passing in silence.
// statistics: a server's (or its snapshot's) sizes and counts; server: its settings, too. migrations: those that are to be
// judged, step by step; a dump or a database has none.
// comparison: one schema told twice. events_or_counters: events, or a schema and how many rows the queries gave in all.
// server_log: what a server says besides statements; server_log_or_server: that, or a server to look at; sessions: that it logs their beginning or end.
// plans: of the workload's statements, from auto_explain's records or from a server that is asked.
enum class Needs { catalog, workload, events, events_or_counters, server_log, server_log_or_server, sessions, project, statistics, server, migrations, comparison,
                   plans, plans_or_temporary_files, plans_or_statistics };

struct Option {
  std::string_view name;
  double fallback;
  std::string_view meaning;  // with its unit
};

struct Rule {
  std::string_view id;  // states the problem: "unindexed-foreign-key"
  Severity severity = Severity::warning;
  Needs needs = Needs::catalog;
  std::string_view summary;         // one line
  std::string_view why;             // a paragraph or two, Markdown
  std::string_view fix;             // what to do, Markdown
  std::string_view when_to_ignore;  // Markdown
  std::span<const Option> options = {};
  void (*check)(const Context&, Reporter&) = nullptr;
  std::optional<Needs> also_needs = std::nullopt;
  bool on_by_default = true;  // off: runs only when named
};

struct RegisteredRule {
  std::string_view category;  // the folder
  const Rule* rule;
  // From fixtures/rules/<id>/, put in by the build; empty where there is no such file.
  std::string_view example;  // Markdown
  std::string_view bad_sql;
  std::string_view good_sql;
};

std::span<const RegisteredRule> all_rules();  // sorted by category, then id
const RegisteredRule* find_rule(std::string_view id);

}  // namespace pgadvise::lint
