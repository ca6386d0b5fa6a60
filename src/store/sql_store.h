// The answers of a store whose engine has the views of docs/store.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/store.h"

namespace pgadvise::store {

class SqlStore : public Store {
 public:
  Result<std::vector<FindingLife>> findings(const std::string& target) override;
  Result<std::vector<QueryChange>> query_changes(const std::string& target) override;
  Result<std::vector<RelationGrowth>> growth(const std::string& target) override;
  Result<std::vector<PlanChangeOfQuery>> plan_changes(const std::string& target) override;

 protected:
  using AnswerRow = std::vector<std::optional<std::string>>;  // numbers as text; nullopt: NULL

  // Runs a SELECT with the parameter $1.
  virtual Result<std::vector<AnswerRow>> ask(const std::string& sql, const std::string& parameter) = 0;

 private:
  Result<std::vector<AnswerRow>> select(const std::string& from, const std::string& target,
                                        const std::string& order);
};

}  // namespace pgadvise::store
