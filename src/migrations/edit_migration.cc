#include "migrations/edit_migration.h"

#include "base/input_file.h"
#include "base/line_ends.h"
#include "base/text.h"

namespace pgadvise::migrations {

Result<files::NewFile> with_statement(const std::string& path, int before_line,
                                      const std::string& statement) {
  constexpr std::size_t max_bytes = std::size_t{16} << 20;
  if (!path.ends_with(".sql"))
    return fail(Error::Kind::nonfatal, path, "the migration is no SQL file: add the statement by hand");
  const auto text = read_file(path, max_bytes);
  if (!text) return tl::unexpected(text.error());
  return with_statement(files::NewFile{path, *text, *text}, before_line, statement);
}

Result<files::NewFile> with_statement(files::NewFile file, int before_line, const std::string& statement) {
  if (contains(file.content, statement)) return file;
  const std::string text = file.content;
  std::size_t at = 0;
  for (int line = 1; line < before_line; ++line) {
    at = text.find('\n', at);
    if (at == std::string::npos)
      return fail(Error::Kind::nonfatal, file.path, "the file has changed since it was read");
    ++at;
  }
  std::string added = statement + "\n";
  if (contains(text, drizzle_breakpoint)) added += std::string(drizzle_breakpoint) + "\n";
  file.content.insert(at, added);
  file.content = with_line_ends_of(text, file.content);
  return file;
}

std::string run_again_note(const std::string& path) {
  return "Let the deployment run " + path + " again if it fails with 55P03 (lock_not_available)";
}

}  // namespace pgadvise::migrations
