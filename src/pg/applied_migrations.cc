#include "pg/applied_migrations.h"

#include <algorithm>
#include <charconv>

#include "base/identifier.h"
#include "base/text.h"

namespace pgadvise::pg {
namespace {

constexpr const char* find_tables = R"(
SELECT n.nspname, c.relname, pg_catalog.string_agg(a.attname::pg_catalog.text, ',')
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
WHERE c.relkind = 'r' AND NOT c.relrowsecurity AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
GROUP BY n.nspname, c.relname, c.oid
HAVING pg_catalog.bool_and(tn.nspname = 'pg_catalog') AND pg_catalog.count(*) <= 12
  AND pg_catalog.bool_or(a.attname IN ('migration_name', 'hash', 'version', 'version_id'))
ORDER BY 1, 2)";

std::string text_of(const std::optional<std::string>& value) { return value.value_or(""); }

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

std::string without_zeros(const std::string& version) {
  const auto first = version.find_first_not_of('0');
  return first == std::string::npos ? "0" : version.substr(first);
}

class Reader {
 public:
  Reader(Connection& connection, Diagnostics& diagnostics) : connection_(connection), diagnostics_(diagnostics) {}

  std::vector<AppliedMigrations> read() {
    std::vector<AppliedMigrations> out;
    const auto tables = connection_.query(find_tables);
    if (!tables) {
      complain(tables.error(), "the tables");
      return out;
    }
    for (const auto& row : *tables) {
      table_ = {text_of(row[0]), text_of(row[1])};
      columns_ = text_of(row[2]);
      if (auto found = read_table()) out.push_back(std::move(*found));
      if (!connection_.alive()) break;
    }
    return out;
  }

 private:
  bool has(std::string_view column) const {
    const auto columns = split(columns_, ',');
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  }

  std::optional<AppliedMigrations> read_table() {
    AppliedMigrations out;
    out.table = table_;
    const std::string from = " FROM ONLY " + quote_name(table_.schema, table_.name);
    if (has("migration_name") && has("finished_at") && has("rolled_back_at")) {
      out.tool = AppliedMigrations::Tool::prisma;
      return names("SELECT migration_name" + from + " WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL", out);
    }
    if (has("id") && has("hash") && has("created_at") && split(columns_, ',').size() <= 5) {
      out.tool = AppliedMigrations::Tool::drizzle;
      const auto latest = connection_.query("SELECT max(created_at)" + from);
      if (!latest) return complain(latest.error(), display(table_)), std::nullopt;
      if (!latest->empty()) out.latest = number(text_of(latest->front()[0]));
      return has("name") ? names("SELECT name" + from, out) : std::optional(std::move(out));
    }
    if (has("version_id") && has("is_applied")) return versions("SELECT version_id" + from + " WHERE is_applied", out);
    if (!has("version")) return std::nullopt;
    if (has("installed_rank") && has("success")) return versions("SELECT version" + from + " WHERE success AND version IS NOT NULL", out);
    if (has("dirty")) {
      auto found = versions("SELECT version" + from, out);
      if (found && !found->names.empty()) found->latest = number(*found->names.rbegin());
      return found;
    }
    if (table_.name.find("migration") == std::string::npos) return std::nullopt;
    return versions("SELECT version" + from, out);
  }

  std::optional<AppliedMigrations> names(const std::string& statement, AppliedMigrations out) {
    const auto rows = connection_.query(statement + " LIMIT 100000");
    if (!rows) return complain(rows.error(), display(table_)), std::nullopt;
    for (const auto& row : *rows)
      if (row[0]) out.names.insert(*row[0]);
    return out;
  }

  std::optional<AppliedMigrations> versions(const std::string& statement, AppliedMigrations out) {
    auto found = names(statement, std::move(out));
    if (!found) return found;
    std::set<std::string> plain;
    for (const auto& name : found->names) plain.insert(without_zeros(name));
    found->names = std::move(plain);
    return found;
  }

  void complain(const Error& error, const std::string& what) {
    diagnostics_.push_back({Error::Kind::passing, connection_.where(), "which migrations have run can't be read from " + what + ": " + error.what, ""});
    // A failed statement ends the transaction's use.
    if (connection_.alive()) {
      (void)connection_.query("ROLLBACK");
      (void)connection_.query("BEGIN READ ONLY");
    }
  }

  Connection& connection_;
  Diagnostics& diagnostics_;
  QualifiedName table_;
  std::string columns_;
};

}  // namespace

std::vector<AppliedMigrations> read_applied_migrations(Connection& connection, Diagnostics& diagnostics) {
  if (!connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")) return {};
  for (const char* setting : {"SET LOCAL search_path = pg_catalog", "SET LOCAL statement_timeout = '10s'", "SET LOCAL lock_timeout = '2s'"}) (void)connection.query(setting);
  auto out = Reader(connection, diagnostics).read();
  if (connection.alive()) (void)connection.query("ROLLBACK");
  return out;
}

}  // namespace pgadvise::pg
