// Finds the program that a simple command runs, by removing wrappers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::deploy {

struct Invocation {
  enum class Kind {
    tool,    // words: the program's bare name, then its arguments
    script,  // name: of package.json; a "*" in it matches any text; or, when no package has it, a program
             // (words)
    shell,   // name: a shell text
    file,    // name: a script file; words: its arguments
  };
  Kind kind = Kind::tool;
  std::vector<std::string> words;
  std::string name;
  std::string folder;        // --prefix, --cwd, -C: relative to the command's folder
  std::string package;       // --filter, --workspace: the package's name, or its folder
  bool everywhere = false;   // -r, --workspaces, turbo: all packages that have the script
  bool may_be_tool = false;  // `yarn x`, `pnpm x`, `bun x`: a program when there is no such script
};

// The programs that a command runs, in order: several for `run-s a b` or `concurrently`; none for a command
// that only prints. Removes npx, dotenv --, cross-env, timeout, sudo, docker compose exec, ssh and the like.
std::vector<Invocation> invocations(std::vector<std::string> words);

// The value of a command's option: "x" of {"--config", "x"} and of {"--config=x"}; "" without the option.
std::string option_value(const std::vector<std::string>& words, std::string_view name);

}  // namespace pgadvise::deploy
