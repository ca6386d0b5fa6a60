// Lines of a screen: wrapped, cut, painted. Widths are in the terminal's columns; whatever comes in is made printable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::review {

struct Look {
  bool colour = false;
  bool unicode = true;
  int width = 80;
};

std::size_t characters(std::string_view text);  // the columns that it takes
// SGR `code` around the text, when there are colours.
std::string paint(const Look& look, std::string_view code, std::string_view text);
// Words of one paragraph; lines after the first begin with `rest`. Words that are longer than a line are broken.
void add_paragraph(std::vector<std::string>& out, const Look& look, std::string_view first, std::string_view rest, std::string_view text);
// Lines of code, broken where they are too long, with `indent` in front.
void add_code(std::vector<std::string>& out, const Look& look, std::string_view indent, std::string_view text);
// At most `width` characters of a line that may hold SGR, which is closed.
std::string cut_line(std::string_view line, std::size_t width);

// The lines around a place, numbered, with that one marked and its column pointed at; empty when the text has no such line.
std::vector<std::string> excerpt(const Look& look, std::string_view text, int line, int column);

}  // namespace pgadvise::review
