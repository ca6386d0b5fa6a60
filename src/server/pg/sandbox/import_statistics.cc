#include "pg/sandbox/import_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <ranges>
#include <set>
#include <span>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text/identifier.h"
#include "pg/connection/values.h"

namespace pgadvise::pg {
namespace {

constexpr std::int64_t page = page_bytes;
constexpr std::int64_t segment = 1LL << 30;  // a relation's files are this long at most
constexpr std::int64_t largest = 1LL << 44;  // 16 TiB: fewer than 2^32 pages

std::int64_t pages(std::int64_t bytes) {
  return std::clamp<std::int64_t>(bytes / page, 0, largest / page - 1);
}

// Takes no room on the disk. Files of other segments are made beside the first.
bool lengthen(const std::string& file, std::int64_t bytes) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) return false;
  for (std::int64_t part = 0; part * segment < bytes; ++part) {
    const std::string name = part ? fmt::format("{}.{}", file, part) : file;
    const std::int64_t length = std::min(segment, bytes - part * segment);
    const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return false;
    struct stat now{};
    const bool done = ::fstat(fd, &now) == 0 && (now.st_size >= length || ::ftruncate(fd, length) == 0) &&
                      (::geteuid() != 0 || ::fchown(fd, info.st_uid, info.st_gid) == 0);
    ::close(fd);
    if (!done) return false;
  }
  return true;
}

bool write_at_begin(const std::string& file, const std::string& bytes) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  const bool done = ::pwrite(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
  ::close(fd);
  return done;
}

