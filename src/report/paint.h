// Lines for a terminal or a page of text: wrapped, cut, painted. Widths are in the terminal's columns;
// whatever comes in is made printable.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::report {

struct Look {
  bool color = false;
  bool unicode = true;
  int width = 80;
};

std::size_t characters(std::string_view text);  // the columns that it takes
// SGR `code` around the text, when there are colors.
std::string paint(const Look& look, std::string_view code, std::string_view text);
// OSC 8 around the text; the text alone when there is no url, which is taken to be encoded.
std::string link(std::string_view url, std::string_view text);
// file://host/path#line; "" for a path that is not absolute.
std::string file_url(std::string_view host, std::string_view path, int line);
// Words of one paragraph; lines after the first begin with `rest`. Words that are longer than a line are
// broken.
void add_paragraph(std::vector<std::string>& out, const Look& look, std::string_view first,
                   std::string_view rest, std::string_view text);
// Lines of code, broken where they are too long, with `indent` in front.
void add_code(std::vector<std::string>& out, const Look& look, std::string_view indent,
              std::string_view text);
// At most `width` characters of a line that may hold SGR, which is closed.
std::string cut_line(std::string_view line, std::size_t width);

// Lines of a file around what a finding is about.
struct Source {
  std::vector<std::string> lines;  // as in the file, but for passwords
  int first = 1;                   // the number of the first of them
  int line = 1;                    // of which this is meant,
  std::size_t from = 0;            // from this byte on
  std::size_t bytes = 0;           // so far; 0: as a whole
};

// With their numbers, and what is meant underlined; of several lines the one is marked. Of a long line the
// part with what is meant.
std::vector<std::string> excerpt(const Look& look, const Source& source);

}  // namespace pgadvise::report
