#include "base/process/isolated_process.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process/isolation_refused.h"
#include "base/process/namespaces.h"
#include "base/process/private_files.h"
#include "base/process/relay.h"
#include "base/process/seccomp_filter.h"

namespace pgadvise {
namespace {

// What failed in a child process, for us.
class SharedFailure {
 public:
  SharedFailure()
      : page_(::mmap(nullptr, sizeof(Failure), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {}
  ~SharedFailure() {
    if (made()) ::munmap(page_, sizeof(Failure));
  }
  SharedFailure(const SharedFailure&) = delete;
  SharedFailure& operator=(const SharedFailure&) = delete;
  bool made() const { return page_ != MAP_FAILED; }
  IsolationStep step() const { return get().step; }
  const char* reason() const { return std::strerror(get().reason); }
  // Returns errno.
  int set(IsolationStep step) const { return (get() = {step, errno ? errno : EPERM}).reason; }

 private:
  struct Failure {
    IsolationStep step;
    int reason;
  };
  Failure& get() const { return *static_cast<Failure*>(page_); }
  void* page_;
};

// What the child needs, prepared before fork(): afterwards nothing may allocate.
struct Plan {
  uid_t uid = 0, run_as = 0;
  gid_t run_as_group = 0;
  SameUser user;
  PrivateFiles files;
  bool own_network = true;
  int port = 0;
  int channel = -1;  // to the relay; -1: none, nobody listens on the loopback
  pid_t parent = 0;  // the program ends with it; 0: it does not
  SeccompFilter filter;
  SharedFailure failure;
};

// A program that starts as root gets only what this set has.
bool bound_capabilities() {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return false;
  return true;
}

bool drop_capabilities() {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  return ::syscall(SYS_capset, &header, none) == 0;
}

// Root loses its groups, and becomes the user whom the plan names; not in a user namespace, which has one
// user.
bool become_user(const Plan& plan) {
  if (plan.uid != 0) return true;
  // The library's functions would look for other threads.
  if (::syscall(SYS_setgroups, 0, nullptr) != 0) return errno == EPERM;
  return ::syscall(SYS_setresgid, plan.run_as_group, plan.run_as_group, plan.run_as_group) == 0 &&
         ::syscall(SYS_setresuid, plan.run_as, plan.run_as, plan.run_as) == 0;
}

void close_from(unsigned first) {
  if (::syscall(436 /* close_range */, first, ~0U, 0U) == 0) return;
  for (int fd = static_cast<int>(first); fd < 4096; ++fd) ::close(fd);
}

[[noreturn]] void end_as(int status) {
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

// fork() may wait for locks that another thread of our parent holds.
pid_t fork_again() { return static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }

// Process 1 of the namespace: its end is the end of all. It has a copy of our memory, which the program must
// not read.
[[noreturn]] void reap_until(pid_t program) {
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended == program) end_as(status);
    if (ended < 0 && errno != EINTR) ::_exit(127);
  }
}

// In process 1. `alive`: a pipe that our parent reads; it tells whether the parent ended before the kernel
// knew that we end with it.
int prepare(const Plan& plan, int alive) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  pollfd end{alive, 0, 0};
  if (::poll(&end, 1, 0) < 0 || (end.revents & POLLERR)) return ESRCH;
  ::setsid();
  if (plan.own_network && !(plan.channel < 0 ? bring_up_loopback() : offer_loopback(plan.channel, plan.port)))
    return plan.failure.set(IsolationStep::network);
  switch (replace_files(plan.files)) {
    case FileStep::none: break;
    case FileStep::mounts: return plan.failure.set(IsolationStep::mounts);
    case FileStep::devices: return plan.failure.set(IsolationStep::devices);
    case FileStep::proc: return plan.failure.set(IsolationStep::proc);
  }
  if (!bound_capabilities() || ::prctl(PR_SET_DUMPABLE, 0) != 0)
    return plan.failure.set(IsolationStep::privileges);
  const pid_t program = fork_again();
  if (program < 0) return plan.failure.set(IsolationStep::processes);
  if (program > 0) {
    close_from(0);
    if (!drop_capabilities()) ::_exit(127);
    reap_until(program);
  }
  ::setpgid(0, 0);
  const rlimit no_core{0, 0};  // a handler of core files runs outside
  (void)::setrlimit(RLIMIT_CORE, &no_core);
  if (!become_user(plan) || !drop_capabilities()) return plan.failure.set(IsolationStep::privileges);
  return plan.filter.install() ? 0 : plan.failure.set(IsolationStep::system_calls);
}

// Returns in the process that becomes the program: 0, or why not. The process that was called here waits for
// process 1 of the new namespace.
int isolate(const Plan& plan) {
  // Descriptors that we were started with may be sockets.
  ::syscall(436 /* close_range */, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  constexpr int kinds = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  if (!enter_namespaces(kinds | (plan.own_network ? CLONE_NEWNET : 0), plan.user))
    return plan.failure.set(IsolationStep::namespaces);
  // A change of capabilities takes this back.
  if (plan.parent && ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  if (plan.parent && ::getppid() != plan.parent) return ESRCH;
  int alive[2];
  if (::pipe2(alive, O_CLOEXEC) != 0) return errno;
  const pid_t first = fork_again();
  if (first < 0) return plan.failure.set(IsolationStep::processes);
  if (first == 0) {
    ::close(alive[0]);
    return prepare(plan, alive[1]);
  }
  const int kept = ::dup2(alive[0], 0);
  close_from(1);
  int status = 0;
  while (kept == 0 && ::waitpid(first, &status, 0) < 0 && errno == EINTR) continue;
  end_as(status);
}

void run_as_owner(Plan& plan, const std::string& file) {
  struct stat info{};
  if (file.empty() || ::stat(file.c_str(), &info) != 0) return;
  const passwd* user = ::getpwuid(info.st_uid);
  plan.run_as = info.st_uid;
  plan.run_as_group = user ? user->pw_gid : info.st_gid;
}

}  // namespace

struct ServerIsolator::State {
  Plan plan;
};

ServerIsolator::ServerIsolator(const ServerIsolation& isolation)
    : state_(new State{{.uid = ::geteuid(),
                        .files = {.writable = {isolation.folder},
                                  .hidden = isolation.hidden,
                                  .folder = "/",
                                  .shared_memory = "50%"},
                        .own_network = isolation.own_network,
                        .filter = SeccompFilter(SeccompFilter::UnixSockets::allowed)}}) {
  run_as_owner(state_->plan, isolation.folder);
}

ServerIsolator::~ServerIsolator() = default;

int ServerIsolator::enter() const { return isolate(state_->plan); }

Result<ProgramRun> run_isolated(const std::vector<std::string>& words,
                                const std::vector<std::pair<std::string, std::string>>& variables,
                                const ProgramLimits& limits, const Isolation& isolation,
                                ProgramOutput output) {
  const Relay relay(isolation.socket);
  std::error_code code;
  Plan plan{.uid = ::geteuid(),
            .files = {.writable = isolation.writable,
                      .hidden = isolation.hidden,
                      .folder = std::filesystem::current_path(code).string()},
            .port = isolation.port,
            .channel = relay.channel(),
            .parent = ::getpid()};
  if (relay.channel() < 0 || !plan.failure.made())
    return fail(Error::Kind::nonfatal, words.front(), std::string("can't be run: ") + std::strerror(errno));
  run_as_owner(plan, isolation.owner);
  auto run = run_program(words, variables, limits,
                         {.output = std::move(output), .in_child = [&plan] { return isolate(plan); }});
  if (!run && plan.failure.step() != IsolationStep::none)
    return fail(Error::Kind::usage, words.front(), refusal(plan.failure.step(), plan.failure.reason()));
  return run;
}

Result<void> can_isolate() {
  const auto run = run_isolated({"true"}, {}, {}, {});
  if (run && run->status == 0) return {};
  return fail(Error::Kind::usage, "", run ? "the kernel refuses to isolate a program" : run.error().what);
}

}  // namespace pgadvise
