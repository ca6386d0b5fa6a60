// A statement's template. A byte \x01 in the input stands for a literal.
#include "base/text/text.h"
#include "log/record/statement_template.h"
#include "support.h"

namespace pgadvise::fuzz {
namespace {

struct Seen {
  std::string text;
  std::uint64_t hash;
  std::uint64_t key;
  std::size_t placeholders;
  bool unfinished;
  bool operator==(const Seen&) const = default;
};

Seen scan(log::StatementScanner& scanner, std::string_view statement) {
  const auto found = scanner.scan(statement);
  require(found.text.size() <= 2 * statement.size() + 16, "a template is no longer than its room");
  require(within(found.trace, statement), "the trace lies in the statement");
  require(found.placeholders != nullptr, "there is a list of placeholders");
  for (const auto& placeholder : *found.placeholders)
    require(placeholder.number > 0, "placeholders count from 1");
  return {std::string(found.text), found.hash, found.key, found.placeholders->size(), found.unfinished};
}

bool quotes(std::string_view text) {
  return text.find_first_of("'\"$") != std::string_view::npos || text.find("--") != std::string_view::npos ||
         text.find("/*") != std::string_view::npos;
}

}  // namespace

void log_statement(std::string_view input) {
  log::StatementScanner scanner;
  const Seen first = scan(scanner, input);
  scan(scanner, "SELECT a FROM t WHERE (x, y) > ($1, 'x') AND b IN (1, 2) LIMIT 3");
  require(scan(scanner, input) == first, "a scan leaves nothing behind");
  if (quotes(input)) return;
  const std::string text(input);
  const Seen one = scan(scanner, replace_all(text, "\x01", " 'a' "));
  const Seen other = scan(scanner, replace_all(text, "\x01", " 'it''s \" -- $$ /* b' "));
  require(one.text == other.text, "other literals, the same template");
  require(one.hash == other.hash, "the same template, the same hash");
}

}  // namespace pgadvise::fuzz
