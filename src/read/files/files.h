// Finds and reads the files of a repository, within limits.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pgadvise::files {

inline constexpr std::size_t text_limit = 4u << 20;               // configuration, scripts, sources
inline constexpr std::size_t json_limit = 64u << 20;              // snapshots: real ones reach several MB
inline constexpr std::size_t server_snapshot_limit = 256u << 20;  // a table takes 2 to 3 KB
inline constexpr std::size_t sql_limit = 512u << 20;              // dumps

// Whether the user excluded a file or folder; paths start with the path of the root.
using LeaveOut = std::function<bool(const std::string& path)>;

// The files under `root` as paths relative to it with '/', sorted. Left out: node_modules, .git, .next, dist,
// build, target, vendor and the like, symbolic links. Pipes, sockets and devices are left out and named in
// one warning in `diagnostics`. What lies deeper than 16 folders, in a file system of the kernel
// (/proc), or behind 200,000 files or 1,000,000 files and folders is left out, too, and named in
// `diagnostics`.
std::vector<std::string> list_files(const std::string& root, Diagnostics& diagnostics,
                                    const LeaveOut& leave_out = {});

// "a/b/../c" -> "a/c"; does not start with "/" or "./"; "" for the root. Keeps leading "..".
std::string normal_path(std::string_view path);
std::string join_path(std::string_view folder, std::string_view name);
// The same for a path of the file system: an absolute one stays absolute.
std::string path_under(const std::string& folder, std::string_view name);
std::string_view folder_of(std::string_view path);  // "" at the root
std::string_view base_of(std::string_view path);

// The path relative to the folder; "" for the folder itself.
std::string relative_to(const std::string& path, const std::string& folder);

std::string_view leading_digits(std::string_view name);
std::string_view without_zeros(std::string_view digits);  // "0" of "000"
// Compares by value: negative if a is the smaller number. No digits count as 0.
int compare_digits(std::string_view a, std::string_view b);
// Compares numbers by value and other text by bytes: "2_x" before "10_x".
bool natural_less(std::string_view a, std::string_view b);

}  // namespace pgadvise::files
