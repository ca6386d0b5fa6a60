// OTLP over HTTP: the address, the requests, and what check --otlp sends. Nothing is sent without the option.
#include "net/otlp.h"

#include <cstdlib>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text/text.h"
#include "cli/process/arguments.h"
#include "net/url.h"
#include "support/http_server.h"
#include "support/run.h"

namespace pgadvise::net {
namespace {

using testing_support::Folder;
using testing_support::HttpServer;
using testing_support::run;

class Variables {
 public:
  Variables(const char* endpoint, const char* headers) {
    ::setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint, 1);
    ::setenv("OTEL_EXPORTER_OTLP_HEADERS", headers, 1);
  }
  ~Variables() {
    ::unsetenv("OTEL_EXPORTER_OTLP_ENDPOINT");
    ::unsetenv("OTEL_EXPORTER_OTLP_HEADERS");
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;
};

TEST(ServerUrl, HasPartsAndRefusesOthers) {
  const auto url = read_server_url("joe:p%40ss@[::1]:4318/base/a?one=1&two");
  ASSERT_TRUE(url.has_value()) << url.error();
  EXPECT_EQ(url->user, "joe");
  EXPECT_EQ(url->password, "p@ss");
  EXPECT_EQ(url->host, "[::1]");
  EXPECT_EQ(url->port, 4318);
  EXPECT_EQ(url->path, "base/a");
  ASSERT_EQ(url->options.size(), 2u);
  EXPECT_EQ(url->options[0].second, "1");
  EXPECT_EQ(url->options[1].first, "two");
  EXPECT_FALSE(read_server_url("host")->port.has_value());
  for (const char* text : {"", "/path", "joe@", "host:", "host:0", "host:65536", "host:1x", "[::1", "ho st",
                           "a%0ab:c@host", "a%2@host", "joe:a/b@host", "joe:a?b@host", "joe@h/x@y"}) {
    EXPECT_FALSE(read_server_url(text).has_value()) << text;
  }
}

TEST(OtlpAddress, IsABaseUrl) {
  const Variables others("http://elsewhere:1", "X-Key=secret");
  const auto plain = read_otlp_address(" http://127.0.0.1:4318/ ");
  ASSERT_TRUE(plain.has_value()) << plain.error().line();
  EXPECT_EQ(plain->base, "http://127.0.0.1:4318");
  EXPECT_EQ(plain->server, "http://127.0.0.1:4318");
  EXPECT_TRUE(plain->headers.empty()) << "those of the environment are for env only";

  const auto full =
      read_otlp_address("https://joe:p%40ss@otlp.example.com/keys/k123/?sslrootcert=/etc/own%20ca.pem");
  ASSERT_TRUE(full.has_value()) << full.error().line();
  EXPECT_EQ(full->base, "https://otlp.example.com/keys/k123");
  EXPECT_EQ(full->server, "https://otlp.example.com/…");
  EXPECT_EQ(full->headers, std::vector<std::string>{"Authorization: Basic am9lOnBAc3M="});
  EXPECT_EQ(full->root_certificates, "/etc/own ca.pem");
  EXPECT_EQ(read_otlp_address("http://a:b@h")->headers,
            std::vector<std::string>{"Authorization: Basic YTpi"});
  EXPECT_EQ(read_otlp_address("http://a:bc@h")->headers,
            std::vector<std::string>{"Authorization: Basic YTpiYw=="});
}

TEST(OtlpAddress, OfTheEnvironmentHasItsHeaders) {
  const Variables variables("http://collector:4318", "Authorization=Bearer%20geheim, x-scope = eu ,,");
  const auto address = read_otlp_address("env");
  ASSERT_TRUE(address.has_value()) << address.error().line();
  EXPECT_EQ(address->base, "http://collector:4318");
  EXPECT_EQ(address->headers, (std::vector<std::string>{"Authorization: Bearer geheim", "x-scope: eu"}));
}

TEST(OtlpAddress, RefusesOthersWithoutShowingCredentials) {
  for (const char* url :
       {"", "127.0.0.1:4318", "ftp://joe:geheim@host", "joe:geheim@host", "http://joe:geheim@",
        "http://joe:geheim@host:x", "http://joe:gehe/im@host", "http://joe:geheim?@host",
        "http://joe:geheim%zz@host", "http://joe:geheim%0ax@host", "http://joe:geheim@host/v1/logs",
        "http://joe:geheim@host/v1/metrics/", "http://joe:geheim@host/a#b", "http://joe:geheim@host/a b",
        "https://joe:geheim@host?token=geheim", "http://joe:geheim@host?sslrootcert=ca.pem",
        "http://j%3Ao:geheim@host"}) {
    const auto refused = read_otlp_address(url);
    ASSERT_FALSE(refused.has_value()) << url;
    EXPECT_EQ(refused.error().kind, Error::Kind::usage);
    EXPECT_EQ(refused.error().line().find("gehe"), std::string::npos) << refused.error().line();
    EXPECT_FALSE(refused.error().hint.empty()) << url;
  }
  for (const char* headers : {"geheim", "=geheim", "a b=geheim", "X-Key=", "X-Key=geheim%0d%0aX: y",
                              "X-Key=geheim%0", "Content-Type=geheim", "HOST=geheim"}) {
    const Variables variables("http://collector:4318", headers);
    const auto refused = read_otlp_address("env");
    ASSERT_FALSE(refused.has_value()) << headers;
    EXPECT_EQ(refused.error().line().find("gehe"), std::string::npos) << refused.error().line();
  }
  const auto unset = read_otlp_address("env");
  ASSERT_FALSE(unset.has_value());
  EXPECT_EQ(unset.error().what, "OTEL_EXPORTER_OTLP_ENDPOINT is not set");
}

std::string path_of(const HttpServer::Request& request) {
  return request.head.substr(0, request.head.find(" HTTP/"));
}

std::string with_header(const std::string& status, const std::string& header) {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: 0\r\n" + header + "\r\n\r\n";
}

class OtlpRequests : public testing::Test {
 protected:
  void SetUp() override {
    const auto client = HttpClient::create("--otlp");
    if (!client) {
      EXPECT_NE(client.error().line().find("--otlp: this pgadvise was built without libcurl"),
                std::string::npos);
      GTEST_SKIP() << "built without libcurl";
    }
  }

