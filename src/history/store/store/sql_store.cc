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

// The values of a row, from the left. The row may be somebody else's: numbers are limited so that differences
// of two do not overflow, and a number that is not finite, by which nothing can be sorted, is 0.
class Values {
 public:
  explicit Values(const std::vector<std::optional<std::string>>& row) : row_(row) {}

  std::string text() { return next().value_or(""); }
  std::int64_t number() { return limited(parsed<std::int64_t>(next())); }
  double real() {
    const auto value = parsed<double>(next());
    return std::isfinite(value) ? value : 0;
  }
  std::optional<std::int64_t> optional_number() {
    const auto value = next();
    return value ? std::optional(limited(parsed<std::int64_t>(value))) : std::nullopt;
  }

 private:
  static std::int64_t limited(std::int64_t value) {
    constexpr std::int64_t most = std::int64_t{1} << 61;
    return std::clamp(value, -most, most);
  }

  std::optional<std::string> next() { return at_ < row_.size() ? row_[at_++] : std::nullopt; }

  template <class T>
  static T parsed(const std::optional<std::string>& text) {
    T out{};
    if (text) std::from_chars(text->data(), text->data() + text->size(), out);
    return out;
  }

  const std::vector<std::optional<std::string>>& row_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<SqlStore::AnswerRow>> SqlStore::select(const std::string& from, const std::string& target,
                                                          const std::string& order,
                                                          const std::string& topic) {
  return ask(from + " WHERE $1 = '' OR target = $1 ORDER BY target, " + order, stored_name(target),
             "the question about " + topic);
}

Result<std::vector<FindingLife>> SqlStore::findings(const std::string& target) {
  TRY(const auto rows,
      select("SELECT target, finding_id, short_id, rule, severity, verdict, message, file, score, state, "
             "first_seen, last_seen, runs, gone, reopened, owner, reason, until FROM finding_life",
             target, "last_seen DESC, score DESC, finding_id", "findings"));
  std::vector<FindingLife> out;
  for (const auto& row : rows) {
    Values values(row);
    FindingLife life;
    for (auto* text : {&life.target, &life.id, &life.short_id, &life.rule, &life.severity, &life.verdict,
                       &life.message, &life.file})
      *text = values.text();
    life.score = values.real();
    const std::string state = values.text();
    life.first_seen = values.number();
    life.last_seen = values.number();
    life.runs = static_cast<std::uint64_t>(values.number());
    life.gone = values.optional_number();
    life.reopened = values.optional_number();
    for (auto* text : {&life.owner, &life.reason, &life.until}) *text = values.text();
    life.state = state_of(state, life.gone.has_value());
    out.push_back(std::move(life));
  }
  return out;
}

Result<std::vector<QueryChange>> SqlStore::query_changes(const std::string& target) {
  TRY(const auto rows,
      select("SELECT target, class_id, text, calls, mean_ms, earlier_mean_ms, weeks FROM query_change",
             target, "calls * (mean_ms - earlier_mean_ms) DESC, class_id", "slower queries"));
  std::vector<QueryChange> out;
  for (const auto& row : rows) {
    Values values(row);
    QueryChange change;
    for (auto* text : {&change.target, &change.class_id, &change.text}) *text = values.text();
    change.calls = static_cast<std::uint64_t>(values.number());
    change.mean_ms = values.real();
    change.earlier_mean_ms = values.real();
    change.weeks = static_cast<std::uint64_t>(values.number());
    out.push_back(std::move(change));
  }
  return out;
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
  TRY(const auto rows,
      select("SELECT target, kind, schema, name, since, until, bytes_before, bytes FROM relation_growth",
             target, "bytes - bytes_before DESC, schema, name, kind", "growing tables"));
  std::vector<RelationGrowth> out;
  for (const auto& row : rows) {
    Values values(row);
    RelationGrowth growth;
    for (auto* text : {&growth.target, &growth.kind, &growth.schema, &growth.name}) *text = values.text();
    for (auto* number : {&growth.from, &growth.until, &growth.bytes_before, &growth.bytes})
      *number = values.number();
    out.push_back(std::move(growth));
  }
  return out;
}

Result<std::vector<UnusedIndex>> SqlStore::unused_indexes(const std::string& target) {
  TRY(const auto rows,
      select(
          "SELECT target, schema, name, bytes, since, until, servers, primaries, replicas FROM index_unused",
          target, "bytes DESC, schema, name", "unused indexes"));
  std::vector<UnusedIndex> out;
  for (const auto& row : rows) {
    Values values(row);
    UnusedIndex one;
    for (auto* text : {&one.target, &one.schema, &one.name}) *text = values.text();
    for (auto* number : {&one.bytes, &one.from, &one.until}) *number = values.number();
    for (auto* number : {&one.servers, &one.primaries, &one.replicas})
      *number = static_cast<std::uint64_t>(values.number());
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<PlanChangeOfQuery>> SqlStore::plan_changes(const std::string& target) {
  TRY(const auto rows,
      select(
          "SELECT target, class_id, text, plan_before, plan, cause, detail, since, until, cost_before, cost, "
          "changes FROM plan_change",
          target, "until DESC, class_id", "changed plans"));
  std::vector<PlanChangeOfQuery> out;
  for (const auto& row : rows) {
    Values values(row);
    PlanChangeOfQuery change;
    for (auto* text : {&change.target, &change.class_id, &change.text, &change.plan_before, &change.plan,
                       &change.cause, &change.detail})
      *text = values.text();
    change.since = values.number();
    change.until = values.number();
    change.cost_before = values.real();
    change.cost = values.real();
    change.changes = static_cast<std::uint64_t>(values.number());
    out.push_back(std::move(change));
  }
  return out;
}

Result<std::vector<LockWait>> SqlStore::lock_waits(const std::string& target, std::int64_t since) {
  TRY(const auto rows,
      select(
          fmt::format(
              "SELECT target, schema, name, mode, holder, max_wait_seconds, holder_seconds, bucket_start, "
              "all_samples FROM (SELECT * FROM (SELECT s.target AS target, s.schema AS schema, s.name AS "
              "name, "
              "s.mode AS mode, "
              "s.holder AS holder, s.max_wait_seconds AS max_wait_seconds, s.bucket_start AS bucket_start, "
              "max(s.max_holder_seconds) OVER (PARTITION BY s.target, s.schema, s.name, s.mode, s.holder) AS "
              "holder_seconds, sum(s.samples) OVER (PARTITION BY s.target, s.schema, s.name, s.mode, "
              "s.holder) "
              "AS all_samples, row_number() OVER (PARTITION BY s.target, s.schema, s.name, s.mode, s.holder "
              "ORDER BY s.max_wait_seconds DESC, s.bucket_start DESC) AS place FROM lock_wait_sample s "
              "WHERE s.bucket_start >= {}) w WHERE w.place = 1) longest",
              since),
          target, "max_wait_seconds DESC, schema, name, mode, holder", "waits for locks"));
  std::vector<LockWait> out;
  for (const auto& row : rows) {
    Values values(row);
    LockWait wait;
    for (auto* text : {&wait.target, &wait.schema, &wait.name, &wait.mode, &wait.holder})
      *text = values.text();
    wait.wait_seconds = values.real();
    wait.holder_seconds = values.real();
    wait.seen = values.number();
    wait.samples = static_cast<std::uint64_t>(values.number());
    out.push_back(std::move(wait));
  }
  return out;
}

}  // namespace pgadvise::store
