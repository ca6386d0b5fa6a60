#include "review/lock_impact.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/number_format.h"
#include "base/text.h"
#include "sql/lexer.h"

namespace pgadvise::review {
namespace {

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> words_of(const std::string& statement) {
  std::vector<std::string> out;
  sql::Lexer lexer(statement);
  for (auto token = lexer.next_token(); token.kind != sql::Lexeme::Kind::end; token = lexer.next_token())
    if (token.kind == sql::Lexeme::Kind::word) out.push_back(lower(token.text));
  return out;
}

std::string lock_of(const std::vector<std::string>& words) {
  const bool concurrently = has(words, "concurrently");
  const std::string first = words.empty() ? std::string() : words[0];
  if (first == "create" && has(words, "index")) {
    if (concurrently)
      return "Reads and writes go on while it is built (SHARE UPDATE EXCLUSIVE); it waits for transactions "
             "that are open, and a failure leaves an invalid index behind.";
    return has(words, "only") ? "The parent's index holds no rows: a moment's lock."
                              : "Writes to the table wait while it is built, reads go on (SHARE lock).";
  }
  if (first == "drop" && has(words, "index"))
    return concurrently ? "Reads and writes go on (CONCURRENTLY)."
                        : "Reads and writes wait a moment (ACCESS EXCLUSIVE on the table).";
  if (first != "alter" || !has(words, "table")) return {};
  if (has(words, "type"))
    return "Reads and writes wait while the whole table and its indexes are written anew (ACCESS EXCLUSIVE).";
  if (has(words, "validate"))
    return "The table is read once; reads and writes go on (SHARE UPDATE EXCLUSIVE).";
  if (has(words, "foreign") && has(words, "key"))
    return has(words, "valid")
               ? "Writes to both tables wait a moment (SHARE ROW EXCLUSIVE)."
               : "Writes to both tables wait while the rows are checked (SHARE ROW EXCLUSIVE).";
  if (has(words, "using") && has(words, "index")) return "Reads and writes wait a moment (ACCESS EXCLUSIVE).";
  if (has(words, "primary") || has(words, "unique"))
    return "Reads and writes wait while the key's index is built (ACCESS EXCLUSIVE).";
  return "Reads and writes wait a moment (ACCESS EXCLUSIVE): set a lock_timeout, since what waits for it "
         "makes others wait.";
}

std::string size_of(const Table* table) {
  if (!table || !table->statistics || table->statistics->rows < 0)
    return "The table's size is not known here: --db tells it.";
  const auto& statistics = *table->statistics;
  const auto bytes = static_cast<double>(std::max(statistics.bytes, statistics.pages * 8192));
  return fmt::format("The table has about {} rows, {}.", short_count(statistics.rows),
                     bytes < 1e6   ? fmt::format("{:.0f} KB", bytes / 1e3)
                     : bytes < 1e9 ? fmt::format("{:.1f} MB", bytes / 1e6)
                                   : fmt::format("{:.1f} GB", bytes / 1e9));
}

}  // namespace

std::vector<std::string> lock_impact(const std::vector<std::string>& statements, const Fix& fix,
                                     const Table* table) {
  std::vector<std::string> out;
  std::set<std::string> told;
  for (const auto& statement : statements)
    if (const std::string lock = lock_of(words_of(statement)); !lock.empty() && told.insert(lock).second)
      out.push_back(lock);
  if (statements.empty()) return out;
  out.push_back(size_of(table));
  if (fix.cost_before && fix.cost_after)
    out.push_back(fmt::format("Planner cost {:.2f} -> {:.2f}.", *fix.cost_before, *fix.cost_after));
  out.push_back(fix.safety == Fix::Safety::safe
                    ? "Safe: no data changes, and no query gives another answer."
                    : "To be looked at: it changes data or what statements may do.");
  return out;
}

}  // namespace pgadvise::review
