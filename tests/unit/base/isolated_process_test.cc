// A program of run_isolated() reaches the one socket, and nothing else. Where the kernel refuses namespaces
// the tests are skipped.
#include "base/process/isolated_process.h"

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process/isolation_refused.h"
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
  // The last line that a Python program writes to either.
  std::string python(const std::string& program) {
    tree_.add("program.py", program);
    return out("python3 " + tree_.path("program.py") + " 2>&1 | tail -n 1");
  }
  TempTree tree_{{"mine/a", "1"}, {"other", "secret"}};
};

bool has_python() {
  const auto run = run_program({"python3", "-c", "import ctypes"});
  return run && run->status == 0;
}

// A process of the same user, outside.
class Outside {
 public:
  Outside() : pid_(::fork()) {
    if (pid_ == 0) {
      ::execlp("sleep", "sleep", "600", nullptr);
      ::_exit(127);
    }
  }
  ~Outside() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;
  std::string pid() const { return std::to_string(pid_); }
  bool lives() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

 private:
  pid_t pid_;
};

// Whether a process of this machine has the words in its command line, within 5 s no more.
bool runs_on(const std::string& words) {
  for (int tries = 0; tries < 100; ++tries) {
    if (run_program({"pgrep", "-f", words})->status != 0) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

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
  // One of a pair of datagram sockets could send to any socket's file.
  EXPECT_NE(out("python3 -c 'import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)' 2>&1")
                .find("Permission denied"),
            std::string::npos);
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

TEST_F(Isolated, NoTerminalIsThere) {
  EXPECT_EQ(out("cd /dev; echo *"), "fd full null random shm stderr stdin stdout urandom zero\n");
  EXPECT_EQ(out("(echo >/dev/tty) 2>/dev/null || echo none; tty"), "none\nnot a tty\n");
  EXPECT_EQ(out("echo x >/dev/null; echo y >/dev/stdout; echo z >/dev/shm/z; cat /dev/shm/z /dev/null"),
            "y\nz\n");
  EXPECT_EQ(out("(echo >/dev/new) 2>/dev/null || echo none; mknod " + tree_.path("mine/d") +
                " c 1 3 2>/dev/null || echo none"),
            "none\nnone\n");
}

// /dev/null is no terminal: the kernel would answer ENOTTY.
TEST_F(Isolated, NothingIsTypedIntoATerminal) {
  if (!has_python()) GTEST_SKIP() << "python3 is missing";
  const std::string call = "import ctypes, errno, os\nlibc = ctypes.CDLL(None, use_errno=True)\n";
  for (const char* request : {"0x5412", "0x541c", "0x100005412"})
    EXPECT_EQ(python(call + "libc.ioctl(0, ctypes.c_ulong(" + request +
                     "), b'x')\nprint(errno.errorcode[ctypes.get_errno()])\n"),
              "EPERM\n")
        << request;
  if (std::string(run_program({"uname", "-m"})->out) == "x86_64\n") {
    EXPECT_EQ(python(call + "libc.syscall(0x40000000 + 514, 0, 0x5412, b'x')\n"
                            "print(errno.errorcode[ctypes.get_errno()])\n"),
              "EACCES\n")
        << "by the table of x32";
  }
}

TEST_F(Isolated, SeesItsOwnProcessesOnly) {
  const Outside other;
  EXPECT_EQ(out("cd /proc; echo [0-9]*"), "1 2\n") << "process 1, and bash";
  EXPECT_EQ(
      out("cat /proc/" + other.pid() + "/cmdline /proc/" + other.pid() + "/environ 2>/dev/null || echo none"),
      "none\n");
  EXPECT_EQ(out("cat /proc/1/environ /proc/1/maps /proc/1/mem 2>/dev/null | wc -c"), "0\n")
      << "process 1 has a copy of our memory";
  EXPECT_EQ(out("(echo 1 >/proc/sys/kernel/core_uses_pid) 2>/dev/null || echo read-only"), "read-only\n");
}

TEST_F(Isolated, KillsNoOtherProcess) {
  const Outside other;
  EXPECT_EQ(out("kill -9 " + other.pid() + " 2>/dev/null || echo none; kill -9 -1; echo end"), "none\nend\n");
  EXPECT_TRUE(other.lives());
}

TEST_F(Isolated, TracesAndReadsNoProcess) {
  if (!has_python()) GTEST_SKIP() << "python3 is missing";
  // Its own child, which it could trace outside: ptrace(PTRACE_ATTACH), process_vm_readv, pidfd_open,
  // pidfd_getfd.
  const std::string program = R"(import ctypes, errno, os, platform, time
libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if child == 0:
    time.sleep(60)
x86 = platform.machine() == 'x86_64'
answers = []
for number, arguments in [(101 if x86 else 117, (16, child, 0, 0)), (310 if x86 else 270, (child, 0, 0, 0, 0, 0)),
                          (434, (child, 0)), (438, (0, 0, 0)), (312 if x86 else 272, (child, child, 0, 0, 0))]:
    ctypes.set_errno(0)
    libc.syscall(number, *arguments)
    answers.append(errno.errorcode.get(ctypes.get_errno(), 'none'))
os.kill(child, 9)
print(*answers)
)";
  EXPECT_EQ(python(program), "EPERM EPERM ENOSYS EPERM EPERM\n");
}

TEST_F(Isolated, HasNoCapabilities) {
  EXPECT_EQ(out("grep -c '^Cap[A-Z][a-z]*:.0000000000000000$' /proc/self/status"), "5\n");
  EXPECT_EQ(
      out("for file in /dev/mem /dev/kmsg /etc/shadow-; do (echo >>$file) 2>/dev/null && echo wrote; done"),
      "");
  for (const char* command : {"unshare -r true", "unshare -n true", "mount -t tmpfs none /mnt", "umount /dev",
                              "chroot / true", "dmesg",
                              "chown 1 "
                              "/tmp"})
    EXPECT_EQ(out(std::string("(") + command + ") >/dev/null 2>&1 || echo refused"), "refused\n") << command;
}

// A file that another user runs later, with the rights of this one.
TEST_F(Isolated, MakesNoSetuidFile) {
  const std::string file = tree_.path("mine/a");
  for (const char* mode : {"4755", "2755", "u+s", "6777"})
    EXPECT_EQ(out(std::string("chmod ") + mode + " " + file + " 2>/dev/null || echo refused"), "refused\n")
        << mode;
  EXPECT_EQ(
      out("chmod 755 " + file + " && echo done; mkdir -m 755 " + tree_.path("mine/folder") + " && echo made"),
      "done\nmade\n");
  if (!has_python()) GTEST_SKIP() << "python3 is missing";
  EXPECT_EQ(python("import os\nos.umask(0)\nos.open('" + tree_.path("mine/suid") +
                   "', os.O_CREAT | os.O_WRONLY, 0o4755)\n"),
            "PermissionError: [Errno 1] Operation not permitted: '" + tree_.path("mine/suid") + "'\n");
}

TEST_F(Isolated, ChildrenInSessionsOfTheirOwnEndWithIt) {
  const std::string mark = "98765" + std::to_string(::getpid());
  EXPECT_EQ(out("setsid -f sleep " + mark + " >/dev/null 2>&1; (setsid sleep " + mark + " &) ; nohup sleep " +
                mark + " >/dev/null 2>&1 & pgrep -fc 'sleep " + mark + "' >/dev/null; echo end"),
            "end\n");
  EXPECT_FALSE(runs_on("sleep " + mark));
  EXPECT_FALSE(bash("setsid -f sleep " + mark + "; sleep " + mark, std::chrono::milliseconds(500)));
  EXPECT_FALSE(runs_on("sleep " + mark));
}

TEST_F(Isolated, HiddenFoldersAreEmpty) {
  tree_.add("hidden/secret", "x");
  const auto run = run_isolated({"bash", "-c",
                                 "ls -A " + tree_.path("hidden") + "; (echo 1 >" + tree_.path("hidden/new") +
                                     ") 2>/dev/null || echo none"},
                                {}, {}, {.socket = tree_.path("server"), .hidden = {tree_.path("hidden")}});
  ASSERT_TRUE(run) << run.error().what;
  EXPECT_EQ(run->out, "none\n");
}

TEST_F(Isolated, TheWorkingFolderIsReadOnlyToo) {
  const auto run =
      run_isolated({"bash", "-c", "pwd; (echo 1 >pgadvise-made-by-a-test) 2>/dev/null || echo none"}, {}, {},
                   {.socket = tree_.path("server")});
  ASSERT_TRUE(run) << run.error().what;
  EXPECT_EQ(run->out, std::filesystem::current_path().string() + "\nnone\n");
}

TEST_F(Isolated, RootBecomesTheOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can";
  ASSERT_EQ(::chown(tree_.path("mine").c_str(), 65534, 65534), 0);
  const auto run = run_isolated(
      {"bash", "-c", "id -u; id -G; echo 1 >" + tree_.path("mine/new") + "; cat /etc/shadow"}, {}, {},
      {.socket = tree_.path("server"), .writable = {tree_.path("mine")}, .owner = tree_.path("mine")});
  ASSERT_TRUE(run) << run.error().what;
  EXPECT_EQ(run->out, "65534\n65534\n");
  EXPECT_TRUE(std::filesystem::exists(tree_.path("mine/new")));
}

TEST_F(Isolated, ThreadsAndChildProcessesWork) {
  if (!has_python()) GTEST_SKIP() << "python3 is missing";
  EXPECT_EQ(python(R"(import multiprocessing, subprocess, tempfile, threading
threads = [threading.Thread(target=lambda: None) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
lock = multiprocessing.Lock()
print(subprocess.run(['sh', '-c', 'echo child | cat'], capture_output=True, text=True).stdout.strip())
)"),
            "child\n");
}

// What a machine's files of /proc say of a refusal.
TEST(IsolationRefused, NamesTheSettingAtFault) {
  const TempTree debian({{"sys/kernel/unprivileged_userns_clone", "0\n"}});
  EXPECT_EQ(refusal(IsolationStep::namespaces, "Operation not permitted", debian.path(), 1000),
            "the kernel refuses namespaces (Operation not permitted): "
            "/proc/sys/kernel/unprivileged_userns_clone is 0");
  EXPECT_EQ(refusal(IsolationStep::namespaces, "Operation not permitted", debian.path(), 0),
            "the kernel refuses namespaces (Operation not permitted)");
  const TempTree none({{"sys/user/max_user_namespaces", "0\n"}});
  EXPECT_NE(refusal(IsolationStep::namespaces, "x", none.path(), 1000)
                .find(": /proc/sys/user/max_user_namespaces is 0"),
            std::string::npos);
  const TempTree ubuntu({{"sys/kernel/apparmor_restrict_unprivileged_userns", "1\n"}});
  EXPECT_NE(refusal(IsolationStep::mounts, "x", ubuntu.path(), 1000)
                .find(": /proc/sys/kernel/apparmor_restrict_unprivileged_userns is 1"),
            std::string::npos);
  const TempTree chroot({{"self/mountinfo", "64 43 0:38 / /proc rw - proc proc rw\n"}});
  EXPECT_NE(refusal(IsolationStep::namespaces, "x", chroot.path(), 1000).find("chroot"), std::string::npos);
  const TempTree container({{"self/mountinfo", "64 43 0:38 / / rw - overlay overlay rw\n"},
                            {"self/status", "NoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n"}});
  EXPECT_NE(refusal(IsolationStep::namespaces, "x", container.path(), 0).find("filter of system calls"),
            std::string::npos);
  EXPECT_NE(refusal(IsolationStep::proc, "x", container.path(), 1000).find("parts of /proc are covered"),
            std::string::npos);
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
