#include "migrations/edit_migration.h"

#include "base/input_file.h"
#include "base/line_ends.h"
#include "base/text.h"

namespace pgadvise::migrations {

Result<files::NewFile> with_statement(const std::string& path, int before_line,
                                      const std::string& statement) {
  constexpr std::size_t max_bytes = std::size_t{16} << 20;
  constexpr std::string_view breakpoint = "--> statement-breakpoint";
  const auto refused = [&](const char* why) {
    return tl::unexpected(Error{Error::Kind::nonfatal, path, why, {}});
  };
  if (!path.ends_with(".sql")) return refused("the migration is no SQL file: add the statement by hand");
  const auto text = read_file(path, max_bytes);
  if (!text) return tl::unexpected(text.error());
  files::NewFile out{path, *text, *text};
  if (contains(*text, statement)) return out;
  std::size_t at = 0;
  for (int line = 1; line < before_line; ++line) {
    at = text->find('\n', at);
    if (at == std::string::npos) return refused("the file has changed since it was read");
    ++at;
  }
  std::string added = statement + "\n";
  if (contains(*text, breakpoint)) added += std::string(breakpoint) + "\n";
  out.content.insert(at, added);
  out.content = with_line_ends_of(*text, out.content);
  return out;
}

}  // namespace pgadvise::migrations
