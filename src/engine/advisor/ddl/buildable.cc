#include "advisor/ddl/buildable.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "advisor/ddl/index_ddl.h"
#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"

namespace pgadvise::advisor {
namespace {

using Answer = Buildable::Answer;

constexpr std::size_t max_columns = 32;  // INDEX_MAX_KEYS
constexpr std::size_t compared_rows = 100'000;

Buildable no(std::string reason) { return {Answer::no, std::move(reason)}; }

std::string key_text(const IndexKey& key) {
  return key.column.empty() ? "(" + key.expression + ")" : quote_identifier(key.column);
}

bool relation_exists(const Catalog& catalog, const QualifiedName& name) {
  if (catalog.table(name) || catalog.sequences.contains(name)) return true;
  for (const auto& [table_name, table] : catalog.tables)
    if (table_name.schema == name.schema && table.index(name.name)) return true;
  return false;
}

// What the catalog alone shows; nullopt: nothing.
std::optional<Buildable> by_catalog(const sql::WrittenIndex& written, const Catalog& catalog) {
  const Table* table = catalog.table(written.table);
  if (!table) return no("the table " + display(written.table) + " does not exist");
  if (table->kind == Table::Kind::view || table->kind == Table::Kind::foreign)
    return no(display(written.table) +
              (table->kind == Table::Kind::view ? " is a view" : " is a foreign table") +
              ", which cannot have indexes");
  const Index& index = written.index;
  if (!index.name.empty() && relation_exists(catalog, {written.table.schema, index.name}))
    return no("a relation with the name " + index.name + " exists already" +
              (written.if_not_exists ? ", so the statement does nothing" : ""));
  std::vector<std::string> columns = index.include;
  for (const auto& key : index.keys)
    if (!key.column.empty()) columns.push_back(key.column);
  for (const auto& column : columns)
    if (!table->column(column)) return no("the table " + display(written.table) + " has no column " + column);
  if (index.keys.size() + index.include.size() > max_columns)
    return no(fmt::format("the index has {} columns, and PostgreSQL allows {}",
                          index.keys.size() + index.include.size(), max_columns));
  return std::nullopt;
}

// The expressions and the predicate as a query, whose functions plan::decide() knows.
std::string as_query(const sql::WrittenIndex& written) {
  std::vector<std::string> keys;
  for (const auto& key : written.index.keys) keys.push_back(key_text(key));
  std::string out = "SELECT " + join(keys, ", ") + " FROM " + quote_name(written.table);
  if (written.index.predicate) out += " WHERE " + *written.index.predicate;
  return out;
}

// The definition without its name, for an ordinary table or the first partition.
std::string definition(const sql::WrittenIndex& written, const Catalog& catalog) {
  Index index = written.index;
  index.name.clear();
  QualifiedName table = written.table;
  for (const Table* at = catalog.table(table); at && at->kind == Table::Kind::partitioned;) {
    const Table* partition = nullptr;
    for (const auto& [name, other] : catalog.tables)
      if (other.partition_of && *other.partition_of == at->name && other.kind != Table::Kind::foreign) {
        partition = &other;
        break;
      }
    if (!partition) return {};
    table = partition->name;
    at = partition;
  }
  return ddl::create_index(table, index);
}

Result<std::optional<Buildable>> by_server(const sql::WrittenIndex& written, const Catalog& catalog,
                                           plan::Planner& planner) {
  const auto decision = planner.decide({as_query(written), {}, true, {}, plan::Names::session});
  if (!decision) {
    if (decision.error().kind == Error::Kind::database) return tl::unexpected(decision.error());
    return no(decision.error().what);
  }
  if (decision->allowed == plan::Allowed::nothing)
    return Buildable{Answer::not_costed,
                     "pgadvise does not send the index to the server: " + decision->reason};
  const std::string& method = written.index.method;
  if (!is_one_of(method, {"btree", "brin", "hash"}))
    return Buildable{Answer::not_costed, "HypoPG does not support the access method " + method};
  const std::string sql = definition(written, catalog);
  if (sql.empty()) return Buildable{Answer::not_costed, "the partitioned table has no partition"};
  const auto plan = planner.explain_with({"SELECT 1", {}, true, {}, plan::Names::session}, {sql});
  if (plan) return std::nullopt;
  if (plan.error().kind == Error::Kind::database) return tl::unexpected(plan.error());
  std::string what = plan.error().what;
  if (what.starts_with(plan::rejected_index)) what = what.substr(plan::rejected_index.size());
  return no(std::move(what));
}

// A column that several sampled rows share a value of.
bool repeats_by_statistics(const sql::WrittenIndex& written, const Table& table) {
  if (written.index.predicate || written.index.keys.size() != 1) return false;
  const Column* column = table.column(written.index.keys.front().column);
  return column && column->statistics && table.statistics &&
         column->statistics->most_common_freq * table.statistics->rows >= 2;
}

Result<std::optional<Buildable>> by_rows(const sql::WrittenIndex& written, const Catalog& catalog,
                                         plan::Planner& planner) {
  const Table& table = *catalog.table(written.table);
  if (!written.index.unique) return std::nullopt;
  std::vector<std::string> keys, names, not_null;
  for (const auto& key : written.index.keys) {
    names.push_back("k" + std::to_string(names.size() + 1));
    keys.push_back(key_text(key) + " AS " + names.back());
    not_null.push_back(names.back() + " IS NOT NULL");
  }
  const plan::PlanRequest request{
      fmt::format("SELECT 'duplicate' FROM (SELECT {} FROM {}{} LIMIT {}) rows_compared{} GROUP BY {} HAVING "
                  "pg_catalog.count(*) > 1 LIMIT 1",
                  join(keys, ", "), quote_name(written.table),
                  written.index.predicate ? " WHERE " + *written.index.predicate : "", compared_rows,
                  written.index.nulls_not_distinct ? "" : " WHERE " + join(not_null, " AND "),
                  join(names, ", ")),
      {},
      true,
      {},
      plan::Names::session};
  const auto decision = planner.decide(request);
  if (!decision && decision.error().kind == Error::Kind::database) return tl::unexpected(decision.error());
  if (decision && decision->allowed == plan::Allowed::analyze) {
    const auto values = planner.values(request.sql);
    if (!values && values.error().kind == Error::Kind::database) return tl::unexpected(values.error());
    if (values && !values->empty())
      return no("the table has rows with equal keys, so the index cannot be UNIQUE");
    const bool all_compared =
        table.statistics && table.statistics->rows >= 0 && table.statistics->rows < compared_rows;
    if (values && all_compared) return std::nullopt;
  }
  if (repeats_by_statistics(written, table))
    return no("by the table's statistics, several rows have an equal key, so the index cannot be UNIQUE");
  return std::nullopt;
}

}  // namespace

Result<Buildable> can_build(const sql::WrittenIndex& written, const Catalog& catalog,
                            plan::Planner& planner) {
  if (auto found = by_catalog(written, catalog)) return *found;
  for (const auto check : {by_server, by_rows}) {
    TRY(auto found, check(written, catalog, planner));
    if (found) return *found;
  }
  return Buildable{};
}

}  // namespace pgadvise::advisor
