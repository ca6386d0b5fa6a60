#include "plan/read/pasted.h"

#include <algorithm>
#include <map>

#include "base/text/text.h"
#include "base/text/utf8.h"

namespace pgadvise::plan {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);
constexpr std::string_view dots = "…", arrow = "↵";  // psql's marks of a wrapped line and of a line end

void strip_end(std::string& text) {
  text.erase(text.find_last_not_of(" \r") + 1);  // npos + 1 is 0
}

// The number of bytes of the vertical line that begins `text`; 0 when none does.
std::size_t bar_at(std::string_view text) {
  if (text.starts_with('|')) return 1;
  return text.starts_with("│") || text.starts_with("║") ? 3 : 0;
}
std::size_t bar_at_end(std::string_view text) {
  if (text.ends_with('|')) return 1;
  return text.ends_with("│") || text.ends_with("║") ? 3 : 0;
}

// A character that frames are drawn with, at the beginning of `text`: its bytes, else 0.
std::size_t drawing_at(std::string_view text) {
  if (text.empty()) return 0;
  if (std::string_view("-+|=: ").find(text[0]) != std::string_view::npos) return 1;
  const bool box = text.size() >= 3 && text[0] == '\xe2' && (text[1] == '\x94' || text[1] == '\x95');
  return box ? 3 : 0;
}

// Where the drawing that begins `text` ends.
std::size_t drawn(std::string_view text) {
  std::size_t at = 0;
  while (const auto length = drawing_at(text.substr(at))) at += length;
  return at;
}

// Whether two lines were one that something other than psql wrapped between the dots of a range:
// "(actual time=0.008." and ".3.187 rows=92". Were these dots marks, the range would have none.
bool splits_range(std::string_view line, std::string_view next) {
  constexpr std::string_view number = "0123456789.";
  const auto first = line.substr(line.find_last_not_of(number) + 1);  // npos + 1 is 0
  line.remove_suffix(first.size());
  if (!line.ends_with('=')) return false;
  line.remove_suffix(1);
  // The label's beginning may stand on the line above.
  const auto label = line.substr(line.find_last_not_of("costime") + 1);
  if (!std::string_view("cost").ends_with(label) && !std::string_view("time").ends_with(label)) return false;
  if (label.empty() && !line.empty()) return false;
  const auto end = std::min(next.find_first_not_of(number), next.size());
  if (end == next.size() && next.ends_with('.')) return false;
  return !contains(first, "..") && !contains(next.substr(0, end), "..");
}

bool is_rule(std::string_view line) {
  const auto bare = trim(line);
  const bool dashes =
      contains(bare, "-") || contains(bare, "=") || contains(bare, "─") || contains(bare, "═");
  return dashes && drawn(bare) == bare.size() && width_of(bare) >= 3;
}

