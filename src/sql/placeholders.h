// Placeholders of templates in SQL: {{ .Schema }}, ${schema}, <%= schema %>. Another program fills them in
// before a server sees the script.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgadvise::sql {

// An identifier that pgadvise made from a placeholder.
struct PlaceholderName {
  std::string written;     // as in the script: {{ .Schema }}, {{ .Prefix }}users
  bool qualifier = false;  // stands only in front of a dot
};
using PlaceholderNames = std::map<std::string, PlaceholderName>;  // by identifier

// Reads placeholders as identifiers. Equal placeholders, whatever their blanks, get one name in all scripts
// of an object: the last word inside, in lower case; all words, where that name is taken.
class Placeholders {
 public:
  enum class Strings { keep, fill };

  // The script with a name for each placeholder that stands as an identifier: beside a dot, or behind TABLE,
  // FROM and the like; in "quotes", too, and in the bodies of DO blocks and functions. Strings there that are
  // one placeholder are filled if it has a name already, as the conditions of blocks compare names; `fill`:
  // all such strings of the script. The text has the length and the lines of the script, so that offsets stay
  // right. Other placeholders stay: in strings, for values, over several lines, for parts of a statement.
  // Linear time.
  std::string fill(std::string_view script, Strings strings = Strings::keep);

  // Each placeholder that was filled, as first written, with its name; in order.
  const std::vector<std::pair<std::string, std::string>>& filled() const { return filled_; }
  const PlaceholderNames& names() const { return names_; }
  // Whether `name` was made from a whole placeholder.
  bool made(const std::string& name) const { return used_.count(name) > 0; }

 private:
  struct Site;
  struct Scan;
  void fill_range(std::string& text, std::size_t from, std::size_t to, Strings strings, bool code);
  void put(std::string& text, const Site& site, const Scan& scan);
  std::string name_of(std::string_view inside, std::string_view written);

  std::map<std::string, std::string> by_key_;  // without blanks -> name
  std::set<std::string> used_;
  std::vector<std::pair<std::string, std::string>> filled_;
  PlaceholderNames names_;
};

// The first placeholder outside of strings and comments, at most 60 bytes long; "" if there is none.
std::string first_placeholder(std::string_view text);

// Generated SQL with the placeholders in the place of the names that were made from them.
std::string with_placeholders(const std::string& sql, const PlaceholderNames& names);

}  // namespace pgadvise::sql
