#include "base/files/boundary.h"

#include <algorithm>
#include <filesystem>

namespace pgadvise {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t max_entries = 200'000;

bool has_git(const fs::path& folder) {
  std::error_code code;
  return fs::symlink_status(folder / ".git", code).type() != fs::file_type::not_found && !code;
}

fs::path above(const fs::path& path) {
  const fs::path out = path.parent_path();
  return out.empty() ? fs::path(".") : out;
}

fs::path folder_of(const fs::path& path) {
  std::error_code code;
  return fs::canonical(fs::is_directory(path, code) ? path : above(path), code);
}

// A link whose target is missing stands for its target: a program that writes to the link makes the target.
fs::path without_dangling_links(fs::path path) {
  constexpr int most = 40;  // as Linux follows
  std::error_code code;
  for (int links = 0; links < most && fs::is_symlink(path, code) && !fs::exists(path, code); ++links)
    path = above(path) / fs::read_symlink(path, code);
  return path;
}

bool starts_with(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

enum class Way { in_none, inside, outside };

// Of the repositories that contain the path as it is written.
Way through_repositories(const std::string& path) {
  std::error_code code;
  const fs::path written = fs::absolute(path, code).lexically_normal();
  if (code) return Way::outside;
  Way out = Way::in_none;
  for (fs::path at = written.parent_path();; at = at.parent_path()) {
    if (has_git(at)) {
      out = Way::inside;
      if (!lies_within(path, fs::canonical(at, code).generic_string())) return Way::outside;
    }
    if (at == at.parent_path()) return out;
  }
}

}  // namespace

std::string work_tree_of(const std::string& path) {
  for (fs::path at = folder_of(path); !at.empty(); at = at.parent_path()) {
    if (has_git(at)) return at.generic_string();
    if (at == at.parent_path()) break;
  }
  return {};
}

std::string boundary_of(const std::string& path) {
  const std::string tree = work_tree_of(path);
  return tree.empty() ? folder_of(path).generic_string() : tree;
}

bool lies_within(const std::string& path, const std::string& boundary) {
  std::error_code code;
  if (path.find('\0') != std::string::npos) return false;  // whoever opens it would see its beginning only
  const fs::path resolved = fs::weakly_canonical(without_dangling_links(path.empty() ? "." : path), code);
  if (code || boundary.empty() || resolved.empty()) return false;
  // weakly_canonical() leaves a path relative when nothing of it exists.
  const fs::path full = resolved.is_absolute() ? resolved : fs::absolute(resolved, code);
  return !code && starts_with(full.lexically_normal(), boundary);
}

std::string link_out_of(const std::string& folder, const std::string& boundary) {
  std::error_code code;
  std::size_t count = 0;
  fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, code), end;
  for (; !code && it != end; it.increment(code)) {
    if (++count > max_entries) return folder;
    std::error_code ignored;
    if (!it->is_symlink(ignored)) continue;
    it.disable_recursion_pending();
    if (!lies_within(it->path().string(), boundary)) return it->path().generic_string();
  }
  return {};
}

bool leaves_repository(const std::string& path) { return through_repositories(path) == Way::outside; }

bool leads_outside(const std::string& path) {
  const Way way = through_repositories(path);
  if (way != Way::in_none) return way == Way::outside;
  std::error_code code;
  fs::path folder = fs::absolute(path, code).lexically_normal().parent_path();
  while (!fs::is_directory(folder, code) && folder != folder.parent_path()) folder = folder.parent_path();
  return !lies_within(path, fs::canonical(folder, code).generic_string());
}

bool lies_in_git_folder(const std::string& path) {
  std::error_code code;
  fs::path at = fs::weakly_canonical(without_dangling_links(fs::absolute(path, code)), code);
  while (!code && at != at.parent_path()) {
    at = at.parent_path();
    if (fs::exists(at / "HEAD", code) && fs::exists(at / "objects", code)) return true;
    code.clear();  // a folder that is missing or can't be searched
  }
  return false;
}

}  // namespace pgadvise
