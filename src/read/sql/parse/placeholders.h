// Placeholders of templates in SQL: {{ .Schema }}, ${schema}, <%= schema %>. Another program fills them in
// before a server sees the script.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgadvise::sql {

// An identifier that pgadvise made from a placeholder.
struct PlaceholderName {
  std::string written;       // as in the script: {{ .Schema }}, {{ .Prefix }}users
  bool qualifier = false;    // stands only in front of a dot
  bool whole = false;        // the placeholder is the whole name
  bool unqualified = false;  // some statement writes it without a schema: it may contain one
};
using PlaceholderNames = std::map<std::string, PlaceholderName>;  // by identifier

// Reads placeholders as identifiers. Equal placeholders, whatever their blanks, get one name in all scripts
// of an object: the last word inside, in lower case; all words, or the last one with an underscore behind it,
// where that name is taken by another placeholder or by a word of the scripts. One that finds no name stays.
class Placeholders {
 public:
  enum class Strings { keep, fill };

  // The script with a name for each placeholder that stands as an identifier: beside a dot, or behind TABLE,
  // FROM and the like; in "quotes", too, and in the bodies of DO blocks and functions. Strings there that are
  // one placeholder are filled if it has a name already, as the conditions of blocks compare names; `fill`:
  // all such strings of the script. The text has the length and the lines of the script, so that offsets stay
  // right. Other placeholders stay: in strings, for values, over several lines, for parts of a statement, and
  // within more than 8 nested dollar quotes. Linear time.
  std::string fill(std::string_view script, Strings strings = Strings::keep);
  // No name that is made from now on is a word of this script. fill() does this for its own script; for the
  // other scripts of a schema, call it before the first fill(). Up to 200,000 different words are remembered.
  void avoid_words(std::string_view script);

  // Each placeholder that was filled, as first written, with its name; in order.
  const std::vector<std::pair<std::string, std::string>>& filled() const { return filled_; }
  const PlaceholderNames& names() const { return names_; }
  // Whether `name` was made from a whole placeholder.
  bool made(const std::string& name) const { return used_.count(name) > 0; }

 private:
  struct Site;
  struct Scan;
  void fill_range(std::string& text, std::size_t from, std::size_t to, Strings strings, int depth);
  bool taken(const std::string& name) const;
  void put(std::string& text, const Site& site, const Scan& scan);
  std::string name_of(std::string_view inside, std::string_view written);

  std::map<std::string, std::string> by_key_;  // without blanks -> name
  std::set<std::string> used_;
  std::set<std::string, std::less<>> words_;  // of the scripts, outside of comments
  std::vector<std::pair<std::string, std::string>> filled_;
  PlaceholderNames names_;
};

// Whether the text may contain a placeholder.
bool has_marks(std::string_view text);

// The first placeholder outside of strings and comments, at most 60 bytes long; "" if there is none.
std::string first_placeholder(std::string_view text);

// What with_placeholders() put into generated SQL.
struct PutBack {
  std::string sql;
  bool any = false;
  bool whole = false;  // a placeholder is a whole name other than a schema's
};
// Generated SQL, with key words in upper case, with the placeholders in the place of the names that were made
// from them. Where a script writes such a name without a schema, it gets no "public." in front.
PutBack with_placeholders(const std::string& sql, const PlaceholderNames& names);

}  // namespace pgadvise::sql