// "RECORD 1", "Record 1", whatever the language: a word and a number.
bool is_record_name(std::string_view text) {
  text = trim(text);
  const auto blank = text.rfind(' ');
  if (blank == std::string_view::npos || blank == 0 || blank + 1 == text.size()) return false;
  const auto digits = text.substr(blank + 1);
  return std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

// "-[ RECORD 1 ]---", "┌─[ RECORD 1 ]─┐", "* Record 1"
bool is_record(std::string_view line) {
  if (line.starts_with("* ")) return is_record_name(line.substr(2)) && trim(line).size() < 60;
  const auto at = drawn(line);
  if (at >= line.size() || line[at] != '[' || trim(line.substr(0, at)).empty()) return false;
  const auto close = std::min(line.find(']', at), line.size() - 1);
  const auto behind = line.substr(close + 1);
  return is_record_name(line.substr(at + 1, close - at - 1)) && drawn(behind) == behind.size();
}

// What of the line is the cell, and the marks of psql at its ends.
struct Cell {
  std::size_t number = 0;
  std::string text;
  bool first = true;  // false: in the margin stands that the cell goes on
};

class Frame {
 public:
  explicit Frame(std::vector<PastedLine>& lines) : lines_(lines) {
    for (std::size_t at = 0; at < lines.size(); ++at) {
      const auto& text = lines[at].text;
      if (names_ == none && is_named(text)) names_ = name_width(text);
      if (is_record(text)) {
        boxed_ |= text.starts_with('+') || text.starts_with("┌") || text.starts_with("╔");
        starred_ |= text.starts_with('*');
        if (names_ == none && at + 1 < lines.size()) names_ = name_width(lines[at + 1].text);
      } else if (is_rule(text)) {
        if (rule_ == none) rule_ = width_of(text);
        boxed_ |= bar_at(text) > 0 || text.starts_with('+') || text.starts_with("┌") ||
                  text.starts_with("╔") || text.starts_with("├") || text.starts_with("╠");
      }
    }
  }

  std::vector<PastedLine> without() {
    std::vector<Cell> cells;
    for (auto& line : lines_)
      if (!is_record(line.text) && !is_rule(line.text)) cells.push_back(cell(std::move(line)));
    const auto plus = plus_column(cells);
    std::vector<PastedLine> out;
    bool goes_on = false;     // the line read last has the mark of a wrapped one
    bool borderless = false;  // the mark stands behind the frame, and the next line has none
    for (std::size_t at = 0; at < cells.size(); ++at) {
      auto& [number, text, first] = cells[at];
      const bool joined = goes_on, marked = goes_on && !borderless;
      const auto width = width_of(text);
      if (marked && !first) text.erase(0, text.starts_with('.') ? 1 : dots.size());
      borderless = rule_ != none && names_ == none && width == rule_ + 1;
      goes_on = at + 1 < cells.size() && wrapped(text, cells[at + 1], borderless);
      if (goes_on) text.erase(text.size() - (text.ends_with('.') ? 1 : dots.size()));
      else if (text.ends_with(arrow)) text.erase(text.size() - arrow.size());
      else if (text.ends_with('+') && width == plus) text.pop_back();
      if (!goes_on) strip_end(text);
      if (joined) out.back().text += text;
      else out.push_back({number, std::move(text)});
    }
    return out;
  }

 private:
  static constexpr std::string_view heading = "QUERY PLAN";

  // "QUERY PLAN | Seq Scan", "| QUERY PLAN | Seq Scan |": of an expanded table that may have no other lines.
  static bool is_named(std::string_view line) {
    line = trim(line.substr(bar_at(line)));
    if (!line.starts_with(heading)) return false;
    line = trim(line.substr(heading.size()));
    return bar_at(line) > 0 && line.size() > bar_at(line);
  }

  // Of the names that an expanded table has in each line, with a border or without.
  std::size_t name_width(std::string_view line) const {
    if (starred_) return line.starts_with(heading) ? heading.size() : none;
    if (const auto bar = bar_at(line); bar > 0) line.remove_prefix(bar);
    for (std::size_t at = 0; at < line.size(); ++at)
      if (bar_at(line.substr(at)) > 0) return width_of(line.substr(0, at));
    return none;
  }

  Cell cell(PastedLine line) const {
    std::string_view text = line.text;
    if (text.starts_with("QUERY PLAN,")) text.remove_prefix(heading.size() + 1);  // expanded CSV
    bool bordered = boxed_;
    if (const auto bar = bar_at(text); bar > 0 && !text.starts_with("||")) {
      text.remove_prefix(bar);
      bordered = true;
    }
    if (bordered)
      if (const auto bar = bar_at_end(text); bar > 0) text.remove_suffix(bar);
    if (names_ != none) text = behind_name(text);
    return {line.number, std::string(text), !text.starts_with('.') && !text.starts_with(dots)};
  }

  // Behind the column of names of an expanded table and its line; other lines (a prompt) stay.
  std::string_view behind_name(std::string_view text) const {
    std::size_t at = 0;
    for (std::size_t column = 0; column < names_; ++column) {
      if (at >= text.size()) return text;
      for (++at; at < text.size() && continues_character(text[at]);) ++at;
    }
    const auto rest = text.substr(at);
    if (starred_) return rest;
    const bool other = (rest.starts_with(':') || rest.starts_with(';')) &&  // of the style old-ascii
                       trim(text.substr(0, at)).empty();
    const auto bar = other ? 1 : bar_at(rest);
    return bar > 0 ? rest.substr(bar) : text;
  }

  // The column of the "+" that psql puts where a cell has another line.
  static std::size_t plus_column(const std::vector<Cell>& cells) {
    std::map<std::size_t, std::size_t> columns;
    for (const auto& cell : cells)
      if (cell.text.ends_with('+')) ++columns[width_of(cell.text)];
    const auto most =
        std::ranges::max_element(columns, [](const auto& a, const auto& b) { return a.second < b.second; });
    return most != columns.end() && most->second > 1 ? most->first : none;
  }

  static bool wrapped(std::string_view text, const Cell& next, bool borderless) {
    if (!text.ends_with('.') && !text.ends_with(dots)) return false;
    if (splits_range(text, next.text)) return false;
    return borderless || (!next.first && next.text.starts_with('.') == text.ends_with('.'));
  }

  std::vector<PastedLine>& lines_;
  std::size_t names_ = none;  // the width of an expanded table's names
  std::size_t rule_ = none;   // the width of the rule below the heading
  bool boxed_ = false;        // lines begin and end with a border
  bool starred_ = false;      // expanded, without a border
};

void expand_indentation(std::string& line) {
  std::size_t column = 0, at = 0;
  for (; at < line.size(); ++at) {
    if (line[at] == ' ') ++column;
    else if (line[at] == '\t') column += 8 - column % 8;
    else if (line.compare(at, 2, "\xc2\xa0") == 0) ++column, ++at;  // a blank that doesn't break lines
    else break;
  }
  line.replace(0, at, column, ' ');
}

// The ">" of mail, where each line has it.
void unquote_mail(std::vector<PastedLine>& lines) {
  for (int level = 0; level < 5; ++level) {
    const auto quoted = [](const PastedLine& line) { return line.text.empty() || line.text[0] == '>'; };
    if (!std::ranges::all_of(lines, quoted)) return;
    const bool blank = std::ranges::all_of(
        lines, [](const PastedLine& line) { return line.text.size() < 2 || line.text[1] == ' '; });
    for (auto& line : lines) line.text.erase(0, blank ? 2 : 1);
  }
}

// "'Sort  (cost=1.00..2.00 rows=3 width=4)'" of older versions of pgAdmin, with no quotes doubled.
bool in_single_quotes(std::string_view line) {
  line = trim(line);
  return line.size() > 1 && line.starts_with('\'') && line.ends_with('\'');
}

// Where a node is in single quotes, all lines are that are in some.
void take_single_quotes_off(std::vector<PastedLine>& lines) {
  const bool quoted = std::ranges::any_of(lines, [](const PastedLine& line) {
    return in_single_quotes(line.text) &&
           (contains(line.text, "  (cost=") || contains(line.text, " (actual "));
  });
  for (auto& line : lines)
    if (quoted && in_single_quotes(line.text)) {
      line.text = trim(line.text);
      line.text = line.text.substr(1, line.text.size() - 2);
      strip_end(line.text);
    }
}

// Lines that are cells of CSV: in quotes, with quotes in them doubled. A cell may go over several lines.
class Quotes {
 public:
  void take_off(std::string& text) {
    const auto begin = std::min(text.find_first_not_of(' '), text.size());
    const bool doubled = open_ && text.compare(begin, 2, "\"\"") == 0;
    if (text.compare(begin, 1, "\"") == 0 && !doubled) {
      if (!open_ && !is_cell(std::string_view(text).substr(begin))) return;
      text.erase(begin, 1);
      open_ = true;
    }
    if (!open_) return;
    const auto end = text.ends_with(',') ? text.size() - 1 : text.size();  // cells of an array
    const auto quotes = end - (std::string_view(text).substr(0, end).find_last_not_of('"') + 1);
    if (quotes % 2 == 1) {
      text.resize(end - 1);
      open_ = false;
    }
    text = replace_all(std::move(text), "\"\"", "\"");
  }
  bool open() const { return open_; }

 private:
  // Not a word of SQL in quotes, with more behind it.
  static bool is_cell(std::string_view text) {
    for (std::size_t at = 1; at < text.size(); ++at) {
      if (text[at] != '"') continue;
      if (at + 1 == text.size() || text.substr(at) == "\",") return true;
      if (text[++at] != '"') return false;
    }
    return true;
  }

  bool open_ = false;
};

bool begins_json(std::string_view text, std::string_view next) {
  if (text.empty() || (text[0] != '[' && text[0] != '{')) return false;
  auto rest = trim(text.substr(1));
  if (rest.empty()) rest = trim(next);
  return text[0] == '[' ? rest.starts_with('{') : rest.starts_with('"');
}

}  // namespace

std::size_t width_of(std::string_view text) { return character_count(text); }

PastedForm form_of(const std::vector<PastedLine>& lines, std::size_t at) {
  const auto text = trim(lines[at].text);
  const auto next = at + 1 < lines.size() ? trim(lines[at + 1].text) : std::string_view{};
  if (begins_json(text, next)) return PastedForm::json;
  if (text.starts_with("<explain")) return PastedForm::xml;
  if (text == "- Plan:" || (text == "Plan:" && next.starts_with("Node Type:"))) return PastedForm::yaml;
  return PastedForm::unknown;
}

std::vector<PastedLine> pasted_lines(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::vector<PastedLine> lines;
  for (const auto line : split(text, '\n')) {
    lines.push_back({lines.size() + 1, std::string(line)});
    strip_end(lines.back().text);
    expand_indentation(lines.back().text);
  }
  unquote_mail(lines);
  lines = Frame(lines).without();
  take_single_quotes_off(lines);
  Quotes quotes;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (!quotes.open() && form_of(lines, at) != PastedForm::unknown) break;  // its own lines have quotes
    quotes.take_off(lines[at].text);
    if (form_of(lines, at) == PastedForm::json) break;
  }
  return lines;
}

}  // namespace pgadvise::plan
