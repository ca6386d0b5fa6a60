// Where something was read.
#pragma once

#include <string>

namespace pgadvise {

// A place in an input. Lines and columns count from 1, columns in bytes; line 0: the file as a whole.
// An empty file means the live server.
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;

  bool live() const { return file.empty(); }
  std::string str() const;  // "file:line:column", as far as known; "the server" when live
  auto operator<=>(const SourceLocation&) const = default;
};

}  // namespace pgadvise
