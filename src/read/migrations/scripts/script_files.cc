#include "migrations/scripts/script_files.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/scripts/dialect.h"

namespace pgadvise::migrations {

namespace fs = std::filesystem;

bool is_sql(std::string_view name) {
  return name.size() > 4 && lower(name.substr(name.size() - 4)) == ".sql";
}

bool is_down(std::string_view name) {
  const std::string low = lower(name);
  return low == "down.sql" || low.ends_with(".down.sql") || low.ends_with("_down.sql") ||
         low.ends_with("-down.sql") || low.ends_with(".undo.sql") || low.ends_with(".rollback.sql") ||
         low.ends_with("_rollback.sql");
}

std::string_view without_v(std::string_view name) {
  const bool version =
      name.size() > 1 && (name[0] == 'V' || name[0] == 'v') && name[1] >= '0' && name[1] <= '9';
  return name.substr(version ? 1 : 0);
}

static std::string_view number_of(std::string_view name) { return files::leading_digits(without_v(name)); }

bool is_numbered(std::string_view name) { return is_sql(name) && !is_down(name) && !number_of(name).empty(); }

bool is_numbered_name(std::string_view name) {
  const auto digits = files::leading_digits(name).size();
  return is_numbered(name) && name.size() > digits && name[digits] == '_';
}

void by_number(Names& names) {
  std::ranges::stable_sort(names, [](const std::string& a, const std::string& b) {
    const int order = files::compare_digits(number_of(a), number_of(b));
    return order != 0 ? order < 0 : a < b;
  });
}

// Is one of the name's parts between dots, but for the first, the name of such a database?
static bool names_database(const std::string& file, bool (*is_one)(std::string_view)) {
  const auto parts = split(file, '.');
  return parts.size() > 2 && std::any_of(parts.begin() + 1, parts.end() - 1, is_one);
}

Names sql_files(const Folder& folder, bool (*wanted)(std::string_view)) {
  Names out;
  for (const auto& name : folder.files())
    if (wanted(name) && !names_database(name, foreign_folder)) out.push_back(name);
  const auto for_postgresql = [](const std::string& name) {
    return names_database(name, [](std::string_view part) { return part.starts_with("postgres"); });
  };
  if (std::ranges::any_of(out, for_postgresql))
    std::erase_if(out, [](const std::string& name) {
      return names_database(name, [](std::string_view part) { return part.starts_with("cockroach"); });
    });
  return out;
}

Files as_files(const Folder& folder, const Names& names, std::string_view ending) {
  Files out;
  for (const auto& name : names)
    out.push_back({folder.path(name), name.substr(0, name.size() - ending.size())});
  return out;
}

static void blank(std::string& text, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i)
    if (text[i] != '\n' && text[i] != '\r') text[i] = ' ';
}

std::string keep_up(std::string text, MarkerOf marker, Part otherwise) {
  bool any = false;
  Part part = otherwise;
  std::string out = text;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const Part now = marker(std::string_view(text).substr(at, end - at));
    if (now != Part::same) part = now;
    // What a tool reads stays: the markers, and the comments in front of the first (that keep the transaction
    // away).
    const bool read_by_tool =
        trim(std::string_view(text).substr(at, end - at)).starts_with("--") && (now != Part::same || !any);
    any = any || now != Part::same;
    if ((part == Part::down || now != Part::same) && !read_by_tool) blank(out, at, end);
    at = end;
  }
  return any ? out : text;
}

std::string comment_words(std::string_view line, std::string_view opening) {
  line = trim(line);
  if (line.substr(0, 3) == "\xef\xbb\xbf") line.remove_prefix(3);
  if (line.substr(0, opening.size()) != opening) return {};
  return lower(trim(line.substr(opening.size())));
}

bool word_starts(std::string_view words, std::string_view start) {
  return words.substr(0, start.size()) == start &&
         (words.size() == start.size() || words[start.size()] == ' ' || words[start.size()] == '\t');
}

Part marked(std::string_view words, std::string_view up, std::string_view down) {
  return word_starts(words, up) ? Part::up : word_starts(words, down) ? Part::down : Part::same;
}

std::string_view after_dashes(std::string_view words) {
  return words.substr(std::min(words.find_first_not_of("- \t"), words.size()));
}

bool in_transaction(const MigrationTool& tool, std::string_view text) {
  if (tool.transaction == MigrationTool::Transaction::none) return false;
  if (tool.no_transaction.empty()) return true;
  for (const auto line : split(text, '\n')) {
    std::string words = replace_all(comment_words(line), "\t", " ");
    while (contains(words, "  ")) words = replace_all(words, "  ", " ");
    if (words.find(tool.no_transaction) == 0) return false;
  }
  return true;
}

bool carries(const Folder& folder, const Names& names, MarkerOf marker) {
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 5); ++i) {
    const std::string head = folder.head(names[i]);
    for (const auto line : split(head, '\n'))
      if (marker(line) != Part::same) return true;
  }
  return false;
}

Files files_with(const Folder& folder, MarkerOf marker) {
  Names names = sql_files(folder, is_numbered);
  if (!carries(folder, names, marker)) return {};
  by_number(names);
  return as_files(folder, names);
}

Files subfolder_files(const Folder& folder, const std::string& script, bool (*wanted)(std::string_view)) {
  Files out;
  for (const auto& name : folder.folders())
    if (wanted(name) && folder.has(name + "/" + script))
      out.push_back({folder.path(name + "/" + script), name});
  return out;
}

bool any_name(std::string_view) { return true; }

bool holds_program(const Folder& folder) {
  return std::ranges::any_of(folder.files(), [](const std::string& name) {
    return name.ends_with(".ts") || name.ends_with(".js") || name.ends_with(".mjs") ||
           name.ends_with(".cjs") || name.ends_with(".py");
  });
}

void name_programs(const Folder& folder, bool (*is_program)(std::string_view), std::string_view what,
                   Diagnostics& diagnostics) {
  if (const auto count = std::ranges::count_if(folder.files(), is_program))
    warn(diagnostics, folder.path(),
         counted(static_cast<std::uint64_t>(count), "migration") + (count == 1 ? " is " : " are ") +
             std::string(what) + ": not replayed",
         fmt::format("pgadvise does not know {} changes", count == 1 ? "its" : "their"));
}

bool decided_above(const Folder& folder, const std::string& file,
                   std::optional<bool> (*decide)(const std::string& text)) {
  constexpr int max_levels = 6;
  std::error_code code;
  fs::path at = fs::absolute(folder.path(), code).lexically_normal();
  for (int up = 0; !code && up <= max_levels && at.has_relative_path(); ++up) {
    if (const auto text = read_file((at / file).string(), files::text_limit))
      if (const auto decided = decide(*text)) return *decided;
    std::error_code ignored;
    if (fs::exists(at / ".git", ignored)) break;
    at = at.parent_path();
  }
  return false;
}

std::string line_with(std::string_view text, std::string_view mark) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = trim(text.substr(at, end - at));
    if (starts_with_nocase(line, mark)) return lower(line);
    at = end + 1;
  }
  return {};
}

std::vector<std::string> line_end_variants(const std::string& text) {
  const std::string lf = replace_all(text, "\r\n", "\n");
  std::vector<std::string> out = {text};
  if (lf != text) out.push_back(lf);
  else if (text.find('\n') != std::string::npos) out.push_back(replace_all(text, "\n", "\r\n"));
  return out;
}

bool same_bytes(const std::string& before, const std::string& after) { return before == after; }

}  // namespace pgadvise::migrations
