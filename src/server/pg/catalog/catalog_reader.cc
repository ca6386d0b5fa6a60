#include "pg/catalog/catalog_reader.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text/text.h"
#include "pg/catalog/catalog_queries.h"
#include "pg/catalog/tracking.h"
#include "pg/connection/read_only.h"
#include "pg/connection/values.h"
#include "pg/plans/dependencies.h"
#include "pg/verify/leftovers.h"
#include "sql/parse/expression.h"

namespace pgadvise::pg {

namespace {

// The planner overestimates what they cost: compiling a query of the catalog takes a tenth of a second,
// running it none.
constexpr const char* catalog_settings =
    "SELECT set_config('statement_timeout', '60s', true), set_config('jit', 'off', true), "
    "set_config('lock_timeout', '500ms', true), set_config('idle_in_transaction_session_timeout', '60s', "
    "true), set_config('quote_all_identifiers', 'off', true)";

// FROM and WHERE of the relations that are read; `c` and `n` are theirs.
std::string relations(std::string_view join) {
  return fmt::format(
      " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace {} WHERE c.relkind IN ('r', 'p', 'f', "
      "'v', 'm') AND c.relpersistence <> 't' AND {} AND {} ",
      join, own_schema, not_of_extension("pg_class", "c.oid"));
}

// Over the 60 s that the server is given: for one that does not answer at all.
constexpr std::chrono::seconds query_limit{70};

std::string unlocked(std::string_view expression) {
  return fmt::format("CASE WHEN c.oid NOT IN {} THEN {} END", locked_relations, expression);
}

// "{1,2}" of an int2[].
std::vector<int> numbers(std::string_view array) {
  std::vector<int> out;
  if (array.size() < 3) return out;
  for (const auto part : split(array.substr(1, array.size() - 2), ','))
    out.push_back(static_cast<int>(whole(part)));
  return out;
}

std::string without_public(const std::string& name) {
  return name.compare(0, 7, "public.") == 0 ? name.substr(7) : name;
}

Table::Kind kind_of(std::string_view relkind) {
  return relkind == "p"   ? Table::Kind::partitioned
         : relkind == "f" ? Table::Kind::foreign
         : relkind == "v" ? Table::Kind::view
         : relkind == "m" ? Table::Kind::materialized_view
                          : Table::Kind::ordinary;
}

}  // namespace

Error CatalogReader::no_catalog(std::string_view why) const {
  return {Error::Kind::database, connection_.where(),
          fmt::format("the server does not respond like PostgreSQL: {}", why),
          "is this a PostgreSQL server's port?"};
}

Result<Rows> CatalogReader::ask_once(std::size_t columns, const std::string& query) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now());
  const auto bytes = connection_.bytes_received() - begin_bytes_;
  if (left.count() <= 0 || bytes >= max_catalog_bytes)
    return fail(Error::Kind::database, connection_.where(),
                left.count() <= 0
                    ? fmt::format("it takes longer than the limit of {} minutes", max_catalog_time.count())
                    : fmt::format("it exceeds the limit of {} MiB", max_catalog_bytes >> 20));
  AnswerLimits limits = connection_.limits();
  limits.rows = std::min(limits.rows, max_catalog_rows);
  limits.bytes = std::min(limits.bytes, max_catalog_bytes - static_cast<std::size_t>(bytes));
  connection_.set_limits(limits);
  connection_.set_deadline(std::min<std::chrono::milliseconds>(left, query_limit));
  auto rows = connection_.query(query);
  if (rows && std::ranges::any_of(*rows, [&](const Row& row) { return row.size() != columns; }))
    return tl::unexpected(
        no_catalog(fmt::format("rows of {} columns, {} expected", rows->front().size(), columns)));
  return rows;
}

