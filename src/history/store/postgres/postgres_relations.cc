#include "store/postgres/postgres_relations.h"

#include <string_view>

#include <fmt/format.h>

#include "base/text/text.h"

namespace pgadvise::store {
namespace {

constexpr std::string_view tables[] = {"setting",       "run",         "scope_rule",     "scope_input",
                                       "finding_event", "query_class", "source",         "query_statistics",
                                       "relation_size", "plan",        "plan_relation",  "query_plan",
                                       "server_sample", "index_scan",  "session_sample", "lock_wait_sample"};

// Each row names a relation and what is wrong with it. Runs with pg_catalog as the search path: whoever may
// create objects in pgadvise must not choose what this statement calls. Types: bigint, text, double
// precision, bigint[]. A primary key is the only constraint; since version 18 NOT NULL is another.
constexpr std::string_view problems = R"(
WITH RECURSIVE schema AS (
  SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'pgadvise'),
stored AS (
  SELECT c.oid, c.relname, c.relkind, c.relnamespace FROM pg_class c
  WHERE c.relnamespace = (SELECT oid FROM schema) AND c.relname = ANY ($1::name[])
  UNION
  SELECT c.oid, c.relname, c.relkind, c.relnamespace FROM stored s
  JOIN pg_inherits i ON i.inhparent = s.oid JOIN pg_class c ON c.oid = i.inhrelid),
problem AS (
  SELECT relname, 'is no table' AS what FROM stored WHERE relkind NOT IN ('r', 'p')
  UNION ALL SELECT relname, 'is in another schema' FROM stored WHERE relnamespace <> (SELECT oid FROM schema)
  UNION ALL SELECT s.relname, 'has the rule ' || r.rulename FROM stored s
    JOIN pg_rewrite r ON r.ev_class = s.oid WHERE s.relkind IN ('r', 'p')
  UNION ALL SELECT s.relname, 'has the trigger ' || t.tgname FROM stored s
    JOIN pg_trigger t ON t.tgrelid = s.oid
  UNION ALL SELECT s.relname, 'has row-level security' FROM stored s
    JOIN pg_class c ON c.oid = s.oid WHERE c.relrowsecurity
  UNION ALL SELECT s.relname, 'has the constraint ' || c.conname FROM stored s
    JOIN pg_constraint c ON c.conrelid = s.oid WHERE c.contype NOT IN ('p', 'n')
  UNION ALL SELECT s.relname, 'has a default or generates a value in the column ' || a.attname FROM stored s
    JOIN pg_attribute a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = s.oid AND d.adnum = a.attnum
    WHERE a.attgenerated <> '' OR a.attidentity <> ''
      OR (d.oid IS NOT NULL AND pg_get_expr(d.adbin, d.adrelid) <> '''''::text')
  UNION ALL SELECT s.relname, 'has another type in the column ' || a.attname FROM stored s
    JOIN pg_attribute a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE a.atttypid NOT IN (20, 25, 701, 1016) AND s.relkind IN ('r', 'p')
  UNION ALL SELECT s.relname, 'has the index ' || c.relname FROM stored s
    JOIN pg_index i ON i.indrelid = s.oid JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_am m ON m.oid = c.relam
    WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL OR m.amname <> 'btree'
      OR EXISTS (SELECT FROM pg_opclass o WHERE o.oid = ANY (i.indclass::oid[])
        AND o.opcnamespace <> 11)
  UNION ALL SELECT s.relname, 'has the statistics object ' || x.stxname FROM stored s
    JOIN pg_statistic_ext x ON x.stxrelid = s.oid
  UNION ALL SELECT s.relname, 'has another partition key' FROM stored s
    JOIN pg_partitioned_table k ON k.partrelid = s.oid
    WHERE k.partexprs IS NOT NULL OR EXISTS (SELECT FROM pg_opclass o
      WHERE o.oid = ANY (k.partclass::oid[]) AND o.opcnamespace <> 11)
  UNION ALL SELECT s.relname, 'has another access method' FROM stored s
    JOIN pg_class c ON c.oid = s.oid WHERE s.relkind = 'r' AND c.relam <> 2
  UNION ALL SELECT 'the schema', 'has the function ' || p.proname FROM pg_proc p
    WHERE p.pronamespace = (SELECT oid FROM schema)
  UNION ALL SELECT 'the schema', 'has the operator ' || o.oprname FROM pg_operator o
    WHERE o.oprnamespace = (SELECT oid FROM schema))
SELECT relname, what FROM problem ORDER BY 1, 2 LIMIT 1)";

}  // namespace

std::vector<View> postgres_tables() {
  std::vector<View> out;
  for (const auto table : tables)
    out.push_back({std::string(table), fmt::format("SELECT * FROM pgadvise.{}", table)});
  return out;
}

Result<void> check_relations(PostgresTransaction& transaction) {
  const auto set_path = [&](const std::string& path) {
    return transaction.query("SELECT pg_catalog.set_config('search_path', $1, true)", {path});
  };
  TRY_VOID(set_path("pg_catalog, pg_temp"));
  TRY(const auto rows, transaction.query(problems, {fmt::format("{{{}}}", fmt::join(tables, ","))}));
  TRY_VOID(set_path("pgadvise, pg_temp"));
  if (rows.empty()) return {};
  const std::string name = rows.front()[0].value_or("");
  return fail(Error::Kind::usage, transaction.where(),
              fmt::format("the schema pgadvise is not as pgadvise creates it: {} {}",
                          name == "the schema" ? name : "pgadvise." + name, rows.front()[1].value_or("")),
              "it could run code as this role: remove it, if you trust the rest, or name another database");
}

Result<void> keep_unchanged(PostgresTransaction& transaction, const std::set<std::string>& relations) {
  std::vector<std::string> names;
  for (const auto& relation : relations) names.push_back("ONLY pgadvise." + relation);
  TRY_VOID(transaction.query("LOCK TABLE " + join(names, ", ") + " IN ROW EXCLUSIVE MODE"));
  return check_relations(transaction);
}

}  // namespace pgadvise::store
