#include "report/pages/rule_page.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text/text.h"

namespace pgadvise::report {

static std::string severity(const lint::Rule& rule) {
  return std::string(name(rule.severity)) + (rule.on_by_default ? "" : ", off by default");
}

static std::string example(const lint::RegisteredRule& registered) {
  if (!registered.example.empty()) return fmt::format("\n## Example\n\n{}", registered.example);
  if (registered.bad_sql.empty()) return {};
  return fmt::format("\n## Example\n\nReported:\n\n```sql\n{}```\n\nNot reported:\n\n```sql\n{}```\n",
                     registered.bad_sql, registered.good_sql);
}

// "[words](where)" -> "words"
static std::string without_links(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto middle = text[at] == '[' ? text.find("](", at) : std::string_view::npos;
    const auto end = middle == std::string_view::npos ? middle : text.find(')', middle);
    if (end == std::string_view::npos || text.substr(at, middle - at).find('\n') != std::string_view::npos) {
      out += text[at];
      continue;
    }
    out += text.substr(at + 1, middle - at - 1);
    at = end;
  }
  return out;
}

namespace {

class PageWriter {
 public:
  explicit PageWriter(const Look& look) : look_(look) {}

  std::vector<std::string> write(std::string_view markdown) {
    for (const auto line : split(markdown, '\n')) {
      if (line.starts_with("```")) end_paragraph(), code_ = !code_;
      else if (code_) add_code(out_, look_, "    ", line);
      else if (line.starts_with("#"))
        end_paragraph(),
            out_.push_back(
                paint(look_, "1",
                      cut_line(printable(line.substr(std::min(line.size(), line.find_first_not_of("# ")))),
                               width())));
      else if (line.starts_with("|")) end_paragraph(), row(line);
      else if (line.empty()) end_paragraph(), out_.emplace_back();
      else paragraph(line);
    }
    end_paragraph();
    while (!out_.empty() && out_.back().empty()) out_.pop_back();
    return std::move(out_);
  }

 private:
  std::size_t width() const { return static_cast<std::size_t>(std::max(20, look_.width)); }

  void paragraph(std::string_view line) {
    if (line.starts_with("- ")) end_paragraph();
    paragraph_ += (paragraph_.empty() ? "" : " ") + std::string(trim(line));
  }

  void end_paragraph() {
    if (!paragraph_.empty())
      add_paragraph(out_, look_, "", paragraph_.starts_with("- ") ? "  " : "", without_links(paragraph_));
    paragraph_.clear();
  }

  // Of the table of options: "- name (default): what it means"
  void row(std::string_view line) {
    const auto cells = split(line, '|');
    if (cells.size() < 5 || trim(cells[1]) == "name" || trim(cells[1]).starts_with("---")) return;
    add_paragraph(out_, look_, "- ", "  ",
                  fmt::format("{} ({}): {}", replace_all(std::string(trim(cells[1])), "`", ""),
                              trim(cells[2]), trim(cells[3])));
  }

  Look look_;
  std::vector<std::string> out_;
  std::string paragraph_;
  bool code_ = false;
};

}  // namespace

std::vector<std::string> rule_lines(const lint::RegisteredRule& rule, const Look& look) {
  return PageWriter(look).write(rule_page(rule));
}

std::string rule_page(const lint::RegisteredRule& registered) {
  const lint::Rule& rule = *registered.rule;
  std::string out = fmt::format(
      "# {}\n\npgadvise found {}.\n\nCategory: {} · severity: {} · needs: {}\n\n## Why\n\n{}\n\n## What to "
      "do\n\n{}\n\n"
      "## When to ignore it\n\n{}\n",
      rule.id, rule.summary, registered.category, severity(rule), rule.needs.explain(), rule.why, rule.fix,
      rule.when_to_ignore);
  out += example(registered);
  if (!rule.options.empty()) {
    out += "\n## Options\n\n| name | default | meaning |\n|---|---|---|\n";
    for (const auto* option : rule.options)
      out += option->choices.empty()
                 ? fmt::format("| `{}` | {} | {} |\n", option->name, option->fallback, option->meaning)
                 : fmt::format("| `{}` | none | {} |\n", option->name, option->meaning);
  }
  return out;
}

std::string rule_index() {
  std::string out =
      "# Rules\n\n`pgadvise rules list` prints this list, `pgadvise rules explain ID` the page of a rule. To "
      "turn on a rule that is off by\ndefault, set its severity in pgadvise.toml "
      "([configuration.md](../configuration.md)).\n";
  std::string_view last;
  for (const auto& registered : lint::all_rules()) {
    const lint::Rule& rule = *registered.rule;
    if (registered.category != last)
      out += fmt::format("\n## {}\n\n| rule | severity | pgadvise found |\n|---|---|---|\n",
                         registered.category);
    last = registered.category;
    out += fmt::format("| [{0}]({0}.md) | {1} | {2} |\n", rule.id, severity(rule), rule.summary);
  }
  return out;
}

}  // namespace pgadvise::report
