// What was wrong with a command line, and what was perhaps meant.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/result.h"

namespace pgadvise::cli {

// One line of what CLI11 found wrong, with the nearest option, command or word where there is one, else where
// to look them up.
Error explained(const CLI::App& app, const CLI::ParseError& error);

// Of "…{text,json}…", as CLI11 writes what an option takes: the words.
std::vector<std::string> choices(const std::string& text);

}  // namespace pgadvise::cli
