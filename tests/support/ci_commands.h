// What a CI service would take for a command in a job's log, found as the services find it: Azure's agent and
// TeamCity anywhere in a line, GitHub's runner (ActionCommand.cs) also where a trimmed line begins.
#pragma once

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string>
#include <vector>

namespace pgadvise::testing_support {

// Names that an input may have, one for each service and form.
inline const std::vector<std::string> hostile_names = {"##vso[task.setvariable variable=PATH]x",
                                                       "##[error]x",
                                                       "##teamcity[setParameter name='x' value='y']",
                                                       "##VSO[task.complete result=Failed;]",
                                                       "::add-mask::e",
                                                       "::stop-commands::x",
                                                       " \xc2\xa0\xe3\x80\x80::warning file=a::b",
                                                       "a\n::error::b",
                                                       "a\n  ::set-output name=x::y",
                                                       "###[command]x",
                                                       "\r##[add-path]/tmp"};

// The lines that hold a command. `own`: beginning of lines that are commands on purpose.
inline std::vector<std::string> ci_commands(const std::string& text, const std::string& own = {}) {
  std::vector<std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::string small = line;
    std::transform(small.begin(), small.end(), small.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    bool command = false;
    for (const char* anywhere : {"##[", "##vso[", "##teamcity["})
      command = command || small.find(anywhere) != std::string::npos;
    // Behind ASCII and other white space, which is not ASCII: whatever that is.
    const auto visible =
        std::find_if(small.begin(), small.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
    const std::string trimmed(visible, small.end());
    if (trimmed.starts_with("::") && trimmed.find("::", 2) != std::string::npos)
      command = command || own.empty() || !line.starts_with(own);
    if (command) out.push_back(line);
  }
  return out;
}

}  // namespace pgadvise::testing_support
