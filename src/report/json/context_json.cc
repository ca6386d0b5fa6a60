#include "report/json/context_json.h"

#include <algorithm>
#include <map>
#include <set>

#include "lint/run/rule.h"
#include "lint/schema/key_coverage.h"
#include "report/json/digest_json.h"
#include "report/json/members.h"
#include "report/json/plan_json.h"

namespace pgadvise::report {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t max_queries = 2000;
constexpr std::size_t max_tables = 2000;

void truncate(json& out, const char* what, std::size_t shown, std::size_t of) {
  if (shown < of) out["truncated"].push_back({{"what", what}, {"shown", shown}, {"of", of}});
}

json rules_json(const Report& report) {
  std::set<std::string> ids;
  for (const auto& finding : report.findings) ids.insert(finding.rule);
  json out = json::array();
  for (const auto& id : ids)
    if (const auto* found = lint::find_rule(id))
      out.push_back({{"id", id},
                     {"category", found->category},
                     {"summary", found->rule->summary},
                     {"why", found->rule->why},
                     {"when_to_ignore", found->rule->when_to_ignore}});
  return out;
}

json index_json(const Index& index) {
  const json keys =
      array_of(index.keys, [](const auto& key) { return key.column.empty() ? key.expression : key.column; });
  json out{{"name", index.name}, {"method", index.method}, {"columns", keys}, {"unique", index.unique}};
  if (!index.include.empty()) out["include"] = index.include;
  if (index.predicate) out["predicate"] = *index.predicate;
  if (index.statistics) {
    constexpr std::int64_t page_bytes = 8192;
    out["bytes"] = index.statistics->pages * page_bytes;
    out["scans"] = index.statistics->scans;
  }
  return out;
}

bool indexed(const Table& table, const std::vector<std::string>& columns) {
  return std::any_of(table.indexes.begin(), table.indexes.end(), [&](const Index& index) {
    return lint::covers(index, table, columns) == lint::Coverage::full;
  });
}

json foreign_key_json(const Table& table, const Constraint& key) {
  return {{"name", key.name},
          {"columns", key.columns},
          {"schema", key.referenced_table.schema},
          {"table", key.referenced_table.name},
          {"referenced_columns", key.referenced_columns},
          {"indexed", indexed(table, key.columns)}};
}

json table_json(const Table& table) {
  json out{{"schema", table.name.schema}, {"name", table.name.name}};
  if (table.statistics) {
    const TableStatistics& statistics = *table.statistics;
    if (statistics.rows >= 0) out["rows"] = statistics.rows;
    out["bytes"] = statistics.bytes;
    out["sequential_scans"] = statistics.sequential_scans;
    out["index_scans"] = statistics.index_scans;
    out["writes"] = statistics.writes;
  }
  out["columns"] = array_of(table.columns, [](const Column& column) {
    return json{{"name", column.name}, {"type", column.type}, {"not_null", column.not_null}};
  });
  out["indexes"] = array_of(table.indexes, index_json);
  out["foreign_keys"] = json::array();
  for (const auto& constraint : table.constraints) {
    if (constraint.kind == Constraint::Kind::primary_key) out["primary_key"] = constraint.columns;
    if (constraint.kind == Constraint::Kind::foreign_key)
      out["foreign_keys"].push_back(foreign_key_json(table, constraint));
  }
  return out;
}

// A table that several inputs define is the one of the last of them, a server's if there is one. Views,
// partitions and temporary tables are left out.
json tables_json(const std::vector<const Catalog*>& catalogs) {
  std::map<QualifiedName, const Table*> tables;
  for (const auto* catalog : catalogs)
    for (const auto& [name, table] : catalog->tables) {
      const bool stored = table.kind == Table::Kind::ordinary || table.kind == Table::Kind::partitioned;
      const Table*& known = tables[name];
      if (!stored || table.partition_of || table.temporary) continue;
      if (!known || !known->statistics || table.statistics) known = &table;
    }
  json out = json::array();
  for (const auto& [name, table] : tables)
    if (table) out.push_back(table_json(*table));
  return out;
}

}  // namespace

void put_context(json& out, const Report& report, const Options& options) {
  if (!report.findings.empty()) out["rules"] = rules_json(report);
  if (options.workload && !options.workload->queries.empty()) {
    out["workload"] = workload_json(*options.workload, options.show_literals, max_queries);
    truncate(out, "queries", std::min(max_queries, options.workload->queries.size()),
             options.workload->queries.size());
  }
  if (!report.plans.empty()) out["plans"] = plans_json(report.plans);
  json tables = tables_json(options.catalogs);
  if (tables.empty()) return;
  const std::size_t all = tables.size();
  if (all > max_tables) tables.erase(tables.begin() + max_tables, tables.end());
  truncate(out, "tables", tables.size(), all);
  out["tables"] = std::move(tables);
}

}  // namespace pgadvise::report
