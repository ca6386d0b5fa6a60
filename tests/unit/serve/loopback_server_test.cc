// The HTTP server of watch --serve: whom it answers, and what it refuses.
#include "serve/loopback_server.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/http_client.h"

namespace pgadvise {
namespace {

using serve::LoopbackServer;
using testing_support::http;
using testing_support::http_get;
using testing_support::HttpConnection;

serve::Page pages(const std::string& path) {
  if (path == "/") return {200, "text/html; charset=utf-8", "<p>hello</p>"};
  return {404, "text/plain; charset=utf-8", "no page " + path};
}

std::unique_ptr<LoopbackServer> started() {
  auto server = LoopbackServer::start({}, pages);
  EXPECT_TRUE(server.has_value());
  return server ? std::move(*server) : nullptr;
}

TEST(LoopbackAddress, IsAPortOfThisMachine) {
  EXPECT_EQ(serve::read_loopback_address("9790")->port, 9790);
  EXPECT_EQ(serve::read_loopback_address(" 127.0.0.1:0 ")->port, 0);
  EXPECT_EQ(serve::read_loopback_address("localhost:80")->port, 80);
  EXPECT_TRUE(serve::read_loopback_address("[::1]:9790")->ipv6);
  for (const char* wrong : {"", "x", "0.0.0.0:9790", ":9790", "*:9790", "192.168.1.2:9790", "127.0.0.1",
                            "127.0.0.1:", "65536", "-1", "9790x", "[::]:9790", "localhost.evil.example:80"})
    EXPECT_FALSE(serve::read_loopback_address(wrong).has_value()) << wrong;
}

TEST(LoopbackHost, IsANameOfThisMachineWithThePort) {
  for (const char* own : {"localhost:9790", "LocalHost:9790", "127.0.0.1:9790", "[::1]:9790"})
    EXPECT_TRUE(serve::names_loopback(own, 9790)) << own;
  for (const char* foreign :
       {"", "localhost", "127.0.0.1", "localhost:9791", "localhost:", "localhost:09790", "evil.example:9790",
        "localhost.evil.example:9790", "127.0.0.1.evil.example:9790", "evil.example", "127.0.0.1:9790:9790",
        "::1:9790", "127.0.0.10:9790", "user@127.0.0.1:9790"})
    EXPECT_FALSE(serve::names_loopback(foreign, 9790)) << foreign;
  EXPECT_TRUE(serve::names_loopback("localhost", 80)) << "browsers leave out port 80";
}

TEST(LoopbackServer, ServesPages) {
  const auto server = started();
  ASSERT_TRUE(server);
  ASSERT_NE(server->port(), 0);
  EXPECT_EQ(server->url(), "http://127.0.0.1:" + std::to_string(server->port()) + "/");
  const auto page = http_get(server->port(), "/?a=b");
  EXPECT_EQ(page.status, 200) << page.head;
  EXPECT_EQ(page.body, "<p>hello</p>");
  EXPECT_NE(page.head.find("Content-Type: text/html; charset=utf-8"), std::string::npos) << page.head;
  EXPECT_NE(page.head.find("X-Frame-Options: DENY"), std::string::npos) << page.head;
  EXPECT_EQ(page.head.find("Access-Control"), std::string::npos) << page.head;
  const auto missing = http_get(server->port(), "/x");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, "no page /x");
  const auto head = http(server->port(), "HEAD", "/", "localhost:" + std::to_string(server->port()));
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
}

TEST(LoopbackServer, AnswersSeveralRequestsOnOneConnection) {
  const auto server = started();
  ASSERT_TRUE(server);
  const HttpConnection connection(server->port());
  const std::string host = "Host: localhost:" + std::to_string(server->port()) + "\r\n";
  connection.send("GET / HTTP/1.1\r\n" + host + "\r\nGET /x HTTP/1.1\r\n" + host +
                  "Connection: close\r\n\r\n");
  const std::string both = connection.rest();
  EXPECT_NE(both.find("hello"), std::string::npos) << both;
  EXPECT_NE(both.find("no page /x"), std::string::npos) << both;
}

TEST(LoopbackServer, RefusesForeignHosts) {
  const auto server = started();
  ASSERT_TRUE(server);
  const std::string port = std::to_string(server->port());
  for (const std::string& host : std::vector<std::string>{"evil.example", "evil.example:" + port, "127.0.0.1",
                                                          "localhost:1", "10.0.0.1:" + port}) {
    const auto answer = http(server->port(), "GET", "/", host);
    EXPECT_EQ(answer.status, 421) << host;
    EXPECT_EQ(answer.body.find("hello"), std::string::npos) << host;
  }
  const auto two = http(server->port(), "GET", "/", "127.0.0.1:" + port, "Host: evil.example\r\n");
  EXPECT_NE(two.status, 200) << "two Host headers";
  const HttpConnection old(server->port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.rest().find("hello"), std::string::npos) << "no Host header";
}

TEST(LoopbackServer, RefusesOtherMethodsAndBodies) {
  const auto server = started();
  ASSERT_TRUE(server);
  const std::string host = "127.0.0.1:" + std::to_string(server->port());
  for (const char* method : {"PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"}) {
    const auto answer = http(server->port(), method, "/", host);
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_NE(answer.head.find("Allow: GET, HEAD"), std::string::npos) << answer.head;
  }
  EXPECT_EQ(http(server->port(), "POST", "/", host, "Content-Length: 0\r\n").status, 405);
  const HttpConnection body(server->port());
  body.send("GET / HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
  EXPECT_EQ(body.rest().find("<p>hello"), std::string::npos);
}

TEST(LoopbackServer, BoundsRequests) {
  const auto server = started();
  ASSERT_TRUE(server);
  const std::string host = "127.0.0.1:" + std::to_string(server->port());
  // What a browser sends fits.
  EXPECT_EQ(http(server->port(), "GET", "/", host, "Cookie: " + std::string(4000, 'a') + "\r\n").status, 200);
  const auto header = http(server->port(), "GET", "/", host, "Cookie: " + std::string(20000, 'a') + "\r\n");
  EXPECT_NE(header.status, 200);
  EXPECT_EQ(header.body.find("hello"), std::string::npos);
  const auto path = http(server->port(), "GET", "/" + std::string(20000, 'a'), host);
  EXPECT_NE(path.status, 404) << "no page was asked for";
  EXPECT_EQ(http_get(server->port(), "/").status, 200) << "it goes on";
}

// Clients that send a byte of their request's header now and then: none has a pause that the server would
// end.
class Dripping {
 public:
  Dripping(std::uint16_t port, int clients) {
    for (int i = 0; i < clients; ++i) {
      clients_.push_back(std::make_unique<HttpConnection>(port));
      clients_.back()->send("GET / HTTP/1.1\r\nHost: ");
    }
    thread_ = std::jthread([this](const std::stop_token& stop) {
      for (; !stop.stop_requested(); std::this_thread::sleep_for(std::chrono::milliseconds(100)))
        for (const auto& one : clients_) one->send("a");
    });
  }
  bool all_closed() const {
    return std::all_of(clients_.begin(), clients_.end(), [](const auto& one) { return one->is_closed(); });
  }

 private:
  std::vector<std::unique_ptr<HttpConnection>> clients_;
  std::jthread thread_;
};

TEST(LoopbackServer, EndsRequestsWhoseHeaderTakesTooLong) {
  const auto server =
      LoopbackServer::start({}, pages, {std::chrono::milliseconds(300), std::chrono::hours(1)});
  ASSERT_TRUE(server.has_value());
  const Dripping slow((*server)->port(), 8);
  EXPECT_TRUE(slow.all_closed());
  EXPECT_EQ(http_get((*server)->port(), "/").status, 200);
}

TEST(LoopbackServer, EndsRequestsThatTakeTooLong) {
  const auto server =
      LoopbackServer::start({}, pages, {std::chrono::hours(1), std::chrono::milliseconds(300)});
  ASSERT_TRUE(server.has_value());
  // A header, and a body that does not end.
  const HttpConnection slow((*server)->port());
  slow.send("GET / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string((*server)->port()) +
            "\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_TRUE(slow.is_closed());
  EXPECT_EQ(http_get((*server)->port(), "/").status, 200);
}

TEST(LoopbackServer, ServesOthersWhileTwentyClientsAreSlow) {
  const auto server = started();
  ASSERT_TRUE(server);
  const Dripping slow(server->port(), 20);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(http_get(server->port(), "/").status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(6));
}

// A connection with a complete request is closed only for want of one without.
TEST(LoopbackServer, ClosesTheOldestWithoutAHeaderForANewOne) {
  const auto server = started();
  ASSERT_TRUE(server);
  const std::string host = "Host: 127.0.0.1:" + std::to_string(server->port()) + "\r\n";
  const HttpConnection waiting(server->port());
  waiting.send("GET / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\n");
  EXPECT_EQ(http_get(server->port(), "/").status, 200) << "its header is read by now";
  const Dripping slow(server->port(), 20);
  EXPECT_EQ(http_get(server->port(), "/").status, 200);
  EXPECT_TRUE(waiting.is_open());
}

TEST(LoopbackServer, RefusesAPortThatIsTaken) {
  const auto server = started();
  ASSERT_TRUE(server);
  const auto second = LoopbackServer::start({.port = server->port()}, pages);
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().what.find("cannot listen on 127.0.0.1:"), std::string::npos)
      << second.error().what;
}

TEST(LoopbackServer, IsNotReachedByAnotherAddress) {
  const auto server = started();
  ASSERT_TRUE(server);
  // All of 127.0.0.0/8 is this machine, and only 127.0.0.1 is served.
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(server->port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
  EXPECT_NE(::connect(other, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  ::close(other);
}

TEST(LoopbackServer, EndsWhileClientsAreConnected) {
  auto server = started();
  ASSERT_TRUE(server);
  const HttpConnection silent(server->port());
  const HttpConnection half(server->port());
  half.send("GET / HTTP/1.1\r\nHost:");
  EXPECT_EQ(http_get(server->port(), "/").status, 200) << "others do not wait for them";
  server.reset();
  EXPECT_EQ(half.rest(), "");
}

}  // namespace
}  // namespace pgadvise