template <class T>
void put(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

// Levels above the leaves: inner pages hold the beginnings of their children's first entries, 70 % full. A
// key is mostly there before the rows are, and its root is split when it is full.
int tree_height(const Index& index, const Table& table, std::int64_t length) {
  double key = 0;
  for (const auto& one : index.keys) {
    const Column* column = table.column(one.column);
    key += column && column->statistics ? std::max(1, column->statistics->average_width) : 8;
  }
  const double entry = 4 + 8 + std::ceil(key / 8) * 8;
  const double full = std::max(2.0, (page - 40) / entry);
  double level = static_cast<double>(length) - 1;
  int height = 0;
  for (; level > 1 && height < 20; ++height)
    level = index.constraint && level <= full ? 1 : std::ceil(level / (0.7 * full));
  return height;
}

std::string count(std::int64_t pages) { return std::to_string(std::min<std::int64_t>(pages, INT32_MAX)); }

std::optional<std::string> text(const std::string& value) {
  return value.empty() ? std::optional<std::string>() : std::optional(value);
}

constexpr std::size_t rows_per_statement = 200;

// Rows as one array literal for each of their values, for unnest(). REQUIRES rows of the same number of
// values, and at least one row.
Parameters as_arrays(std::span<const Parameters> rows) {
  Parameters out;
  for (std::size_t at = 0; at < rows.front().size(); ++at) {
    out.push_back(array_of(rows | std::views::transform([&](const Parameters& row) { return row[at]; })));
  }
  return out;
}

// Share of NULLs, width, n_distinct, most common values and their frequencies, histogram, correlation; NULL
// where a list is empty. REQUIRES a column with statistics.
Parameters statistics_of(const Column& column) {
  const ColumnStatistics& known = *column.statistics;
  const bool values = !known.most_common_values.empty() && !known.most_common_frequencies.empty();
  return {fmt::format("{}", known.null_fraction),
          std::to_string(known.average_width),
          fmt::format("{}", known.n_distinct),
          values ? text(known.most_common_values) : std::nullopt,
          values ? text(known.most_common_frequencies) : std::nullopt,
          text(known.histogram_bounds),
          fmt::format("{}", known.correlation)};
}

struct Relation {
  std::string oid;
  std::string file;
};

struct StatisticsImport {
  Connection& admin;
  Connection& owner;
  const std::string& data;  // the server's data directory
  const Catalog& production;
  const std::vector<RelationSize>& known_sizes;
  Diagnostics& diagnostics;
  std::map<QualifiedName, Relation> relations = {};
  std::set<QualifiedName> parents = {};  // by INHERITS
  int files_failed = 0;
  int columns_failed = 0;

  void run() {
    settings();
    if (!find_relations()) return;
    for (const auto& [name, table] : production.tables)
      parents.insert(table.inherits.begin(), table.inherits.end());
    if (!restores()) columns();
    else
      for (const auto& [name, table] : production.tables)
        if (relations.count(name)) restore_columns(table);
    lengthen_all();
    if (files_failed)
      report(fmt::format("pgadvise could not give {} files production's size", files_failed),
             "the sandbox needs a file system with sparse files in TMPDIR or /tmp");
    if (columns_failed)
      report(fmt::format("the statistics of {} columns do not match this server's types", columns_failed),
             {});
  }

  void report(std::string what, std::string hint) {
    diagnostics.push_back({Error::Kind::nonfatal, "the sandbox", std::move(what), std::move(hint)});
  }

  bool does(const std::string& sql, const Parameters& parameters = {}) {
    return admin.query(sql, parameters).has_value();
  }

  void settings() {
    const auto known = admin.query(
        "SELECT name, current_database() FROM pg_catalog.pg_settings WHERE context = 'user' AND (category "
        "LIKE 'Query Tuning%' OR name IN ('work_mem', "
        "'hash_mem_multiplier', 'max_parallel_workers_per_gather', 'parallel_leader_participation'))");
    if (!known) return;
    std::string database;
    for (const auto& row : *known) {
      database = quote_identifier(row[1].value_or(""));
      const std::string name = row[0].value_or("");
      if (const std::string* value = production.setting(name))
        (void)does(fmt::format("ALTER DATABASE {} SET {} = {}", database, quote_identifier(name),
                               quote_literal(*value)));
    }
    // pg/plans/plan_source.cc runs nothing where this is set.
    (void)does(fmt::format("ALTER DATABASE {} SET pgadvise.statistics_only = on", database));
    if (production.server_version / 10000 != admin.server_version() / 10000)
      report(fmt::format("production is PostgreSQL {}, the sandbox {}: plans may differ between versions",
                         production.server_version / 10000, admin.server_version() / 10000),
             "put production's version on PATH");
  }

  // What is built anew now is in nobody's memory: the first page can be written behind the server's back.
  bool find_relations() {
    // Else a small new file is logged at COMMIT, and read into memory for that.
    (void)does("SET wal_skip_threshold = 0");
    for (const auto& schema : production.schemas) (void)does("REINDEX SCHEMA " + quote_identifier(schema));
    const auto rows = admin.query(
        "SELECT c.oid, n.nspname, c.relname, pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n "
        "ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm', 'i') AND n.nspname !~ '^pg_' AND "
        "n.nspname <> 'information_schema'");
    if (!rows) return false;
    for (const auto& row : *rows)
      relations[{row[1].value_or(""), row[2].value_or("")}] = {row[0].value_or(""),
                                                               row[3] ? data + "/" + *row[3] : std::string()};
    return true;
  }

  // An older snapshot has no list: then what rules know of tables has to do, and nothing counts as visible.
  std::vector<RelationSize> sizes() const {
    if (!known_sizes.empty()) return known_sizes;
    std::vector<RelationSize> out;
    for (const auto& [name, table] : production.tables) {
      if (!table.statistics || table.kind == Table::Kind::partitioned) continue;
      out.push_back({name, table.statistics->bytes, table.statistics->pages, table.statistics->rows, 0});
      for (const auto& index : table.indexes)
        if (index.statistics)
          out.push_back({{name.schema, index.name},
                         index.statistics->pages * page,
                         index.statistics->pages,
                         table.statistics->rows,
                         0});
    }
    return out;
  }

  void lengthen_all() {
    std::map<QualifiedName, std::pair<const Table*, const Index*>> trees;
    for (const auto& [name, table] : production.tables)
      for (const auto& index : table.indexes)
        if (index.method == "btree") trees[{name.schema, index.name}] = {&table, &index};
    std::vector<Parameters> rows;  // of pg_class: oid, pages, rows, visible pages
    for (const auto& size : sizes()) {
      const auto found = relations.find(size.name);
      if (found == relations.end() || found->second.file.empty()) continue;
      const auto tree = trees.find(size.name);
      std::int64_t length = pages(size.bytes);
      bool done = true;
      if (tree != trees.end() && length > 1) {
        const int height = tree_height(*tree->second.second, *tree->second.first, length);
        done = write_at_begin(found->second.file, empty_tree(height));
        length = std::max<std::int64_t>(length, height + 2);
      }
      if (!done || !lengthen(found->second.file, length * page)) ++files_failed;
      if (restores()) {
        const auto statement = restore_relation(size, production.server_version);
        (void)owner.query(statement.sql, statement.parameters);
      } else {
        rows.push_back(
            {found->second.oid, count(size.pages), fmt::format("{}", size.rows), count(size.visible_pages)});
      }
    }
    const std::span<const Parameters> all = rows;
    for (std::size_t from = 0; from < all.size(); from += rows_per_statement)
      (void)does(
          "UPDATE pg_catalog.pg_class c SET relpages = g.pages, reltuples = g.rows, relallvisible = "
          "g.visible FROM unnest($1::oid[], $2::int4[], $3::float4[], $4::int4[]) AS g (oid, pages, rows, "
          "visible) WHERE c.oid = g.oid",
          as_arrays(all.subspan(from, std::min(rows_per_statement, all.size() - from))));
  }

  // From 18 on the server has functions for it.
  bool restores() const { return admin.server_version() >= 180000; }

  void restore_columns(const Table& table) {
    const bool partitioned = table.kind == Table::Kind::partitioned;
    for (const auto& column : table.columns) {
      if (!column.statistics) continue;
      columns_failed += !restored(restore_column(table.name, column, partitioned, production.server_version));
      if (parents.count(table.name))
        (void)restored(restore_column(table.name, column, true, production.server_version));
    }
  }

  // What does not fit is a warning to the server: it takes the rest, and answers false. The server reads
  // values as the columns' types do, domains with the checks of the script: as the script's own role.
  bool restored(const RestoreStatement& statement) {
    const auto rows = owner.query(statement.sql, statement.parameters);
    return rows && !rows->empty() && rows->front()[0] == "t";
  }

  // As ANALYZE writes them: most common values, histogram, correlation, each with its operator and collation.
  // Only a superuser may write them, so values are read only where that runs none of the script's functions:
  // as a built-in type, an enum, or an array of one. A domain counts as its base type, of which its operators
  // are.
  bool insert(std::span<const Parameters> rows) {
    static const std::string sql = R"(
        INSERT INTO pg_catalog.pg_statistic
        SELECT g.oid, a.attnum, g.inherited, g.nulls, g.width, g.n_distinct,
          CASE WHEN o.mcv THEN 1 ELSE 0 END, CASE WHEN o.hist THEN 2 ELSE 0 END, CASE WHEN o.corr THEN 3 ELSE 0 END, 0, 0,
          CASE WHEN o.mcv THEN o.eq ELSE 0 END, CASE WHEN o.hist THEN o.lt ELSE 0 END, CASE WHEN o.corr THEN o.lt ELSE 0 END, 0, 0,
          CASE WHEN o.mcv THEN a.attcollation ELSE 0 END, CASE WHEN o.hist THEN a.attcollation ELSE 0 END, CASE WHEN o.corr THEN a.attcollation ELSE 0 END, 0, 0,
          CASE WHEN o.mcv THEN g.frequencies::float4[] END, NULL, CASE WHEN o.corr THEN ARRAY[g.correlation] END, NULL, NULL,
          CASE WHEN o.mcv THEN array_in(textout(g.common), b.base, -1) END, CASE WHEN o.hist THEN array_in(textout(g.bounds), b.base, -1) END, NULL, NULL, NULL
        FROM unnest($1::oid[], $2::name[], $3::bool[], $4::float4[], $5::int4[], $6::float4[], $7::text[], $8::text[], $9::text[], $10::float4[])
          AS g (oid, name, inherited, nulls, width, n_distinct, common, frequencies, bounds, correlation)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = g.oid AND a.attname = g.name AND NOT a.attisdropped
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid,
        LATERAL (WITH RECURSIVE d(oid) AS (SELECT t.oid UNION SELECT x.typbasetype FROM d JOIN pg_catalog.pg_type x ON x.oid = d.oid AND x.typtype = 'd')
          SELECT x.oid AS base, x.typtype AS kind, x.typtype IN ('b', 'e') AND coalesce((SELECT e.typtype IN ('b', 'e') AND e.typelem = 0 FROM pg_catalog.pg_type e WHERE e.oid = x.typelem), true) AS plain
          FROM d JOIN pg_catalog.pg_type x ON x.oid = d.oid AND x.typtype <> 'd') b,
        LATERAL (SELECT max(m.amopopr) FILTER (WHERE m.amopstrategy = 3) AS eq, max(m.amopopr) FILTER (WHERE m.amopstrategy = 1) AS lt
          FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_amop m ON m.amopfamily = c.opcfamily AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype
          WHERE c.opcdefault AND c.opcmethod = 403 AND c.opcintype = coalesce(
            (SELECT e.opcintype FROM pg_catalog.pg_opclass e WHERE e.opcdefault AND e.opcmethod = 403 AND e.opcintype = b.base),
            CASE WHEN b.base = 1043 THEN 25 WHEN b.kind = 'e' THEN 3500 WHEN b.kind = 'r' THEN 3831 WHEN b.kind = 'c' THEN 2249
                 WHEN EXISTS (SELECT FROM pg_catalog.pg_type x WHERE x.oid = b.base AND x.typelem <> 0 AND x.typlen = -1) THEN 2277 END)) f,
        LATERAL (SELECT f.eq, f.lt, g.common IS NOT NULL AND f.eq IS NOT NULL AND b.plain AS mcv, g.bounds IS NOT NULL AND f.lt IS NOT NULL AND b.plain AS hist, g.correlation <> 0 AND f.lt IS NOT NULL AS corr) o)";
    return does(sql, as_arrays(rows));
  }

  Parameters values_of(const Table& table, const Column& column, const std::string& oid) const {
    Parameters out{oid, column.name, table.kind == Table::Kind::partitioned ? "t" : "f"};
    const Parameters known = statistics_of(column);
    out.insert(out.end(), known.begin(), known.end());
    return out;
  }

  // Of a parent by INHERITS the snapshot has its own rows' statistics only: they stand for those with its
  // children, too.
  static Parameters with_children(Parameters row) {
    row[2] = "t";
    return row;
  }

  void columns() {
    struct Row {
      Parameters values;
      bool parent = false;
    };
    std::vector<Row> all;
    for (const auto& [name, table] : production.tables) {
      const auto relation = relations.find(name);
      if (relation == relations.end()) continue;
      for (const auto& column : table.columns)
        if (column.statistics)
          all.push_back({values_of(table, column, relation->second.oid), parents.count(name) > 0});
    }
    for (std::size_t from = 0; from < all.size(); from += rows_per_statement) {
      const std::size_t end = std::min(all.size(), from + rows_per_statement);
      std::vector<Parameters> together;
      for (std::size_t at = from; at < end; ++at) {
        together.push_back(all[at].values);
        if (all[at].parent) together.push_back(with_children(all[at].values));
      }
      if (insert(together)) continue;
      for (std::size_t at = from; at < end; ++at) insert_alone(all[at].values, all[at].parent);
    }
  }

  void insert_alone(const Parameters& values, bool parent) {
    if (insert({&values, 1})) {
      const Parameters inherited = with_children(values);
      if (parent) (void)insert({&inherited, 1});
      return;
    }
    // A label that the type has no more, say: what needs no values is still true.
    Parameters without = values;
    for (const std::size_t at : {6, 7, 8}) without[at].reset();
    ++columns_failed;
    (void)insert({&without, 1});
  }
};