Result<Rows> CatalogReader::ask(std::size_t columns, const std::string& query, const std::string& otherwise,
                                std::string_view missing) {
  if (otherwise.empty()) return ask_once(columns, query);
  TRY_VOID(connection_.query("SAVEPOINT part"));
  auto rows = ask_once(columns, query);
  if (rows || !connection_.alive() || rows.error().kind == Error::Kind::database) return rows;
  diagnostics_.push_back(Error{Error::Kind::nonfatal, connection_.where(),
                               std::string(missing) + ": " + rows.error().what, "the rest was read"});
  TRY_VOID(connection_.query("ROLLBACK TO SAVEPOINT part"));
  return ask_once(columns, otherwise);
}

void CatalogReader::name_some(std::vector<std::string> tables, std::string_view what, std::string_view hint) {
  if (tables.empty()) return;
  const auto count = tables.size();
  if (count > 3) tables.resize(3);
  const auto list = join(tables, ", ") + (count > 3 ? fmt::format(" and {} more", count - 3) : "");
  diagnostics_.push_back(Error{Error::Kind::nonfatal, connection_.where(), fmt::format("{}: {}", list, what),
                               std::string(hint)});
}

Table* CatalogReader::table(const std::optional<std::string>& oid) {
  const auto found = by_oid_.find(text(oid));
  return found == by_oid_.end() ? nullptr : found->second;
}

std::vector<std::string> CatalogReader::column_names(const std::optional<std::string>& oid,
                                                     std::string_view array) {
  std::vector<std::string> out;
  const auto& names = attributes_[text(oid)];
  for (const int number : numbers(array))
    if (const auto found = names.find(number); found != names.end()) out.push_back(found->second);
  return out;
}

Result<void> CatalogReader::names() {
  TRY(const auto database,
      ask(2,
          "SELECT d.datname, CASE WHEN coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = "
          "'c' THEN d.datcollate END FROM pg_database d WHERE d.datname = current_database()"));
  if (database.empty()) return tl::unexpected(no_catalog("pg_database has no row for the current database"));
  catalog_.database = text(database.front()[0]);
  if (database.front()[1]) catalog_.settings["lc_collate"] = text(database.front()[1]);
  TRY(const auto schemas,
      ask(1, fmt::format("SELECT n.nspname FROM pg_namespace n WHERE {} AND {} ORDER BY 1", own_schema,
                         not_of_extension("pg_namespace", "n.oid"))));
  for (const auto& row : schemas) catalog_.schemas.push_back(text(row[0]));
  TRY(const auto extensions,
      ask(1,
          "SELECT e.extname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
          "WHERE n.nspname !~ '^pgadvise_' AND e.extname <> 'plpgsql' ORDER BY 1"));
  for (const auto& row : extensions) catalog_.extensions.push_back(text(row[0]));
  TRY(const auto functions,
      ask(1,
          fmt::format("SELECT DISTINCT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON "
                      "n.oid = p.pronamespace WHERE {} AND {} ORDER BY 1",
                      own_schema, not_of_extension("pg_proc", "p.oid"))));
  for (const auto& row : functions) catalog_.user_functions.push_back(text(row[0]));
  return {};
}

// A session's counts of what it wrote reach the server's after its transaction, at times a second or more:
// after an ANALYZE that saw the rows already they are counted once more. Of a table that was just analyzed,
// had nothing deleted and has not one page more than ANALYZE found, that is all that they can be; but for a
// VACUUM or CREATE INDEX since, which tells of the pages too: for ten minutes.
static void leave_out_late_counts(TableStatistics& statistics) {
  if (statistics.rows < 0 || statistics.bytes > statistics.pages * page_bytes) return;
  statistics.changes_since_analyze = 0;
  statistics.live_rows = std::min(statistics.live_rows, static_cast<std::int64_t>(statistics.rows));
}

