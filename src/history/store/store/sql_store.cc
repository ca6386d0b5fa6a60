#include "store/store/sql_store.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "store/facts/fact_rows.h"

namespace pgadvise::store {
namespace {

FindingLife::State state_of(const std::string& state, bool gone) {
  using State = FindingLife::State;
  if (gone) return State::gone;
  return state == "suppressed" ? State::suppressed : state == "accepted" ? State::accepted : State::open;
}

// A value of a row, which may be somebody else's: numbers are limited so that differences of two do not
// overflow, and a number that is not finite, by which nothing can be sorted, is 0.
using Value = std::optional<std::string>;

template <class T>
T parsed(const Value& value) {
  T out{};
  if (value) std::from_chars(value->data(), value->data() + value->size(), out);
  return out;
}

void read(const Value& value, std::string& field) { field = value.value_or(""); }
void read(const Value& value, double& field) {
  const auto number = parsed<double>(value);
  field = std::isfinite(number) ? number : 0;
}
void read(const Value& value, std::int64_t& field) {
  constexpr std::int64_t most = std::int64_t{1} << 61;
  field = std::clamp(parsed<std::int64_t>(value), -most, most);
}
void read(const Value& value, std::uint64_t& field) {
  std::int64_t number = 0;
  read(value, number);
  field = static_cast<std::uint64_t>(number);
}
void read(const Value& value, std::optional<std::int64_t>& field) {
  if (value) read(value, field.emplace());
}

// An Answer for each row. `set` gets the Answer and a function that reads the row's values into the fields it
// is called with.
template <class Answer, class Set>
Result<std::vector<Answer>> answers_of(Result<std::vector<std::vector<Value>>> answered, Set set) {
  TRY(const auto rows, std::move(answered));
  std::vector<Answer> out;
  for (const auto& row : rows)
    set(out.emplace_back(), [&](auto&... fields) {
      std::size_t at = 0;
      const auto next = [&] { return at < row.size() ? row[at++] : std::nullopt; };
      (read(next(), fields), ...);
    });
  return out;
}

}  // namespace

Result<std::vector<SqlStore::AnswerRow>> SqlStore::select(const std::string& from, const std::string& target,
                                                          const std::string& order,
                                                          const std::string& topic) {
  return ask(from + " WHERE $1 = '' OR target = $1 ORDER BY target, " + order, stored_name(target),
             "the question about " + topic);
}

Result<std::vector<FindingLife>> SqlStore::findings(const std::string& target) {
  return answers_of<FindingLife>(
      select("SELECT target, finding_id, short_id, rule, severity, verdict, message, file, score, state, "
             "first_seen, last_seen, runs, gone, reopened, owner, reason, until FROM finding_life",
             target, "last_seen DESC, score DESC, finding_id", "findings"),
      [](auto& life, const auto& read_into) {
        std::string state;
        read_into(life.target, life.id, life.short_id, life.rule, life.severity, life.verdict, life.message,
                  life.file, life.score, state, life.first_seen, life.last_seen, life.runs, life.gone,
                  life.reopened, life.owner, life.reason, life.until);
        life.state = state_of(state, life.gone.has_value());
      });
}

Result<std::vector<QueryChange>> SqlStore::query_changes(const std::string& target) {
  return answers_of<QueryChange>(
      select("SELECT target, class_id, text, calls, mean_ms, earlier_mean_ms, weeks FROM query_change",
             target, "calls * (mean_ms - earlier_mean_ms) DESC, class_id", "slower queries"),
      [](auto& one, const auto& read_into) {
        read_into(one.target, one.class_id, one.text, one.calls, one.mean_ms, one.earlier_mean_ms, one.weeks);
      });
}

Result<std::vector<QueryChange>> SqlStore::query_changes_by_target(const std::string& target) {
  if (!target.empty()) return SqlStore::query_changes(target);
  TRY(const auto targets, ask("SELECT DISTINCT target FROM source WHERE $1 = '' ORDER BY target", "",
                              "the question about targets"));
  std::vector<QueryChange> out;
  for (const auto& row : targets) {
    TRY(auto changes, SqlStore::query_changes(row.front().value_or("")));
    std::move(changes.begin(), changes.end(), std::back_inserter(out));
  }
  return out;
}

Result<std::vector<RelationGrowth>> SqlStore::growth(const std::string& target) {
  return answers_of<RelationGrowth>(
      select("SELECT target, kind, schema, name, since, until, bytes_before, bytes FROM relation_growth",
             target, "bytes - bytes_before DESC, schema, name, kind", "growing tables"),
      [](auto& one, const auto& read_into) {
        read_into(one.target, one.kind, one.schema, one.name, one.from, one.until, one.bytes_before,
                  one.bytes);
      });
}

Result<std::vector<UnusedIndex>> SqlStore::unused_indexes(const std::string& target) {
  return answers_of<UnusedIndex>(
      select(
          "SELECT target, schema, name, bytes, since, until, servers, primaries, replicas FROM index_unused",
          target, "bytes DESC, schema, name", "unused indexes"),
      [](auto& one, const auto& read_into) {
        read_into(one.target, one.schema, one.name, one.bytes, one.from, one.until, one.servers,
                  one.primaries, one.replicas);
      });
}

Result<std::vector<PlanChangeOfQuery>> SqlStore::plan_changes(const std::string& target) {
  return answers_of<PlanChangeOfQuery>(
      select(
          "SELECT target, class_id, text, plan_before, plan, cause, detail, since, until, cost_before, cost, "
          "changes FROM plan_change",
          target, "until DESC, class_id", "changed plans"),
      [](auto& one, const auto& read_into) {
        read_into(one.target, one.class_id, one.text, one.plan_before, one.plan, one.cause, one.detail,
                  one.since, one.until, one.cost_before, one.cost, one.changes);
      });
}

Result<std::vector<LockWait>> SqlStore::lock_waits(const std::string& target, std::int64_t since) {
  const std::string longest = fmt::format(
      "SELECT target, schema, name, mode, holder, max_wait_seconds, holder_seconds, bucket_start, "
      "all_samples "
      "FROM (SELECT * FROM (SELECT s.target AS target, s.schema AS schema, s.name AS name, s.mode AS mode, "
      "s.holder AS holder, s.max_wait_seconds AS max_wait_seconds, s.bucket_start AS bucket_start, "
      "max(s.max_holder_seconds) OVER (PARTITION BY s.target, s.schema, s.name, s.mode, s.holder) AS "
      "holder_seconds, sum(s.samples) OVER (PARTITION BY s.target, s.schema, s.name, s.mode, s.holder) AS "
      "all_samples, row_number() OVER (PARTITION BY s.target, s.schema, s.name, s.mode, s.holder ORDER BY "
      "s.max_wait_seconds DESC, s.bucket_start DESC) AS place FROM lock_wait_sample s "
      "WHERE s.bucket_start >= {}) w WHERE w.place = 1) longest",
      since);
  return answers_of<LockWait>(
      select(longest, target, "max_wait_seconds DESC, schema, name, mode, holder", "waits for locks"),
      [](auto& one, const auto& read_into) {
        read_into(one.target, one.schema, one.name, one.mode, one.holder, one.wait_seconds,
                  one.holder_seconds, one.seen, one.samples);
      });
}

}  // namespace pgadvise::store
