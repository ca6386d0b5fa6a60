#include "cli/inputs.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "sql/statement.h"

namespace pgadvise::cli {

std::vector<project::SchemaInput> find_schemas(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  std::vector<project::SchemaInput> out;
  for (const auto& path : paths) {
    auto found = project::find_schemas(path, diagnostics);
    if (!found) {
      diagnostics.push_back(found.error());
      continue;
    }
    for (auto& input : *found) out.push_back(std::move(input));
  }
  return out;
}

Result<pg::Sandbox> build_sandbox(const std::vector<project::SchemaInput>& schemas, const std::vector<std::string>& load,
                                  Diagnostics& diagnostics) {
  auto sandbox = pg::Sandbox::start();
  if (!sandbox) return sandbox;
  for (const auto& schema : schemas) {
    auto scripts = project::schema_sql(schema, diagnostics);
    if (!scripts) {
      diagnostics.push_back(scripts.error());
      continue;
    }
    for (auto& [file, text] : *scripts) sandbox->build({file, std::move(text)}, diagnostics);
  }
  for (const auto& file : load) {
    auto text = read_file(file);
    if (!text) return tl::unexpected(text.error());
    sandbox->build({file, std::move(*text)}, diagnostics);
  }
  if (auto analyzed = sandbox->connection().run_script("ANALYZE"); !analyzed) return tl::unexpected(analyzed.error());
  return sandbox;
}

static void take_places(Table& live, const Table& file) {
  live.origin = file.origin;
  for (auto& column : live.columns)
    if (const Column* same = file.column(column.name)) column.origin = same->origin;
  for (auto& index : live.indexes)
    if (const Index* same = file.index(index.name)) index.origin = same->origin;
  live.dropped_keys = file.dropped_keys;
  for (auto& policy : live.policies)
    for (const auto& other : file.policies)
      if (other.name == policy.name) policy.origin = other.origin;
  for (auto& constraint : live.constraints)
    for (const auto& other : file.constraints)
      if (other.kind == constraint.kind && other.columns == constraint.columns &&
          other.referenced_table == constraint.referenced_table)
        constraint.origin = other.origin;
}

Catalog with_places(Catalog live, const Catalog& files) {
  for (const auto& [name, table] : files.tables) {
    if (Table* same = live.table(name)) take_places(*same, table);
    else live.tables.emplace(name, table);
  }
  return live;
}

Workload read_sql_workload(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  std::map<std::string, Query> queries;
  Workload out;
  for (const auto& path : paths) {
    const auto text = read_file(path);
    if (!text) {
      diagnostics.push_back(text.error());
      continue;
    }
    const LineIndex lines(*text);
    LogSource source{.path = path, .format = "sql"};
    for (const auto& statement : sql::split(*text)) {
      const auto position = lines.at(statement.offset);
      const Place place{path, position.line, position.column};
      const auto fingerprint = sql::fingerprint(statement.text);
      const auto normalized = sql::normalize(statement.text);
      if (!fingerprint || !normalized) {
        diagnostics.push_back({Error::Kind::passing, place.str(), fingerprint ? normalized.error().what : fingerprint.error().what, {}});
        continue;
      }
      Query& query = queries[*fingerprint];
      query.fingerprint = *fingerprint;
      if (query.text.empty()) query.text = *normalized;
      ++query.calls;
      ++source.statements;
      constexpr std::size_t samples = 5;
      if (query.samples.size() < samples) query.samples.push_back({place, std::string(statement.text), std::nullopt, std::nullopt});
    }
    out.sources.push_back(std::move(source));
  }
  for (auto& [fingerprint, query] : queries) out.queries.push_back(std::move(query));
  return out;
}

void merge(Workload& into, Workload other) {
  for (auto& query : other.queries) {
    const auto same = std::find_if(into.queries.begin(), into.queries.end(), [&](const Query& q) { return q.fingerprint == query.fingerprint; });
    if (same == into.queries.end()) {
      into.queries.push_back(std::move(query));
      continue;
    }
    same->calls += query.calls;
    for (auto& sample : query.samples) same->samples.push_back(std::move(sample));
  }
  for (auto& source : other.sources) into.sources.push_back(std::move(source));
}

}  // namespace pgadvise::cli