Result<void> CatalogReader::tables() {
  const auto query = [](std::string_view definition) {
    return fmt::format(
               "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence = 'u', c.relrowsecurity, "
               "{0}, CASE WHEN c.oid NOT IN {1} THEN pg_get_expr(c.relpartbound, c.oid) END, CASE WHEN "
               "c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, obj_description(c.oid, 'pg_class'), CASE "
               "WHEN c.reltuples = 0 AND c.relpages = 0 AND current_setting('server_version_num')::int < "
               "140000 THEN -1 ELSE c.reltuples END, c.relpages, CASE WHEN c.relkind IN ('r', 'm') AND c.oid "
               "NOT IN {1} THEN pg_relation_size(c.oid) END, pg_stat_get_numscans(c.oid), "
               "pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + "
               "pg_stat_get_tuples_deleted(c.oid), c.relkind IN ('r', 'p', 'm') AND (NOT "
               "has_any_column_privilege(c.oid, 'SELECT') OR row_security_active(c.oid)), c.oid IN {1}, "
               "pg_stat_get_live_tuples(c.oid), pg_stat_get_dead_tuples(c.oid), CASE WHEN c.relkind IN ('r', "
               "'m') THEN age(c.relfrozenxid) END, pg_stat_get_mod_since_analyze(c.oid), "
               "greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) > "
               "now() - interval '10 minutes' AND pg_stat_get_tuples_deleted(c.oid) = 0, "
               "pg_stat_get_tuples_returned(c.oid), (SELECT o.option_value FROM "
               "pg_options_to_table(c.reloptions) o WHERE o.option_name = 'fillfactor')",
               definition, locked_relations) +
           relations("") + "ORDER BY 2, 3";
  };
  const auto definition = fmt::format(
      "CASE WHEN c.relkind IN ('v', 'm') AND NOT EXISTS (SELECT FROM pg_rewrite r JOIN pg_depend d ON "
      "d.objid = r.oid AND d.classid = 'pg_rewrite'::regclass WHERE r.ev_class = c.oid AND d.refobjid IN {}) "
      "THEN pg_get_viewdef(c.oid) END",
      locked_relations);
  TRY(const auto rows, ask(24, query(definition), query("NULL"), "view definitions were not read"));
  std::vector<std::string> unreadable;
  std::vector<std::string> busy;
  for (const auto& row : rows) {
    Table out;
    TableStatistics statistics;
    std::string oid, kind;
    std::optional<std::int64_t> bytes;
    std::optional<int> fillfactor;
    bool hidden = false, locked = false, just_analyzed = false;
    read_row(row, oid, out.name.schema, out.name.name, kind, out.unlogged, out.row_security, out.definition,
             out.partition_bound, out.partition_key, out.comment, statistics.rows, statistics.pages, bytes,
             statistics.sequential_scans, statistics.writes, hidden, locked, statistics.live_rows,
             statistics.dead_rows, statistics.relfrozenxid_age, statistics.changes_since_analyze,
             just_analyzed, statistics.sequential_rows, fillfactor);
    out.kind = kind_of(kind);
    out.definition = std::string(trim(out.definition));
    if (out.definition.ends_with(';')) out.definition.pop_back();
    if (fillfactor && (out.kind == Table::Kind::ordinary || out.kind == Table::Kind::materialized_view))
      out.fillfactor = *fillfactor;
    if (out.kind != Table::Kind::view) {
      statistics.bytes = bytes.value_or(statistics.pages * page_bytes);
      if (just_analyzed && bytes) leave_out_late_counts(statistics);
      out.statistics = statistics;
    }
    if (hidden) unreadable.push_back(display(out.name));
    if (locked) busy.push_back(display(out.name));
    const auto name = out.name;
    by_oid_[oid] = &catalog_.tables.insert_or_assign(name, std::move(out)).first->second;
  }
  name_some(unreadable, "column statistics are hidden from this user", "connect as a user who may read them");
  name_some(busy, "locked by another session: defaults, checks and sizes were not read", "try again later");
  return {};
}

Result<void> CatalogReader::inheritance() {
  TRY(const auto rows, ask(3, "SELECT i.inhrelid, i.inhparent, c.relispartition" +
                                  relations("JOIN pg_inherits i ON i.inhrelid = c.oid") +
                                  "ORDER BY n.nspname, c.relname, i.inhseqno"));
  for (const auto& row : rows) {
    Table* child = table(row[0]);
    const Table* parent = table(row[1]);
    if (!child || !parent) continue;
    if (truth(row[2])) child->partition_of = parent->name;
    else child->inherits.push_back(parent->name);
  }
  return {};
}

