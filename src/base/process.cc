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
    bool ours = name == "PGPASSWORD" || name == "DATABASE_URL";
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

class Pipe {
 public:
  Pipe() : open_(::pipe2(ends_, O_CLOEXEC) == 0) {}
  ~Pipe() {
    if (!open_) return;
    ::close(ends_[0]);
    close_write_end();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool open() const { return open_; }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_write_end() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  int ends_[2] = {-1, -1};
  bool open_;
};

// Reads both to their ends; false: a limit was passed.
bool read_all(int out, int err, ProgramRun& run, const ProgramLimits& limits) {
  const auto until = std::chrono::steady_clock::now() + limits.time;
  pollfd ends[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now())
            .count();
    if (left <= 0) return false;
    const int ready = ::poll(ends, 2, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return false;
    for (int i = 0; ready > 0 && i < 2; ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      char buffer[65536];
      const ssize_t got = ::read(ends[i].fd, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) ends[i].fd = -1;
      else (i == 0 ? run.out : run.err).append(buffer, static_cast<std::size_t>(got));
      if (run.out.size() + run.err.size() > limits.output) return false;
    }
  }
  return true;
}

}  // namespace

Result<ProgramRun> run_program(const std::vector<std::string>& words,
                               const std::vector<std::pair<std::string, std::string>>& variables,
                               const ProgramLimits& limits) {
  Pipe out;
  Pipe err;
  if (!out.open() || !err.open())
    return fail(Error::Kind::nonfatal, words.front(), std::string("can't be run: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write_end(), STDERR_FILENO);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // so that what it starts ends with it
  posix_spawnattr_setpgroup(&attributes, 0);
  auto arguments = words;
  auto variables_of = environment(variables);
  pid_t child = -1;
  const int failed = ::posix_spawnp(&child, words.front().c_str(), &actions, &attributes,
                                    pointers(arguments).data(), pointers(variables_of).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed == ENOENT)
    return fail(Error::Kind::nonfatal, words.front(), words.front() + " is not installed");
  if (failed)
    return fail(Error::Kind::nonfatal, words.front(), std::string("can't be run: ") + std::strerror(failed));
  out.close_write_end();
  err.close_write_end();
  ProgramRun run;
  const bool whole = read_all(out.read_end(), err.read_end(), run, limits);
  if (!whole) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (!whole)
    return fail(Error::Kind::nonfatal, words.front(), "was stopped: it took too long or printed too much");
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

}  // namespace pgadvise
