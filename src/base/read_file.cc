#include "base/read_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace pgadvise {

std::string why_unreadable(const std::string& path) {
  std::error_code code;
  const int mode = std::filesystem::is_directory(path, code) ? R_OK | X_OK : R_OK;
  const bool refused = ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) != 0 && errno != ENOENT && errno != ENOTDIR;
  return refused ? std::strerror(errno) : "";
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code))
    return fail(Error::Kind::input, path, "is a folder, not a file");
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) return fail(Error::Kind::input, path, std::string("can't be read: ") + std::strerror(errno));
  std::string out;
  std::string buffer(1 << 16, '\0');
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    out.append(buffer, 0, got);
    if (out.size() > limit)
      return fail(Error::Kind::input, path, fmt::format("is larger than {} bytes", limit));
  }
  if (std::ferror(file.get())) return fail(Error::Kind::input, path, "can't be read to its end");
  return out;
}

}  // namespace pgadvise