Result<void> CatalogReader::columns() {
  const auto query = [](std::string_view expression) {
    return fmt::format(
               "SELECT c.oid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
               "a.attidentity, a.attgenerated, {}, CASE WHEN a.attcollation <> t.typcollation THEN (SELECT "
               "CASE WHEN ln.nspname IN ('pg_catalog', 'public') THEN '' ELSE ln.nspname || '.' END || "
               "l.collname FROM pg_collation l JOIN pg_namespace ln ON ln.oid = l.collnamespace WHERE l.oid "
               "= a.attcollation) END, ds.description",
               expression) +
           relations(
               "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
               "JOIN pg_type t ON t.oid = a.atttypid "
               "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
               "LEFT JOIN pg_description ds ON ds.classoid = 'pg_class'::regclass AND ds.objoid = c.oid "
               "AND ds.objsubid = a.attnum") +
           "ORDER BY c.oid, a.attnum";
  };
  TRY(const auto rows,
      ask(10, query(unlocked("pg_get_expr(d.adbin, d.adrelid)")), query("NULL"), "defaults were not read"));
  for (const auto& row : rows) {
    Table* owner = table(row[0]);
    if (!owner) continue;
    Column column;
    int number = 0;
    std::string identity, generated;
    std::optional<std::string> expression;
    read_row(row, std::ignore, number, column.name, column.type, column.not_null, identity, generated,
             expression, column.collation, column.comment);
    column.type = without_public(column.type);
    if (identity == "a") column.identity = Column::Identity::always;
    if (identity == "d") column.identity = Column::Identity::by_default;
    (generated.empty() ? column.default_expression : column.generated_expression) = std::move(expression);
    attributes_[text(row[0])][number] = column.name;
    owner->columns.push_back(std::move(column));
  }
  return {};
}

Result<void> CatalogReader::indexes() {
  const bool nulls = connection_.server_version() >= 150000;
  const auto query = [&](std::string_view predicate) {
    return fmt::format(
               "SELECT i.indexrelid, i.indrelid, ic.relname, m.amname, i.indisunique, i.indisvalid, {}, {}, "
               "EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', "
               "'u', 'x')), pg_stat_get_numscans(i.indexrelid), ic.relpages, (SELECT above.relname FROM "
               "pg_inherits h JOIN pg_class above ON above.oid = h.inhparent WHERE h.inhrelid = "
               "i.indexrelid), i.indisreplident, {}",
               nulls ? "i.indnullsnotdistinct" : "false", predicate,
               connection_.server_version() >= 120000
                   ? "EXISTS (SELECT FROM pg_stat_progress_create_index b WHERE b.index_relid = i.indexrelid)"
                   : "false") +
           relations(
               "JOIN pg_index i ON i.indrelid = c.oid AND i.indislive JOIN pg_class ic ON ic.oid = "
               "i.indexrelid "
               "JOIN pg_am m ON m.oid = ic.relam") +
           "ORDER BY ic.relname";
  };
  TRY(const auto rows,
      ask(14,
          query(fmt::format("CASE WHEN i.indpred IS NULL THEN NULL WHEN c.oid IN {} THEN '(not read)' ELSE "
                            "pg_get_expr(i.indpred, i.indrelid) END",
                            locked_relations)),
          query("CASE WHEN i.indpred IS NOT NULL THEN '(not read)' END"), "index predicates were not read"));
  for (const auto& row : rows) {
    Table* owner = table(row[1]);
    if (!owner) continue;
    Index index;
    IndexStatistics& statistics = index.statistics.emplace();
    read_row(row, std::ignore, std::ignore, index.name, index.method, index.unique, index.valid,
             index.nulls_not_distinct, index.predicate, index.constraint, statistics.scans, statistics.pages,
             index.attached_to, index.replica_identity, index.building);
    if (index.predicate) index.predicate_not_null = sql::not_null_columns(*index.predicate);
    if (owner->statistics) owner->statistics->index_scans += statistics.scans;
    index_by_oid_[text(row[0])] = {owner, owner->indexes.size()};
    owner->indexes.push_back(std::move(index));
  }
  return {};
}

