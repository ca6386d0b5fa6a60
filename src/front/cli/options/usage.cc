#include "cli/options/usage.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text/text.h"
#include "lint/run/rule.h"

namespace pgadvise::cli {
namespace {

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* option : named_options(app))
    for (auto& name : names_of(*option)) out.push_back(std::move(name));
  return out;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* command : app.get_subcommands({})) out.push_back(command->get_name());
  return out;
}

// The command that the words were for, by its whole name but for the program's.
struct Command {
  const CLI::App* app;
  std::string name;
};

Command parsed(const CLI::App& app) {
  Command out{&app, ""};
  for (auto deeper = app.get_subcommands(); !deeper.empty(); deeper = out.app->get_subcommands()) {
    out.app = deeper.front();
    out.name += (out.name.empty() ? "" : " ") + out.app->get_name();
  }
  return out;
}

std::string help(const Command& command) {
  return "pgadvise " + command.name + (command.name.empty() ? "" : " ") + "--help";
}

// So near that nothing else can be meant: letters in another order, or few others.
std::string same_option(const std::string& name, const CLI::App& app) {
  const auto letters = [](std::string text) { return std::ranges::sort(text), text; };
  for (const auto& known : option_names(app))
    if (name.starts_with("--") && known.starts_with("--") &&
        (letters(known) == letters(name) || edit_distance(known, name) * 5 <= (name.size() - 2) * 2))
      return nearest(name, {known});
  return {};
}

Error unknown_option(const CLI::App& app, const Command& command, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  const std::string what = "unknown option " + ellipsis(name, 60);
  if (const std::string near = same_option(name, *command.app); !near.empty())
    return {Error::Kind::usage, command.name, what, near};
  if (const std::string near = same_option(name, app); !near.empty())
    return {Error::Kind::usage, "", what, near};
  std::vector<std::string> others;
  for (const auto* other : app.get_subcommands({}))
    if (is_one_of(name, option_names(*other))) others.push_back("pgadvise " + other->get_name());
  if (!others.empty() && others.size() < 4)
    return {Error::Kind::usage, command.name, what,
            join(others, " and ") + (others.size() == 1 ? " has it" : " have it")};
  return {Error::Kind::usage, command.name, what, help(command) + " lists the options"};
}

Error unknown_word(const Command& command, const std::string& word) {
  const auto names = command_names(*command.app);
  const std::string near = nearest(word, names);
  if (command.name == "rules" && lint::find_rule(word.substr(0, word.find(':'))))
    return {Error::Kind::usage, command.name, "unknown command " + ellipsis(word, 60),
            "pgadvise rules explain " + ellipsis(word, 60) + " describes this rule"};
  if (!names.empty())
    return {Error::Kind::usage, command.name, "unknown command " + ellipsis(word, 60),
            near.empty() ? help(command) + " lists them" : near};
  std::error_code code;
  if (std::filesystem::is_regular_file(word, code) && is_one_of("--log", option_names(*command.app)))
    return {Error::Kind::usage, command.name, "takes no " + ellipsis(word, 60),
            "each option takes one value, repeat it: --log a.log --log b.log"};
  return {Error::Kind::usage, command.name, "takes no " + ellipsis(word, 60),
          "quote a value that contains spaces; " + help(command)};
}

// "from 1 to 8" of "1 to 8", "[1 - 8]" or "0.000000 to 86400.000000": CLI11's versions differ.
std::string bounds(const std::string& range) {
  const auto to = std::min(range.find(" to "), range.find(" - "));
  if (to == std::string::npos) return range;
  const double least = std::strtod(range.c_str() + range.starts_with('['), nullptr);
  const double most = std::strtod(range.c_str() + range.find(' ', to + 1), nullptr);
  return most > 1e18 ? fmt::format("from {} on", least) : fmt::format("from {} to {}", least, most);
}

// CLI11's sentences, where they can be said better; `hint` gets what to do.
std::string plainly(const Command& command, const CLI::ParseError& error, std::string& hint) {
  const std::string said = error.what();
  const auto colon = said.find(": ");
  const std::string name = said.substr(0, colon);
  const std::string rest = colon == std::string::npos ? std::string() : said.substr(colon + 2);
  const std::string kind = error.get_name();
  if (kind == "ExcludesError")
    return hint = "remove one of them", replace_all(said, " excludes ", " and ") + " can't be combined";
  if (kind == "RequiresError") return replace_all(said, " requires ", " needs ");
  if (kind == "ValidationError") {
    if (const auto verb = rest.find(" not in {"); verb != std::string::npos) {
      const auto words = choices(rest);
      hint = nearest(rest.substr(0, verb), words);
      if (hint.empty()) hint = join(words, ", ");
      return name + ": there is no " + rest.substr(0, verb);
    }
    if (const auto verb = rest.find(" not in range ");
        verb != std::string::npos && rest.starts_with("Value "))
      return name + ": " + rest.substr(6, verb - 6) + " is not a number " + bounds(rest.substr(verb + 14));
  }
  if (kind == "ConversionError" && name == "Could not convert") {
    const auto equals = rest.find(" = ");
    const auto* option = command.app->get_option_no_throw(rest.substr(0, equals));
    const bool whole = option && (contains(option->get_type_name(), "INT"));
    return rest.substr(0, equals) + ": " + (equals == std::string::npos ? rest : rest.substr(equals + 3)) +
           (whole ? " is not a whole number" : " is not a number");
  }
  if (kind == "ArgumentMismatch" && rest.ends_with(" missing")) {
    hint = join(choices(rest), ", ");
    return name + " needs a value";
  }
  if (kind == "ArgumentMismatch" && rest.starts_with("At least "))
    return name + " needs " + rest.substr(9, rest.find(' ', 9) - 9) + " values";
  return said;
}

}  // namespace

std::vector<const CLI::Option*> named_options(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->nonpositional(); });
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> out;
  for (const auto& name : option.get_snames()) out.push_back("-" + name);
  for (const auto& name : option.get_lnames()) out.push_back("--" + name);
  return out;
}

std::vector<std::string> choices(const std::string& text) {
  const auto open = text.find('{');
  const auto close = text.find('}', open);
  std::vector<std::string> out;
  if (open == std::string::npos || close == std::string::npos) return out;
  const std::string list = text.substr(open + 1, close - open - 1);
  for (const auto word : split(list, ',')) out.emplace_back(trim(word));
  return out;
}

Error explained(const CLI::App& app, const CLI::ParseError& error) {
  const Command command = parsed(app);
  if (dynamic_cast<const CLI::ExtrasError*>(&error)) {
    auto extras = command.app->remaining();
    if (extras.empty()) extras = app.remaining(true);
    const auto option = std::ranges::find_if(
        extras, [](const std::string& word) { return word.size() > 1 && word[0] == '-'; });
    if (option != extras.end()) return unknown_option(app, command, *option);
    if (!extras.empty()) return unknown_word(command, extras.front());
  }
  const auto names = command_names(*command.app);
  if (error.get_name() == "RequiredError" && !names.empty()) {
    if (const auto words = command.app->remaining(); !words.empty())
      return unknown_word(command, words.front());
    return {Error::Kind::usage, command.name, "needs one more argument", join(names, ", ")};
  }
  std::string hint;
  const std::string what = plainly(command, error, hint);
  return {Error::Kind::usage, command.name, ellipsis(what, 300), hint.empty() ? help(command) : hint};
}

}  // namespace pgadvise::cli
