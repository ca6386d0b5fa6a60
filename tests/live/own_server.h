// A PostgreSQL server for one test, which may stop it.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "pg/connection/connection.h"
#include "pg/sandbox/server_process.h"
#include "support/run.h"

namespace pgadvise::live {

// Started with pg_stat_statements, which can be loaded at the start alone. Stopped and removed with the
// object.
class OwnServer {
 public:
  OwnServer() { begin("{1}/initdb -D {0}/db/data -A trust -N -U postgres"); }
  // A streaming replica of `primary`. `port` names its socket: a store tells servers by their ports, too.
  OwnServer(const OwnServer& primary, int port) : port_(port) {
    begin(fmt::format("{{1}}/pg_basebackup -D {{0}}/db/data -R -N -c fast -h {} -p {} -U postgres",
                      primary.folder(), primary.port()));
  }
  ~OwnServer() {
    if (started_) stop("immediate");
  }
  OwnServer(const OwnServer&) = delete;
  OwnServer& operator=(const OwnServer&) = delete;

  bool started() const { return started_; }
  bool start() {
    return started_ = as_server(
               "{1}/pg_ctl -D {0}/db/data -w -l {0}/db/log -o \"-k {0}/db -p {2} -c listen_addresses= -c "
               "shared_preload_libraries=pg_stat_statements -c "
               "pg_stat_statements.track=all -c fsync=off\" start");
  }
  // A replica becomes a primary.
  bool promote() { return as_server("{1}/pg_ctl -D {0}/db/data -w promote"); }
  // `mode`: of pg_ctl. After "immediate", pg_stat_statements has its counters, which the postmaster writes as
  // it ends. The cumulative statistics (pg_stat_user_tables …) are gone: recovery discards them.
  bool stop(const std::string& mode = "fast") {
    started_ = false;
    return as_server("{1}/pg_ctl -D {0}/db/data -w -m " + mode + " stop");
  }

  std::string conninfo(const std::string& database = "postgres", const std::string& user = "postgres") const {
    return fmt::format("host={} port={} dbname={} user={}", folder(), port_, database, user);
  }
  std::string url(const std::string& database = "postgres") const {
    return fmt::format("postgresql:///{}?host={}&port={}&user=postgres", database, folder(), port_);
  }
  std::string folder() const { return folder_.path("db"); }  // of the socket
  int port() const { return port_; }
  pg::Connection connect(const std::string& user = "postgres") const {
    return std::move(*pg::Connection::open(conninfo("postgres", user)));
  }

 private:
  // `command` makes the data folder.
  void begin(const std::string& command) {
    const auto programs = pg::find_server();
    if (!programs) return;
    programs_ = *programs;
    started_ = shell("chmod 755 " + folder_.path() + "; mkdir {0}/db; " +
                     (::geteuid() == 0 ? "chown postgres {0}/db; " : "true; ")) &&
               as_server(command) && start();
  }
  bool shell(const std::string& command) const {
    return std::system(fmt::format(fmt::runtime("(" + command + ") >/dev/null 2>&1"), folder_.path(),
                                   programs_, port_)
                           .c_str()) == 0;
  }
  bool as_server(const std::string& command) const {
    return shell(::geteuid() == 0
                     ? "cd / && setpriv --reuid=postgres --regid=postgres --clear-groups " + command
                     : command);
  }

  testing_support::Folder folder_;
  int port_ = 5432;
  std::string programs_;
  bool started_ = false;
};

}  // namespace pgadvise::live
