// A location in an input.
#pragma once

#include <cstddef>
#include <string>

namespace pgadvise {

class LineIndex;  // base/text.h

// Lines and columns count from 1, columns in bytes; line 0: the whole file. An empty file name: the live
// server.
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;

  bool live() const { return file.empty(); }
  std::string str() const;  // "file:line:column", without the unknown parts; "the server" when live
  auto operator<=>(const SourceLocation&) const = default;
};

// Of the byte `offset` of the file's text.
SourceLocation location_at(std::string file, const LineIndex& lines, std::size_t offset);

}  // namespace pgadvise
