// An HTTP server that only programs of this machine reach, and of web pages in a browser of this machine only
// those that it serves itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pgadvise::serve {

struct LoopbackAddress {
  bool ipv6 = false;       // [::1] instead of 127.0.0.1
  std::uint16_t port = 0;  // 0: a free one
};

// Reads PORT, 127.0.0.1:PORT, localhost:PORT (which is 127.0.0.1) or [::1]:PORT. Errors (usage): any other
// address.
Result<LoopbackAddress> read_loopback_address(std::string_view given);

struct Page {
  unsigned status = 200;  // of HTTP
  std::string type;       // of the content, with its character set
  std::string content;
};

// The answer to GET and HEAD of a path, such as "/metrics", without its query. Called on the server's thread,
// one call at a time. Must not throw.
using Pages = std::function<Page(const std::string& path)>;

// Whether the Host header of a request names this server: localhost, 127.0.0.1 or [::1] with its port. A page
// of another site reaches the server by a name that the site owns (DNS rebinding).
bool names_loopback(std::string_view host, std::uint16_t port);

// Serves until it is destroyed, on a thread of its own. Refuses other methods than GET and HEAD (405),
// foreign Host headers (421) and requests whose head is longer than about 8 kB (414, 431). Holds at most 8
// connections, and closes one on which nothing moves for 10 seconds.
class LoopbackServer {
 public:
  // Errors (usage): the port is taken, or needs more privileges.
  static Result<std::unique_ptr<LoopbackServer>> start(const LoopbackAddress& address, Pages pages);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string url() const;  // "http://127.0.0.1:9790/"
  std::uint16_t port() const;

 private:
  struct Daemon;
  LoopbackServer(const LoopbackAddress& address, Pages pages);

  const LoopbackAddress address_;
  Pages pages_;
  std::unique_ptr<Daemon> daemon_;
};

}  // namespace pgadvise::serve