  static Diagnostics sent_to(int port, const std::string& login = "", const std::stop_token& stop = {}) {
    auto address = read_otlp_address("http://" + login + "127.0.0.1:" + std::to_string(port));
    EXPECT_TRUE(address.has_value());
    if (!address) return {};
    auto client = OtlpClient::create(std::move(*address));
    EXPECT_TRUE(client.has_value());
    if (!client) return {};
    OtlpBodies bodies;
    bodies.logs = "{\"resourceLogs\":[]}\n";
    bodies.metrics = "{\"resourceMetrics\":[]}\n";
    return client->send(bodies, stop);
  }
};

TEST_F(OtlpRequests, AreLogsAndMetricsInJson) {
  HttpServer server([](const auto&) { return HttpServer::answer("200 OK", "{\"partialSuccess\":{}}"); });
  const auto diagnostics = sent_to(server.port(), "joe:geheim@");
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.front().line();
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(path_of(requests[0]), "POST /v1/logs");
  EXPECT_EQ(requests[0].body, "{\"resourceLogs\":[]}\n");
  EXPECT_EQ(path_of(requests[1]), "POST /v1/metrics");
  EXPECT_EQ(requests[1].body, "{\"resourceMetrics\":[]}\n");
  for (const auto& request : requests) {
    EXPECT_NE(request.head.find("\r\nContent-Type: application/json\r\n"), std::string::npos) << request.head;
    EXPECT_NE(request.head.find("\r\nAuthorization: Basic am9lOmdlaGVpbQ==\r\n"), std::string::npos);
  }
}

TEST_F(OtlpRequests, NameWhatWasRejected) {
  HttpServer server([](const auto& request) {
    return HttpServer::answer(
        "200 OK", path_of(request) == "POST /v1/logs"
                      ? R"({"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}})"
                      : R"({"partialSuccess":{"rejectedDataPoints":2}})");
  });
  const auto diagnostics = sent_to(server.port());
  ASSERT_EQ(diagnostics.size(), 2u);
  EXPECT_EQ(diagnostics[0].what, "the server rejected 3 of the log records: too old");
  EXPECT_EQ(diagnostics[0].kind, Error::Kind::usage);
  EXPECT_EQ(diagnostics[0].where, "http://127.0.0.1:" + std::to_string(server.port()) + "/v1/logs");
  EXPECT_EQ(diagnostics[1].what, "the server rejected 2 of the data points");
  EXPECT_EQ(server.requests().size(), 2u) << "a partial success is not repeated";
}

