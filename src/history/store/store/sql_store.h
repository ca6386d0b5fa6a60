// A store of past runs in an SQL database (SQLite, PostgreSQL, ClickHouse): answers each question by a SELECT
// on the views of docs/store.md. A class for an engine only runs the SELECT, with the definitions of the
// views in it where the database may be somebody else's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/store/store.h"

namespace pgadvise::store {

class SqlStore : public Store {
 public:
  Result<std::vector<FindingLife>> findings(const std::string& target) override;
  Result<std::vector<QueryChange>> query_changes(const std::string& target) override;
  Result<std::vector<RelationGrowth>> growth(const std::string& target) override;
  Result<std::vector<UnusedIndex>> unused_indexes(const std::string& target) override;
  Result<std::vector<PlanChangeOfQuery>> plan_changes(const std::string& target) override;
  Result<std::vector<LockWait>> lock_waits(const std::string& target, std::int64_t since) override;

 protected:
  using AnswerRow = std::vector<std::optional<std::string>>;  // numbers as text; nullopt: NULL

  // Runs a SELECT; `parameter` is $1. `purpose`: "the question about unused indexes", for errors about
  // limits.
  virtual Result<std::vector<AnswerRow>> ask(const std::string& sql, const std::string& parameter,
                                             const std::string& purpose) = 0;

  // As query_changes(), but of all targets one after the other: for engines in which the hours of all targets
  // at once may take longer than a statement may.
  Result<std::vector<QueryChange>> query_changes_by_target(const std::string& target);

 private:
  // The rows of `from`, a SELECT without WHERE, for one target (the database that runs checked; "": all).
  // `topic`: "unused indexes".
  Result<std::vector<AnswerRow>> select(const std::string& from, const std::string& target,
                                        const std::string& order, const std::string& topic);
};

}  // namespace pgadvise::store
