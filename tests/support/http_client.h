// Sends requests, also malformed ones, to a server on this machine.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace pgadvise::testing_support {

// A connection to 127.0.0.1. A read that takes longer than 30 seconds fails.
class HttpConnection {
 public:
  explicit HttpConnection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval most{.tv_sec = 30, .tv_usec = 0};
    (void)::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~HttpConnection() { ::close(socket_); }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  bool connected() const { return connected_; }
  void send(std::string_view text) const { (void)::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  // What the server sends until it closes the connection.
  std::string rest() const {
    std::string out;
    char some[4096];
    for (ssize_t got = 0; (got = ::recv(socket_, some, sizeof some, 0)) > 0;)
      out.append(some, static_cast<std::size_t>(got));
    return out;
  }
  // Reads until the server closes the connection; false if it does not within 30 seconds of silence.
  bool is_closed() const {
    char some[4096];
    ssize_t got = 0;
    while ((got = ::recv(socket_, some, sizeof some, 0)) > 0) {
    }
    return got == 0 || errno == ECONNRESET;
  }
  // Whether the server has neither sent something nor closed the connection so far.
  bool is_open() const {
    char one = 0;
    return ::recv(socket_, &one, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

 private:
  int socket_;
  bool connected_ = false;
};

struct HttpAnswer {
  int status = 0;  // 0: no answer
  std::string head;
  std::string body;
};

// `more`: further header lines, each with its "\r\n".
inline HttpAnswer http(std::uint16_t port, const std::string& method, const std::string& path,
                       const std::string& host, const std::string& more = {}) {
  const HttpConnection connection(port);
  connection.send(method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + more +
                  "Connection: close\r\n\r\n");
  const std::string all = connection.rest();
  HttpAnswer out;
  if (all.starts_with("HTTP/1.1 ")) out.status = std::atoi(all.c_str() + 9);
  const auto end = all.find("\r\n\r\n");
  out.head = all.substr(0, end);
  if (end != std::string::npos) out.body = all.substr(end + 4);
  return out;
}

inline HttpAnswer http_get(std::uint16_t port, const std::string& path) {
  return http(port, "GET", path, "127.0.0.1:" + std::to_string(port));
}

}  // namespace pgadvise::testing_support
