// A relay before a PostgreSQL server, on a Unix socket, that kills the client at one of its messages.
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/run.h"

namespace pgadvise::testing_support {

class KillingRelay {
 public:
  // `folder`: of the server's socket, which is as of port 5432.
  explicit KillingRelay(std::string folder) : server_folder_(std::move(folder)) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un own = socket_in(folder_.path());
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
    EXPECT_EQ(::listen(listener_, 5), 0);
  }
  KillingRelay(const KillingRelay&) = delete;
  KillingRelay& operator=(const KillingRelay&) = delete;
  ~KillingRelay() { ::close(listener_); }

  std::string folder() const { return folder_.path(); }  // the client's host

  // Serves one connection of the process `client`. When `messages` messages of the client are with the server
  // (-1: never), and with `halfway` half of the next one, kills the client and closes the connection. Returns
  // the number of whole messages that the server got, the client's last one included.
  int serve(pid_t client, int messages, bool halfway) const {
    const int from = ready(listener_) ? ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC) : -1;
    const int to = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un server = socket_in(server_folder_);
    EXPECT_GE(from, 0) << "the client does not connect";
    EXPECT_EQ(::connect(to, reinterpret_cast<const sockaddr*>(&server), sizeof server), 0);
    std::string waiting;  // of the client
    int passed = 0;
    for (bool open = from >= 0; open;) {
      pollfd both[] = {{from, POLLIN, 0}, {to, POLLIN, 0}};
      if (::poll(both, 2, most_milliseconds) <= 0) {
        ADD_FAILURE() << "neither the client nor the server sends anything";
        break;
      }
      if (both[1].revents) open = pass(to, from);
      if (both[0].revents && !read_into(waiting, from)) open = false;
      for (std::size_t size = 0; (size = length(waiting, passed == 0)) != 0; ++passed) {
        const bool last = passed == messages;
        if (last && halfway) send(to, std::string_view(waiting).substr(0, size / 2));
        if (last) {
          ::kill(client, SIGKILL);
          open = false;
          break;
        }
        send(to, std::string_view(waiting).substr(0, size));
        waiting.erase(0, size);
      }
    }
    ::close(from);
    ::close(to);
    return passed;
  }

 private:
  static constexpr int most_milliseconds = 60'000;

  static sockaddr_un socket_in(const std::string& folder) {
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    const std::string path = folder + "/.s.PGSQL.5432";
    path.copy(out.sun_path, sizeof out.sun_path - 1);
    return out;
  }
  static bool ready(int descriptor) {
    pollfd one{descriptor, POLLIN, 0};
    return ::poll(&one, 1, most_milliseconds) > 0;
  }
  static bool read_into(std::string& out, int from) {
    char bytes[65536];
    const auto count = ::recv(from, bytes, sizeof bytes, 0);
    if (count > 0) out.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }
  static bool send(int to, std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  static bool pass(int from, int to) {
    std::string bytes;
    return read_into(bytes, from) && send(to, bytes);
  }
  // Of the message at the beginning; 0: it is not there as a whole. The first message has no type.
  static std::size_t length(std::string_view bytes, bool first) {
    const std::size_t type = first ? 0 : 1;
    if (bytes.size() < type + 4) return 0;
    std::size_t out = 0;
    for (std::size_t i = type; i < type + 4; ++i) out = out << 8 | static_cast<unsigned char>(bytes[i]);
    return bytes.size() < type + out ? 0 : type + out;
  }

  std::string server_folder_;
  Folder folder_;
  int listener_ = -1;
};

}  // namespace pgadvise::testing_support
