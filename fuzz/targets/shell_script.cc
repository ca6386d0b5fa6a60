// A shell script to its commands, and what they really run.
#include "deploy/shell/command.h"
#include "deploy/shell/shell.h"
#include "deploy/shell/shell_lexer.h"
#include "support.h"

namespace pgadvise::fuzz {

void shell_script(std::string_view input) {
  std::size_t before = 0;
  for (const auto& token : deploy::lex_shell(input)) {
    require(token.offset >= before && token.offset <= token.end && token.end <= input.size(),
            "tokens follow each other");
    before = token.offset;
    for (const auto& [offset, text] : token.substitutions)
      require(offset <= input.size() && text.size() <= input.size(), "a substitution has its place");
  }
  for (const auto& command : deploy::parse_shell(input, {"start", "production"})) {
    require(command.offset <= input.size() && command.end <= input.size(), "a command has its place");
    deploy::invocations(command.words);
  }
}

}  // namespace pgadvise::fuzz
