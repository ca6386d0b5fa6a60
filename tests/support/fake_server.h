// A server that speaks as much of PostgreSQL's protocol 3 as a test wants, on a Unix socket: for answers that
// no PostgreSQL gives.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pgadvise::testing_support {

// Messages as a server sends them.
namespace wire {

std::string number(std::uint32_t value);  // four bytes
std::string number16(std::uint16_t value);
std::string message(char type, std::string_view body = {});
std::string begun_message(char type, std::uint32_t length,
                          std::string_view body);  // `length` bytes are announced
std::string authenticated();
std::string parameter(std::string_view name, std::string_view value);
std::string ready();                     // ReadyForQuery, outside a transaction
std::string greeting();                  // all that comes before the first statement
std::string columns(std::size_t count);  // what precedes rows in answer to one statement
std::string row(const std::vector<std::optional<std::string>>& values);
std::string done();  // CommandComplete
std::string error(std::string_view text, std::string_view sqlstate = "XX000");
std::string notice(std::string_view text);

}  // namespace wire

class FakeServer;

// One connection of a client, for the script.
class Peer {
 public:
  Peer(FakeServer& server, int socket) : server_(server), socket_(socket) {}
  // False: the client has left, or the test ends.
  bool send(std::string_view bytes);
  void send_for_ever(std::string_view bytes);
  // Reads the client's first packet and declines encryption. False: it is a CancelRequest, or the client has
  // left.
  bool startup();
  // The client's next statement, read up to its end (Sync, or Query). Nothing: the client has left.
  std::optional<std::string> statement();
  // False: the test ends.
  bool pause(std::chrono::milliseconds time);
  // Ends what is sent; the client may still send.
  void close();

 private:
  std::optional<std::string> take(std::size_t count);

  FakeServer& server_;
  int socket_;
  std::string buffer_;
};

class FakeServer {
 public:
  using Script = std::function<void(Peer&)>;
  // `script` runs for each connection, on a thread of its own; the connection closes when it returns.
  explicit FakeServer(Script script);
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  // A script that greets, then answers each statement with what `answer` says.
  static Script answering(std::function<std::string(const std::string&)> answer);

  std::string folder() const { return folder_; }  // of the socket, which is as of port 5432
  std::string conninfo() const;

 private:
  friend class Peer;
  struct Session {
    int socket;
    std::thread thread;
    std::atomic<bool> over{false};
  };
  void accept_all();
  void sweep(bool all);

  Script script_;
  std::string folder_;
  int listener_ = -1;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::list<Session> sessions_;
  std::thread acceptor_;
};

}  // namespace pgadvise::testing_support
