#include "migrations/includes.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/boundary.h"
#include "base/text.h"
#include "files/files.h"
#include "sql/statement.h"

namespace pgadvise::migrations {
namespace {

constexpr std::size_t max_files = 1000;
constexpr std::size_t max_depth = 16;
constexpr std::size_t max_bytes = std::size_t{256} << 20;

struct Include {
  std::string name;
  bool beside = false;  // \ir
};

// \i name, \ir 'name with blanks', \include, \include_relative.
std::optional<Include> include_of(std::string_view command) {
  const auto blank = command.find_first_of(" \t");
  if (blank == std::string_view::npos) return std::nullopt;
  const std::string_view word = command.substr(0, blank);
  Include out;
  out.beside = word == "\\ir" || word == "\\include_relative";
  if (!out.beside && word != "\\i" && word != "\\include") return std::nullopt;
  std::string_view name = trim(command.substr(blank));
  if (name.size() > 1 && name.front() == '\'' && name.back() == '\'') name = name.substr(1, name.size() - 2);
  out.name = name;
  return out;
}

class Expander {
 public:
  Expander(const UserPaths& user_paths, Diagnostics& diagnostics)
      : user_paths_(user_paths), diagnostics_(diagnostics) {}

  void expand(const std::string& path, std::string text) {
    open_.push_back(path);
    std::size_t begin = 0;
    const auto commands =
        contains(text, "\\i") ? sql::psql_commands(text) : std::vector<sql::SourceStatement>();
    for (const auto& command : commands) {
      const auto include = include_of(command.text);
      if (!include) continue;
      add(path, text, begin, command.offset);
      begin = command.offset + command.text.size();
      const LineIndex lines(text);
      read(path, *include, fmt::format("{}:{}:1", path, lines.at(command.offset).line));
    }
    if (begin == 0) {
      bytes_ += text.size();
      out_.push_back({path, std::move(text)});
    } else {
      add(path, text, begin, text.size());
    }
    open_.pop_back();
  }

  std::vector<ScriptPart> take() { return std::move(out_); }

 private:
  void add(const std::string& path, const std::string& text, std::size_t begin, std::size_t end) {
    if (trim(std::string_view(text).substr(begin, end - begin)).empty() || bytes_ + end > max_bytes) return;
    std::string part = text.substr(0, end);
    std::replace_if(
        part.begin(), part.begin() + static_cast<std::ptrdiff_t>(begin), [](char c) { return c != '\n'; },
        ' ');
    bytes_ += end;
    out_.push_back({path, std::move(part)});
  }

  void read(const std::string& from, const Include& include, const std::string& where) {
    const auto refuse = [&](const std::string& why) {
      diagnostics_.push_back(
          {Error::Kind::nonfatal, where, "includes " + ellipsis(include.name, 100) + ", which " + why, {}});
    };
    if (contains(include.name, ":") || contains(include.name, "`"))
      return refuse("has a variable in its name: pgadvise does not read it");
    const std::string path = path_of(from, include);
    if (path.empty()) return refuse("does not exist");
    if (leads_outside(path) || !lies_within(path, boundary_of(open_.front())))
      return refuse("is outside of the script's repository or folder: pgadvise does not read it");
    if (std::find(open_.begin(), open_.end(), path) != open_.end()) return refuse("includes itself");
    if (++files_ > max_files || open_.size() >= max_depth || bytes_ > max_bytes)
      return refuse("is beyond the bounds of 1,000 files, 16 levels and 256 MiB");
    auto text = read_file(path, files::sql_limit, user_paths_);
    if (!text) return refuse(text.error().what);
    expand(path, std::move(*text));
  }

  static std::string path_of(const std::string& from, const Include& include) {
    namespace fs = std::filesystem;
    std::error_code code;
    const fs::path beside = (fs::path(from).parent_path() / include.name).lexically_normal();
    if (!include.beside && fs::exists(include.name, code))
      return fs::path(include.name).lexically_normal().generic_string();
    return fs::exists(beside, code) ? beside.generic_string() : std::string();
  }

  const UserPaths& user_paths_;
  Diagnostics& diagnostics_;
  std::vector<ScriptPart> out_;
  std::vector<std::string> open_;  // the files around the current one
  std::size_t files_ = 0, bytes_ = 0;
};

}  // namespace

std::vector<ScriptPart> with_includes(const std::string& path, std::string text, const UserPaths& user_paths,
                                      Diagnostics& diagnostics) {
  Expander expander(user_paths, diagnostics);
  expander.expand(path, std::move(text));
  return expander.take();
}

}  // namespace pgadvise::migrations
