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
      return "SHARE UPDATE EXCLUSIVE lock: reads and writes continue during the build. The build waits for "
             "open transactions; if it fails, an invalid index remains.";
    return has(words, "only") ? "The parent's index holds no rows: the lock is short."
                              : "SHARE lock: writes to the table wait during the build, reads continue.";
  }
  if (first == "drop" && has(words, "index"))
    return concurrently ? "CONCURRENTLY: reads and writes continue."
                        : "ACCESS EXCLUSIVE lock on the table: reads and writes wait for a short time.";
  if (first != "alter" || !has(words, "table")) return {};
  if (has(words, "type"))
    return "ACCESS EXCLUSIVE lock: reads and writes wait during a rewrite of the table and its indexes.";
  if (has(words, "validate"))
    return "SHARE UPDATE EXCLUSIVE lock: reads and writes continue during one scan of the table.";
  if (has(words, "foreign") && has(words, "key"))
    return has(words, "valid")
               ? "SHARE ROW EXCLUSIVE lock: writes to both tables wait for a short time."
               : "SHARE ROW EXCLUSIVE lock: writes to both tables wait during a check of all rows.";
  if (has(words, "using") && has(words, "index"))
    return "ACCESS EXCLUSIVE lock: reads and writes wait for a short time.";
  if (has(words, "primary") || has(words, "unique"))
    return "ACCESS EXCLUSIVE lock: reads and writes wait during the build of the key's index.";
  return "ACCESS EXCLUSIVE lock: reads and writes wait for a short time. Set lock_timeout: while the "
         "statement waits for the lock, other statements wait behind it.";
}

std::string size_of(const Table* table) {
  if (!table || !table->statistics || table->statistics->rows < 0)
    return "The table's size is unknown without --db.";
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
  std::set<std::string> described;
  for (const auto& statement : statements)
    if (const std::string lock = lock_of(words_of(statement)); !lock.empty() && described.insert(lock).second)
      out.push_back(lock);
  if (statements.empty()) return out;
  out.push_back(size_of(table));
  if (fix.cost_before && fix.cost_after)
    out.push_back(fmt::format("Planner cost {:.2f} -> {:.2f}.", *fix.cost_before, *fix.cost_after));
  out.push_back(fix.safety == Fix::Safety::safe
                    ? "Safe: no data and no query results change."
                    : "Review it first: the fix changes data, or which statements are allowed.");
  return out;
}

}  // namespace pgadvise::review
