// The queries of all logs, by template and by fingerprint, within the limits of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "log/collect/query_state.h"
#include "log/record/limits.h"
#include "log/record/statement_template.h"
#include "log/repeats/pointer_cache.h"
#include "log/repeats/statement_traits.h"

namespace pgadvise::log {

// One way of writing a query.
struct Template : StatementTraits {
  QueryState* state = nullptr;
};

class QueryStore {
 public:
  using Queries = std::unordered_map<std::uint32_t, std::unique_ptr<QueryState>>;

  // `scanner` must outlive the store.
  QueryStore(StatementScanner& scanner, const Limits& limits);

  // The template with this hash; a new one is made of `text`, a statement of it. `whole`: nothing of the text
  // is cut off. nullptr only if `required` is set and the statement is new and does not parse. Valid until
  // fold() or forget_templates().
  Template* template_of(std::uint64_t hash, std::string_view text, bool whole, bool required);
  // nullptr: there is none.
  Template* find_template(std::uint64_t hash);
  // nullptr: it became other statements, or never was.
  const QueryState* find_query(std::uint32_t number) const;

  // Counts a call in the log `file`, and keeps it as a sample where it is slower than all, or of new values.
  void add(QueryState& state, const std::string* file, const Call& call, std::uint32_t identity);
  // Keeps `text` as the query's plan, unless that of a slower run was logged before. false: it is not whole,
  // too long, or too much together with the plans of other queries; no plan of the query is kept then.
  bool keep_plan(QueryState& state, KeptPlan plan, std::string_view text, bool whole);

  bool full() const { return queries_.size() > limits_.templates || bytes_ > max_bytes_; }
  bool has_too_many_templates() const { return templates_.size() > 4 * limits_.templates; }
  // The less valuable half of the queries becomes "other statements", which have no samples. Templates in use
  // stay, with their queries.
  void fold(const std::vector<const Template*>& in_use);
  // Forgets ways of writing the queries that are kept: libpg_query finds again which is of which.
  void forget_templates(const std::vector<const Template*>& in_use);
  std::uint64_t folded() const { return folded_; }  // queries that became other statements

  // Parses what was too much to be parsed while the log went by. Afterwards nothing may be added.
  void name_late();
  const Queries& queries() const { return queries_; }
  QueryState* others() const { return others_.get(); }  // nullptr: none

 private:
  Template* new_template(std::string_view text, bool whole, bool required);
  QueryState& state_of(std::string fingerprint, std::string text);
  void fold(QueryState& state);
  void keep_sample(QueryState& state, KeptCall& kept, const Call& call);
  void forget_plan(QueryState& state);

  StatementScanner& scanner_;
  const Limits limits_;
  std::unordered_map<std::uint64_t, Template> templates_;
  PointerCache<Template> recent_templates_;
  std::unordered_map<std::string, std::uint32_t> by_fingerprint_;
  Queries queries_;  // a number is never given twice
  std::uint32_t queries_made_ = 0;
  std::size_t bytes_ = 0;  // of statements and samples
  std::size_t max_bytes_;
  std::size_t plan_bytes_ = 0;
  std::uint64_t folded_ = 0;
  std::unique_ptr<QueryState> others_;
};

}  // namespace pgadvise::log
