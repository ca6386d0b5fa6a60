#include "plan/read/text_lines.h"

#include <algorithm>
#include <iterator>

#include "base/text/text.h"

namespace pgadvise::plan {
namespace {

using Kind = TextLine::Kind;

constexpr std::size_t narrowest_wrapped = 50;  // columns: nothing that wraps lines does it earlier

// "Rows Removed by Filter" of "Rows Removed by Filter: 3"; "" where no label begins the line.
std::string_view label_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 60) return {};
  if (colon + 1 < text.size() && text[colon + 1] != ' ') return {};
  const auto label = text.substr(0, colon);
  const bool plain = std::ranges::all_of(
      label, [](char c) { return is_alphanumeric(c) || c == ' ' || c == '-' || c == '/' || c == '_'; });
  return plain && label[0] >= 'A' && label[0] <= 'Z' ? label : std::string_view{};
}

bool is_outside(std::string_view text, std::string_view label) {
  return is_one_of(label, {"Planning", "JIT", "Functions", "Options", "Timing", "Settings", "Serialization",
                           "Query Identifier", "Memory"}) ||
         is_planning_time(label) || is_execution_time(label) ||
         (text.starts_with("Trigger ") && contains(text, ": time="));
}

// Where an open quote or parenthesis tells that the line goes on.
bool is_expression(std::string_view label) {
  return label == "Filter" || label == "Index Cond" || label == "Group Key" ||
         is_one_of(label, condition_names) ||
         is_one_of(label, {"Sort Key", "Presorted Key", "Hash Key", "Output", "Conflict Filter",
                           "Function Call", "Window", "Table Function Call"});
}

// "Delete on p1 p_1": a table below the node that writes to several.
bool is_target(std::string_view text) {
  if (text.starts_with("Foreign ")) text.remove_prefix(8);
  return text.starts_with("Insert on ") || text.starts_with("Update on ") || text.starts_with("Delete on ") ||
         text.starts_with("Merge on ");
}

bool is_heading(std::string_view text) {
  return !contains(text, ":") &&
         (text.starts_with("CTE ") || text.starts_with("InitPlan ") || text.starts_with("SubPlan "));
}

// "(3 rows)" and "Time: 1.2 ms" in any language, "shop=# SELECT 1", "[local] app=>", the end of a code block
bool is_end(std::string_view text, std::string_view label) {
  if (text.starts_with("```") || text.starts_with("</")) return true;
  if (!label.empty() && text.size() > label.size() + 2 && is_digit(text[label.size() + 2]) &&
      contains(text, " ms"))
    return !is_outside(text, label);
  if (text.size() > 3 && text[0] == '(' && is_digit(text[1]) && text.ends_with(')')) {
    const auto inner = text.substr(1, text.size() - 2);
    const auto blank = inner.find(' ');
    return blank != std::string_view::npos &&
           std::all_of(inner.begin(), inner.begin() + static_cast<std::ptrdiff_t>(blank), is_digit) &&
           inner.find_first_of("()=") == std::string_view::npos;
  }
  const auto word = text.substr(0, text.find(' '));
  const auto prompt = [](std::string_view part) {
    return part.size() > 2 && (part.ends_with("=#") || part.ends_with("=>") || part.ends_with("=*#")) &&
           part.find_first_of("('\"") == std::string_view::npos;
  };
  if (word.starts_with('[') && word.ends_with(']') && word.size() < text.size()) {
    const auto rest = text.substr(word.size() + 1);
    return prompt(rest.substr(0, rest.find(' ')));
  }
  return prompt(word);
}

// The open quote (0: closed) and the number of open parentheses.
struct Balance {
  int parentheses = 0;
  char quote = 0;

  void read(std::string_view text) {
    for (const char c : text) {
      if (quote) quote = c == quote ? '\0' : quote;
      else if (c == '\'' || c == '"') quote = c;
      else if (c == '(') ++parentheses;
      else if (c == ')') --parentheses;
    }
  }
  bool closed() const { return quote == 0 && parentheses <= 0; }
};

