// A location in an input.
#pragma once

#include <string>

namespace pgadvise {

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

}  // namespace pgadvise
