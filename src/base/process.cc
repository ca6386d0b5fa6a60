#include "base/process.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace pgadvise {
namespace {

std::vector<std::string> environment(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    const auto name = text.substr(0, text.find('='));
    bool ours = false;
    for (const auto& [variable, value] : variables) ours = ours || name == variable;
    if (!ours) out.emplace_back(text);
  }
  for (const auto& [variable, value] : variables)
    if (!value.empty()) out.push_back(variable + "=" + value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

// Reads to the end of the pipe; false: a limit was passed.
bool read_all(int fd, std::string& out, const ProgramLimits& limits) {
  const auto end = std::chrono::steady_clock::now() + limits.time;
  for (char buffer[65536];;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd poll_fd{fd, POLLIN, 0};
    const int ready = ::poll(&poll_fd, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    out.append(buffer, static_cast<std::size_t>(got));
    if (out.size() > limits.output) return false;
  }
}

}  // namespace

Result<std::string> run_program(const std::vector<std::string>& words, const std::vector<std::pair<std::string, std::string>>& variables, const ProgramLimits& limits) {
  int pipe_fds[2];
  if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return fail(Error::Kind::passing, words.front(), std::string("can't be run: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // so that what it starts ends with it
  posix_spawnattr_setpgroup(&attributes, 0);
  auto arguments = words;
  auto variables_of = environment(variables);
  pid_t child = -1;
  const int failed = ::posix_spawnp(&child, words.front().c_str(), &actions, &attributes, pointers(arguments).data(), pointers(variables_of).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  ::close(pipe_fds[1]);
  std::string out;
  const bool whole = failed == 0 && read_all(pipe_fds[0], out, limits);
  ::close(pipe_fds[0]);
  if (failed) return fail(Error::Kind::passing, words.front(), std::string("can't be run: ") + std::strerror(failed));
  if (!whole) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (!whole) return fail(Error::Kind::passing, words.front(), "took too long or said too much, and was ended");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(Error::Kind::passing, words.front(), "failed with exit code " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)));
  return out;
}

}  // namespace pgadvise
