// An HTTP server that listens on the loopback address only, for programs on the same machine. The Host header
// check keeps web pages of other sites, open in a browser on this machine, from reading its answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pgadvise::serve {

struct LoopbackAddress {
  bool ipv6 = false;       // [::1] instead of 127.0.0.1
  std::uint16_t port = 0;  // 0: the system chooses a free port
};

// Reads PORT, 127.0.0.1:PORT, localhost:PORT (the same as 127.0.0.1:PORT) or [::1]:PORT. Errors (usage):
// anything else.
Result<LoopbackAddress> read_loopback_address(std::string_view given);

struct Page {
  unsigned status = 200;  // HTTP status code
  std::string type;       // Content-Type, with the character set
  std::string content;
};

// Returns the answer to GET and HEAD of a path, such as "/metrics", without the query string. The server
// calls this function on its own thread, one call at a time. Must not throw.
using Pages = std::function<Page(const std::string& path)>;

// Times from the connection, or from the end of the request before.
struct RequestLimits {
  std::chrono::milliseconds header = std::chrono::seconds(5);    // to the end of the request's header
  std::chrono::milliseconds request = std::chrono::seconds(30);  // to the end of the answer
};

// Whether a Host header names the server at `port`: localhost, 127.0.0.1 or [::1], with the port; without a
// port only if `port` is 80. A web page of another site that resolves its own host name to 127.0.0.1 (DNS
// rebinding) sends that name in the Host header, for which the result is false.
bool names_loopback(std::string_view host, std::uint16_t port);

// Serves on a thread of its own until the object is destroyed. Refuses methods other than GET and HEAD
// (status 405), Host headers that fail names_loopback() (421), and requests whose request line and headers
// exceed about 15 kB (414, 431, or a closed connection). Keeps 8 connections open: a further one closes the
// oldest without a complete header, else the oldest. Closes a connection without traffic for 10 seconds, and
// one whose request exceeds a time limit, however slowly bytes arrive.
class LoopbackServer {
 public:
  // Listens before it returns. Errors (usage): another program listens on the port, or the port needs
  // privileges that the process lacks.
  static Result<std::unique_ptr<LoopbackServer>> start(const LoopbackAddress& address, Pages pages,
                                                       RequestLimits limits = {});
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string url() const;     // "http://127.0.0.1:9790/"
  std::uint16_t port() const;  // the port in use, never 0

 private:
  struct Daemon;
  LoopbackServer(const LoopbackAddress& address, Pages pages, RequestLimits limits);

  const LoopbackAddress address_;
  Pages pages_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace pgadvise::serve
