#include "migrations/writing/edit_migration.h"

#include <algorithm>
#include <optional>

#include "base/files/input_file.h"
#include "base/text/line_ends.h"
#include "base/text/text.h"
#include "base/text/utf8.h"
#include "sql/parse/lexer.h"
#include "sql/parse/statement.h"

namespace pgadvise::migrations {
namespace {

bool is_statement(std::string_view statement, std::string_view other) {
  if (other.ends_with(';')) other.remove_suffix(1);
  return lower(trim(statement)) == lower(trim(other));
}

bool begins_transaction(std::string_view statement) {
  const auto word = sql::Lexer(statement).next_token();
  return word.is_word("begin") || word.is_word("start");
}

// Where a statement can stand in the text so that it runs before what begins in the line at `line`: there, or
// behind a string, a body or a comment that ends in that line, and behind a BEGIN in it. nullopt: nowhere.
std::optional<std::size_t> place_for(std::string_view text, std::size_t line) {
  const auto statements = sql::split(text);
  std::size_t before = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  line = std::max(line, before);
  const std::size_t end = std::min(text.find('\n', line), text.size());
  bool inside = false;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const std::size_t from = std::max(statements[i].offset, before);
    const std::size_t to = statements[i].offset + statements[i].text.size();
    if (from < line) {
      inside = to > line;
      before = to;
      continue;
    }
    const bool begins = begins_transaction(statements[i].text) && i + 1 < statements.size();
    if (begins && statements[i + 1].offset < end) return statements[i + 1].offset;
    return inside || contains(text.substr(before, from - before), "/*") ? from : line;
  }
  return std::nullopt;
}

}  // namespace

Result<files::NewFile> with_statement(const std::string& path, int before_line,
                                      const std::string& statement) {
  constexpr std::size_t max_bytes = std::size_t{16} << 20;
  if (!path.ends_with(".sql"))
    return fail(Error::Kind::nonfatal, path, "the migration is no SQL file: add the statement by hand");
  TRY(const auto text, read_file(path, max_bytes));
  return with_statement(files::NewFile{path, text, text}, before_line, statement);
}

Result<files::NewFile> with_statement(files::NewFile file, int before_line, const std::string& statement) {
  const std::string text = file.content;
  for (const auto& known : sql::split(text))
    if (is_statement(known.text, statement)) return file;
  std::size_t at = 0;
  for (int line = 1; line < before_line; ++line) {
    at = text.find('\n', at);
    if (at == std::string::npos)
      return fail(Error::Kind::nonfatal, file.path, "the file has changed since it was read");
    ++at;
  }
  const auto place = place_for(text, at);
  if (!place) return fail(Error::Kind::nonfatal, file.path, "the file has changed since it was read");
  std::string added = statement + "\n";
  if (contains(text, drizzle_breakpoint)) added += std::string(drizzle_breakpoint) + "\n";
  file.content.insert(*place, added);
  file.content = with_line_ends_of(text, file.content);
  return file;
}

std::string run_again_note(const std::string& path) {
  return "Let the deployment run " + path + " again if it fails with 55P03 (lock_not_available)";
}

}  // namespace pgadvise::migrations