TEST_F(OtlpRequests, GiveWarningsForAnswersThatAreNotOtlps) {
  for (const char* body :
       {"", "{}", "{\"partialSuccess\":null}", "{\"partialSuccess\":{\"rejectedLogRecords\":{}}}"}) {
    HttpServer server([&](const auto&) { return HttpServer::answer("200 OK", body); });
    EXPECT_TRUE(sent_to(server.port()).empty()) << body;
  }
  for (const char* body : {"<html>", "[]", "{\"partialSuccess\":{\"errorMessage\":\"slow down\"}}"}) {
    HttpServer server([&](const auto&) { return HttpServer::answer("200 OK", body); });
    const auto diagnostics = sent_to(server.port());
    ASSERT_EQ(diagnostics.size(), 1u) << body;
    EXPECT_EQ(diagnostics[0].kind, Error::Kind::nonfatal) << body;
  }
}

TEST_F(OtlpRequests, AreRepeatedOnceWhenTheServerSaysWhen) {
  int asked = 0;
  HttpServer busy([&](const auto&) {
    return ++asked == 1 ? with_header("503 Service Unavailable", "Retry-After: 1")
                        : HttpServer::answer("200 OK", "{}");
  });
  EXPECT_TRUE(sent_to(busy.port()).empty());
  EXPECT_EQ(busy.requests().size(), 3u);

  struct Case {
    const char* status;
    const char* header;
    std::size_t requests;
  };
  for (const auto& [status, header, requests] : {Case{"429 Too Many Requests", "Retry-After: 1", 4},
                                                 {"429 Too Many Requests", "X: y", 2},
                                                 {"503 Service Unavailable", "Retry-After: 3600", 2},
                                                 {"500 Internal Server Error", "Retry-After: 1", 2}}) {
    HttpServer server([&](const auto&) { return with_header(status, header); });
    const auto diagnostics = sent_to(server.port());
    ASSERT_EQ(diagnostics.size(), 1u) << status << header;
    EXPECT_EQ(diagnostics[0].where,
              "http://127.0.0.1:" + std::to_string(server.port()) + "/v1/logs and /v1/metrics");
    EXPECT_NE(diagnostics[0].what.find(std::string(status).substr(0, 3)), std::string::npos)
        << diagnostics[0].line();
    EXPECT_EQ(server.requests().size(), requests) << status << header;
  }
}

TEST_F(OtlpRequests, EndWithAStop) {
  std::stop_source source;
  HttpServer server([&](const auto&) {
    source.request_stop();
    return with_header("503 Service Unavailable", "Retry-After: 30");
  });
  (void)sent_to(server.port(), "", source.get_token());
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(OtlpRequests, FollowNoRedirect) {
  HttpServer other([](const auto&) { return HttpServer::answer("200 OK", "{}"); });
  HttpServer server([&](const auto&) {
    return with_header("307 Temporary Redirect",
                       "Location: http://127.0.0.1:" + std::to_string(other.port()) + "/");
  });
  const auto diagnostics = sent_to(server.port());
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].what, "the server answers with the HTTP status 307");
  EXPECT_TRUE(other.requests().empty());
}

TEST_F(OtlpRequests, ShowNoCredentialThatTheServerRepeats) {
  HttpServer server([](const auto& request) {
    const auto at = request.head.find("Authorization: ");
    const std::string header = request.head.substr(at, request.head.find("\r\n", at) - at);
    return HttpServer::answer(
        "401 Unauthorized",
        nlohmann::json{{"code", 16}, {"message", "no user joe with geheim: " + header}}.dump());
  });
  for (const auto& error : sent_to(server.port(), "joe:geheim@")) {
    EXPECT_NE(error.what.find("HTTP status 401: no user"), std::string::npos) << error.line();
    for (const char* secret : {"geheim", "am9lOmdlaGVpbQ"})
      EXPECT_EQ(error.line().find(secret), std::string::npos) << error.line();
  }
}

