#include "store/postgres/postgres_views.h"

#include <fmt/format.h>

#include "base/text/text.h"

namespace pgadvise::store {
namespace {

constexpr std::string_view other_columns = "42P16";      // invalid_table_definition
constexpr std::string_view still_depended_on = "2BP01";  // dependent_objects_still_exist

std::string array_of(const std::vector<View>& views) {
  std::vector<std::string> names;
  for (const auto& view : views) names.push_back(view.name);
  return "{" + join(names, ",") + "}";
}

// Runs a statement in a savepoint. Returns the SQLSTATE of its failure if that is `expected`, "" on success.
Result<std::string> attempt(PostgresTransaction& transaction, const std::string& sql,
                            std::string_view expected) {
  TRY_VOID(transaction.run("SAVEPOINT view"));
  const auto done = transaction.run(sql);
  const std::string state = done ? std::string() : transaction.sqlstate();
  if (!done && state != expected) return tl::unexpected(done.error());
  TRY_VOID(transaction.run(done ? "RELEASE SAVEPOINT view" : "ROLLBACK TO SAVEPOINT view"));
  return state;
}

// A statement for each owner that is not this role, and for each privilege of another role than the owner. A
// privilege on a column is left out if the column is gone: `column` is "" for a whole view.
struct Grant {
  std::string view;
  std::string column;
  std::string sql;
};

Result<std::vector<Grant>> grants_on(PostgresTransaction& transaction, const std::vector<View>& views) {
  TRY(const auto rows,
      transaction.query(
          "WITH view AS (SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
          "WHERE n.nspname = 'pgadvise' AND c.relkind = 'v' AND c.relname = ANY ($1::text[])), "
          "privilege AS (SELECT v.oid, v.relname, v.relowner, '' AS attname, a.* FROM view v "
          "CROSS JOIN LATERAL aclexplode(v.relacl) a "
          "UNION ALL SELECT v.oid, v.relname, v.relowner, t.attname::text, a.* FROM view v "
          "JOIN pg_attribute t ON t.attrelid = v.oid CROSS JOIN LATERAL aclexplode(t.attacl) a) "
          "SELECT v.relname, '', format('ALTER VIEW %I OWNER TO %s', v.relname, v.relowner::regrole), 0 AS "
          "place "
          "FROM view v WHERE v.relowner::regrole::text <> quote_ident(current_user) "
          "UNION ALL SELECT relname, attname, format('GRANT %s%s ON %I TO %s%s', privilege_type, "
          "CASE WHEN attname <> '' THEN format(' (%I)', attname) ELSE '' END, relname, "
          "CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE grantee::regrole::text END, "
          "CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), 1 "
          "FROM privilege WHERE grantee <> relowner ORDER BY place",
          {array_of(views)}));
  std::vector<Grant> out;
  for (const auto& row : rows) out.push_back({row[0].value_or(""), row[1].value_or(""), row[2].value_or("")});
  return out;
}

Result<void> restore(PostgresTransaction& transaction, const std::vector<Grant>& grants) {
  for (const auto& grant : grants) {
    if (!grant.column.empty()) {
      TRY(const auto exists,
          transaction.number(
              "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n "
              "ON n.oid = c.relnamespace WHERE n.nspname = 'pgadvise' AND c.relname = $1 AND a.attname = $2",
              {grant.view, grant.column}));
      if (!exists) continue;
    }
    TRY_VOID(transaction.run(grant.sql));
  }
  return {};
}

// The error that names what another program made of a view of the store.
Result<void> refuse_dependents(PostgresTransaction& transaction, const std::vector<View>& views) {
  TRY(const auto rows,
      transaction.query("SELECT DISTINCT v.relname, format('%I.%I', n.nspname, c.relname) FROM pg_depend d "
                        "JOIN pg_class v ON v.oid = d.refobjid JOIN pg_namespace s ON s.oid = v.relnamespace "
                        "JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class "
                        "JOIN pg_namespace n ON n.oid = c.relnamespace "
                        "WHERE d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass "
                        "AND s.nspname = 'pgadvise' AND v.relname = ANY ($1::text[]) "
                        "AND NOT (n.nspname = 'pgadvise' AND c.relname = ANY ($1::text[])) ORDER BY 2, 1",
                        {array_of(views)}));
  const std::string used = rows.empty() ? "a view of the store" : "pgadvise." + rows[0][0].value_or("");
  const std::string by = rows.empty() ? "an object" : "the view " + rows[0][1].value_or("");
  return fail(Error::Kind::usage, transaction.where(),
              fmt::format("{} reads {}, which this version of pgadvise has to replace", by, used),
              "drop " + by + ", run pgadvise again, and create it anew");
}

Result<void> drop_and_create(PostgresTransaction& transaction, const std::vector<View>& views) {
  TRY(const auto grants, grants_on(transaction, views));
  std::vector<std::string> names;
  for (const auto& view : views) names.push_back(view.name);
  TRY(const auto failed, attempt(transaction, "DROP VIEW IF EXISTS " + join(names, ", "), still_depended_on));
  if (!failed.empty()) return refuse_dependents(transaction, views);
  for (const auto& view : views)
    TRY_VOID(transaction.run(fmt::format("CREATE VIEW {} AS {}", view.name, view.select)));
  return restore(transaction, grants);
}

}  // namespace

Result<void> replace_views(PostgresTransaction& transaction, const std::vector<View>& views) {
  for (const auto& view : views) {
    TRY(const auto failed,
        attempt(transaction, fmt::format("CREATE OR REPLACE VIEW {} AS {}", view.name, view.select),
                other_columns));
    if (!failed.empty()) return drop_and_create(transaction, views);
  }
  return {};
}

Result<std::set<std::string>> relations_of_store(PostgresTransaction& transaction) {
  TRY(const auto rows,
      transaction.query(
          "SELECT quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
          "WHERE n.nspname = 'pgadvise' AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition"));
  std::set<std::string> out;
  for (const auto& row : rows) out.insert(row[0].value_or(""));
  return out;
}

Result<void> grant_new_relations(PostgresTransaction& transaction, const std::set<std::string>& before) {
  TRY(const auto now, relations_of_store(transaction));
  TRY(const auto readers,
      transaction.query(
          "SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END FROM pg_class c "
          "JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL aclexplode(c.relacl) a "
          "WHERE n.nspname = 'pgadvise' AND c.relname = 'run' AND a.privilege_type = 'SELECT' "
          "AND a.grantee <> c.relowner"));
  for (const auto& relation : now) {
    if (before.contains(relation)) continue;
    for (const auto& reader : readers)
      TRY_VOID(transaction.run(fmt::format("GRANT SELECT ON {} TO {}", relation, reader[0].value_or(""))));
  }
  return {};
}

}  // namespace pgadvise::store
