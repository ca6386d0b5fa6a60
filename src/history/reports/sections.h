// The text of a report of many runs: paragraphs, and titled sections that show the first entries of a list.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text/text.h"
#include "report/text/paint.h"

namespace pgadvise::report {

class Sections {
 public:
  // `top`: number of entries that a section shows; 0: all.
  explicit Sections(const Look& look, std::size_t top = 0) : look_(look), top_(top) {}

  const Look& look() const { return look_; }
  void line(std::string text) { lines_.push_back(std::move(text)); }
  void paragraph(std::string_view first, std::string_view rest, std::string_view text) {
    add_paragraph(lines_, look_, first, rest, text);
  }
  void entry(std::string_view text) { paragraph("  ", "    ", text); }
  void remark(std::string_view text) { paragraph("    ", "    ", text); }  // below an entry

  void title(std::string_view text) {
    if (!lines_.empty()) lines_.emplace_back();
    lines_.push_back(paint(look_, "1", text));
  }

  // A title, the first entries, which `one` writes, and the number of the others; nothing for an empty list.
  template <class Item, class One>
  void section(std::string_view name, const std::vector<Item>& list, One one) {
    if (list.empty()) return;
    title(name);
    const std::size_t shown = top_ ? std::min(top_, list.size()) : list.size();
    for (std::size_t i = 0; i < shown; ++i) one(list[i]);
    if (shown < list.size()) line(fmt::format("  … and {} more (--top 0)", list.size() - shown));
  }

  std::string text() const { return join(lines_, "\n") + "\n"; }

 private:
  Look look_;
  std::size_t top_;
  std::vector<std::string> lines_;
};

}  // namespace pgadvise::report
