// The processes of a sandbox, as this machine numbers them: postmaster.pid has the number that the server has
// in its own namespace.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include <sys/types.h>

namespace pgadvise::testing_support {

// Those with the folder in an argument, by number and command line (words end with a NUL): the guardian, the
// remover, the server once it is started, and for a moment what these three fork.
inline std::map<pid_t, std::string> processes_of(const std::string& folder) {
  std::map<pid_t, std::string> out;
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", code)) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    std::ifstream in(entry.path() / "cmdline", std::ios::binary);
    const std::string words((std::istreambuf_iterator<char>(in)), {});
    if (pid > 0 && words.find(folder) != words.npos) out.emplace(pid, words);
  }
  return out;
}

// The guardian and the remover.
inline std::map<pid_t, std::string> guards_of(const std::string& folder) {
  auto out = processes_of(folder);
  std::erase_if(out, [](const auto& one) { return !one.second.starts_with("/bin/sh"); });
  return out;
}

// 0: it does not run.
inline pid_t server_of(const std::string& folder) {
  for (const auto& [pid, words] : processes_of(folder))
    if (words.substr(0, words.find('\0')).ends_with("/postgres")) return pid;
  return 0;
}

}  // namespace pgadvise::testing_support
