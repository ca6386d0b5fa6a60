#include "base/files/repository_path.h"

#include <filesystem>

namespace pgadvise {

namespace fs = std::filesystem;

std::string RepositoryPaths::relative(const std::string& file) const {
  const fs::path whole =
      (fs::path(file).is_absolute() ? fs::path(file) : fs::path(folder) / file).lexically_normal();
  const std::string& top = root.empty() ? folder : root;
  const std::string inside = top.empty() ? std::string() : whole.lexically_relative(top).generic_string();
  if (!inside.empty() && !inside.starts_with("..")) return inside;
  return fs::path(file).lexically_normal().generic_string();
}

RepositoryPaths current_repository() {
  std::error_code code;
  RepositoryPaths out;
  const fs::path here = fs::current_path(code);
  if (code) return out;
  out.folder = here.generic_string();
  for (fs::path at = here;; at = at.parent_path()) {
    if (fs::exists(at / ".git", code)) {
      out.root = at.generic_string();
      return out;
    }
    if (at == at.parent_path()) return out;
  }
}

}  // namespace pgadvise
