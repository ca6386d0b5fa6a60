// Reads the rules of a Makefile: targets, what they need, and their recipes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::deploy {

struct MakeLine {
  std::string text;        // a shell text; variables of the Makefile are replaced by their values
  std::size_t offset = 0;  // of the line in the file
};

struct MakeTarget {
  std::string name;
  std::vector<std::string> needs;  // prerequisites
  std::vector<MakeLine> recipe;
};

// The targets in the order of the file, without special targets (.PHONY) and patterns (%). parse_makefile()
// does not evaluate functions, does not read files that `include` names, and takes all conditional parts. At
// most 5,000 targets. Never fails.
std::vector<MakeTarget> parse_makefile(std::string_view text);

}  // namespace pgadvise::deploy
