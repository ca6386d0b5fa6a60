// EXPLAIN's output as people paste it, without what programs put around it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::plan {

struct PastedLine {
  std::size_t number = 0;  // of the line in the input, from 1; of the first, of several that were one
  std::string text;        // tabs that indent it are eight columns wide; no blanks at its end
};

// The lines without psql's frames (each border and line style, expanded and wrapped ones: their parts are
// joined), the quotes of pgAdmin and CSV, the marks of quoted mail and line ends of Windows. Frames' own
// lines are left out; a heading, prompts, statements and all else stay. In time and space linear in the text.
std::vector<PastedLine> pasted_lines(std::string_view text);

// Columns of a terminal, but for wide and combining characters: those count as one.
std::size_t width_of(std::string_view text);

// `json`, `yaml` and `xml` begin with this line; what a text plan begins with only its reader knows.
enum class PastedForm { unknown, json, yaml, xml };
PastedForm form_of(const std::vector<PastedLine>& lines, std::size_t at);

}  // namespace pgadvise::plan
