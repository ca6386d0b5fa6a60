#include "base/isolated_process.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <list>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace pgadvise {
namespace {

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  int get() const { return fd_; }

 private:
  int fd_;
};

// A message with one byte and room for one descriptor, for a pair of sockets. System calls only: the sender
// runs between fork() and exec().
struct DescriptorMessage {
  DescriptorMessage() {
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
  DescriptorMessage(const DescriptorMessage&) = delete;
  DescriptorMessage& operator=(const DescriptorMessage&) = delete;

  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr header{};
};

bool send_descriptor(int channel, int fd) {
  DescriptorMessage message;
  cmsghdr* first = CMSG_FIRSTHDR(&message.header);
  first->cmsg_level = SOL_SOCKET;
  first->cmsg_type = SCM_RIGHTS;
  first->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(first), &fd, sizeof fd);
  return ::sendmsg(channel, &message.header, MSG_NOSIGNAL) == 1;
}

int receive_descriptor(int channel) {
  DescriptorMessage message;
  if (::recvmsg(channel, &message.header, MSG_CMSG_CLOEXEC) != 1) return -1;
  const cmsghdr* first = CMSG_FIRSTHDR(&message.header);
  if (!first || first->cmsg_type != SCM_RIGHTS) return -1;
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(first), sizeof fd);
  return fd;
}

// Passes the connections of a listening socket on to a Unix socket, until it is destroyed. Two threads a
// connection: each blocks for one direction, so that neither waits for the other.
class Relay {
 public:
  Relay(int channel, const std::string& socket) : channel_(channel), socket_(socket) {
    thread_ = std::thread([this] { accept_all(); });
  }
  ~Relay() {
    ended_ = true;
    ::shutdown(channel_, SHUT_RDWR);
    thread_.join();
    for (auto& one : connections_) {
      one.end();
      for (auto& thread : one.threads) thread.join();
    }
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

 private:
  static constexpr std::size_t most_connections = 100;

  struct Connection {
    Socket client, server;
    std::vector<std::thread> threads;
    std::atomic<int> running{2};
    void end() const {
      ::shutdown(client.get(), SHUT_RDWR);
      ::shutdown(server.get(), SHUT_RDWR);
    }
    Connection(Socket one, Socket other) : client(std::move(one)), server(std::move(other)) {}
  };

  static void copy(Connection& connection, int from, int to) {
    char buffer[65536];
    for (;;) {
      const ssize_t got = ::read(from, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      ssize_t done = 0;
      while (done < got) {
        const ssize_t wrote = ::send(to, buffer + done, static_cast<std::size_t>(got - done), MSG_NOSIGNAL);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) break;
        done += wrote;
      }
      if (done < got) break;
    }
    connection.end();
    --connection.running;
  }

  int connect_to_server() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof address.sun_path) return -1;
    std::memcpy(address.sun_path, socket_.c_str(), socket_.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    if (fd >= 0) ::close(fd);
    return -1;
  }

  void remove_ended() {
    for (auto at = connections_.begin(); at != connections_.end();) {
      if (at->running > 0) {
        ++at;
        continue;
      }
      for (auto& thread : at->threads) thread.join();
      at = connections_.erase(at);
    }
  }

  void accept_all() {
    const Socket listener(receive_descriptor(channel_));
    while (!ended_ && listener.get() >= 0) {
      pollfd entries[2] = {{listener.get(), POLLIN, 0}, {channel_, POLLIN, 0}};  // the latter: shut down
      if (::poll(entries, 2, -1) <= 0 || !(entries[0].revents & POLLIN)) continue;
      Socket client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      remove_ended();
      if (client.get() < 0 || connections_.size() >= most_connections) continue;
      Socket server(connect_to_server());
      if (server.get() < 0) continue;
      Connection& added = connections_.emplace_back(std::move(client), std::move(server));
      added.threads.emplace_back([&added] { copy(added, added.client.get(), added.server.get()); });
      added.threads.emplace_back([&added] { copy(added, added.server.get(), added.client.get()); });
    }
  }

  int channel_;
  std::string socket_;
  std::atomic<bool> ended_{false};
  std::list<Connection> connections_;
  std::thread thread_;
};

// What the child needs, prepared before fork(): afterwards nothing may allocate.
struct Plan {
  uid_t uid = 0;
  gid_t gid = 0;
  std::string uid_map, gid_map;
  std::vector<std::string> writable, hidden;
  int port = 0;
  int channel = -1;
  pid_t parent = 0;
};

bool write_text(const char* file, const char* text, std::size_t size) {
  const int fd = ::open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::write(fd, text, size) == static_cast<ssize_t>(size);
  ::close(fd);
  return done;
}

// As root without a user namespace where that is allowed; else, and as anybody else, within one, in which we
// stay the same user.
bool enter_namespaces(const Plan& plan) {
  if (plan.uid == 0 && ::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0) return true;
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0) return false;
  constexpr const char deny[] = "deny";
  write_text("/proc/self/setgroups", deny, sizeof deny - 1);  // missing in old kernels
  return write_text("/proc/self/uid_map", plan.uid_map.data(), plan.uid_map.size()) &&
         write_text("/proc/self/gid_map", plan.gid_map.data(), plan.gid_map.size());
}

