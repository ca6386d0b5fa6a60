// Computes the template of a statement without parsing: statements that differ only in literals, parameters,
// comments, letter case or the length of a list have the same template. Each template, not each call, is then
// parsed by libpg_query.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::log {

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed);

inline std::uint64_t hash_session(std::string_view session) { return hash_bytes(session, 7); }
inline std::uint64_t hash_identity(std::string_view user, std::string_view database,
                                   std::string_view application, std::string_view host) {
  return hash_bytes(host, hash_bytes(application, hash_bytes(database, hash_bytes(user, 1))));
}

struct StatementScan {
  std::uint64_t hash = 0;   // of the template
  std::uint64_t key = 0;    // of the literals, those that page through a result left out
  bool literals = false;    // there are literals in `key`
  bool unfinished = false;  // ends inside a quote or comment
  std::string_view text;    // the template; valid until the next scan
  std::string_view trace;   // trace-id of a sqlcommenter traceparent; a view into the statement
  std::uint64_t trace_hash() const { return trace.empty() ? 0 : hash_bytes(trace, 1) | 1; }
  struct Placeholder {
    int number;   // n of $n
    bool paging;  // compared by < or > in a statement with LIMIT, or the value of LIMIT or OFFSET
  };
  const std::vector<Placeholder>* placeholders = nullptr;  // valid until the next scan
  const std::vector<int>* paging = nullptr;                // numbers of those that page
};

// The hashes that identify a call of a statement.
struct StatementKey {
  std::uint64_t hash = 0;  // as of a StatementScan
  std::uint64_t key = 0;
  bool literals = false;
  bool unfinished = false;
  std::uint64_t trace = 0;  // hash of the trace-id; 0: none
  std::vector<int> paging;
};

class StatementScanner {
 public:
  StatementScan scan(std::string_view statement);
  // The same with a cache for statements that repeat with other numbers and plain strings. The result is
  // valid until the next call.
  const StatementKey& key_of(std::string_view statement);

 private:
  struct List {
    char* element = nullptr;          // where the current element starts in the template
    char* previous = nullptr;         // where the one before started
    std::size_t previous_length = 0;  // 0: there is none
    bool active = false;
  };
  static constexpr int deepest_list = 32;

  struct Pass;

  void start(std::size_t size);  // of a statement of so many bytes
  char* value(char* to, std::string_view literal, int placeholder);
  bool after_range_operator(const char* to) const;
  char* end_element(List& list, char* to) const;
  void finish(char* to, StatementScan& result);

  struct Literal {
    std::string_view text;
    bool paging;
    bool range;
  };
  struct Shape {
    struct SourceLocation {  // of a literal
      std::uint32_t before;  // bytes from the literal before it
      bool quoted;
      bool counted;  // in the key
    };
    bool usable = false;
    std::string around;  // all but the literals
    std::vector<SourceLocation> places;
    StatementKey known;
    bool fits(std::string_view statement);
    bool assign(std::string_view statement, const std::vector<Literal>& literals);
  };
  std::vector<Shape> shapes_;  // sets of a few with one hash
  std::size_t replaced_ = 0;
  StatementKey key_;
  std::unique_ptr<char[]> out_;  // the template
  std::size_t capacity_ = 0;
  std::array<List, deepest_list> lists_{};
  std::vector<StatementScan::Placeholder> placeholders_;
  std::vector<int> paging_;
  std::vector<bool> range_;  // per placeholder: only a range comparison makes it a paging one
  std::vector<Literal> literals_;
  bool range_row_ = false;  // inside the right side of `(a, b) > (…)`
  bool has_range_ = false;
  bool has_limit_ = false;
  bool has_or_ = false;
  const char* paging_word_ = nullptr;  // behind LIMIT or OFFSET in the template
};

}  // namespace pgadvise::log
