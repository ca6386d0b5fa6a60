// The throwaway PostgreSQL that the live tests of one ctest run share: the fixture live_server in
// tests/CMakeLists.txt.
//
//   live_server start FILE     starts the server in the background and writes the folder of its socket into
//   FILE live_server stop FILE      stops the server, and returns when the server and its folder are gone
//
// The server also stops when the process that ran `start` ends, however that process ends, and when FILE is
// removed. One server per FILE at a time: `start` waits for the end of the one before it. Exit code 1, and a
// line on stderr: no server.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live/admit_everybody.h"
#include "pg/sandbox/sandbox.h"

namespace {

using namespace std::chrono_literals;

constexpr int max_connections = 200;

int failed(const std::string& why) {
  std::fprintf(stderr, "live_server: %s\n", why.c_str());
  return 1;
}

// Held by the process behind the server, for as long as the server lives. -1: another process holds it.
int lock(const std::string& file, std::chrono::seconds patience) {
  const int fd = open((file + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (fd < 0 || std::chrono::steady_clock::now() > limit) return -1;
    std::this_thread::sleep_for(50ms);
  }
  return fd;
}

// The process that wants the server: a descriptor, because a process id may be another process's later.
struct Owner {
  pid_t pid = getppid();
  int descriptor = static_cast<int>(syscall(SYS_pidfd_open, getppid(), 0));

  // Waits a moment.
  bool lives() const {
    pollfd entry{descriptor, POLLIN, 0};
    const bool ended = poll(&entry, 1, 200) > 0;
    return descriptor < 0 ? kill(pid, 0) == 0 : !ended;
  }
};

// Writes one line to `ready`: the reason why there is no server, or nothing.
void serve(const std::string& file, const Owner& owner, int ready) {
  setsid();
  for (const int signal : {SIGINT, SIGHUP}) std::signal(signal, SIG_IGN);
  // ctest waits until nobody holds its pipes.
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {0, 1, 2}) dup2(null, fd);
  pgadvise::Diagnostics removed;
  auto sandbox = pgadvise::pg::Sandbox::start(removed, {}, max_connections);
  const auto admitted = sandbox ? pgadvise::live::admit_everybody(*sandbox) : pgadvise::Result<void>();
  if (sandbox && admitted) {
    std::ofstream(file + ".new") << sandbox->folder() << "\n";
    if (std::rename((file + ".new").c_str(), file.c_str()) != 0)
      dprintf(ready, "%s can't be written", file.c_str());
  } else {
    dprintf(ready, "%s", (sandbox ? admitted.error() : sandbox.error()).line().c_str());
  }
  close(ready);
  while (sandbox && access(file.c_str(), F_OK) == 0 && owner.lives()) continue;
  std::remove(file.c_str());
}

int start(const std::string& file) {
  const Owner owner;
  if (lock(file, 30s) < 0)
    return failed("another ctest runs in this build folder, or " + file + ".lock can't be written");
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) return failed("no pipe");
  const pid_t child = fork();
  if (child < 0) return failed("no process");
  if (child == 0) {
    close(ready[0]);
    serve(file, owner, ready[1]);
    _exit(0);
  }
  close(ready[1]);
  std::string why;
  char buffer[512];
  for (ssize_t got = 0; (got = read(ready[0], buffer, sizeof buffer)) > 0;)
    why.append(buffer, static_cast<std::size_t>(got));
  if (!why.empty()) return failed(why);
  return access(file.c_str(), F_OK) == 0 ? 0 : failed("the server's process ended");
}

int stop(const std::string& file) {
  std::remove(file.c_str());
  return lock(file, 60s) < 0 ? failed("the server goes on") : 0;
}

}  // namespace

int main(int count, char** words) {
  const std::string command = count == 3 ? words[1] : "";
  if (command == "start") return start(words[2]);
  if (command == "stop") return stop(words[2]);
  return failed("start FILE or stop FILE");
}
