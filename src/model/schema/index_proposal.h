// An index that a rule or the advisor proposes; src/engine/advisor turns it into DDL.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/schema/catalog.h"

namespace pgadvise {

struct IndexProposal {
  QualifiedName table;
  std::vector<IndexKey> keys;
  std::vector<std::string> include;
  std::optional<std::string> predicate;
  std::string method = "btree";   // "hash", "gin"
  std::size_t equality_keys = 0;  // the first keys that the statements compare only by =, so that a hash
                                  // index on one of them would do
  bool operator==(const IndexProposal&) const = default;
};

}  // namespace pgadvise
