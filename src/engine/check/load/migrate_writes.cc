#include "check/load/migrate_writes.h"

#include <filesystem>

#include "base/files/boundary.h"
#include "base/files/input_file.h"
#include "base/text/text.h"

namespace pgadvise::check {
namespace {

namespace fs = std::filesystem;

// `.git` may be a link, or a file that names a folder, which may name another one that it shares.
std::vector<std::string> folders_of_git(const std::string& boundary) {
  std::vector<std::string> out;
  std::error_code code;
  fs::path git = fs::path(boundary) / ".git";
  if (fs::is_regular_file(git, code)) {
    const std::string text = read_file(git.string()).value_or("");
    if (!text.starts_with("gitdir:")) return out;
    git = fs::path(boundary) / std::string(trim(std::string_view(text).substr(7)));
  }
  if (const fs::path found = fs::canonical(git, code); !code) {
    out.push_back(found.string());
    const std::string common(trim(read_file((found / "commondir").string()).value_or("")));
    if (const fs::path shared = fs::canonical(found / common, code); !common.empty() && !code)
      out.push_back(shared.string());
  }
  return out;
}

// Whether a `.git` is at or below the folder.
bool has_git_below(const std::string& folder) {
  constexpr int most = 200'000;
  int seen = 0;
  std::error_code code;
  for (fs::recursive_directory_iterator at(folder, code), end; !code && at != end; at.increment(code))
    if (at->path().filename() == ".git" || ++seen > most) return true;
  return static_cast<bool>(code);
}

// "" if the folder may be written.
std::string why_not(const std::string& folder, const std::string& boundary) {
  if (!lies_within(folder, boundary)) return "is outside of " + boundary;
  if (folder == boundary) return "is the whole of " + boundary;
  for (const auto& part : fs::path(folder).lexically_relative(boundary))
    if (part == ".git") return "belongs to git";
  for (const auto& git : folders_of_git(boundary))
    if (lies_within(folder, git) || lies_within(git, folder)) return "belongs to git";
  if (has_git_below(folder)) return "has a repository in it, or too many files to be sure of none";
  return {};
}

}  // namespace

Result<std::vector<std::string>> folders_to_write(const std::vector<std::string>& paths,
                                                  const std::string& boundary) {
  std::vector<std::string> out;
  for (const auto& path : paths) {
    std::error_code code;
    const std::string folder = fs::canonical(path, code).string();
    const std::string why = code || !fs::is_directory(folder) ? "is not a folder" : why_not(folder, boundary);
    if (!why.empty())
      return fail(Error::Kind::usage, "--migrate-writes", path + " " + why,
                  "name an existing folder below the repository's root");
    out.push_back(folder);
  }
  return out;
}

}  // namespace pgadvise::check