Result<void> CatalogReader::index_keys() {
  TRY(const auto rows,
      ask(7,
          "SELECT i.indexrelid, s.k > i.indnkeyatts, a.attname, "
          "CASE WHEN i.indkey[s.k - 1] = 0 THEN pg_get_indexdef(i.indexrelid, s.k, false) END, "
          "i.indoption[s.k - 1], "
          "CASE WHEN NOT o.opcdefault THEN CASE WHEN op.nspname IN ('pg_catalog', 'public') THEN '' ELSE "
          "op.nspname || '.' "
          "END || o.opcname END, "
          "CASE WHEN i.indcollation[s.k - 1] <> coalesce(a.attcollation, 100) AND i.indcollation[s.k - 1] <> "
          "0 THEN "
          "(SELECT CASE WHEN ln.nspname IN ('pg_catalog', 'public') THEN '' ELSE ln.nspname || '.' END || "
          "l.collname "
          "FROM pg_collation l JOIN pg_namespace ln ON ln.oid = l.collnamespace WHERE l.oid = "
          "i.indcollation[s.k - 1]) END" +
              relations(
                  "JOIN pg_index i ON i.indrelid = c.oid AND i.indislive "
                  "CROSS JOIN LATERAL generate_series(1, i.indnatts::int) AS s(k) "
                  "LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[s.k - 1] "
                  "AND a.attnum <> 0 "
                  "LEFT JOIN pg_opclass o ON s.k <= i.indnkeyatts AND o.oid = i.indclass[s.k - 1] "
                  "LEFT JOIN pg_namespace op ON op.oid = o.opcnamespace") +
              "ORDER BY i.indexrelid, s.k"));
  for (const auto& row : rows) {
    const auto found = index_by_oid_.find(text(row[0]));
    if (found == index_by_oid_.end()) continue;
    Index& index = found->second.first->indexes[found->second.second];
    if (truth(row[1])) {
      index.include.push_back(text(row[2]));
      continue;
    }
    IndexKey& key = index.keys.emplace_back();
    int option = 0;
    read_row(row, std::ignore, std::ignore, key.column, key.expression, option, key.operator_class,
             key.collation);
    // Whatever does not look like a function call comes in parentheses of its own.
    if (key.expression.size() > 2 && key.expression.front() == '(' && key.expression.back() == ')')
      key.expression = key.expression.substr(1, key.expression.size() - 2);
    key.descending = option & 1;
    key.nulls_first = option & 2;
  }
  return {};
}

