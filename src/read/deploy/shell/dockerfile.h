// Parses a Dockerfile into stages and instructions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::deploy {

struct DockerInstruction {
  std::string name;                // upper case
  std::vector<std::string> words;  // of the exec form; of COPY, ENV, WORKDIR …: its words
  bool exec_form = false;
  std::string shell;       // of the shell form: the text, comment lines blanked, so that offsets stay
  std::size_t offset = 0;  // of `shell` (of the instruction, in exec form) in the file
  std::vector<std::pair<std::string, std::string>> heredocs;  // (delimiter, body) of RUN <<EOF and COPY <<EOF
};

struct DockerStage {
  std::string base;  // FROM …: an image or an earlier stage
  std::string name;  // AS …, lower case
  std::vector<DockerInstruction> instructions;
};

// Never fails; skips text that is not an instruction.
std::vector<DockerStage> parse_dockerfile(std::string_view text);

}  // namespace pgadvise::deploy
