// The lines of EXPLAIN's text format by what they are, those that were wrapped joined.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "plan/read/pasted.h"

namespace pgadvise::plan {

struct TextLine {
  // outside: below the tree, with its own buffers and times. end: psql's number of rows, a prompt.
  enum class Kind { node, heading, worker, property, outside, end, unknown };
  Kind kind = Kind::unknown;
  std::size_t number = 0;  // of its first line in the input, from 1
  std::size_t column = 0;  // of its first character, from 0; of a node's arrow
  std::string text;        // without indentation, and of a node without the arrow
  bool arrow = false;
  bool after_blank = false;  // an empty line stands above it
  bool within = false;       // the first line alone: other lines of the plan stand above it
  bool complete = true;      // each quote and parenthesis is closed
};

// The properties of a node that narrow, join or group, besides "Filter", "Index Cond" and "Group Key".
inline constexpr const char* condition_names[] = {"Hash Cond",       "Merge Cond", "Join Filter",
                                                  "Recheck Cond",    "TID Cond",   "Order By",
                                                  "One-Time Filter", "Cache Key",  "Run Condition"};

// "(cost=", "(actual ", "(never executed)": what every node has, but with COSTS off.
bool has_figures(std::string_view text);

// Of the lines below the tree: as servers from 11 on write them, and as older ones do.
bool is_planning_time(std::string_view label);
bool is_execution_time(std::string_view label);

// The lines from the first one with figures on; empty if all lack figures. Takes time linear in the text.
std::vector<TextLine> text_lines(const std::vector<PastedLine>& lines);

}  // namespace pgadvise::plan
