// A statement's template, found without parsing: two statements that differ in literals, parameters,
// comments, letter case or the length of a list have one. libpg_query then sees a template once, not each
// call.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace pgadvise::log {

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed);

struct StatementScan {
  std::uint64_t hash = 0;   // of the template
  std::uint64_t key = 0;    // of the literals, those that page through a result left out
  bool literals = false;    // there are literals in `key`
  bool unfinished = false;  // ends inside a quote or comment
  std::string_view text;    // the template; valid until the next scan
  std::string_view trace;   // trace-id of a sqlcommenter traceparent; a view into the statement
  struct Placeholder {
    int number;   // n of $n
    bool paging;  // compared by < or > in a statement with LIMIT, or the value of LIMIT or OFFSET
  };
  const std::vector<Placeholder>* placeholders = nullptr;  // valid until the next scan
  const std::vector<int>* paging = nullptr;                // numbers of those that page
};

class StatementScanner {
 public:
  StatementScan scan(std::string_view statement);

 private:
  struct List {
    std::size_t element = 0;          // where the current element starts in the template
    std::size_t previous = 0;         // where the one before started
    std::size_t previous_length = 0;  // 0: there is none
    bool active = false;
  };
  static constexpr int deepest_list = 32;

  void emit_value(std::string_view literal, int placeholder);
  bool paging_value() const;
  bool after_range_operator(std::size_t end) const;

  std::vector<char> out_;
  std::size_t size_ = 0;
  std::vector<StatementScan::Placeholder> placeholders_;
  std::vector<int> paging_;
  std::vector<bool> range_;  // per placeholder: only a range comparison makes it a paging one
  std::uint64_t key_all_ = 0;
  std::uint64_t key_without_range_ = 0;
  bool literals_all_ = false;
  bool literals_without_range_ = false;
  bool range_row_ = false;  // inside the right side of `(a, b) > (…)`
  bool has_range_ = false;
  bool has_limit_ = false;
  bool has_or_ = false;
};

}  // namespace pgadvise::log
