#include "files/files.h"

#include <algorithm>
#include <filesystem>

#include "base/files/input_file.h"
#include "base/text/text.h"

namespace pgadvise::files {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t max_files = 200'000;
constexpr std::size_t max_entries = 1'000'000;
constexpr int max_depth = 16;

bool skipped_folder(const std::string& name) {
  static constexpr std::string_view names[] = {
      "node_modules", ".git",   ".next", "dist", "build",       "target",          "vendor",
      ".turbo",       ".cache", ".venv", "venv", "__pycache__", "bower_components"};
  return is_one_of(name, names);
}

}  // namespace

std::vector<std::string> list_files(const std::string& root, Diagnostics& diagnostics,
                                    const LeaveOut& leave_out) {
  std::vector<std::string> out;
  std::error_code code;
  fs::recursive_directory_iterator it(root, fs::directory_options::skip_permission_denied, code);
  std::string refused = code ? code.message() : why_unreadable(root);
  if (refused.empty()) refused = why_no_input(root, NamedBy::command_line);
  if (!refused.empty()) {
    diagnostics.push_back({Error::Kind::input, root, "can't be read: " + refused});
    return out;
  }
  const auto warn = [&](std::string what) {
    diagnostics.push_back({Error::Kind::nonfatal, root, std::move(what), "name the folder to read"});
  };
  std::size_t entries = 0;
  bool too_deep = false;
  SpecialFiles special;
  for (; it != fs::recursive_directory_iterator(); it.increment(code)) {
    if (code) break;
    if (++entries > max_entries || out.size() >= max_files) {
      warn("contains more than " +
           (entries > max_entries ? std::to_string(max_entries) + " files and folders"
                                  : std::to_string(max_files) + " files") +
           ": pgadvise did not read the rest");
      break;
    }
    const fs::directory_entry& entry = *it;
    std::error_code ignored;
    if (entry.is_symlink(ignored) || (leave_out && leave_out(entry.path().generic_string()))) {
      it.disable_recursion_pending();
      continue;
    }
    if (entry.is_directory(ignored)) {
      const bool skipped = skipped_folder(entry.path().filename().string());
      too_deep = too_deep || (!skipped && it.depth() >= max_depth);
      if (skipped || it.depth() >= max_depth || is_kernel_folder(entry.path().string())) {
        it.disable_recursion_pending();
      } else if (const auto why = why_unreadable(entry.path().string()); !why.empty()) {
        diagnostics.push_back(
            {Error::Kind::nonfatal, entry.path().generic_string(), "can't be read: " + why});
      }
    } else if (entry.is_regular_file(ignored)) {
      out.push_back(entry.path().lexically_relative(root).generic_string());
    } else {
      special.add_if_special(entry.path().string(), entry.path().lexically_relative(root).generic_string());
    }
  }
  if (too_deep)
    warn("contains folders below the " + std::to_string(max_depth) + "th level: pgadvise did not read them");
  if (code)
    diagnostics.push_back({Error::Kind::nonfatal, root, "can't be listed completely: " + code.message()});
  if (auto warning = special.warning(root)) diagnostics.push_back(std::move(*warning));
  std::sort(out.begin(), out.end());
  return out;
}

std::string normal_path(std::string_view path) {
  std::vector<std::string> parts;
  for (const auto part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") parts.pop_back();
    else parts.emplace_back(part);
  }
  return join(parts, "/");
}

std::string join_path(std::string_view folder, std::string_view name) {
  if (folder.empty()) return normal_path(name);
  return normal_path(std::string(folder) + "/" + std::string(name));
}

std::string path_under(const std::string& folder, std::string_view name) {
  return (fs::path(folder) / name).lexically_normal().generic_string();
}

std::string_view folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view base_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string relative_to(const std::string& path, const std::string& folder) {
  const fs::path from = fs::path(folder).lexically_normal();
  const auto out = fs::path(path).lexically_normal().lexically_relative(from).generic_string();
  return out == "." ? "" : out;
}

std::string_view leading_digits(std::string_view name) {
  return name.substr(0, std::min(name.find_first_not_of("0123456789"), name.size()));
}

std::string_view without_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

int compare_digits(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

bool natural_less(std::string_view a, std::string_view b) {
  std::string_view rest_a = a, rest_b = b;
  while (!rest_a.empty() && !rest_b.empty()) {
    const auto number_a = leading_digits(rest_a), number_b = leading_digits(rest_b);
    const bool numbers = !number_a.empty() && !number_b.empty();
    if (const int order =
            numbers ? compare_digits(number_a, number_b) : rest_a.substr(0, 1).compare(rest_b.substr(0, 1)))
      return order < 0;
    rest_a.remove_prefix(numbers ? number_a.size() : 1);
    rest_b.remove_prefix(numbers ? number_b.size() : 1);
  }
  if (rest_a.size() != rest_b.size()) return rest_a.size() < rest_b.size();
  return a < b;
}

}  // namespace pgadvise::files
