#include "deploy/shell/dockerfile.h"

#include "deploy/shell/shell.h"
#include "support.h"

namespace pgadvise::fuzz {

void dockerfile(std::string_view input) {
  for (const auto& stage : deploy::parse_dockerfile(input))
    for (const auto& instruction : stage.instructions) {
      require(!instruction.name.empty(), "an instruction has a name");
      require(instruction.offset <= input.size(), "an instruction has its place");
      require(instruction.shell.size() <= input.size(), "the text is the file's");
      if (!instruction.shell.empty()) deploy::parse_shell(instruction.shell);
    }
}

}  // namespace pgadvise::fuzz
