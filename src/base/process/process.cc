#include "base/process/process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files/descriptor.h"
#include "base/text/text.h"

extern char** environ;

namespace pgadvise {
namespace {

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    const auto name = text.substr(0, text.find('='));
    bool ours = is_one_of(name, withheld_variables);
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

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) == 0) read = Descriptor(ends[0]), write = Descriptor(ends[1]);
  }
  bool open() const { return read.get() >= 0; }

  Descriptor read, write;
};

using Clock = std::chrono::steady_clock;

long milliseconds_until(Clock::time_point end) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
}

enum class Ended { by_itself, by_time, by_output, by_stop };

// Reads until both reach their ends, or the program must be ended.
Ended read_all(int out, int err, ProgramRun& run, const ProgramLimits& limits, const ProgramHooks& hooks,
               Clock::time_point end) {
  constexpr long between_looks = 100;  // milliseconds between two looks at the stop request
  pollfd ends[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (hooks.stop.stop_requested()) return Ended::by_stop;
    const long left = milliseconds_until(end);
    if (left <= 0) return Ended::by_time;
    const long wait = hooks.stop.stop_possible() ? std::min(left, between_looks) : left;
    const int ready = ::poll(ends, 2, static_cast<int>(wait));
    if (ready < 0 && errno != EINTR) return Ended::by_time;
    for (int i = 0; ready > 0 && i < 2; ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      char buffer[65536];
      const ssize_t got = ::read(ends[i].fd, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) ends[i].fd = -1;
      else (i == 0 ? run.out : run.err).append(buffer, static_cast<std::size_t>(got));
      if (got > 0 && hooks.output) hooks.output({buffer, static_cast<std::size_t>(got)}, i == 1);
      if (run.out.size() + run.err.size() > limits.output) return Ended::by_output;
    }
  }
  return Ended::by_itself;
}

Ended wait_until(pid_t child, int& status, const std::stop_token& stop, Clock::time_point end) {
  for (;;) {
    const pid_t got = ::waitpid(child, &status, WNOHANG);
    if (got == child || (got < 0 && errno != EINTR)) return Ended::by_itself;
    if (got == 0 && stop.stop_requested()) return Ended::by_stop;
    if (got == 0 && milliseconds_until(end) <= 0) return Ended::by_time;
    constexpr timespec pause{0, 1'000'000};
    if (got == 0) ::nanosleep(&pause, nullptr);
  }
}

struct Start {
  std::vector<char*> words, environment;
  int null, out, err, failure;  // `failure` gets errno when there is nothing to run
  std::size_t memory;
  pid_t parent;
  const std::function<int()>* in_child;
};

// The child between fork() and exec(): system calls only, since another thread may have held any lock.
[[noreturn]] void become(const Start& start) {
  ::setpgid(0, 0);
  // The parent may have died before this call: then nobody would end us.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != start.parent) ::_exit(127);
  if (start.memory > 0) {
    const rlimit limit{start.memory, start.memory};
    ::setrlimit(RLIMIT_DATA, &limit);
  }
  // Copies first: where we were started without standard input, a pipe may have its number.
  const int failure = ::fcntl(start.failure, F_DUPFD_CLOEXEC, 10);
  int reason = 0;
  int from[3] = {start.null, start.out, start.err};
  for (int& one : from) one = ::fcntl(one, F_DUPFD_CLOEXEC, 10);
  if (::dup2(from[0], STDIN_FILENO) >= 0 && ::dup2(from[1], STDOUT_FILENO) >= 0 &&
      ::dup2(from[2], STDERR_FILENO) >= 0) {
    if (*start.in_child) reason = (*start.in_child)();
    if (reason == 0) ::execvpe(start.words.front(), start.words.data(), start.environment.data());
  }
  if (reason == 0) reason = errno;
  [[maybe_unused]] const ssize_t wrote = ::write(failure, &reason, sizeof reason);
  ::_exit(127);
}

// Its process; below zero with errno set.
pid_t spawn(const Start& start, int failure) {
  const pid_t child = ::fork();
  if (child == 0) become(start);
  int reason = errno;
  ::close(start.failure);
  if (child < 0) return errno = reason, child;
  ::setpgid(child, child);  // whoever comes first
  ssize_t got = 0;
  do {
    got = ::read(failure, &reason, sizeof reason);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof reason) return child;
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) continue;
  errno = reason;
  return -1;
}

}  // namespace

Result<ProgramRun> run_program(const std::vector<std::string>& words,
                               const std::vector<std::pair<std::string, std::string>>& variables,
                               const ProgramLimits& limits, const ProgramHooks& hooks) {
  const auto wrong = [&](std::string what) {
    return fail(Error::Kind::nonfatal, words.front(), std::move(what));
  };
  Pipe out, err, failure;
  const Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto arguments = words;
  auto environment = environment_with(variables);
  pid_t child = -1;
  if (null.get() >= 0 && out.open() && err.open() && failure.open())
    child = spawn({pointers(arguments), pointers(environment), null.get(), out.write.get(), err.write.get(),
                   failure.write.release(), limits.memory, ::getpid(), &hooks.in_child},
                  failure.read.get());
  const int reason = errno;
  if (child < 0 && reason == ENOENT) return wrong(words.front() + " is not installed");
  if (child < 0) return wrong(std::string("can't be run: ") + std::strerror(reason));
  out.write = Descriptor();
  err.write = Descriptor();
  ProgramRun run;
  int status = 0;
  const auto end = Clock::now() + limits.time;
  Ended ended = read_all(out.read.get(), err.read.get(), run, limits, hooks, end);
  if (ended == Ended::by_itself) ended = wait_until(child, status, hooks.stop, end);
  if (ended != Ended::by_itself) {
    ::kill(-child, SIGKILL);
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (ended == Ended::by_stop) return wrong("interrupted");
    if (ended == Ended::by_time && !limits.on_time.empty()) return wrong(std::string(limits.on_time));
    return wrong(ended == Ended::by_time
                     ? fmt::format("{} gave no answer within {:g} s", words.front(),
                                   std::chrono::duration<double>(limits.time).count())
                     : fmt::format("{} wrote more than {} MiB", words.front(), limits.output >> 20));
  }
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

}  // namespace pgadvise
