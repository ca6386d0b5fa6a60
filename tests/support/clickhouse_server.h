// ClickHouse as a library (tests/clickhouse/server.mjs), with stores in its databases.
#pragma once

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/clickhouse/clickhouse_session.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise::testing_support {

// One process; it ends with the object.
class ClickHouseServer {
 public:
  // Where the packages of tests/clickhouse are.
  static std::string packages() { return std::string(source_dir) + "/build/clickhouse"; }

  // Why the server cannot run; "": it can.
  static std::string missing() {
    if (!std::filesystem::exists(packages() + "/node_modules/@chdb/lib-linux-x64-gnu"))
      return "ClickHouse is not installed: scripts/test --all installs the packages of tests/clickhouse";
    return std::system("command -v node >/dev/null") == 0 ? "" : "node is missing";
  }

  // `config`: a file with ClickHouse's configuration, or "". `folder`: for its data; "": one of its own.
  explicit ClickHouseServer(const std::string& config = "", const std::string& folder = "") {
    int to[2] = {-1, -1}, from[2] = {-1, -1};
    EXPECT_EQ(::pipe2(to, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(from, O_CLOEXEC), 0);
    const std::string script = std::string(source_dir) + "/tests/clickhouse/server.mjs", where = packages(),
                      data = folder.empty() ? folder_.path("data") : folder;
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(to[0], 0);
      ::dup2(from[1], 1);
      ::execlp("node", "node", script.c_str(), where.c_str(), data.c_str(),
               config.empty() ? nullptr : config.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    in_ = to[1];
    out_ = ::fdopen(from[0], "r");
    if (std::fscanf(out_, " port %d", &port_) != 1)
      ADD_FAILURE() << "tests/clickhouse/server.mjs does not start";
  }
  ClickHouseServer(const ClickHouseServer&) = delete;
  ClickHouseServer& operator=(const ClickHouseServer&) = delete;
  ~ClickHouseServer() {
    ::close(in_);
    std::fclose(out_);
    // The library sometimes hangs when its process exits, and nothing reads the data again.
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

  std::string url(const std::string& database, const std::string& user = "joe",
                  const std::string& password = "geheim") const {
    return "clickhouse://" + user + ":" + password + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
  }

  // Answers `requests` further requests and refuses those behind them; -1: answers all.
  void fail_after(int requests) { (void)tell("fail", requests); }
  // Answers `requests` further requests, runs the next one, and then answers nobody; -1: answers all. Returns
  // the number of requests so far.
  int hang_after(int requests) { return tell("hang", requests); }
  // Waits until it hangs.
  void wait_until_it_hangs() {
    pollfd answer{::fileno(out_), POLLIN, 0};
    char word[8] = "";
    EXPECT_GT(::poll(&answer, 1, 120'000), 0) << "it gets fewer requests";
    EXPECT_EQ(std::fscanf(out_, " %7s", word), 1);
    EXPECT_STREQ(word, "hangs");
  }

  std::vector<store::ClickHouseSession::Row> query(const std::string& database,
                                                   const std::string& sql) const {
    using store::ClickHouseSession;
    const auto address = store::read_clickhouse_url(url(database));
    auto session = ClickHouseSession::create(address.value_or(store::ClickHouseAddress()));
    EXPECT_TRUE(session.has_value());
    if (!session) return {};
    auto rows = session->query(
        sql, database.empty() ? ClickHouseSession::In::server : ClickHouseSession::In::database);
    EXPECT_TRUE(rows.has_value()) << (rows ? "" : rows.error().line()) << "\n" << sql;
    return rows.value_or(std::vector<ClickHouseSession::Row>());
  }

 private:
  int tell(const char* what, int number) {
    const std::string line = std::string(what) + " " + std::to_string(number) + "\n";
    EXPECT_EQ(::write(in_, line.data(), line.size()), static_cast<ssize_t>(line.size()));
    int requests = -1;
    EXPECT_EQ(std::fscanf(out_, " %d", &requests), 1);
    return requests;
  }

  Folder folder_;
  pid_t child_ = -1;
  int in_ = -1;
  std::FILE* out_ = nullptr;
  int port_ = 0;
};

}  // namespace pgadvise::testing_support
