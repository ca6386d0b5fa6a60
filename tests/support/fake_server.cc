#include "support/fake_server.h"

#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace pgadvise::testing_support {

namespace wire {

std::string number(std::uint32_t value) {
  std::string out;
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(value >> shift);
  return out;
}

std::string number16(std::uint16_t value) { return number(value).substr(2); }

std::string begun_message(char type, std::uint32_t length, std::string_view body) {
  return std::string(1, type) + number(length + 4) + std::string(body);
}

std::string message(char type, std::string_view body) {
  return begun_message(type, static_cast<std::uint32_t>(body.size()), body);
}

static std::string terminated(std::string_view text) { return std::string(text) + '\0'; }

std::string authenticated() { return message('R', number(0)); }
std::string parameter(std::string_view name, std::string_view value) {
  return message('S', terminated(name) + terminated(value));
}
std::string ready() { return message('Z', "I"); }

std::string greeting() {
  return authenticated() + parameter("server_version", "15.4") + parameter("client_encoding", "UTF8") +
         parameter("standard_conforming_strings", "on") + message('K', number(1) + number(2)) + ready();
}

std::string columns(std::size_t count) {
  std::string body = number16(static_cast<std::uint16_t>(count));
  for (std::size_t i = 0; i < count; ++i)
    body += terminated("c" + std::to_string(i)) + number(0) + number16(0) + number(25) + number16(0xffff) +
            number(0xffffffff) + number16(0);
  return message('1') + message('2') + message('T', body);
}

std::string row(const std::vector<std::optional<std::string>>& values) {
  std::string body = number16(static_cast<std::uint16_t>(values.size()));
  for (const auto& value : values)
    body += value ? number(static_cast<std::uint32_t>(value->size())) + *value : number(0xffffffff);
  return message('D', body);
}

std::string done() { return message('C', terminated("SELECT 1")); }

static std::string report(char type, std::string_view severity, std::string_view text,
                          std::string_view sqlstate) {
  return message(type, terminated("S" + std::string(severity)) + terminated("C" + std::string(sqlstate)) +
                           terminated("M" + std::string(text)) + '\0');
}

std::string error(std::string_view text, std::string_view sqlstate) {
  return report('E', "ERROR", text, sqlstate);
}
std::string notice(std::string_view text) { return report('N', "NOTICE", text, "00000"); }

}  // namespace wire

bool Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Peer::send_for_ever(std::string_view bytes) {
  std::string portion;
  while (portion.size() < (1 << 16)) portion += bytes;
  while (send(portion)) {
  }
}

std::optional<std::string> Peer::take(std::size_t count) {
  while (buffer_.size() < count) {
    char bytes[4096];
    const auto got = recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) return {};
    buffer_.append(bytes, static_cast<std::size_t>(got));
  }
  std::string out = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return out;
}

static std::size_t length_in(std::string_view bytes) {
  std::size_t out = 0;
  for (const char byte : bytes) out = out << 8 | static_cast<unsigned char>(byte);
  return out;
}

bool Peer::startup() {
  constexpr std::size_t cancel_request = 80877102;
  constexpr std::size_t last_request = 80877104;  // SSLRequest, GSSENCRequest
  for (;;) {
    const auto length = take(4);
    const auto body = length ? take(length_in(*length) - 4) : std::nullopt;
    if (!body) return false;
    const auto code = length_in(body->substr(0, 4));
    if (code < cancel_request || code > last_request) return true;
    if (code == cancel_request || !send("N")) return false;
  }
}

std::optional<std::string> Peer::statement() {
  std::string text;
  for (;;) {
    const auto head = take(5);
    const auto body = head ? take(length_in(head->substr(1)) - 4) : std::nullopt;
    if (!body || head->front() == 'X') return {};
    if (head->front() == 'P') text = body->c_str() + std::strlen(body->c_str()) + 1;
    if (head->front() == 'Q') return std::string(body->c_str());
    if (head->front() == 'S') return text;
  }
}

bool Peer::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(server_.mutex_);
  return !server_.ending_.wait_for(lock, time, [&] { return server_.ended_; });
}

void Peer::close() { shutdown(socket_, SHUT_WR); }

FakeServer::Script FakeServer::answering(std::function<std::string(const std::string&)> answer) {
  return [answer = std::move(answer)](Peer& peer) {
    if (!peer.startup() || !peer.send(wire::greeting())) return;
    while (const auto statement = peer.statement())
      if (!peer.send(answer(*statement))) return;
  };
}

FakeServer::FakeServer(Script script) : script_(std::move(script)) {
  std::string name = (std::filesystem::temp_directory_path() / "pgadvise-fake-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("can't make " + name);
  folder_ = name;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder_ + "/.s.PGSQL.5432";
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("too long: " + path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener_ < 0 || bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 64) != 0)
    throw std::runtime_error("can't listen on " + path);
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeServer::~FakeServer() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ending_.notify_all();
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  sweep(true);
  ::close(listener_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string FakeServer::conninfo() const {
  return "host=" + folder_ + " port=5432 dbname=d user=u password=p sslmode=disable gssencmode=disable";
}

void FakeServer::accept_all() {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    sweep(false);
    auto& session = sessions_.emplace_back();
    session.socket = client;
    session.thread = std::thread([this, &session] {
      Peer peer(*this, session.socket);
      script_(peer);
      shutdown(session.socket, SHUT_RDWR);
      session.over = true;
    });
  }
}

void FakeServer::sweep(bool all) {
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    if (!all && !at->over) {
      ++at;
      continue;
    }
    shutdown(at->socket, SHUT_RDWR);
    at->thread.join();
    ::close(at->socket);
    at = sessions_.erase(at);
  }
}

}  // namespace pgadvise::testing_support