TEST_F(OtlpRequests, AreBounded) {
  HttpServer server([](const auto&) { return HttpServer::answer("200 OK", std::string(100'000, ' ')); });
  const auto diagnostics = sent_to(server.port());
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].what, "the answer is longer than 64 KiB");
}

// A port on which nobody listens.
class ClosedPort {
 public:
  ClosedPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    number = testing_support::bind_to_loopback(socket_);
  }
  ~ClosedPort() { ::close(socket_); }
  ClosedPort(const ClosedPort&) = delete;
  ClosedPort& operator=(const ClosedPort&) = delete;
  int number = 0;

 private:
  int socket_;
};

constexpr const char* unindexed =
    "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);\n";

class OtlpOption : public OtlpRequests {
 protected:
  static std::string at(int port) { return "http://joe:geheim@127.0.0.1:" + std::to_string(port); }
};

TEST_F(OtlpOption, SendsFindingsAndMetrics) {
  HttpServer server([](const auto&) { return HttpServer::answer("200 OK", "{}"); });
  const Folder folder;
  folder.write("dump.sql", unindexed);
  const auto ran = run("check dump.sql --fail-on never --otlp " + at(server.port()), folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_NE(ran.err.find("wrote http://127.0.0.1:" + std::to_string(server.port())), std::string::npos)
      << ran.err;
  EXPECT_EQ(ran.err.find("geheim"), std::string::npos) << ran.err;
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  const auto logs = nlohmann::json::parse(requests[0].body, nullptr, false);
  const auto metrics = nlohmann::json::parse(requests[1].body, nullptr, false);
  ASSERT_TRUE(logs.is_object() && metrics.is_object());
  EXPECT_NE(logs["resourceLogs"].dump().find("unindexed-foreign-key"), std::string::npos) << logs;
  EXPECT_NE(metrics["resourceMetrics"].dump().find("pgadvise.findings"), std::string::npos) << metrics;
}

TEST_F(OtlpOption, FailsInOneLine) {
  const ClosedPort closed;
  const Folder folder;
  folder.write("dump.sql", unindexed);
  const auto ran =
      run("check dump.sql --quiet --fail-on never -o out.txt --otlp " + at(closed.number), folder.path());
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("127.0.0.1:" + std::to_string(closed.number) + "/v1/logs: "), std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("(check host and port of the URL, and whether the server runs)"), std::string::npos)
      << ran.err;
  EXPECT_EQ(ran.err.find("geheim"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("/v1/metrics"), std::string::npos) << ran.err;
  EXPECT_NE(read_file(folder.path("out.txt")).value_or("").find("unindexed-foreign-key"), std::string::npos);
}

TEST_F(OtlpOption, IsTheOnlyThingThatSends) {
  HttpServer server([](const auto&) { return HttpServer::answer("200 OK", "{}"); });
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port());
  const Folder folder;
  folder.write("dump.sql", unindexed);
  const std::string environment =
      "OTEL_EXPORTER_OTLP_ENDPOINT=" + url + " OTEL_EXPORTER_OTLP_HEADERS=X-Key=abc";
  EXPECT_EQ(run("check dump.sql --fail-on never", folder.path(), environment).exit_code, 0);
  for (const char* key : {"otlp = \"URL\"\n", "otlp = \"env\"\n", "[otlp]\nurl = \"URL\"\n"}) {
    folder.write("pgadvise.toml", replace_all(key, "URL", url));
    const auto ran = run("check dump.sql --fail-on never", folder.path(), environment);
    EXPECT_EQ(ran.exit_code, 2) << key << ran.err;
    EXPECT_NE(ran.err.find("otlp"), std::string::npos) << ran.err;
  }
  EXPECT_TRUE(server.requests().empty());
  std::filesystem::remove(folder.path("pgadvise.toml"));
  const auto sent = run("check dump.sql --fail-on never --otlp env", folder.path(), environment);
  EXPECT_EQ(sent.exit_code, 0) << sent.err;
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_NE(requests[0].head.find("\r\nX-Key: abc\r\n"), std::string::npos) << requests[0].head;
}

TEST(OtlpWords, AreHiddenFromTheProcessList) {
  for (const auto& words : {std::vector<std::string>{"pgadvise", "check", "--otlp", "http://joe:geheim@host"},
                            {"pgadvise", "check", "--otlp=http://joe:geheim@host"}}) {
    auto copy = words;
    std::vector<char*> argv;
    for (auto& word : copy) argv.push_back(word.data());
    const auto taken = cli::take_arguments(static_cast<int>(argv.size()), argv.data());
    EXPECT_TRUE(taken.hid_password);
    EXPECT_EQ(taken.logins, std::vector<std::string>{"joe:geheim"});
    for (const char* word : argv) EXPECT_EQ(std::string(word).find("geheim"), std::string::npos) << word;
  }
}

TEST(OtlpWords, AreCheckedBeforeTheRun) {
  for (const char* words : {"check /nonexistent.sql --otlp ''", "watch --db env --rounds 1 --otlp ' '",
                            "check /nonexistent.sql --otlp joe:geheim@host:4318", "check --otlp env"}) {
    const auto ran = run(words, "", "env -u OTEL_EXPORTER_OTLP_ENDPOINT");
    EXPECT_EQ(ran.exit_code, 2) << words;
    EXPECT_NE(ran.err.find("--otlp"), std::string::npos) << words << ran.err;
    EXPECT_EQ(ran.err.find("geheim"), std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find("nonexistent"), std::string::npos) << ran.err;
  }
}

}  // namespace
}  // namespace pgadvise::net
