#include "base/process/relay.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <list>
#include <thread>
#include <utility>
#include <vector>

#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/files/descriptor.h"

namespace pgadvise {
namespace {

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

}  // namespace

// Two threads a connection: each blocks for one direction, so that neither waits for the other.
struct Relay::State {
  explicit State(std::string socket) : socket_(std::move(socket)) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
    near_ = Descriptor(ends[0]);
    far_ = Descriptor(ends[1]);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~State() {
    ended_ = true;
    ::shutdown(near_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    for (auto& one : connections_) {
      one.end();
      for (auto& thread : one.threads) thread.join();
    }
  }

  static constexpr std::size_t most_connections = 100;

  struct Connection {
    Descriptor client, server;
    std::vector<std::thread> threads;
    std::atomic<int> running{2};
    void end() const {
      ::shutdown(client.get(), SHUT_RDWR);
      ::shutdown(server.get(), SHUT_RDWR);
    }
    Connection(Descriptor one, Descriptor other) : client(std::move(one)), server(std::move(other)) {}
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

  Descriptor connect_to_server() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (socket_.size() >= sizeof address.sun_path) return Descriptor();
    std::memcpy(address.sun_path, socket_.c_str(), socket_.size());
    Descriptor out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* to = reinterpret_cast<const sockaddr*>(&address);
    return out.get() >= 0 && ::connect(out.get(), to, sizeof address) == 0 ? std::move(out) : Descriptor();
  }

  void remove_ended() {
    connections_.remove_if([](Connection& one) {
      if (one.running > 0) return false;
      for (auto& thread : one.threads) thread.join();
      return true;
    });
  }

  void accept_all() {
    const Descriptor listener(receive_descriptor(near_.get()));
    while (!ended_ && listener.get() >= 0) {
      pollfd entries[2] = {{listener.get(), POLLIN, 0}, {near_.get(), POLLIN, 0}};  // the latter: shut down
      if (::poll(entries, 2, -1) <= 0 || !(entries[0].revents & POLLIN)) continue;
      Descriptor client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (client.get() < 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));  // too many files
      remove_ended();
      if (client.get() < 0 || connections_.size() >= most_connections) continue;
      Descriptor server = connect_to_server();
      if (server.get() < 0) continue;
      Connection& added = connections_.emplace_back(std::move(client), std::move(server));
      added.threads.emplace_back([&added] { copy(added, added.client.get(), added.server.get()); });
      added.threads.emplace_back([&added] { copy(added, added.server.get(), added.client.get()); });
    }
  }

  Descriptor near_, far_;
  std::string socket_;
  std::atomic<bool> ended_{false};
  std::list<Connection> connections_;
  std::thread thread_;
};

Relay::Relay(const std::string& socket) : state_(std::make_unique<State>(socket)) {}
Relay::~Relay() = default;
int Relay::channel() const { return state_->far_.get(); }

bool bring_up_loopback() {
  ifreq lo{};
  std::memcpy(lo.ifr_name, "lo", 3);
  const int control = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  lo.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool done = control >= 0 && ::ioctl(control, SIOCSIFFLAGS, &lo) == 0;
  const int reason = errno;
  if (control >= 0) ::close(control);
  return errno = reason, done;
}

bool offer_loopback(int channel, int port) {
  if (!bring_up_loopback()) return false;
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (listener < 0 || ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, 64) != 0 || !send_descriptor(channel, listener))
    return false;
  ::close(listener);
  return true;
}

}  // namespace pgadvise
