// A server that answers HTTP requests as a test wants, on a loopback port.
#pragma once

#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text/text.h"

namespace pgadvise::testing_support {

// Binds the socket to a free port of 127.0.0.1, and returns the port.
inline int bind_to_loopback(int socket) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof name;
  auto* address = reinterpret_cast<sockaddr*>(&name);
  EXPECT_EQ(::bind(socket, address, length), 0);
  EXPECT_EQ(::getsockname(socket, address, &length), 0);
  return ntohs(name.sin_port);
}

// One connection at a time, one request for each connection.
class HttpServer {
 public:
  struct Request {
    std::string head;  // the first line and the headers
    std::string body;
  };

  // `answer` gives all bytes of an answer: "HTTP/1.1 200 OK\r\n…".
  explicit HttpServer(std::function<std::string(const Request&)> answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    port_ = bind_to_loopback(listener_);
    EXPECT_EQ(::listen(listener_, 8), 0);
    thread_ = std::thread([this] { serve(); });
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  int port() const { return port_; }
  std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  static std::string answer(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }

 private:
  void serve() {
    for (int peer = -1; (peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; ::close(peer)) {
      const Request request = read(peer);
      std::string answer;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        answer = answer_(request);
      }
      std::size_t sent = 0;
      while (sent < answer.size()) {
        const auto count = ::send(peer, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) break;
        sent += static_cast<std::size_t>(count);
      }
    }
  }

  static Request read(int peer) {
    std::string all;
    std::size_t needed = std::string::npos, body = 0;
    char bytes[4096];
    while (all.size() < needed) {
      const auto count = ::recv(peer, bytes, sizeof bytes, 0);
      if (count <= 0) break;
      all.append(bytes, static_cast<std::size_t>(count));
      const auto end = all.find("\r\n\r\n");
      if (needed != std::string::npos || end == std::string::npos) continue;
      body = end + 4;
      const std::string name = "content-length: ", head = lower(all.substr(0, end));
      const auto at = head.find(name);
      needed = body + (at == head.npos ? 0 : std::strtoul(head.c_str() + at + name.size(), nullptr, 10));
    }
    return {all.substr(0, body), all.substr(std::min(body, all.size()))};
  }

  std::function<std::string(const Request&)> answer_;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  std::thread thread_;
  int listener_ = -1;
  int port_ = 0;
};

}  // namespace pgadvise::testing_support
