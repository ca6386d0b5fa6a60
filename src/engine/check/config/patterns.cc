#include "check/config/patterns.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/containers.h"
#include "base/files/boundary.h"
#include "base/files/input_file.h"
#include "base/text/text.h"

namespace pgadvise::check {
namespace {

namespace fs = std::filesystem;

bool is_pattern(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

// At most the product of both sizes in steps.
bool name_matches(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  std::size_t p = 0, n = 0, star = std::string_view::npos, from = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p, ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

class Walk {
 public:
  Walk(const PatternBounds& bounds, PatternBounds& used)
      : bounds_(bounds), used_(used), start_(std::chrono::steady_clock::now() - used.time) {}
  ~Walk() { used_.time = time(); }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  // `parts`: the path's names behind `folder`, "" for the current one. False: a bound was reached.
  bool into(const std::string& folder, const std::vector<std::string_view>& parts, std::size_t at) {
    if (at == parts.size()) {
      found.push_back(folder);
      if (++used_.matches > bounds_.matches)
        reached = fmt::format("matches more than {} files", bounds_.matches);
      return reached.empty();
    }
    const bool last = at + 1 == parts.size();
    const auto below = [&](const std::string& name) {
      return folder.empty() || folder.ends_with('/') ? folder + name : folder + "/" + name;
    };
    std::error_code code;
    if (!is_pattern(parts[at])) {
      const std::string path = below(std::string(parts[at]));
      return !(last ? fs::exists(fs::symlink_status(path, code)) : fs::is_directory(path, code)) ||
             into(path, parts, at + 1);
    }
    const std::string listed = folder.empty() ? "." : folder;
    if (is_kernel_folder(listed)) return true;
    for (fs::directory_iterator it(listed, fs::directory_options::skip_permission_denied, code), end;
         !code && it != end; it.increment(code)) {
      if (++used_.entries > bounds_.entries)
        reached = fmt::format("searches more than {} files and folders", bounds_.entries);
      else if (time() > bounds_.time)
        reached = fmt::format("takes longer than {} s", bounds_.time.count() / 1000);
      if (!reached.empty()) return false;
      const std::string name = it->path().filename().string();
      std::error_code ignored;
      if (!name_matches(parts[at], name) || (!last && !it->is_directory(ignored))) continue;
      if (!into(below(name), parts, at + 1)) return false;
    }
    return true;
  }

  std::vector<std::string> found;
  std::string reached;  // which bound

 private:
  std::chrono::milliseconds time() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start_);
  }

  PatternBounds bounds_;
  PatternBounds& used_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

Result<std::vector<std::string>> expand_pattern(const std::string& path, const PatternBounds& bounds,
                                                PatternBounds& used) {
  if (!is_pattern(path) || path_exists(path)) return std::vector<std::string>{path};
  std::vector<std::string_view> parts = split(path, '/');
  std::erase_if(parts, [](std::string_view part) { return part.empty(); });
  const bool first = used.entries == 0;
  Walk walk(bounds, used);
  if (!walk.into(path.starts_with('/') ? "/" : "", parts, 0))
    return fail(Error::Kind::usage, {},
                "the pattern " + ellipsis(path, 120) +
                    (first ? " " : ", together with the patterns before it, ") + walk.reached +
                    ": pgadvise read none of the files",
                "start the pattern with the folder of the files");
  if (walk.found.empty()) return std::vector<std::string>{path};
  std::ranges::sort(walk.found);
  return std::move(walk.found);
}

std::vector<std::string> expand(const std::vector<std::string>& paths, const ConfiguredInputs& inputs,
                                Diagnostics& diagnostics) {
  std::vector<std::string> out;
  std::set<std::string> read;  // each file or folder is read once, however often it is named
  PatternBounds used = nothing_used;
  for (const auto& path : paths) {
    const auto* known = find_value(inputs.places, path);
    const std::string where = known ? known->str() : path;
    auto found = expand_pattern(path, {}, used);
    if (!found) {
      diagnostics.push_back(found.error());
      diagnostics.back().where = where;
      continue;
    }
    std::size_t outside = 0;
    for (auto& name : *found) {
      const bool logs = &paths == &inputs.logs && is_folder(name);  // of other folders links are not followed
      const bool stays = inputs.boundary.empty() || (lies_within(name, inputs.boundary) &&
                                                     (!logs || link_out_of(name, inputs.boundary).empty()));
      const std::string why = stays ? why_no_input(name, NamedBy::repository) : std::string();
      if (!stays) ++outside;
      else if (why.empty() && read.insert(fs::path(name).lexically_normal().generic_string()).second)
        out.push_back(std::move(name));
      else if (why.empty()) continue;
      else
        diagnostics.push_back({Error::Kind::usage, where, ellipsis(name, 120) + " " + why,
                               "a configuration may only name regular files and folders"});
    }
    if (outside > 0)
      diagnostics.push_back(
          {Error::Kind::usage, where,
           fmt::format("{} leaves the repository through a symbolic link: {} not read", ellipsis(path, 120),
                       outside == 1 ? "it is" : fmt::format("{} files are", outside)),
           "the command line and a file of --config may name files anywhere"});
  }
  return out;
}

}  // namespace pgadvise::check