constexpr std::size_t header = 24;   // of a page
constexpr std::size_t special = 16;  // of a B-tree's page, at its end

void page_header(std::string& pages, std::size_t at, std::size_t lower, std::size_t upper,
                 std::size_t special_at) {
  put<std::uint16_t>(pages, at + 12, static_cast<std::uint16_t>(lower));
  put<std::uint16_t>(pages, at + 14, static_cast<std::uint16_t>(upper));
  put<std::uint16_t>(pages, at + 16, static_cast<std::uint16_t>(special_at));
  put<std::uint16_t>(pages, at + 18, page | 4);  // size and layout version
}

// As _bt_initmetapage() and _bt_newroot() lay them out; the same since PostgreSQL 11.
void tree_page(std::string& pages, std::size_t at, std::uint32_t level, std::uint16_t flags) {
  const std::size_t end = static_cast<std::size_t>(page) - special;
  page_header(pages, at, header, end, end);
  put<std::uint32_t>(pages, at + end + 8, level);
  put<std::uint16_t>(pages, at + end + 12, flags);
}

}  // namespace

RestoreStatement restore_relation(const RelationSize& size, int version) {
  return {
      "SELECT pg_catalog.pg_restore_relation_stats('schemaname', $1::pg_catalog.text, 'relname', "
      "$2::pg_catalog.text, 'version', $3::pg_catalog.int4, 'relpages', $4::pg_catalog.int4, 'reltuples', "
      "$5::pg_catalog.float4, 'relallvisible', $6::pg_catalog.int4)",
      {size.name.schema, size.name.name, std::to_string(version), count(size.pages),
       fmt::format("{}", size.rows), count(size.visible_pages)}};
}