// Whether the line ends within a node's figures, of which `next` has the rest: "Sort  (cos" and
// "t=1.00..2.00".
bool splits_figures(std::string_view line, std::string_view next) {
  constexpr std::size_t longest = 200, label = 24;
  static constexpr auto beginnings = word_list("(cost=", "(actualtime=", "(actualrows=", "(neverexecuted)");
  line.remove_prefix(line.size() - std::min(line.size(), longest));
  const auto open = line.rfind('(');
  if (open == std::string_view::npos || line.find(')', open) != std::string_view::npos) return false;
  std::string figures;
  for (const auto part : {line.substr(open), next.substr(0, label)})
    std::ranges::copy_if(part, std::back_inserter(figures), [](char c) { return c != ' '; });
  return std::ranges::any_of(beginnings, [&](auto beginning) {
    return figures.starts_with(beginning) || (figures.size() > 4 && beginning.starts_with(figures));
  });
}

class Assembler {
 public:
  explicit Assembler(const std::vector<PastedLine>& lines) : lines_(lines), root_(root_of(lines)) {
    for (std::size_t at = root_; at < lines.size(); ++at) {
      const auto& text = lines[at].text;
      if (contains(text, "'")) last_single_ = at;
      if (contains(text, "\"")) last_double_ = at;
    }
    for (std::size_t at = root_; at < lines.size(); ++at) {
      const auto line = read(lines[at]);
      if (line.kind == Kind::end) break;
      if (line.kind != Kind::unknown) widest_ = std::max(widest_, width_of(lines[at].text));
      if (line.kind == Kind::outside && is_execution_time(label_of(line.text))) break;
    }
  }

  std::vector<TextLine> read() {
    for (std::size_t at = root_; at < lines_.size(); ++at) {
      if (lines_[at].text.empty()) {
        after_blank_ = true;
        continue;
      }
      TextLine line = read(lines_[at]);
      line.after_blank = after_blank_;
      if (at == root_) {
        line.kind = Kind::node;
        line.within = line.arrow && at > 0 && is_of_plan(read(lines_[at - 1]), line.column);
      }
      if (at > root_ && goes_on(line, at)) join(at);
      else begin(std::move(line));
      after_blank_ = false;
      last_ = at;
    }
    if (!out_.empty()) out_.back().complete = balance_.closed();
    return std::move(out_);
  }

 private:
  // The first line with figures; the line above where it was wrapped before them.
  static std::size_t root_of(const std::vector<PastedLine>& lines) {
    const auto begins = [](std::string_view text) {
      text = trim(text);
      return text.starts_with("->  ") || (!text.empty() && text[0] >= 'A' && text[0] <= 'Z');
    };
    std::size_t at = 0;
    for (; at < lines.size(); ++at) {
      if (trim(lines[at].text).starts_with("Worker ")) continue;
      const bool wrapped = at + 1 < lines.size() && begins(lines[at].text) &&
                           splits_figures(lines[at].text, lines[at + 1].text);
      if (!has_figures(lines[at].text) && !wrapped) continue;
      if (begins(lines[at].text)) break;
      if (at > 0 && begins(lines[at - 1].text)) return at - 1;
    }
    return at;
  }

  static TextLine read(const PastedLine& line) {
    TextLine out;
    out.number = line.number;
    out.column = line.text.find_first_not_of(' ');
    if (out.column == std::string::npos) return out;
    std::string_view text = std::string_view(line.text).substr(out.column);
    const auto label = label_of(text);
    if (text.starts_with("->")) {
      const auto title = trim(text.substr(2));
      if (text.size() > 3 && text[2] == ' ' && title[0] >= 'A' && title[0] <= 'Z') {
        out.kind = Kind::node;
        out.arrow = true;
        text = title;
      }
    } else if (is_heading(text)) out.kind = Kind::heading;
    else if (is_end(text, label)) out.kind = Kind::end;
    else if (text.starts_with("Worker ") && contains(text, ":")) out.kind = Kind::worker;
    else if (is_outside(text, label)) out.kind = Kind::outside;
    else if (!label.empty()) out.kind = Kind::property;
    else if (text[0] >= 'A' && text[0] <= 'Z' && has_figures(text)) out.kind = Kind::node;
    else if (is_target(text)) out.kind = Kind::property;
    out.text = std::string(text);
    return out;
  }

  // Above a node whose arrow is in this column, where its parent's properties are.
  static bool is_of_plan(const TextLine& line, std::size_t arrow) {
    return line.kind == Kind::node || line.kind == Kind::heading || line.kind == Kind::worker ||
           (line.kind == Kind::property &&
            (is_expression(label_of(line.text)) || (arrow > 0 && line.column == arrow)));
  }

