#include "check/changes/revision_files.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/files/write_file.h"
#include "base/text/text.h"
#include "check/changes/git.h"

namespace pgadvise::check {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_files = 20'000;

struct Blob {
  std::string name;  // relative to the folder that git was asked about
  std::string hash;
  std::uintmax_t bytes = 0;
};

// "100644 blob <hash>    1234\t<name>"; nullopt: a symbolic link, a submodule, or a name that leads
// elsewhere.
std::optional<Blob> parse_entry(std::string_view entry) {
  const auto tab = entry.find('\t');
  if (tab == std::string_view::npos) return std::nullopt;
  std::vector<std::string_view> words;
  for (const auto word : split(entry.substr(0, tab), ' '))
    if (!word.empty()) words.push_back(word);
  if (words.size() != 4 || words[1] != "blob" || !words[0].starts_with("100")) return std::nullopt;
  Blob out{std::string(entry.substr(tab + 1)), std::string(words[2])};
  std::from_chars(words[3].data(), words[3].data() + words[3].size(), out.bytes);
  const fs::path name(out.name);
  const bool leads_elsewhere = name.is_absolute() || std::ranges::any_of(name, [](const fs::path& part) {
                                 return part == ".." || part == "." || lower(part.string()) == ".git";
                               });
  return leads_elsewhere || out.bytes > files::sql_limit ? std::nullopt : std::optional(std::move(out));
}

bool of_packages(std::string_view name) {
  return name.starts_with("node_modules/") || contains(name, "/node_modules/");
}

tl::unexpected<Error> failed(const std::string& folder, std::string what) {
  return fail(Error::Kind::usage, folder, std::move(what), "--against reads another revision through git");
}

class Writer {
 public:
  Writer(files::Git& git, std::string from, std::string to)
      : git_(git), from_(std::move(from)), to_(std::move(to)) {}

  Result<void> write(const std::vector<Blob>& blobs) {
    const std::set<std::string> unchanged = unchanged_of(blobs);
    for (const auto& blob : blobs) {
      const fs::path target = fs::path(to_) / blob.name;
      std::error_code code;
      fs::create_directories(target.parent_path(), code);
      if (!code && unchanged.count(blob.name)) {
        fs::copy_file(fs::path(from_) / blob.name, target, fs::copy_options::overwrite_existing, code);
      } else if (!code) {
        const auto ran = git_.run(from_, {"cat-file", "blob", blob.hash});
        if (!ran || ran->status != 0) return failed(from_, "git does not have the file " + blob.name);
        TRY_VOID(write_file(target.string(), ran->out));
      }
      if (code) return failed(target.string(), "cannot be written: " + code.message());
    }
    return {};
  }

 private:
  // Files of the work tree with the same bytes.
  std::set<std::string> unchanged_of(const std::vector<Blob>& blobs) {
    std::map<std::string, std::string> same_size;  // hashes by name
    std::vector<std::string> names;
    for (const auto& blob : blobs) {
      std::error_code code;
      const fs::path path = fs::path(from_) / blob.name;
      if (fs::is_regular_file(fs::symlink_status(path, code)) && fs::file_size(path, code) == blob.bytes &&
          !code)
        same_size[blob.name] = blob.hash, names.push_back(blob.name);
    }
    std::set<std::string> out;
    for (const auto& [name, hash] : file_hashes(git_, from_, names))
      if (hash == same_size[name]) out.insert(name);
    return out;
  }

  files::Git& git_;
  std::string from_, to_;
};

}  // namespace

Result<std::string> write_revision(files::Git& git, const std::string& path, const std::string& commit,
                                   const std::string& folder, const files::LeaveOut& leave_out) {
  const bool whole = is_folder(path);
  const fs::path parent = fs::path(path).parent_path();
  const std::string from = whole ? path : parent.empty() ? "." : parent.string();
  TRY(const auto prefix, git.run(from, {"rev-parse", "--show-prefix"}));
  if (prefix.status != 0) return failed(from, "is not in a git work tree");
  const std::string to = folder + "/" + prefix.out.substr(0, prefix.out.find('\n'));
  TRY(const auto listed, git.run(from, {"ls-tree", "-r", "-z", "--long", commit}));
  if (listed.status != 0) return failed(from, "git does not list the files of " + commit);
  const std::string only = whole ? std::string() : fs::path(path).filename().string();
  std::vector<Blob> blobs;
  for (const auto entry : split(listed.out, '\0')) {
    auto blob = parse_entry(entry);
    if (!blob || (!only.empty() && blob->name != only) || of_packages(blob->name)) continue;
    if (leave_out && leave_out((fs::path(from) / blob->name).generic_string())) continue;
    if (blobs.size() == max_files)
      return failed(from, fmt::format("has more than {} files at {}", max_files, commit));
    blobs.push_back(std::move(*blob));
  }
  TRY_VOID(Writer(git, from, to).write(blobs));
  std::string out = whole ? to : to + "/" + only;
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

}  // namespace pgadvise::check
