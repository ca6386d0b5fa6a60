#include "migrations/scripts/includes.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/files/boundary.h"
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/interface/tools.h"
#include "sql/parse/statement.h"

namespace pgadvise::migrations {
namespace {

constexpr std::size_t max_commands = 1000;
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
    Source source{path, std::move(text), 0, 0, 0};
    const auto commands =
        contains(source.text, "\\i") ? sql::psql_commands(source.text) : std::vector<sql::SourceStatement>();
    for (const auto& command : commands) {
      const auto include = include_of(command.text);
      if (!include) continue;
      add(source, command.offset, command.offset + command.text.size());
      if (++commands_ > max_commands) ++beyond_;
      if (beyond_ <= 1) read(path, *include, fmt::format("{}:{}:1", path, source.line + 1));
    }
    if (source.begin == 0) {
      bytes_ += source.text.size();
      out_.push_back({path, std::move(source.text)});
    } else {
      add(source, source.text.size(), source.text.size());
    }
    open_.pop_back();
  }

  std::vector<ScriptPart> take() {
    if (beyond_ > 1)
      warn(diagnostics_, first_beyond_,
           fmt::format("pgadvise does not read what {} more commands behind this one include", beyond_ - 1));
    return std::move(out_);
  }

 private:
  // A script, and where its next part begins.
  struct Source {
    std::string path;
    std::string text;
    std::size_t begin = 0;
    std::size_t line = 0;        // of `begin`, from 0
    std::size_t line_begin = 0;  // its offset
  };

  // The part up to `end`; the next one begins at `next`.
  void add(Source& source, std::size_t end, std::size_t next) {
    const std::string_view text = source.text;
    const std::string_view part = text.substr(source.begin, end - source.begin);
    const std::size_t column = source.begin - source.line_begin;
    const std::size_t bytes = source.line + column + part.size();
    const std::string where = fmt::format("{}:{}:{}", source.path, source.line + 1, column + 1);
    if (!trim(part).empty() && bytes_ + bytes <= max_bytes) {
      out_.push_back(
          {source.path, std::string(source.line, '\n') + std::string(column, ' ') + std::string(part)});
      bytes_ += bytes;
    } else if (!trim(part).empty()) {
      warn(diagnostics_, where,
           "the script and what it includes exceed 256 MiB: pgadvise does not read it from here to the next "
           "\\i or to its end");
    }
    for (std::size_t at = text.find('\n', source.begin); at < next; at = text.find('\n', at + 1)) {
      ++source.line;
      source.line_begin = at + 1;
    }
    source.begin = next;
  }

  void read(const std::string& from, const Include& include, const std::string& where) {
    const auto refuse = [&](const std::string& why) {
      warn(diagnostics_, where, "includes " + ellipsis(include.name, 100) + ", which " + why);
    };
    if (commands_ > max_commands || open_.size() >= max_depth || bytes_ > max_bytes) {
      first_beyond_ = where;
      return refuse("is beyond the bounds of 1,000 files, 16 levels and 256 MiB");
    }
    if (contains(include.name, ":") || contains(include.name, "`"))
      return refuse("has a variable in its name: pgadvise does not read it");
    const std::string path = path_of(from, include);
    if (path.empty()) return refuse("does not exist");
    if (leads_outside(path) || !lies_within(path, boundary_of(open_.front())))
      return refuse("is outside of the script's repository or folder: pgadvise does not read it");
    if (is_one_of(path, open_)) return refuse("includes itself");
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
  std::size_t commands_ = 0, bytes_ = 0;
  std::size_t beyond_ = 0;    // commands that are not followed, as there were too many
  std::string first_beyond_;  // the first of them
};

}  // namespace

std::vector<ScriptPart> with_includes(const std::string& path, std::string text, const UserPaths& user_paths,
                                      Diagnostics& diagnostics) {
  Expander expander(user_paths, diagnostics);
  expander.expand(path, std::move(text));
  return expander.take();
}

}  // namespace pgadvise::migrations
