// log_line_prefix: a pattern that takes the front of a line apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "log/record.h"

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
};

class Prefix {
 public:
  explicit Prefix(std::string pattern);

  const std::string& pattern() const { return pattern_; }
  // An escape that no version of PostgreSQL has, when the pattern holds one.
  std::optional<char> unknown_escape() const { return unknown_; }
  // Is `line` the prefix, then a level? Names may hold anything, so each place where one could end is tried,
  // within a budget.
  bool match(std::string_view line, Header& header) const;

 private:
  struct Item {
    char escape = 0;  // 0: a literal
    std::string literal;
  };
  bool match_from(std::size_t item, std::string_view rest, Header& header, int& budget) const;
  bool match_text(std::size_t item, std::string_view rest, Header& header, int& budget) const;

  std::string pattern_;
  std::vector<Item> items_;
  std::optional<char> unknown_;
};

// The pattern that most of the lines fit, of those that are in use; nullptr when none fits.
const Prefix* find_prefix(const std::vector<std::string_view>& lines);
// Another known pattern that fits this line: the setting was changed on the way.
const Prefix* find_prefix(std::string_view line);

}  // namespace pgadvise::log
