// Formats lines for a terminal or a page of text: wraps, truncates and colors them. Widths are in terminal
// columns. All input is made printable.
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

std::size_t characters(std::string_view text);  // width in columns
// The text with SGR `code`, if colors are on.
std::string paint(const Look& look, std::string_view code, std::string_view text);
// The text as an OSC 8 link; the text itself if `url`, which must be encoded, is empty.
std::string link(std::string_view url, std::string_view text);
// A path as part of a URI (RFC 3986): bytes other than letters, digits and "-._~/" as %XX.
std::string uri_path(std::string_view path);
// file://host/path#line; "" for a path that is not absolute.
std::string file_url(std::string_view host, std::string_view path, int line);
// Wraps the words of one paragraph. Lines after the first start with `rest`. Splits words that are longer
// than a line.
void add_paragraph(std::vector<std::string>& out, const Look& look, std::string_view first,
                   std::string_view rest, std::string_view text);
// Lines with line ends: `first` and the words, at most `width` columns each. Further lines start with `rest`.
// A word that is longer than a line stays whole. The text is not made printable: it may have SGR sequences.
std::string wrapped(std::string_view first, std::string_view rest, const std::vector<std::string_view>& words,
                    std::size_t width);
// Lines of code with `indent`; long lines are split.
void add_code(std::vector<std::string>& out, const Look& look, std::string_view indent,
              std::string_view text);
// At most `width` characters of a line that may contain SGR sequences, which are closed.
std::string cut_line(std::string_view line, std::size_t width);

// The lines of a file around the location of a finding.
struct Source {
  std::vector<std::string> lines;  // as in the file, with passwords masked
  int first = 1;                   // number of the first line
  int line = 1;                    // number of the finding's line
  std::size_t from = 0;            // from this byte on
  std::size_t bytes = 0;           // length in bytes; 0: the whole line
};

// The lines with numbers; the finding's part is underlined, or its line marked if there are several. Shows
// the relevant part of a long line.
std::vector<std::string> excerpt(const Look& look, const Source& source);

}  // namespace pgadvise::report