Result<void> CatalogReader::constraints() {
  const bool nulls = connection_.server_version() >= 150000;
  const auto query = [&](std::string_view expression) {
    return fmt::format(
               "SELECT k.conrelid, k.contype, k.conname, k.conkey::text, k.confrelid, k.confkey::text, "
               "k.confdeltype, k.confupdtype, CASE WHEN k.contype = 'c' THEN {} WHEN k.contype = 'x' THEN "
               "pg_get_constraintdef(k.oid) END, k.convalidated, k.condeferrable, k.conparentid <> 0 OR "
               "(k.contype = 'c' AND k.coninhcount > 0), {}, fn.nspname, f.relname, {}, k.confmatchtype = "
               "'f', k.condeferred",
               expression, nulls ? "i.indnullsnotdistinct" : "false",
               nulls ? "k.confdelsetcols::text" : "NULL") +
           relations(
               "JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c', 'x') "
               "LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype = 'u' "
               "LEFT JOIN pg_class f ON f.oid = k.confrelid LEFT JOIN pg_namespace fn ON fn.oid = "
               "f.relnamespace") +
           "ORDER BY k.conrelid, k.contype = 'p' DESC, k.conname";
  };
  TRY(const auto rows, ask(18, query(unlocked("pg_get_expr(k.conbin, k.conrelid)")), query("NULL"),
                           "check expressions were not read"));
  using Kind = Constraint::Kind;
  const std::map<std::string_view, Kind> kinds = {{"p", Kind::primary_key},
                                                  {"u", Kind::unique},
                                                  {"f", Kind::foreign_key},
                                                  {"c", Kind::check},
                                                  {"x", Kind::exclusion}};
  for (const auto& row : rows) {
    Table* owner = table(row[0]);
    if (!owner) continue;
    const auto kind = kinds.find(text(row[1]));
    if (kind == kinds.end()) continue;
    Constraint& constraint = owner->constraints.emplace_back();
    constraint.kind = kind->second;
    std::string key, foreign_key, on_delete, on_update, on_delete_key;
    QualifiedName& other = constraint.referenced_table;
    read_row(row, std::ignore, std::ignore, constraint.name, key, std::ignore, foreign_key, on_delete,
             on_update, constraint.expression, constraint.validated, constraint.deferrable,
             constraint.inherited, constraint.nulls_not_distinct, other.schema, other.name, on_delete_key,
             constraint.match_full, constraint.initially_deferred);
    constraint.columns = column_names(row[0], key);
    if (constraint.kind == Kind::foreign_key) {
      constraint.referenced_columns = column_names(row[4], foreign_key);
      constraint.on_delete = referential_action(on_delete[0]);
      constraint.on_update = referential_action(on_update[0]);
      constraint.on_delete_columns = column_names(row[0], on_delete_key);
    }
    if (constraint.expression.starts_with("EXCLUDE ")) constraint.expression.erase(0, 8);
  }
  return {};
}

Result<void> CatalogReader::policies() {
  const auto query = [](std::string_view seen, std::string_view checked) {
    return fmt::format(
               "SELECT p.polrelid, p.polname, CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' "
               "WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, p.polpermissive, {}, {}, "
               "(SELECT string_agg(r.rolname, chr(10) ORDER BY r.rolname) FROM pg_roles r WHERE r.oid = ANY "
               "(p.polroles))",
               seen, checked) +
           relations("JOIN pg_policy p ON p.polrelid = c.oid") + "ORDER BY p.polrelid, p.polname";
  };
  TRY(const auto rows, ask(7,
                           query(unlocked("pg_get_expr(p.polqual, p.polrelid)"),
                                 unlocked("pg_get_expr(p.polwithcheck, p.polrelid)")),
                           query("NULL", "NULL"), "policies were not read"));
  for (const auto& row : rows) {
    Table* owner = table(row[0]);
    if (!owner) continue;
    Policy& policy = owner->policies.emplace_back();
    std::string roles;
    read_row(row, std::ignore, policy.name, policy.command, policy.permissive, policy.using_expression,
             policy.check_expression, roles);
    for (const auto role : split(roles, '\n'))
      if (!role.empty()) policy.roles.emplace_back(role);
  }
  return {};
}

Result<void> CatalogReader::triggers() {
  // tgtype: 2 is BEFORE, 16 is UPDATE.
  TRY(const auto rows,
      ask(2, "SELECT t.tgrelid, t.tgname" + relations("JOIN pg_trigger t ON t.tgrelid = c.oid") +
                 "AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 18 = 18 ORDER BY 1, 2"));
  for (const auto& row : rows)
    if (Table* owner = table(row[0])) owner->update_triggers.push_back(text(row[1]));
  return {};
}

Result<void> CatalogReader::read_parts() {
  for (const auto part :
       {&CatalogReader::names, &CatalogReader::tables, &CatalogReader::inheritance, &CatalogReader::columns,
        &CatalogReader::indexes, &CatalogReader::index_keys, &CatalogReader::constraints,
        &CatalogReader::policies, &CatalogReader::triggers, &CatalogReader::types_and_sequences,
        &CatalogReader::settings_and_age, &CatalogReader::sessions})
    TRY_VOID((this->*part)());
  column_statistics();
  sum_up_partitions();
  return tracking();
}

