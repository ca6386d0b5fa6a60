// A program of run_isolated() reaches the one socket, and nothing else. Where the kernel refuses namespaces
// the tests are skipped.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/isolated_process.h"
#include "support/temp_tree.h"

namespace pgadvise {
namespace {

using testing_support::TempTree;

// Answers each connection with what it was sent, behind "echo ".
class Echo {
 public:
  explicit Echo(const std::string& path) : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    thread_ = std::thread([this] {
      for (int fd = ::accept(listener_, nullptr, nullptr); fd >= 0;
           fd = ::accept(listener_, nullptr, nullptr)) {
        char text[256] = "echo ";
        const ssize_t got = ::read(fd, text + 5, sizeof text - 5);
        if (got > 0 && ::write(fd, text, static_cast<std::size_t>(got) + 5) < 0) break;
        ::close(fd);
      }
    });
  }
  ~Echo() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Echo(const Echo&) = delete;
  Echo& operator=(const Echo&) = delete;

 private:
  int listener_;
  std::thread thread_;
};

class Isolated : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto possible = can_isolate(); !possible) GTEST_SKIP() << possible.error().what;
  }
  Result<ProgramRun> bash(const std::string& script,
                          std::chrono::milliseconds time = std::chrono::seconds(20)) {
    return run_isolated({"bash", "-c", script}, {}, {.time = time},
                        {.socket = tree_.path("server"), .port = 5432, .writable = {tree_.path("mine")}});
  }
  std::string out(const std::string& script) {
    const auto run = bash(script);
    EXPECT_TRUE(run) << (run ? "" : run.error().what);
    return run ? run->out : std::string();
  }
  TempTree tree_{{"mine/a", "1"}, {"other", "secret"}};
};

TEST_F(Isolated, TheLoopbackLeadsToTheSocket) {
  const Echo server(tree_.path("server"));
  EXPECT_EQ(out("exec 3<>/dev/tcp/127.0.0.1/5432; printf hello >&3; cat <&3"), "echo hello");
  EXPECT_EQ(out("for i in 1 2 3 4 5; do exec 3<>/dev/tcp/127.0.0.1/5432; printf $i >&3; cat <&3; done"),
            "echo 1echo 2echo 3echo 4echo 5");
}

TEST_F(Isolated, NoOtherPortOfThisMachineIsReached) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string port = std::to_string(ntohs(address.sin_port));
  const auto reach = [&](const char* host) {
    return "(exec 3<>/dev/tcp/" + std::string(host) + "/" + port + ") 2>/dev/null && echo reached";
  };
  const auto without = run_program({"bash", "-c", reach("127.0.0.1")});
  EXPECT_EQ(without.value().out, "reached\n") << "the listener is there";
  EXPECT_EQ(out(reach("127.0.0.1")), "");
  EXPECT_EQ(out(reach("192.0.2.1")), "") << "no route";
  ::close(listener);
}

TEST_F(Isolated, NoUnixSocketIsOpenedButPairsAre) {
  const Echo server(tree_.path("server"));
  if (run_program({"python3", "-c", ""})->status != 0) GTEST_SKIP() << "python3 is missing";
  const std::string connect = "python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"" +
                              tree_.path("server") + "\"); print(1)' 2>&1 | tail -n 1";
  EXPECT_EQ(run_program({"bash", "-c", connect})->out, "1\n") << "the socket is there";
  EXPECT_NE(out(connect).find("Permission denied"), std::string::npos);
  EXPECT_EQ(out("python3 -c 'import socket; socket.socketpair(); print(2)'"), "2\n");
}

TEST_F(Isolated, FilesAreWrittenInItsFoldersOnly) {
  const auto run = bash("echo 2 >" + tree_.path("mine/b") + "; echo 3 >" + tree_.path("other") +
                        "; echo 4 >/tmp/" + "pgadvise-outside-$$; mount -o remount,rw / ; cat " +
                        tree_.path("other") + "; echo >/dev/null && echo end");
  ASSERT_TRUE(run) << run.error().what;
  EXPECT_EQ(run->out, "secretend\n");
  EXPECT_NE(run->err.find("Read-only file system"), std::string::npos) << run->err;
  EXPECT_TRUE(std::filesystem::exists(tree_.path("mine/b")));
}

TEST_F(Isolated, NoNamespaceOfAnotherProcessIsEntered) {
  EXPECT_EQ(out("nsenter -t 1 -n true 2>/dev/null && echo entered"), "");
  EXPECT_EQ(out("grep NoNewPrivs /proc/self/status"), "NoNewPrivs:\t1\n");
}

TEST_F(Isolated, WhatHangsIsEndedWithItsChildren) {
  const auto run = bash("sleep 1000 & sleep 1000", std::chrono::milliseconds(300));
  ASSERT_FALSE(run);
  EXPECT_NE(run.error().what.find("no answer within"), std::string::npos) << run.error().what;
}

TEST_F(Isolated, OutputComesAsItIsWritten) {
  std::string seen;
  const auto run = run_isolated({"bash", "-c", "echo a; echo b >&2"}, {}, {},
                                {.socket = tree_.path("server"), .port = 5432, .writable = {}},
                                [&](std::string_view text, bool error) {
                                  seen += error ? "err:" : "out:";
                                  seen += text;
                                });
  ASSERT_TRUE(run) << run.error().what;
  EXPECT_NE(seen.find("out:a"), std::string::npos);
  EXPECT_NE(seen.find("err:b"), std::string::npos);
}

}  // namespace
}  // namespace pgadvise
