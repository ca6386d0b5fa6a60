#include "serve/loopback_server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/text/text.h"

namespace pgadvise::serve {
namespace {

// The request line and headers get about 15 kB of it.
constexpr std::size_t memory_of_connection = std::size_t{16} << 10;
constexpr std::size_t most_connections = 8;
// libmicrohttpd accepts some more, or it would not accept the one for which an older one goes.
constexpr unsigned most_accepted = 32;
constexpr unsigned idle_seconds = 10;

std::string shown(const LoopbackAddress& address) {
  return fmt::format("{}:{}", address.ipv6 ? "[::1]" : "127.0.0.1", address.port);
}

struct Hosts {
  int count = 0;
  std::string value;
};

MHD_Result take_host(void* hosts, MHD_ValueKind, const char* key, const char* value) {
  if (lower(key) != "host") return MHD_YES;
  auto& out = *static_cast<Hosts*>(hosts);
  ++out.count;
  out.value = value ? value : "";
  return MHD_YES;
}

Page refusal(unsigned status, std::string why) { return {status, "text/plain; charset=utf-8", why + "\n"}; }

MHD_Result send(MHD_Connection* connection, Page page) {
  auto content = std::make_unique<std::string>(std::move(page.content));
  MHD_Response* response = MHD_create_response_from_buffer_with_free_callback_cls(
      content->size(), content->data(), [](void* text) { delete static_cast<std::string*>(text); },
      content.get());
  if (!response) return MHD_NO;
  (void)content.release();  // the response's now
  const std::array<std::array<const char*, 2>, 6> headers{{
      {MHD_HTTP_HEADER_CONTENT_TYPE, page.type.c_str()},
      {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
      {"X-Content-Type-Options", "nosniff"},
      {"X-Frame-Options", "DENY"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
  }};
  for (const auto& [name, value] : headers) (void)MHD_add_response_header(response, name, value);
  if (page.status == MHD_HTTP_METHOD_NOT_ALLOWED)
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  const MHD_Result queued = MHD_queue_response(connection, page.status, response);
  MHD_destroy_response(response);  // the connection holds it
  return queued;
}

// Ends connections whose request takes too long, since libmicrohttpd knows only pauses, and the one that
// would end first where there are too many: those without a header go before those with one. The thread
// sleeps while there is no connection.
class RequestTimer {
 public:
  explicit RequestTimer(RequestLimits limits)
      : limits_(limits), thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void begin(MHD_Connection* connection) {
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info) return;
    {
      const std::lock_guard lock(mutex_);
      if (open_.size() >= most_connections) shut(first());
      open_[connection] = {info->connect_fd, Clock::now(), Clock::now() + limits_.header};
    }
    begun_.notify_one();
  }
  // The header is complete.
  void heard(MHD_Connection* connection) {
    const std::lock_guard lock(mutex_);
    if (const auto found = open_.find(connection); found != open_.end())
      found->second.until = found->second.since + limits_.request;
  }
  void answered(MHD_Connection* connection) {
    const std::lock_guard lock(mutex_);
    if (const auto found = open_.find(connection); found != open_.end())
      found->second = {found->second.socket, Clock::now(), Clock::now() + limits_.header};
    begun_.notify_one();  // the end of this connection may be the first now
  }
  // Called before the socket is closed.
  void end(MHD_Connection* connection) {
    const std::lock_guard lock(mutex_);
    open_.erase(connection);
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Open {
    int socket = -1;
    Clock::time_point since;  // the beginning of its request
    Clock::time_point until;
  };
  using Opened = std::map<MHD_Connection*, Open>;

  Opened::iterator first() {
    return std::ranges::min_element(
        open_, [](const auto& a, const auto& b) { return a.second.until < b.second.until; });
  }
  void shut(Opened::iterator at) {
    ::shutdown(at->second.socket, SHUT_RDWR);  // the server's thread then closes it
    open_.erase(at);
  }

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      if (open_.empty()) {
        begun_.wait(lock, stop, [this] { return !open_.empty(); });
        continue;
      }
      const auto next = first();
      const auto until = next->second.until;
      if (until > Clock::now())
        begun_.wait_until(lock, stop, until, [&] { return open_.empty() || first()->second.until < until; });
      else shut(next);
    }
  }

  const RequestLimits limits_;
  std::mutex mutex_;
  std::condition_variable_any begun_;
  Opened open_;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace

struct LoopbackServer::Daemon {
  explicit Daemon(RequestLimits limits) : requests(limits) {}

  static void notice(void* timer, MHD_Connection* connection, void**, MHD_ConnectionNotificationCode what) {
    auto& to = *static_cast<RequestTimer*>(timer);
    if (what == MHD_CONNECTION_NOTIFY_STARTED) to.begin(connection);
    else to.end(connection);
  }
  static void answered(void* timer, MHD_Connection* connection, void**, MHD_RequestTerminationCode) {
    static_cast<RequestTimer*>(timer)->answered(connection);
  }

  static MHD_Result answer(void* server, MHD_Connection* connection, const char* path, const char* method,
                           const char*, const char*, size_t* body_bytes, void** seen) {
    const auto& self = *static_cast<const LoopbackServer*>(server);
    // The first call has the head only; an answer to it would end the connection.
    if (*seen == nullptr) {
      *seen = server;
      self.daemon_->requests.heard(connection);
      return MHD_YES;
    }
    LoopbackAddress own = self.address_;
    own.port = self.daemon_->port;
    Hosts hosts;
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, &take_host, &hosts);
    if (hosts.count != 1 || !names_loopback(hosts.value, own.port))
      return send(connection,
                  refusal(MHD_HTTP_MISDIRECTED_REQUEST, "The Host header must be " + shown(own) + "."));
    const std::string_view verb = method;
    if (verb != MHD_HTTP_METHOD_GET && verb != MHD_HTTP_METHOD_HEAD)
      return send(connection, refusal(MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD are served."));
    if (*body_bytes != 0) return MHD_NO;  // closes the connection
    return send(connection, self.pages_(path));
  }

  ~Daemon() {
    if (daemon) MHD_stop_daemon(daemon);
  }

  RequestTimer requests;
  MHD_Daemon* daemon = nullptr;
  std::atomic<std::uint16_t> port = 0;  // known once the server runs
};

Result<LoopbackAddress> read_loopback_address(std::string_view given) {
  given = trim(given);
  LoopbackAddress out;
  std::string_view port = given;
  for (const std::string_view host : {"127.0.0.1:", "localhost:", "[::1]:"}) {
    if (!port.starts_with(host)) continue;
    out.ipv6 = host.front() == '[';
    port.remove_prefix(host.size());
    break;
  }
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (port.empty() || code != std::errc() || end != port.data() + port.size())
    return fail(Error::Kind::usage, "--serve", ellipsis(given, 60) + " is not a loopback address",
                "PORT, 127.0.0.1:PORT or [::1]:PORT; PORT 0 is a free one");
  return out;
}

bool names_loopback(std::string_view host, std::uint16_t port) {
  const std::string own = std::to_string(port);
  for (const std::string_view name : {"localhost", "127.0.0.1", "[::1]"}) {
    if (host.size() < name.size() || lower(host.substr(0, name.size())) != name) continue;
    const auto rest = host.substr(name.size());
    if (rest.empty()) return port == 80;
    return rest.front() == ':' && rest.substr(1) == own;
  }
  return false;
}

LoopbackServer::LoopbackServer(const LoopbackAddress& address, Pages pages, RequestLimits limits)
    : address_(address), pages_(std::move(pages)), daemon_(std::make_unique<Daemon>(limits)) {}

LoopbackServer::~LoopbackServer() = default;

Result<std::unique_ptr<LoopbackServer>> LoopbackServer::start(const LoopbackAddress& address, Pages pages,
                                                              RequestLimits limits) {
  std::unique_ptr<LoopbackServer> out(new LoopbackServer(address, std::move(pages), limits));
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(address.port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  v6.sin6_addr = in6addr_loopback;
  const auto* at =
      address.ipv6 ? reinterpret_cast<const sockaddr*>(&v6) : reinterpret_cast<const sockaddr*>(&v4);
  const unsigned flags =
      MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | (address.ipv6 ? MHD_USE_IPv6 : MHD_NO_FLAG);
  errno = 0;
  out->daemon_->daemon = MHD_start_daemon(
      flags, address.port, nullptr, nullptr, &Daemon::answer, out.get(), MHD_OPTION_SOCK_ADDR, at,
      MHD_OPTION_CONNECTION_LIMIT, most_accepted, MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory_of_connection, MHD_OPTION_NOTIFY_CONNECTION, &Daemon::notice,
      &out->daemon_->requests, MHD_OPTION_NOTIFY_COMPLETED, &Daemon::answered, &out->daemon_->requests,
      MHD_OPTION_END);
  const int reason = errno;
  const auto* bound =
      out->daemon_->daemon ? MHD_get_daemon_info(out->daemon_->daemon, MHD_DAEMON_INFO_BIND_PORT) : nullptr;
  if (!bound)
    return fail(Error::Kind::usage, "--serve",
                fmt::format("cannot listen on {}: {}", shown(address),
                            reason != 0 ? std::strerror(reason) : "the address is not available"),
                "choose another port, or 0 for a free one");
  out->daemon_->port = bound->port;
  return out;
}

std::uint16_t LoopbackServer::port() const { return daemon_->port; }

std::string LoopbackServer::url() const {
  return "http://" + shown({.ipv6 = address_.ipv6, .port = port()}) + "/";
}

}  // namespace pgadvise::serve
