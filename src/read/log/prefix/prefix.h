// Parses log_line_prefix, and uses it to split log lines.
#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log/record/record.h"
#include "log/record/time.h"

namespace pgadvise::log {

// Views into the line.
struct Header {
  std::int64_t time = no_time;
  bool whole_seconds = false;
  Level level = Level::log;
  std::string_view process;
  std::string_view session;  // %c
  std::string_view user;
  std::string_view database;
  std::string_view application;
  std::string_view host;
  std::string_view message;  // after the level
  // hash_session() and hash_identity(), where a PrefixReader knows them; 0: it doesn't.
  std::uint64_t session_hash = 0;
  std::uint64_t identity_hash = 0;
};

// The parts of a header that the prefix writes as text.
inline constexpr std::string_view Header::* header_parts[] = {&Header::process,     &Header::session,
                                                              &Header::user,        &Header::database,
                                                              &Header::application, &Header::host};

class Prefix {
 public:
  explicit Prefix(std::string pattern);

  const std::string& pattern() const { return pattern_; }
  // An escape in the pattern that no version of PostgreSQL has, if any.
  std::optional<char> unknown_escape() const { return unknown_; }
  // Is `line` the prefix, then a level? Names may hold anything, so each place where one could end is tried;
  // the way that ends first is taken, so that nothing behind the level counts, but for a level LOG that
  // stands in a name of at most 63 bytes before that of a call.
  bool match(std::string_view line, Header& header) const;
  bool has_session() const;                  // it has %p or %c
  bool has_names() const { return named_; }  // it has what may hold anything
  // The prefix is a time, then what is the same for all lines of a session and level.
  bool time_then_session() const;

 private:
  struct Item {
    char escape = 0;  // 0: a literal
    std::string literal;
  };
  struct Search;
  void explore(std::size_t item, std::size_t at, Header header, Search& search) const;
  void explore_text(std::size_t item, std::size_t at, const Header& header, Search& search) const;

  std::string pattern_;
  std::vector<Item> items_;
  std::optional<char> unknown_;
  bool named_ = false;
};

// Prefix::match() of line after line, for one thread; remembers what stands between the time and the message.
class PrefixReader {
 public:
  PrefixReader() = default;
  bool match(const Prefix& prefix, std::string_view line, Header& header);

 private:
  // Offsets from where the time ends.
  struct Part {
    std::uint16_t at = 0;
    std::uint16_t size = 0;
    bool given = false;
  };
  struct Known {
    std::string text;  // empty: none
    Level level = Level::log;
    Part parts[std::size(header_parts)];
    std::uint64_t session_hash = 0;
    std::uint64_t identity_hash = 0;
  };
  Known* set_of(std::string_view rest);
  void keep(std::string_view rest, const Header& header);

  const Prefix* prefix_ = nullptr;
  bool usable_ = false;
  bool named_ = false;
  std::size_t shortest_ = 0;  // of the known ones, which the set is found by
  std::vector<Known> known_;  // sets of a few: a session's lines of several levels begin alike
  std::size_t replaced_ = 0;
  StampReader stamps_;
};

}  // namespace pgadvise::log