  // Whether the line is a part of the line above.
  bool goes_on(const TextLine& line, std::size_t at) const {
    const TextLine& above = out_.back();
    if (above.kind == Kind::end || above.kind == Kind::unknown || line.kind == Kind::end) return false;
    if (balance_.quote && !line.arrow) return (balance_.quote == '"' ? last_double_ : last_single_) >= at;
    if (line.kind == Kind::node) return !line.arrow && above.kind == Kind::node && !has_figures(above.text);
    if (line.kind == Kind::unknown) {
      if (after_blank_) return false;
      const bool cut =
          line.text[0] == '(' && at + 1 < lines_.size() && splits_figures(line.text, lines_[at + 1].text);
      const bool figures = cut || line.text.starts_with("(cost=") || line.text.starts_with("(actual ") ||
                           line.text.starts_with("(never ");
      const auto word = width_of(std::string_view(line.text).substr(0, line.text.find(' ')));
      if (!balance_.closed() || figures) return true;
      if (above.kind == Kind::node && has_figures(above.text)) return false;
      return widest_ >= narrowest_wrapped && width_of(lines_[last_].text) + 1 + word > widest_;
    }
    // Within parentheses a word may look like the beginning of another line.
    if (balance_.closed() || line.column > out_.front().column) return false;
    return line.kind == Kind::heading || (line.kind == Kind::property && !is_expression(label_of(line.text)));
  }

  void join(std::size_t at) {
    const std::string_view above = lines_[last_].text;
    std::string_view part = lines_[at].text;
    const bool literal = balance_.quote != 0 && width_of(above) + 2 < widest_;
    const auto indentation = std::min(part.find_first_not_of(' '), part.size());
    part.remove_prefix(literal ? std::min(indentation, out_.front().column) : indentation);
    std::string& text = out_.back().text;
    text += literal ? "\n" : glue(text, above, part, indentation >= (out_.front().column > 0 ? 2u : 1u));
    text += part;
    if (followed_) balance_.read(part);
  }

  // What stood between the parts of a line: nothing where a terminal cut it at its width, else a blank, at
  // which mail is wrapped.
  std::string_view glue(std::string_view text, std::string_view above, std::string_view part,
                        bool indented) const {
    static constexpr auto first = word_list("rows=", "width=", "loops=", "(actual", "time=", "on ", "using ",
                                            "AND ", "OR ", "(never", "= ", "IS ");
    static constexpr auto last = word_list(" on", " using", " AND", " OR", " =", ",", "(never", "(actual");
    if (part.starts_with("(cost=")) return "  ";
    if (splits_figures(text, part)) return glue_of_figures(text, part);
    const bool words = std::ranges::any_of(first, [&](auto word) { return part.starts_with(word); }) ||
                       ends_with_any(above, last);
    return indented || words || width_of(above) < widest_ ? " " : "";
  }

  // Figures have blanks at known places: "(cost=1.00..2.00 rows=3 width=4)", "(actual time=…", "(never
  // executed)". No number has a letter.
  static std::string_view glue_of_figures(std::string_view text, std::string_view part) {
    const bool number_ends = is_digit(text.back()) && !part.empty() && is_letter(part[0]);
    const bool word_ends = text.ends_with("(actual") || text.ends_with("(never");
    return number_ends || word_ends ? " " : "";
  }

  void begin(TextLine line) {
    if (!out_.empty()) out_.back().complete = balance_.closed();
    balance_ = {};
    followed_ =
        line.kind == Kind::node || (line.kind == Kind::property && is_expression(label_of(line.text)));
    if (followed_) balance_.read(line.text);
    out_.push_back(std::move(line));
  }

  const std::vector<PastedLine>& lines_;
  std::size_t root_ = 0;
  std::size_t widest_ = 0;       // line of those that begin something
  std::size_t last_single_ = 0;  // line with a quote
  std::size_t last_double_ = 0;
  std::size_t last_ = 0;  // line that was read
  bool after_blank_ = false;
  Balance balance_;        // of the line that is assembled
  bool followed_ = false;  // whether it is counted
  std::vector<TextLine> out_;
};

}  // namespace

bool is_planning_time(std::string_view label) { return label == "Planning Time" || label == "Planning time"; }
bool is_execution_time(std::string_view label) {
  return label == "Execution Time" || label == "Execution time" || label == "Total runtime";
}

bool has_figures(std::string_view text) {
  return contains(text, "(cost=") || contains(text, "(actual ") || contains(text, "(never executed)");
}

std::vector<TextLine> text_lines(const std::vector<PastedLine>& lines) { return Assembler(lines).read(); }

}  // namespace pgadvise::plan