RestoreStatement restore_column(const QualifiedName& table, const Column& column, bool inherited,
                                int version) {
  RestoreStatement out{
      "SELECT pg_catalog.pg_restore_attribute_stats('schemaname', $1::pg_catalog.text, 'relname', "
      "$2::pg_catalog.text, 'attname', $3::pg_catalog.text, 'inherited', $4::pg_catalog.bool, 'version', "
      "$5::pg_catalog.int4, 'null_frac', $6::pg_catalog.float4, 'avg_width', $7::pg_catalog.int4, "
      "'n_distinct', $8::pg_catalog.float4, 'most_common_vals', $9::pg_catalog.text, 'most_common_freqs', "
      "$10::pg_catalog.float4[], 'histogram_bounds', $11::pg_catalog.text, 'correlation', "
      "$12::pg_catalog.float4)",
      {table.schema, table.name, column.name, inherited ? "t" : "f", std::to_string(version)}};
  const Parameters known = statistics_of(column);
  out.parameters.insert(out.parameters.end(), known.begin(), known.end());
  if (column.statistics->correlation == 0) out.parameters.back().reset();
  return out;
}

std::string empty_tree(int height) {
  constexpr std::uint16_t leaf = 1, root = 2, meta = 8;
  std::string out(static_cast<std::size_t>(page) * static_cast<std::size_t>(height + 2), '\0');
  tree_page(out, 0, 0, meta);
  const auto levels = static_cast<std::uint32_t>(height);
  // magic, version, root, its level, both again for the fast root
  const std::uint32_t words[] = {0x053162, 4, 1, levels, 1, levels, 0};
  std::memcpy(out.data() + header, words, sizeof words);
  put<double>(out, header + 32, -1);  // tuples at the last cleanup: not known
  put<std::uint16_t>(out, 12, header + 48);
  for (int level = height; level >= 0; --level) {
    const std::uint32_t number = static_cast<std::uint32_t>(height - level) + 1;
    const std::size_t at = static_cast<std::size_t>(page) * number;
    tree_page(out, at, static_cast<std::uint32_t>(level),
              static_cast<std::uint16_t>((level == 0 ? leaf : 0) | (level == height ? root : 0)));
    if (level == 0) break;
    // One entry without keys, "minus infinity", that points to the page below.
    const std::size_t entry = static_cast<std::size_t>(page) - special - 8;
    const std::uint32_t below = number + 1;
    put<std::uint16_t>(out, at + entry, static_cast<std::uint16_t>(below >> 16));
    put<std::uint16_t>(out, at + entry + 2, static_cast<std::uint16_t>(below));
    put<std::uint16_t>(out, at + entry + 4, 0);           // no attributes
    put<std::uint16_t>(out, at + entry + 6, 0x2000 | 8);  // another meaning of the TID; its size
    put<std::uint32_t>(
        out, at + header,
        static_cast<std::uint32_t>(entry) | (1u << 15) | (8u << 17));  // where, normal, how long
    put<std::uint16_t>(out, at + 12, header + 4);
    put<std::uint16_t>(out, at + 14, static_cast<std::uint16_t>(entry));
  }
  return out;
}

void import_collation(Connection& admin, const Catalog& production) {
  const std::string* collate = production.setting("lc_collate");
  if (!collate || (*collate != "C" && *collate != "POSIX")) return;
  (void)admin.query("UPDATE pg_catalog.pg_database SET datcollate = 'C' WHERE datname = current_database()");
}

void import_statistics(Connection& admin, Connection& owner, const std::string& data,
                       const Catalog& production, const std::vector<RelationSize>& sizes,
                       Diagnostics& diagnostics) {
  StatisticsImport{admin, owner, data, production, sizes, diagnostics}.run();
}

}  // namespace pgadvise::pg
