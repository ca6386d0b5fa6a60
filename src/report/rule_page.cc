#include "report/rule_page.h"

#include <fmt/format.h>

namespace pgadvise::report {

static std::string_view needs(lint::Needs needs) {
  switch (needs) {
    case lint::Needs::workload: return "a schema and queries (--log or --workload)";
    case lint::Needs::events: return "a log (--log)";
    case lint::Needs::events_or_counters: return "a log (--log); from pg_stat_statements and a schema alone: notes";
    case lint::Needs::server_log: return "a server's log (--log)";
    case lint::Needs::server_log_or_server: return "a server's log (--log) or a database (--db)";
    case lint::Needs::sessions: return "a server's log with log_connections and log_disconnections (--log)";
    case lint::Needs::project: return "a repository";
    case lint::Needs::migrations: return "migrations";
    case lint::Needs::statistics: return "a database, or a snapshot with statistics (--db)";
    case lint::Needs::server: return "a database (--db)";
    case lint::Needs::comparison: return "migrations, and a database (--db) or drizzle's snapshots";
    case lint::Needs::plans: return "plans of logged statements: auto_explain's (--log), or a log and a database (--log, --db)";
    case lint::Needs::plans_or_temporary_files: return "a log of log_temp_files (--log), or plans of logged statements: auto_explain's, or those of a database (--db)";
    case lint::Needs::plans_or_statistics: return "a database or a snapshot of one (--db), or plans of logged statements";
    case lint::Needs::catalog: break;
  }
  return "a schema";
}

static std::string severity(const lint::Rule& rule) {
  return std::string(name(rule.severity)) + (rule.on_by_default ? "" : ", off by default");
}

static std::string example(const lint::RegisteredRule& registered) {
  if (!registered.example.empty()) return fmt::format("\n## Example\n\n{}", registered.example);
  if (registered.bad_sql.empty()) return {};
  return fmt::format("\n## Found\n\n```sql\n{}```\n\n## Not found\n\n```sql\n{}```\n", registered.bad_sql, registered.good_sql);
}

std::string rule_page(const lint::RegisteredRule& registered) {
  const lint::Rule& rule = *registered.rule;
  std::string out = fmt::format("# {}\n\npgadvise found {}.\n\nCategory: {} · severity: {} · needs: {}\n\n## Why\n\n{}\n\n## What to do\n\n{}\n\n"
                                "## When to ignore it\n\n{}\n",
                                rule.id, rule.summary, registered.category, severity(rule), needs(rule.needs), rule.why, rule.fix,
                                rule.when_to_ignore);
  out += example(registered);
  if (!rule.options.empty()) {
    out += "\n## Numbers that decide\n\n| name | default | meaning |\n|---|---|---|\n";
    for (const auto& option : rule.options) out += fmt::format("| `{}` | {} | {} |\n", option.name, option.fallback, option.meaning);
  }
  return out;
}

std::string rule_table() {
  std::string out = "| rule | severity | finds |\n|---|---|---|\n";
  for (const auto& [category, rule, example, bad, good] : lint::all_rules())
    out += fmt::format("| [{0}](docs/rules/{0}.md) | {1} | {2} |\n", rule->id, severity(*rule), rule->summary);
  return out;
}

}  // namespace pgadvise::report
