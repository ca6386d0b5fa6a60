// Which findings review shows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/results/finding.h"

namespace pgadvise::review {

// Words of a filter: a finding matches if each of them is a part of its rule, severity, verdict, table,
// location, id or message, in any case.
class Filter {
 public:
  Filter() = default;
  explicit Filter(std::string_view text);
  bool empty() const { return words_.empty(); }
  bool matches(const Finding& finding) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<std::string> words_;  // in lower case
};

// Whether `text` names the finding: its short id, or the beginning of its id.
bool has_id(const Finding& finding, std::string_view text);

}  // namespace pgadvise::review
