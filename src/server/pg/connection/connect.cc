#include "pg/connection/connect.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/text/text.h"
#include "pg/connection/values.h"

namespace pgadvise::pg {

namespace {

using Clock = std::chrono::steady_clock;
using Options = std::vector<std::pair<std::string, std::string>>;
constexpr std::chrono::seconds usual_timeout{10};
constexpr std::chrono::seconds no_timeout{60};  // for "0"

std::string* find(Options& options, std::string_view key) {
  const auto found = std::ranges::find_if(options, [&](const auto& option) { return option.first == key; });
  return found == options.end() ? nullptr : &found->second;
}

std::chrono::milliseconds timeout_of(Options& options) {
  const char* environment = std::getenv("PGCONNECT_TIMEOUT");
  const std::string* given = find(options, "connect_timeout");
  const auto text = trim(given ? std::string_view(*given) : environment ? environment : "");
  if (text.empty() || text.find_first_not_of("0123456789-+") != text.npos) return usual_timeout;
  const auto seconds = whole(text);
  if (seconds <= 0) return no_timeout;
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 2, 24 * 3600));  // at least 2, as in libpq
}

class Attempt {
 public:
  Attempt(const Options& options, std::chrono::milliseconds timeout, bool own_user_timeout)
      : timeout_(timeout), own_user_timeout_(own_user_timeout) {
    std::vector<const char*> keys;
    std::vector<const char*> values;
    for (const auto& [key, value] : options) {
      keys.push_back(key.c_str());
      values.push_back(value.c_str());
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    out_.connection = PQconnectStartParams(keys.data(), values.data(), 0);
  }

  // libpq must not wait for room to write: it would wait without end.
  Connected run() {
    PGconn* conn = out_.connection;
    if (!conn || PQstatus(conn) == CONNECTION_BAD) return std::move(out_);
    PQsetnonblocking(conn, 1);
    PQsetNoticeReceiver(conn, [](void*, const PGresult*) {}, nullptr);
    for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK && state != PGRES_POLLING_FAILED;) {
      if (!wait(state == PGRES_POLLING_WRITING)) return std::move(out_);
      state = PQconnectPoll(conn);
    }
    if (PQstatus(conn) == CONNECTION_OK && !meter()) out_.failure = "no file descriptors are left";
    return std::move(out_);
  }

 private:
  // Once libpq has sent its first packet; before, it asks the descriptor for addresses and errors of the
  // connecting.
  bool meter() {
    const int descriptor = PQsocket(out_.connection);
    if (out_.socket && !out_.socket->stands_at(descriptor)) out_.socket.reset();
    const auto status = PQstatus(out_.connection);
    if (out_.socket || descriptor < 0 || status == CONNECTION_STARTED || status == CONNECTION_NEEDED ||
        status == CONNECTION_MADE)
      return true;
    const int none = 0;
    if (own_user_timeout_) (void)setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &none, sizeof none);
    out_.socket = std::make_unique<MeteredSocket>(descriptor);
    return out_.socket->good();
  }

  // Until libpq can go on; false with the failure.
  bool wait(bool writing) {
    PGconn* conn = out_.connection;
    const auto text = [](const char* value) { return std::string(value ? value : ""); };
    if (auto address = text(PQhost(conn)) + "," + text(PQhostaddr(conn)) + "," + text(PQport(conn));
        address != address_) {
      address_ = std::move(address);
      until_ = Clock::now() + timeout_;
    }
    if (!meter()) {
      out_.failure = "no file descriptors are left";
      return false;
    }
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - Clock::now());
      if (left.count() <= 0) {
        out_.failure = fmt::format("timeout expired: no session after {} s", timeout_.count() / 1000);
        return false;
      }
      if (out_.socket && out_.socket->received() > max_greeting_bytes) {
        out_.failure = fmt::format("the server sent more than {} KiB before the session began",
                                   max_greeting_bytes >> 10);
        return false;
      }
      if (PQsocket(conn) < 0) return true;  // PQconnectPoll has the reason
      if (out_.socket) {
        if (out_.socket->step(PQsocket(conn), writing, left)) return true;
      } else {
        pollfd entry{PQsocket(conn), static_cast<short>(writing ? POLLOUT : POLLIN), 0};
        if (poll(&entry, 1, static_cast<int>(left.count())) > 0) return true;
      }
    }
  }

  std::chrono::milliseconds timeout_;
  bool own_user_timeout_;
  Connected out_;
  std::string address_;  // that is being tried
  Clock::time_point until_;
};

// Takes what stands up to `last` out of a list of hosts, as libpq reads one. A single port stands for all.
void remove_through(std::string* list, std::size_t last, std::size_t hosts) {
  if (!list) return;
  const auto parts = split(*list, ',');
  if (parts.size() != hosts) return;
  std::vector<std::string> rest(parts.begin() + static_cast<std::ptrdiff_t>(last) + 1, parts.end());
  *list = join(rest, ",");
}

// Leaves those hosts of a list that follow the one that `conn` was trying. False: it was the last one.
bool next_hosts(Options& options, const PGconn* conn) {
  std::string* hosts = find(options, "host");
  std::string* addresses = find(options, "hostaddr");
  std::string* ports = find(options, "port");
  const std::string before = hosts ? *hosts : addresses ? *addresses : "";
  const auto names = split(before, ',');
  const auto port_list = split(ports ? std::string_view(*ports) : std::string_view(), ',');
  for (std::size_t at = 0; at + 1 < names.size(); ++at) {
    const auto port = port_list.size() == names.size() ? port_list[at] : std::string_view();
    if (names[at] != PQhost(conn) || (!port.empty() && port != PQport(conn))) continue;
    for (std::string* list : {hosts, addresses, ports}) remove_through(list, at, names.size());
    return true;
  }
  return false;
}

}  // namespace

Connected connect(const Options& given) {
  Options options = given;
  const auto timeout = timeout_of(options);
  // What makes libpq go on to the next address where one does not answer at all.
  const bool own_user_timeout = !find(options, "tcp_user_timeout");
  if (own_user_timeout) options.emplace_back("tcp_user_timeout", std::to_string(timeout.count()));
  for (;;) {
    Connected out = Attempt(options, timeout, own_user_timeout).run();
    const bool late = out.failure.starts_with("timeout expired");
    if (!late || !next_hosts(options, out.connection)) return out;
    PQfinish(out.connection);
  }
}

}  // namespace pgadvise::pg
