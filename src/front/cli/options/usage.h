// Explains errors in the command line, with suggestions.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace CLI {
class App;
class Option;
class ParseError;
}  // namespace CLI

namespace pgadvise::cli {

// One line for an error of CLI11, with a similar option, command or word, or where to find the valid ones.
Error explained(const CLI::App& app, const CLI::ParseError& error);

// The options that a command line names, without the positional ones; {"-j", "--jobs"}.
std::vector<const CLI::Option*> named_options(const CLI::App& command);
std::vector<std::string> names_of(const CLI::Option& option);

// The words in "…{text,json}…", CLI11's notation for allowed values.
std::vector<std::string> choices(const std::string& text);

}  // namespace pgadvise::cli
