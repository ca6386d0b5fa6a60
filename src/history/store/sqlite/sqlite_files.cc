#include "store/sqlite/sqlite_files.h"

#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/files/boundary.h"
#include "base/files/input_file.h"

namespace pgadvise::store {
namespace {

namespace fs = std::filesystem;

// Whether a journal ends with the name of a further one: after the name its length, a checksum, and the eight
// bytes with which a journal begins, too.
bool names_another(const std::string& journal) {
  constexpr std::string_view magic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
  const auto file = InputFile::open(journal);
  if (!file || file->size() < magic.size()) return !file;
  return file->read_at(file->size() - magic.size(), magic.size()) == magic;
}

}  // namespace

tl::unexpected<Error> refuse_file(const std::string& path, std::string what, std::string hint) {
  return fail(Error::Kind::usage, path, std::move(what), std::move(hint));
}

Result<void> check_files(const std::string& path) {
  if (leaves_repository(path))
    return refuse_file(path,
                       "leads out of the repository through a symbolic link: pgadvise writes nothing there",
                       "name the file that the link leads to");
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  if (!fs::exists(status)) return {};
  if (!fs::is_regular_file(status))
    return refuse_file(path, "is no regular file: not opened", "name another file: --store sqlite:PATH");
  // SQLite looks for the others beside the file that a link leads to.
  const std::string real = fs::canonical(path, code).string();
  if (code) return refuse_file(path, "cannot be opened", "");
  for (const char* end : {"-wal", "-shm", "-journal"}) {
    const std::string name = real + end;
    const fs::file_status of_side = fs::symlink_status(name, code);
    if (fs::exists(of_side) && !fs::is_regular_file(of_side))
      return refuse_file(name, "is no regular file: the store beside it is not opened", "remove it");
  }
  if (const std::string journal = real + "-journal"; fs::exists(journal, code) && names_another(journal))
    return refuse_file(journal,
                       "names another file, which SQLite would delete: the store beside it is not opened",
                       "pgadvise writes no such journal: remove it, if the store is not yours");
  return {};
}

}  // namespace pgadvise::store