bool listen_on_loopback(const Plan& plan) {
  ifreq lo{};
  std::memcpy(lo.ifr_name, "lo", 3);
  const int control = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  lo.ifr_flags = IFF_UP | IFF_RUNNING;
  if (control < 0 || ::ioctl(control, SIOCSIFFLAGS, &lo) != 0) return false;
  ::close(control);
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(plan.port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (listener < 0 || ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, 64) != 0 || !send_descriptor(plan.channel, listener))
    return false;
  ::close(listener);
  return true;
}

struct MountAttributes {
  std::uint64_t set = 0, clear = 0, propagation = 0, user_namespace = 0;
};
constexpr std::uint64_t read_only = 1;          // MOUNT_ATTR_RDONLY
constexpr unsigned with_mounts_below = 0x8000;  // AT_RECURSIVE

bool set_mount(const char* path, unsigned flags, MountAttributes attributes) {
#ifdef SYS_mount_setattr
  return ::syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &attributes, sizeof attributes) == 0;
#else
  (void)path, (void)flags, (void)attributes;
  errno = ENOSYS;
  return false;
#endif
}

bool make_read_only(const Plan& plan) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  for (const auto& folder : plan.writable)
    if (::mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) return false;
  if (!set_mount("/", with_mounts_below, {.set = read_only})) return false;
  for (const auto& folder : plan.writable)
    if (!set_mount(folder.c_str(), 0, {.clear = read_only})) return false;
  constexpr unsigned long as_empty = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  for (const auto& folder : plan.hidden)
    if (::mount("tmpfs", folder.c_str(), "tmpfs", as_empty, "size=4k,mode=755") != 0) return false;
  return true;
}

// Root keeps what it needs to handle files of several users, and gives up the rest for good.
bool drop_capabilities() {
  constexpr unsigned keep = 1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER | 1U << CAP_FSETID |
                            1U << CAP_KILL | 1U << CAP_SETGID | 1U << CAP_SETUID;
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    if ((capability >= 32 || !(keep >> capability & 1U)) &&
        ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return false;
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) != 0) return false;
  data[0].permitted &= keep;
  data[0].effective &= keep;
  data[0].inheritable = 0;
  data[1] = {};
  return ::syscall(SYS_capset, &header, data) == 0;
}

// Files of Unix sockets are no matter of the network namespace: a local server or a container engine could
// be reached through one.
bool forbid_other_sockets() {
#if defined(__x86_64__)
  constexpr unsigned own = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
  constexpr unsigned own = AUDIT_ARCH_AARCH64;
#else
  constexpr unsigned own = 0;
#endif
  constexpr unsigned refuse = SECCOMP_RET_ERRNO | EACCES;
  constexpr unsigned x32 = 0x40000000;  // system calls of another table, on x86-64
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, refuse),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, x32, 6, 0),
#ifdef SYS_io_uring_setup
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 5, 0),
#else
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 425, 5, 0),
#endif
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, refuse),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof filter / sizeof *filter, filter};
  return own != 0 && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// 0, or why not.
int isolate(const Plan& plan) {
#ifdef SYS_close_range
  // Descriptors that we were started with may be sockets.
  ::syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
#endif
  if (!enter_namespaces(plan) || !listen_on_loopback(plan) || !make_read_only(plan) || !drop_capabilities() ||
      !forbid_other_sockets())
    return errno ? errno : EPERM;
  // A change of capabilities takes this back.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  return ::getppid() == plan.parent ? 0 : ESRCH;
}

}  // namespace

Result<ProgramRun> run_isolated(const std::vector<std::string>& words,
                                const std::vector<std::pair<std::string, std::string>>& variables,
                                const ProgramLimits& limits, const Isolation& isolation,
                                ProgramOutput output) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(Error::Kind::nonfatal, words.front(), std::string("can't be run: ") + std::strerror(errno));
  const Socket ours(ends[0]), theirs(ends[1]);
  Plan plan{.uid = ::geteuid(),
            .gid = ::getegid(),
            .uid_map = fmt::format("{0} {0} 1", ::geteuid()),
            .gid_map = fmt::format("{0} {0} 1", ::getegid()),
            .writable = isolation.writable,
            .hidden = isolation.hidden,
            .port = isolation.port,
            .channel = theirs.get(),
            .parent = ::getpid()};
  const Relay relay(ours.get(), isolation.socket);
  return run_program(words, variables, limits,
                     {.output = std::move(output), .in_child = [&plan] { return isolate(plan); }});
}

Result<void> can_isolate() {
  const auto run = run_isolated({"true"}, {}, {}, {});
  if (run && run->status == 0) return {};
  return fail(
      Error::Kind::usage, "",
      "the kernel refuses a network namespace" + (run ? std::string() : " (" + run.error().what + ")"));
}

}  // namespace pgadvise
