#include "pg/connection/metered_socket.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pgadvise::pg {

namespace {

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

MeteredSocket::MeteredSocket(int descriptor) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) return;
  const int network = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  struct stat status{};
  if (network < 0 || fstat(pair[0], &status) != 0 || dup3(pair[0], descriptor, O_CLOEXEC) < 0) {
    if (network >= 0) close(network);
    close(pair[0]);
    close(pair[1]);
    return;
  }
  close(pair[0]);
  network_ = network;
  inner_ = pair[1];
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

MeteredSocket::~MeteredSocket() {
  if (!good()) return;
  std::array<char, max_portion> buffer;
  for (ssize_t got = 0; (got = recv(inner_, buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0;)
    outgoing_.append(buffer.data(), static_cast<std::size_t>(got));
  send_outgoing();
  close(inner_);
  close(network_);
}

bool MeteredSocket::stands_at(int descriptor) const {
  struct stat status{};
  return descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_dev == device_ &&
         status.st_ino == inode_;
}

// A server that takes no more may still have sent its last words: receive() finds the end.
void MeteredSocket::send_outgoing() {
  while (!outgoing_.empty()) {
    const auto sent = send(network_, outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && would_block()) return;
    outgoing_.erase(0, sent < 0 ? outgoing_.size() : static_cast<std::size_t>(sent));
  }
}

void MeteredSocket::receive() {
  incoming_.resize(max_portion);
  const auto got = recv(network_, incoming_.data(), incoming_.size(), MSG_DONTWAIT);
  const bool wait = got < 0 && would_block();
  incoming_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  received_ += incoming_.size();
  ended_ = got <= 0 && !wait;
  hand_over();
}

void MeteredSocket::hand_over() {
  if (!incoming_.empty()) {
    const auto given = send(inner_, incoming_.data(), incoming_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (given > 0) incoming_.erase(0, static_cast<std::size_t>(given));
  }
  if (incoming_.empty() && ended_) shutdown(inner_, SHUT_WR);
}

bool MeteredSocket::step(int descriptor, bool writing, std::chrono::milliseconds timeout) {
  const auto events = [](bool in, bool out) {
    return static_cast<short>((in ? POLLIN : 0) | (out ? POLLOUT : 0));
  };
  std::array<pollfd, 3> entries = {
      pollfd{descriptor, events(true, writing), 0},
      pollfd{inner_, events(outgoing_.empty(), !incoming_.empty()), 0},
      pollfd{ended_ ? -1 : network_, events(incoming_.empty(), !outgoing_.empty()), 0},
  };
  const auto& [libpq, inner, network] = entries;
  if (poll(entries.data(), entries.size(), static_cast<int>(timeout.count())) <= 0) return false;
  if (outgoing_.empty() && (inner.revents & POLLIN)) {
    outgoing_.resize(max_portion);
    const auto got = recv(inner_, outgoing_.data(), outgoing_.size(), MSG_DONTWAIT);
    outgoing_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  }
  if (!outgoing_.empty()) send_outgoing();
  if (libpq.revents) return true;
  if (!incoming_.empty()) hand_over();
  else if (network.revents & ~POLLOUT) receive();
  return false;
}

}  // namespace pgadvise::pg
