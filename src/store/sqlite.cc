#include "store/sqlite.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "store/sqlite_connection.h"
#include "store/sqlite_schema.h"

namespace pgadvise::store {
namespace {

namespace fs = std::filesystem;

std::string list_of(const Histogram& times, bool counts) {
  std::vector<std::string> out;
  for (const auto& bucket : times.buckets())
    out.push_back(std::to_string(counts ? bucket.count : std::uint64_t{bucket.index}));
  return "[" + join(out, ",") + "]";
}

std::string plain_path(const std::string& path) {
  std::string out = fs::path(path).lexically_normal().generic_string();
  if (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

std::int64_t whole(std::uint64_t number) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX));
}

std::string database_of(const RunRecord& run) {
  for (const auto& input : run.inputs)
    if (input.kind == "database") return input.path;
  return {};
}

// One upload, in a transaction that the caller commits.
class Upload {
 public:
  explicit Upload(SqliteConnection& connection) : connection_(connection) {}

  void put(const Facts& facts) {
    if (facts.run) put_run(facts.target, *facts.run);
    put_queries(facts);
    Statement insert =
        connection_.prepare("INSERT OR IGNORE INTO relation_size VALUES (?, ?, ?, ?, ?, ?, ?)");
    for (const auto& size : facts.sizes)
      done(insert.bind(facts.target)
               .bind(size.kind == SizeSample::Kind::index ? "index" : "table")
               .bind(size.name.schema)
               .bind(size.name.name)
               .bind(size.taken)
               .bind(size.bytes)
               .bind(size.rows));
  }

  void forget_before(std::int64_t seconds) {
    std::size_t removed = 0;
    for (const char* sql :
         {"DELETE FROM finding_event WHERE run_id IN (SELECT run_id FROM run WHERE started < ?)",
          "DELETE FROM run WHERE started < ?",
          "DELETE FROM query_statistics WHERE (target, bucket_start) IN (SELECT target, bucket_start FROM "
          "source "
          "WHERE bucket_start < ?)",
          "DELETE FROM source WHERE bucket_start < ?", "DELETE FROM relation_size WHERE taken < ?"}) {
      Statement statement = connection_.prepare(sql);
      done(statement.bind(seconds));
      removed += connection_.changed_rows();
    }
    if (removed == 0) return;
    for (const char* sql :
         {"DELETE FROM query_class WHERE class_id NOT IN (SELECT class_id FROM query_statistics)",
          "DELETE FROM scope_rule WHERE scope_id NOT IN (SELECT scope_id FROM run)",
          "DELETE FROM scope_input WHERE scope_id NOT IN (SELECT scope_id FROM run)"}) {
      Statement statement = connection_.prepare(sql);
      done(statement);
    }
  }

  int code() const { return code_; }

 private:
  void done(Statement& statement) {
    if (code_ == SQLITE_OK) statement.run();
    if (code_ == SQLITE_OK) code_ = statement.code();
  }