// In a transaction whose queries see what the planner sees: a table of somebody else may have got another
// index since the catalog was read.
Result<void> CatalogReader::tracking() {
  bool begun = false;
  int not_asked = 0;
  HarmlessStatements harmless;
  catalog_.tracking = read_tracking(
      catalog_,
      [&](const std::string& query) -> Result<Rows> {
        if (!std::exchange(begun, true)) {
          TRY_VOID(connection_.query("ROLLBACK"));
          TRY_VOID(begin(begin_read_only));
        }
        // A table of somebody else: planning the query could run the expressions of its indexes.
        if (const auto safe = harmless.check(connection_, query); !safe) {
          Error error = safe.error();
          error.what = "the list of applied migrations can't be read: " + error.what;
          diagnostics_.push_back(error);
          return tl::unexpected(std::move(error));
        }
        return ask(4, query, "SELECT WHERE false", "the list of applied migrations can't be read");
      },
      not_asked);
  if (not_asked)
    diagnostics_.push_back(Error{Error::Kind::nonfatal, connection_.where(),
                                 fmt::format("{} more tables list applied migrations", not_asked),
                                 fmt::format("the first {} were read", max_tracking_tables)});
  return {};
}

Result<void> CatalogReader::begin(const char* transaction) {
  for (const char* statement : {transaction, server_search_path, catalog_settings})
    TRY_VOID(connection_.query(statement));
  return {};
}

// Whatever user asks, a PostgreSQL catalog describes itself: without that, no rows elsewhere mean nothing.
Result<void> CatalogReader::check_pg_catalog() {
  TRY(const auto rows,
      ask(2,
          "SELECT n.nspname, count(c.oid) FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid "
          "WHERE n.nspname = 'pg_catalog' GROUP BY n.nspname"));
  if (rows.size() == 1 && text(rows.front()[0]) == "pg_catalog" && whole(rows.front()[1]) > 0) return {};
  return tl::unexpected(no_catalog("pg_namespace and pg_class do not list pg_catalog"));
}

Result<Catalog> CatalogReader::read() {
  const AnswerLimits before = connection_.limits();
  connection_.set_deadline(query_limit);
  catalog_.server_version = connection_.server_version();
  catalog_.has_statistics = true;
  auto done = begin("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  if (done) done = check_pg_catalog();
  if (done) done = read_parts();
  if (connection_.alive()) (void)connection_.query("ROLLBACK");
  connection_.set_limits(before);
  connection_.set_deadline({});
  if (!done) {
    done.error().what = "the catalog can't be read: " + done.error().what;
    done.error().kind = Error::Kind::database;
    return tl::unexpected(done.error());
  }
  return std::move(catalog_);
}

// Reading the definitions opens the tables.
static Result<void> check_partition_keys(Connection& connection) {
  if (connection.server_version() >= 130000) return {};
  ReadOnly transaction(connection);
  TRY_VOID(transaction.begin(false, As::user));
  TRY(const auto safe, partition_keys_are_safe(connection));
  if (safe) return {};
  return fail(Error::Kind::database, connection.where(),
              "a partition key calls a function that is not built in, which PostgreSQL 12 runs whenever a "
              "client opens the table: the database is not read",
              "upgrade the server to 13 or later");
}

Result<Catalog> read_catalog(Connection& connection, Diagnostics& diagnostics,
                             const CatalogOptions& options) {
  TRY_VOID(check_partition_keys(connection));
  const auto until = std::chrono::steady_clock::now() + max_catalog_time;
  auto catalog = CatalogReader(connection, diagnostics, options.values, until).read();
  const auto left = [](const auto& table) {
    return std::ranges::any_of(table.second.indexes,
                               [](const Index& index) { return !run_of_index(index.name).empty(); });
  };
  if (!catalog || std::ranges::none_of(catalog->tables, left)) return catalog;
  if (const auto leftovers = find_leftovers(connection))
    for (auto& line : describe(*leftovers, connection)) diagnostics.push_back(std::move(line));
  return catalog;
}

}  // namespace pgadvise::pg
