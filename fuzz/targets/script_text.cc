// TypeScript as text: comments, strings, names of drizzle schemas, commands in code.
#include "files/script_text.h"

#include "deploy/commands/code_commands.h"
#include "drizzle/kit/config.h"
#include "drizzle/schema/names.h"
#include "support.h"

namespace pgadvise::fuzz {

void script_text(std::string_view input) {
  const std::string text = files::without_comments(input);
  require(text.size() == input.size(), "places stay");
  std::size_t end = 0;
  for (const auto& literal : files::string_literals(text)) {
    require(literal.offset >= end && literal.offset < literal.end && literal.end <= text.size(),
            "strings follow each other");
    require(literal.value.size() <= literal.end - literal.offset, "a value is no longer than its text");
    end = literal.end;
  }
  drizzle::names_in(input);
  drizzle::read_drizzle_config("drizzle.config.ts", input);
  for (const auto& command : deploy::commands_in_code(std::string(input)))
    require(command.offset <= input.size(), "a command has its place");
}

}  // namespace pgadvise::fuzz