  void put_run(const std::string& target, const RunRecord& run) {
    const std::string id = run_id(target, run);
    Statement insert = connection_.prepare("INSERT OR IGNORE INTO run VALUES (?, ?, ?, ?, ?, ?)");
    done(insert.bind(id)
             .bind(target)
             .bind(seconds_of(run.started).value_or(0))
             .bind(run.version)
             .bind(run.server_version)
             .bind(put_scope(run)));
    Statement event = connection_.prepare(
        "INSERT OR IGNORE INTO finding_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    const std::string database = database_of(run);
    for (const auto& finding : run.findings) {
      const FindingArea area = area_of(finding, run.inputs);
      done(event.bind(id)
               .bind(finding.id)
               .bind(finding.short_id)
               .bind(finding.rule)
               .bind(name(finding.severity))
               .bind(name(finding.verdict))
               .bind(name(finding.state))
               .bind(name(area))
               .bind(finding.location.live() ? "" : plain_path(finding.location.file))
               .bind(area == FindingArea::server ? database : "")
               .bind(finding.message)
               .bind(finding.impact.score)
               .bind(finding.impact.effect));
    }
  }

  // Most runs of a target have the same scope: it is stored once.
  std::string put_scope(const RunRecord& run) {
    std::set<std::pair<std::string, std::string>> rules, inputs;
    if (run.scope_known && !run.findings_hidden) {
      for (const auto& rule : run.scope.rules) rules.emplace(rule, "");
      for (const auto& rule : run.scope.migration_rules)
        for (const auto& file : run.scope.migrations) rules.emplace(rule, plain_path(file));
    }
    for (const auto& input : run.inputs) {
      const FindingArea area = area_of(input);
      inputs.emplace(name(area), area == FindingArea::file  ? plain_path(input.path)
                                 : input.kind == "database" ? input.path
                                                            : std::string());
    }
    std::string all;
    for (const auto* list : {&rules, &inputs})
      for (const auto& [first, second] : *list) all += first + "\t" + second + "\n";
    const std::string id = sha256_hex(all).substr(0, 16);
    put_pairs("INSERT OR IGNORE INTO scope_rule VALUES (?, ?, ?)", id, rules);
    put_pairs("INSERT OR IGNORE INTO scope_input VALUES (?, ?, ?)", id, inputs);
    return id;
  }

  void put_pairs(const char* sql, const std::string& id,
                 const std::set<std::pair<std::string, std::string>>& pairs) {
    Statement insert = connection_.prepare(sql);
    for (const auto& [first, second] : pairs) done(insert.bind(id).bind(first).bind(second));
  }

  // Of a log that grew between two uploads, the larger one counts, whichever comes first.
  bool is_new(const std::string& target, const QueryStatistics& first) {
    Statement known = connection_.prepare("SELECT size FROM source WHERE target = ? AND source = ?");
    known.bind(target).bind(first.source);
    const bool found = known.row();
    if (found && known.number() >= whole(first.source_size)) return false;
    if (!known.ok()) code_ = known.code();
    Statement remove = connection_.prepare(
        "DELETE FROM query_statistics WHERE target = ?1 AND source = ?2 AND bucket_start = (SELECT "
        "bucket_start "
        "FROM source WHERE target = ?1 AND source = ?2)");
    done(remove.bind(target).bind(first.source));
    Statement insert = connection_.prepare("INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?, ?)");
    done(insert.bind(target)
             .bind(first.source)
             .bind(whole(first.source_size))
             .bind(first.bucket_start)
             .bind(first.bucket_seconds));
    return true;
  }

  void put_queries(const Facts& facts) {
    Statement of_class = connection_.prepare(
        "INSERT INTO query_class VALUES (?, ?) ON CONFLICT (class_id) DO UPDATE SET text = excluded.text "
        "WHERE "
        "excluded.text < text");
    Statement insert = connection_.prepare(
        "INSERT OR IGNORE INTO query_statistics VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    std::map<std::string, bool> fresh;  // by source
    for (const auto& query : facts.queries) {
      const auto known = fresh.find(query.source);
      if (known == fresh.end()) fresh[query.source] = is_new(facts.target, query);
      if (!fresh[query.source]) continue;
      done(of_class.bind(query.class_id).bind(query.text));
      done(insert.bind(facts.target)
               .bind(query.class_id)
               .bind(query.bucket_start)
               .bind(query.source)
               .bind(query.bucket_seconds)
               .bind(whole(query.calls))
               .bind(whole(query.timed_calls))
               .bind(query.total_ns)
               .bind(query.max_ns)
               .bind(whole(query.rows))
               .bind(whole(query.rows_calls))
               .bind(list_of(query.times, false))
               .bind(list_of(query.times, true)));
    }
  }

  SqliteConnection& connection_;
  int code_ = SQLITE_OK;
};

FindingLife::State state_of(const std::string& state, bool gone) {
  using State = FindingLife::State;
  if (gone) return State::gone;
  return state == "suppressed" ? State::suppressed : state == "accepted" ? State::accepted : State::open;
}

class SqliteStore : public Store {
 public:
  explicit SqliteStore(SqliteConnection connection) : connection_(std::move(connection)) {}

  Result<void> set_retention(int days) {
    Statement set = connection_.prepare("UPDATE setting SET value = ? WHERE name = 'retention_days'");
    set.bind(std::int64_t{days}).run();
    if (!set.ok()) return tl::unexpected(connection_.error(set.code()));
    return {};
  }

  Result<void> put(const Facts& facts, std::int64_t now) override {
    auto transaction = WriteTransaction::begin(connection_);
    if (!transaction) return tl::unexpected(transaction.error());
    const auto days = connection_.number("SELECT value FROM setting WHERE name = 'retention_days'");
    if (!days) return tl::unexpected(days.error());
    Upload upload(connection_);
    upload.put(facts);
    upload.forget_before(now - *days * 86400);
    if (upload.code() != SQLITE_OK) return tl::unexpected(connection_.error(upload.code()));
    return transaction->commit();
  }

  Result<std::vector<FindingLife>> findings(const std::string& target) override {
    std::vector<FindingLife> out;
    Statement rows = select(
        "SELECT target, finding_id, short_id, rule, severity, verdict, message, file, score, state, "
        "first_seen, "
        "last_seen, runs, gone, reopened FROM finding_life",
        target, "last_seen DESC, score DESC, finding_id");
    while (rows.row()) {
      FindingLife life;
      for (auto* text : {&life.target, &life.id, &life.short_id, &life.rule, &life.severity, &life.verdict,
                         &life.message, &life.file})
        *text = rows.text();
      life.score = rows.real();
      const std::string state = rows.text();
      life.first_seen = rows.number();
      life.last_seen = rows.number();
      life.runs = static_cast<std::uint64_t>(rows.number());
      if (!rows.null()) life.gone = rows.number();
      if (!rows.null()) life.reopened = rows.number();
      life.state = state_of(state, life.gone.has_value());
      out.push_back(std::move(life));
    }
    return checked(rows, std::move(out));
  }

  Result<std::vector<QueryChange>> query_changes(const std::string& target) override {
    std::vector<QueryChange> out;
    Statement rows =
        select("SELECT target, class_id, text, calls, mean_ms, earlier_mean_ms, weeks FROM query_change",
               target, "calls * (mean_ms - earlier_mean_ms) DESC, class_id");
    while (rows.row()) {
      QueryChange change;
      for (auto* text : {&change.target, &change.class_id, &change.text}) *text = rows.text();
      change.calls = static_cast<std::uint64_t>(rows.number());
      change.mean_ms = rows.real();
      change.earlier_mean_ms = rows.real();
      change.weeks = static_cast<std::uint64_t>(rows.number());
      out.push_back(std::move(change));
    }
    return checked(rows, std::move(out));
  }

  Result<std::vector<RelationGrowth>> growth(const std::string& target) override {
    std::vector<RelationGrowth> out;
    Statement rows =
        select("SELECT target, kind, schema, name, since, until, bytes_before, bytes FROM relation_growth",
               target, "bytes - bytes_before DESC, schema, name, kind");
    while (rows.row()) {
      RelationGrowth growth;
      for (auto* text : {&growth.target, &growth.kind, &growth.schema, &growth.name}) *text = rows.text();
      for (auto* number : {&growth.from, &growth.until, &growth.bytes_before, &growth.bytes})
        *number = rows.number();
      out.push_back(std::move(growth));
    }
    return checked(rows, std::move(out));
  }

 private:
  Statement select(const std::string& from, const std::string& target, const std::string& order) {
    Statement out = connection_.prepare(from + " WHERE ?1 = '' OR target = ?1 ORDER BY target, " + order);
    out.bind(target);
    return out;
  }

  template <class T>
  Result<T> checked(const Statement& rows, T value) const {
    if (!rows.ok()) return tl::unexpected(connection_.error(rows.code()));
    return value;
  }

  SqliteConnection connection_;
};

}  // namespace

std::unique_ptr<Store> sqlite_store(SqliteConnection connection) {
  return std::make_unique<SqliteStore>(std::move(connection));
}

Result<std::unique_ptr<Store>> open_sqlite(const Address& address, bool create) {
  std::error_code code;
  const bool exists = fs::exists(address.path, code);
  if (!exists && !create)
    return fail(Error::Kind::usage, address.path, "there is no store",
                "pgadvise check --store sqlite creates one");
  if (const fs::path folder = fs::path(address.path).parent_path();
      !folder.empty() && !exists && fs::create_directories(folder, code))
    fs::permissions(folder, fs::perms::owner_all, code);
  auto connection = SqliteConnection::open(address.path, create);
  if (!connection) return tl::unexpected(connection.error());
  // SQLite gives its other files the permissions of this one, which has no content yet.
  if (!exists) fs::permissions(address.path, fs::perms::owner_read | fs::perms::owner_write, code);
  if (const auto done = migrate(*connection, address.path); !done) return tl::unexpected(done.error());
  auto store = std::make_unique<SqliteStore>(std::move(*connection));
  if (address.retention_days)
    if (const auto set = store->set_retention(*address.retention_days); !set)
      return tl::unexpected(set.error());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace pgadvise::store
