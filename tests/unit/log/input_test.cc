// Prefixes, and input that is broken, hostile or not a PostgreSQL log at all.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "cli/output/progress.h"
#include "log_support.h"
#include "support/temp_tree.h"

namespace pgadvise::log::testing {
namespace {

constexpr const char* call = "LOG:  duration: 0.5 ms  statement: SELECT 1";

TEST(Prefix, FoundByItself) {
  struct Case {
    const char* prefix;
    const char* line;
  };
  const Case cases[] = {
      {"%m [%p] ", "2024-05-01 12:00:00.000 UTC [77] "},
      {"%m [%p] ", "2024-05-01 12:00:00.000 +0330 [77] "},
      {"%t [%p] ", "2024-05-01 12:00:00 UTC [77] "},
      {"%t [%p]: ", "2024-05-01 12:00:00 UTC [77]: "},
      {"%t:%r:%u@%d:[%p]:", "2024-05-01 12:00:00 UTC:10.0.0.1(5555):app@shop:[77]:"},
      {"%t:%r:%u@%d:[%p]:", "2024-05-01 12:00:00 UTC:::1(5555):app@shop:[77]:"},
      {"%m [%p] %q%u@%d ", "2024-05-01 12:00:00.000 UTC [77] app@shop "},
      {"%t [%p]: user=%u,db=%d,app=%a,client=%h ",
       "2024-05-01 12:00:00 UTC [77]: user=app,db=shop,app=web 1,client=10.0.0.1 "},
      {"%m %p %l %a %u %d %r %c ",
       "2024-05-01 12:00:00.000 UTC 77 3 web app shop 10.0.0.1(5555) 6630f1a0.4d "},
      {"[%p] [user=%u,db=%d,app=%a] ", "[77] [user=app,db=shop,app=sidekiq 1.2.3 queues:x[0 of 50 busy]] "},
      {"%t [%p][%v] : [%l-1] %q[app=%a] ", "2018-09-27 06:57:01 EST [20194][] : [1-1] [app=x] "},
      {"%m [%p][%v] : [%l-1] %q[app=%a] ", "2018-09-27 06:57:01.030 EST [20194][3/21] : [1-1] [app=] "},
      {"%n [%p] ", "1714560000.123 [77] "},
      {"%m [%p] %q%u@%d/%a ", "2024-05-01 12:00:00.000 UTC [77] app@shop/web "},
      {"", ""},
  };
  for (const auto& [prefix, line] : cases) {
    const Read log = read_text(std::string(line) + call + "\n");
    EXPECT_EQ(log.source().prefix, prefix) << line;
    EXPECT_EQ(log.source().statements, 1u) << line;
  }
}

TEST(Prefix, GivenWithEveryEscape) {
  const Read log = read_text(
      "<app|shop|web: a|10.0.0.1|10.0.0.1(5555)|client backend|77|12|2024-05-01 12:00:00 UTC|2024-05-01 "
      "12:00:00.001 UTC|"
      "1714560000.001|SELECT|00000|6630f1a0.4d|3|2024-05-01 11:00:00 UTC|4/10|0|-55|100%|[local]> txid=0" +
          std::string(call) + "\n" + "<||||||77||2024-05-01 12:00:00 UTC|LOG:  checkpoint\n",
      "<%u|%d|%a|%h|%r|%b|%p|%P|%t|%m|%n|%i|%e|%c|%l|%s|%v|%x|%Q|100%%|%L> txid=%x");
  EXPECT_EQ(log.source().statements, 1u);
  EXPECT_EQ(log.query().applications, std::set<std::string>{"web: a"});
  EXPECT_EQ(log.query().users, std::set<std::string>{"app"});
  EXPECT_EQ(log.source().not_understood, 1u);
}

TEST(Prefix, StopsAtQAndPads) {
  const Read log =
      read_text(fmt::format("77    |LOG:  checkpoint\n77    |       app {}\n", call), "%-5p |%q%10u ");
  EXPECT_EQ(log.source().statements, 1u);
  EXPECT_EQ(log.source().other, 1u);
  EXPECT_EQ(log.query().users, std::set<std::string>{"app"});
}

TEST(Prefix, NamesThatLookLikeALevel) {
  const Read log = read_text(fmt::format("2024-05-01 12:00:00.000 UTC [77] app@shop/LOG:  x {}\n", call),
                             "%m [%p] %q%u@%d/%a ");
  EXPECT_EQ(log.query().applications, std::set<std::string>{"LOG:  x"});
}

TEST(Prefix, UnknownEscapeIsNamed) {
  const Read log = read_text(at(1, 7, call), "%m [%p] %y");
  ASSERT_FALSE(log.diagnostics.empty());
  EXPECT_NE(log.diagnostics[0].line().find("%y"), std::string::npos);
}

TEST(Prefix, MayChangeOnTheWay) {
  const Read log =
      read_text(at(1, 7, call) +
                "2024-05-01 12:00:02.000 UTC [7]: [1-1] user=app,db=shop,app=web,client=::1 " + call + "\n");
  EXPECT_EQ(log.query().calls, 2u);
}

TEST(Prefix, IsInferredAnewWhereARunOfLinesDoesNotFit) {
  std::string text;
  for (int i = 0; i < 30; ++i) text += at(i, 7, call);
  for (int i = 0; i < 30; ++i)
    text +=
        fmt::format("2024-05-01 12:30:{:02}.000 UTC <7> wsrep_0 {}\n", i, call) + (i % 3 ? "" : "\t, 2\n");
  for (int i = 0; i < 30; ++i) text += at(2000 + i, 7, call);
  const Read log = read_text(text);
  EXPECT_EQ(log.source().statements, 90u);
  EXPECT_EQ(log.source().not_understood, 0u);
}

TEST(Prefix, OfTheMostLinesIsTaken) {
  std::string text = at(1, 7, "LOG:  parameter \"log_line_prefix\" changed to \"%d:%u:%p:\"") +
                     at(1, 7, "LOG:  received SIGHUP, reloading configuration files");
  for (int i = 0; i < 60; ++i) text += fmt::format("postgres:app:{}:{}\n", 4000 + i % 3 * 17, call);
  const Read log = read_text(text);
  EXPECT_EQ(log.source().statements, 60u);
  EXPECT_EQ(log.workload.sessions, 3u);
}

TEST(Prefix, WithoutSessionsIsTold) {
  std::string text;
  for (int i = 0; i < 9; ++i) text += fmt::format("2024-05-01 12:30:{:02}.000 UTC {}\n", i, call);
  const Read log = read_text(text);
  ASSERT_EQ(log.diagnostics.size(), 1u);
  EXPECT_NE(log.diagnostics[0].line().find("the lines name no session"), std::string::npos);
  EXPECT_NE(log.diagnostics[0].hint.find("--log-line-prefix"), std::string::npos);
  EXPECT_TRUE(read_text(at(1, 7, call)).diagnostics.empty());
}

TEST(Prefix, OfAHostileNameIsNotTriedForever) {
  std::string name;
  for (int i = 0; i < 100000; ++i) name += "@ ";
  const Read log = read_text("2024-05-01 12:00:01.000 UTC [7] a@b@c@d@e " + std::string(call) +
                                 "\n2024-05-01 12:00:02.000 UTC [7] " + name + "LOG:  x\n",
                             "%m [%p] %u@%d@%a@%h@%r ");
  EXPECT_EQ(log.source().not_understood, 1u);
}

// What a server with this log_line_prefix writes for one process; a process of its own has neither user nor
// database.
std::string prefix_written(std::string_view prefix, int process, int line, bool own) {
  std::string out;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (prefix[i] != '%') {
      out += prefix[i];
      continue;
    }
    switch (prefix[++i]) {
      case 'm': out += fmt::format("2024-05-01 12:00:{:02}.{:03} UTC", line, line * 7); break;
      case 't': out += fmt::format("2024-05-01 12:00:{:02} UTC", line); break;
      case 'n': out += fmt::format("17145648{:02}.{:03}", line, line * 7); break;
      case 's': out += "2024-05-01 11:00:00 UTC"; break;
      case 'p': out += std::to_string(process); break;
      case 'c': out += fmt::format("6630f1a0.{:x}", process); break;
      case 'l': out += std::to_string(line); break;
      case 'v': out += own ? "" : fmt::format("{}/{}", process % 7, line); break;
      case 'x': out += "0"; break;
      case 'Q': out += own ? "0" : line % 2 ? "-5512345678901234567" : "5512345678901234567"; break;
      case 'e': out += "00000"; break;
      case 'b': out += own ? "checkpointer" : "client backend"; break;
      case 'i': out += own ? "" : "SELECT"; break;
      case 'u': out += own ? "" : "app"; break;
      case 'd': out += own ? "" : "shop"; break;
      case 'a': out += own ? "" : "web 1"; break;
      case 'h': out += own ? "" : "10.0.0.5"; break;
      case 'r': out += own ? "" : "10.0.0.5(5432)"; break;
      case 'q':
        if (own) return out;
        break;
      default: break;
    }
  }
  return out;
}

TEST(Prefix, InferredWhenItIsNotKnown) {
  struct Case {
    const char* prefix;
    bool user, database, sessions;  // are they sure?
  };
  const Case cases[] = {
      {"%m [%p] %Q ", false, false, true},
      {"%m [%p] [%b] ", false, false, true},
      {"%t", false, false, false},
      {"%p: ", false, false, true},
      {"%p %m", false, false, true},
      {"%m %u@%d/%a[%p] ", true, true, true},
      {"[%m] [%p] [%u@%d] [%a] ", true, true, true},
      {"%t [%p]: [%l-1] [%x] user=%u,db=%d,app=%a ", true, true, true},
      {"%u@%d %m [%p] ", true, true, true},
      {"db=%d,user=%u,pid=%p,time=%m ", true, true, true},
      {"%m user=%u db=%d host=%h pid=%p: ", true, true, true},
      {"pid=%p,sess=%c,line=%l,ts=%m,", false, false, true},
      {"%n %p %c ", false, false, true},
      {"%m [%p]: level=%e user=%u ", true, false, true},
      {"%m [%p] app=%a,user=%u,db=%d,client=%h ", true, true, true},
      {"%m [%p] %q[%u@%d] [%a] ", true, true, true},
      {"%m [%p] %quser=%u db=%d app=%a ", true, true, true},
      {"[%p] %m %q%u@%d ", true, true, true},
      {"%m [%l] [%p] %c ", false, false, true},
      {"<%m %p> %q<%u@%d> ", true, true, true},
      {"%m;%p;%l; ", false, false, true},
      {"%c %l %m ", false, false, true},
      {"(%m) (%p) (%u@%d) ", true, true, true},
      {"%m pid=%p user=%u database=%d ", true, true, true},
      {"%t [%p] [%l-1] %q%u@%d ", true, true, true},
      {"%m [%p] %e %q%u@%d ", true, true, true},
      {"%m [%p] %x %q%u@%d ", true, true, true},
      {"{%m} {%p} %q{%u@%d} ", true, true, true},
      {"%m [%p]: [%l-1] [%v] %quser=%u,db=%d ", true, true, true},
      {"%m # %p # ", false, false, true},
      {"%m %c %p %l ", false, false, true},
      {"100%% %m [%p] %l ", false, false, true},
      {"%m [%p] %q%u@%d [%h] ", true, true, true},
      {"%n [%p] [%c] user=%u,db=%d,client=%r ", true, true, true},
  };
  for (const auto& [prefix, user, database, sessions] : cases) {
    std::string text;
    const auto add = [&](int process, int line, bool own, std::string_view rest) {
      text += prefix_written(prefix, process, line, own) + std::string(rest) + "\n";
    };
    for (int line = 1; line < 20; line += 3) {
      add(4242, line, false, call);
      add(5353, line, false, "LOG:  duration: 0.5 ms  statement: SELECT 1,\n\t2");
      add(4242, line + 1, false, "ERROR:  division by zero");
      add(4242, line + 1, false, "STATEMENT:  SELECT 1/0");
      add(99, line + 2, true, "LOG:  checkpoint starting: time");
    }
    const Read log = read_text(text);
    EXPECT_EQ(log.source().statements, 14u)
        << prefix << " read as " << log.source().prefix << log.source().note;
    EXPECT_EQ(log.source().not_understood, 0u) << prefix << " read as " << log.source().prefix;
    if (log.workload.queries.empty()) continue;
    const std::set<std::string> none;
    EXPECT_EQ(log.query().users, user ? std::set<std::string>{"app"} : none)
        << prefix << " read as " << log.source().prefix;
    EXPECT_EQ(log.query().databases, database ? std::set<std::string>{"shop"} : none)
        << prefix << " read as " << log.source().prefix;
    if (sessions) {
      EXPECT_EQ(log.workload.sessions, 2u) << prefix << " read as " << log.source().prefix;
    }
  }
}

TEST(Prefix, WhatWouldGiveWrongNamesIsNotTaken) {
  for (const char* prefix :
       {"%t %p %e %u %d  ", "%t [%p] %l [%c] %u %d %a %h ", "{%m} {%p} {%u} ", "%m|%p|%h|%u|%d|%a|"}) {
    const Read log = read_text(prefix_written(prefix, 4242, 7, false) + call + "\n");
    EXPECT_EQ(log.source().statements, 1u) << prefix;
    ASSERT_EQ(log.workload.queries.size(), 1u) << prefix;
    EXPECT_TRUE(log.query().users.empty()) << prefix << " read as " << log.source().prefix;
    EXPECT_TRUE(log.query().databases.empty()) << prefix << " read as " << log.source().prefix;
  }
}

TEST(Prefix, WhatIsNotSureIsSaid) {
  const Read log = read_text(fmt::format("app {0}\napp {0}\n", call));
  EXPECT_EQ(log.source().statements, 0u);
  ASSERT_FALSE(log.diagnostics.empty());
  EXPECT_NE((log.source().note + log.diagnostics[0].line()).find("--log-line-prefix"), std::string::npos);
}

TEST(Prefix, ABareNumberThatRisesIsNoProcess) {
  std::string rising, sessions, processes, zeros;
  for (int i = 1; i <= 12; ++i) {
    rising += fmt::format("{} {}\n", i, call);
    sessions += fmt::format("{0} {1}\n{0} {1}\n", i, call);
    processes += fmt::format("{} {}\n", 4711 + i % 3, call);
    zeros += fmt::format("0 {}\n", call);
  }
  for (const auto& [text, prefix] :
       {std::pair{rising, "%l "}, {sessions, "%l "}, {processes, "%p "}, {zeros, "%Q "}}) {
    const Read log = read_text(text);
    EXPECT_EQ(log.source().prefix, prefix);
    const bool told = std::any_of(log.diagnostics.begin(), log.diagnostics.end(), [](const auto& each) {
      return each.what.find("the lines name no session") != std::string::npos;
    });
    EXPECT_EQ(told, std::string_view(prefix) != "%p ") << prefix;
  }
}

TEST(Prefix, ALevelInAnApplicationsNameHidesNoCall) {
  const char* prefix = "%m [%p] %a ";
  const std::string name = "web [1]: x, LOG:  y ";
  std::string text;
  for (int i = 0; i < 5; ++i)
    text += at(i, 7, name + "LOG:  connection authorized: user=a database=b") +
            at(i, 7,
               name +
                   "LOG:  duration: 1.000 ms  execute s: select 1 where a = $1 -- LOG:  duration: 2.000 ms  "
                   "statement: select 9") +
            at(i, 7, name + "LOG:  statement: select 2") +
            at(i, 7, "web DETAIL:  parameters: $1 = 'LOG:  duration: 3.000 ms  statement: select 3'") +
            at(i, 7, "web ERROR:  invalid input: \"LOG:  duration: 3.000 ms  statement: select 3\"");
  const Read log = read_text(text, prefix);
  EXPECT_EQ(log.source().statements, 10u);
  EXPECT_EQ(log.workload.queries.size(), 2u);
  for (const auto& query : log.workload.queries)
    EXPECT_EQ(query.applications, std::set<std::string>{"web [1]: x, LOG:  y"});
}

TEST(Input, NamesOfComposeServices) {
  const Read log = read_text(
      "db-1  | The files belonging to this database system will be owned by user \"postgres\".\n"
      "db-1  | 2024-05-01 12:00:00.000 UTC [77] LOG:  duration: 0.5 ms  statement: SELECT 1,\n"
      "db-1  | \t2\n");
  EXPECT_EQ(log.query().samples.at(0).statement, "SELECT 1,\n2");
  EXPECT_EQ(log.source().not_understood, 1u);
}

TEST(Input, WhatAnotherServicePrintsBelongsToNoStatement) {
  std::string text;
  for (int i = 0; i < 6; ++i) {
    text += "db-1   | " + at(i, 7,
                             "LOG:  duration: 1.000 ms  statement: select title from posts where user_id = " +
                                 std::to_string(i) + ",");
    text += "web-1  | step for ann@example.com\n";
    text += "web-1  | \tat handler (app.js:7)\n";
    text += "db-1   | \t2\n";
    text += "db-2   | " + at(i, 7, "LOG:  duration: 1.000 ms  statement: select 7");
  }
  const Read log = read_text(text);
  ASSERT_EQ(log.workload.queries.size(), 2u);
  for (const auto& query : log.workload.queries) EXPECT_EQ(query.text.find("step"), std::string::npos);
  EXPECT_EQ(log.source().not_understood, 6u);
  EXPECT_EQ(log.workload.sessions, 2u) << "of two servers";
}

TEST(Input, IdentityFromTheConnectionsRecord) {
  const Read log = read_text(
      at(1, 7,
         "LOG:  connection authorized: user=app database=my shop application_name=web 2 SSL enabled (x)") +
      at(2, 7, call));
  EXPECT_EQ(log.query().users, std::set<std::string>{"app"});
  EXPECT_EQ(log.query().databases, std::set<std::string>{"my shop"});
  EXPECT_EQ(log.query().applications, std::set<std::string>{"web 2"});
}

TEST(Input, PgadvisesOwnStatementsAreLeftOut) {
  const Read log = read_text(
      at(1, 7,
         "LOG:  connection authorized: user=app database=shop application_name=pgadvise SSL enabled (x)") +
      at(2, 7, "LOG:  duration: 9.000 ms  statement: select * from pg_class") +
      at(3, 8, "LOG:  duration: 9.000 ms  execute <unnamed>: select 5 /* pgadvise */") +
      at(4, 7, "ERROR:  canceling statement due to statement timeout") + at(5, 9, call));
  EXPECT_EQ(log.source().statements, 1u);
  EXPECT_EQ(log.workload.queries.size(), 1u);
  EXPECT_TRUE(log.workload.server_events.empty());
}

TEST(Input, ASelectionReadsTheNamedSessionsAndTimes) {
  const std::string text =
      at(1, 7, "LOG:  connection authorized: user=app database=shop application_name=web SSL enabled (x)") +
      at(2, 7, "LOG:  duration: 1.000 ms  statement: select 2") +
      at(2, 8, "LOG:  connection authorized: user=app database=shop application_name=jobs SSL enabled (x)") +
      at(3, 8, "LOG:  duration: 1.000 ms  statement: select a from b") +
      at(4, 7, "LOG:  duration: 1.000 ms  statement: select 4") +
      at(5, 9, "LOG:  duration: 1.000 ms  statement: select 5");
  const auto statements = [&](const Selection& selection) {
    return read_text(text, "", selection).source().statements;
  };
  const auto second = [](const char* stamp) { return parse_moment(stamp).value(); };
  EXPECT_EQ(statements({}), 4u);
  EXPECT_EQ(statements({.applications = {"web"}}), 2u);
  EXPECT_EQ(statements({.applications = {"web", "jobs"}, .users = {"app"}, .databases = {"shop"}}), 3u);
  EXPECT_EQ(statements({.applications = {"web"}, .from = second("2024-05-01 12:00:03")}), 1u);
  EXPECT_EQ(statements({.from = second("2024-05-01T14:00:03+02:00"), .until = second("2024-05-01 12:00:05")}),
            2u);
  const Read none = read_text(text, "", {.users = {"nobody"}});
  EXPECT_EQ(none.source().note, "--user nobody selects none of 6 records");
}

TEST(Input, ASelectionOfNothingNamesWhatTheLogHas) {
  const std::string text =
      at(1, 7, "LOG:  connection authorized: user=app database=shop application_name=web SSL enabled (x)") +
      at(2, 7, "LOG:  duration: 1.000 ms  statement: select 2") +
      at(3, 8, "LOG:  connection authorized: user=root database=shop application_name=jobs SSL enabled (x)") +
      at(4, 8, "LOG:  duration: 1.000 ms  statement: select 4");
  const auto line = [&](const Selection& selection) {
    const auto error = nothing_selected(selection, read_text(text, "", selection).workload.sources);
    return error ? error->line() : std::string();
  };
  EXPECT_EQ(line({}), "");
  EXPECT_EQ(line({.applications = {"nobody", "web"}}), "");
  EXPECT_EQ(line({.applications = {"nobody"}}),
            "--app nobody: selects no record of the log (the log has the applications jobs, web)");
  EXPECT_EQ(line({.users = {"app"}, .databases = {"shops"}}),
            "--database shops: selects no record of the log (the log has the database shop)");
  EXPECT_EQ(
      line({.from = parse_moment("2024-05-02").value()}),
      "--from '2024-05-02 00:00:00': selects no record of the log (the log goes from 2024-05-01 12:00:01 "
      "to 2024-05-01 12:00:04)");
  EXPECT_EQ(
      line({.applications = {"web"}, .users = {"root"}}),
      "--app web --user root: selects no record of the log (each option selects some records, but none of "
      "them meets all: leave one out)");
}

TEST(Input, MomentsAreReadWithAndWithoutAZone) {
  const auto moment = [](const char* text) { return parse_moment(text).value_or(-1); };
  EXPECT_EQ(moment("1970-01-02"), std::int64_t{86400} * 1000000);
  EXPECT_EQ(moment("1970-01-01 00:01"), 60000000);
  EXPECT_EQ(moment(" 1970-01-01T00:01:02.5Z "), 62500000);
  EXPECT_EQ(moment("1970-01-01 02:00+02"), 0);
  EXPECT_EQ(moment("1970-01-01T02:00:01+02:00"), 1000000);
  EXPECT_EQ(moment("1970-01-01 01:00 CET"), 0);
  for (const char* wrong :
       {"", "10:00", "yesterday", "1970-13-01", "1970-01-01 25:00", "1970-01-01 10:00 then"}) {
    EXPECT_FALSE(parse_moment(wrong)) << wrong;
  }
}

TEST(Input, AProcessIdThatComesAgainIsAnotherSession) {
  const Read log =
      read_text(at(1, 7, call) +
                at(2, 7, "LOG:  disconnection: session time: 0:00:01.000 user=a database=b host=[local]") +
                at(3, 7, call) + at(4, 7, "LOG:  connection received: host=[local]") + at(5, 7, call));
  EXPECT_EQ(log.workload.sessions, 3u);
}

TEST(Input, LineEndsOfWindows) {
  std::string text =
      at(1, 7, "LOG:  duration: 0.5 ms  statement: SELECT 1,") + "\t2\n" + at(1, 7, "LOG:  checkpoint");
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.insert(at, 1, '\r');
  const Read log = read_text(text);
  EXPECT_EQ(log.query().samples.at(0).statement, "SELECT 1,\n2");
  EXPECT_EQ(log.source().other, 1u);
}

TEST(Input, NulBytesAndInvalidUtf8) {
  using namespace std::string_literals;
  const Read log =
      read_text("\xef\xbb\xbf"s + at(1, 7, call) + std::string(5000, '\0') +
                at(2, 7, "LOG:  duration: 0.5 ms  statement: SELECT 'a\0b\xff\xc3(\xed\xa0\x80' FROM t"s));
  EXPECT_EQ(log.source().statements, 2u);
  bool found = false;
  for (const auto& query : log.workload.queries)
    for (const auto& sample : query.samples)
      found |= sample.statement == "SELECT 'a b\ufffd\ufffd(\ufffd\ufffd\ufffd' FROM t";
  EXPECT_TRUE(found);
}

TEST(Input, TheHoleOfATruncatedLogIsSkippedAndToldOf) {
  const std::string hole(3 << 20, '\0');
  const Read log = read_text(hole + at(1, 7, call) + hole + at(2, 7, call));
  EXPECT_EQ(log.source().statements, 2u);
  EXPECT_EQ(log.source().lines, 2u);
  ASSERT_EQ(log.diagnostics.size(), 1u);
  EXPECT_NE(log.diagnostics[0].what.find("contains 6291456 NUL bytes"), std::string::npos)
      << log.diagnostics[0].what;

  const Read nothing = read_text(hole);
  EXPECT_EQ(nothing.source().note, "the file contains only NUL bytes");
}

TEST(Input, JsonOfManyMegabytesMayBeCutWithinAnEscape) {
  for (std::size_t shift = 0; shift < 14; ++shift) {
    std::string escapes(shift, 'x');
    for (std::size_t i = 0; i < (std::size_t{2} << 20) / 12; ++i) escapes += "\\ud83d\\ude00";
    const Read log = read_text(
        "{\"timestamp\":\"2024-05-01 11:59:59.000 "
        "UTC\",\"pid\":7,\"error_severity\":\"LOG\",\"message\":\"duration: 1.000 ms  statement: select "
        "0\"}\n"
        "{\"timestamp\":\"2024-05-01 12:00:00.000 "
        "UTC\",\"pid\":7,\"error_severity\":\"LOG\",\"message\":\"duration: 1.000 ms  statement: select '" +
        escapes + "'\"}\n" +
        "{\"timestamp\":\"2024-05-01 12:00:01.000 "
        "UTC\",\"pid\":7,\"error_severity\":\"LOG\",\"message\":\"duration: 1.000 ms  statement: select "
        "1\"}\n");
    EXPECT_EQ(log.source().statements, 3u) << shift;
    EXPECT_EQ(log.source().not_understood, 0u) << shift;
  }
}

TEST(Input, LinesBehindAStrayQuoteAreNotUnderstood) {
  const auto csv = [](int line, std::string_view message) {
    return fmt::format(
        "2024-05-01 12:00:{:02}.000 UTC,\"u\",\"d\",77,\"[local]\",66.4d,{},\"SELECT\",2024-05-01 11:00:00 "
        "UTC,3/4,0,LOG,00000,{},,,,,,,,,\"app\",\"client backend\",,0\n",
        line % 60, line, message);
  };
  const std::string statement = "\"duration: 1.000 ms  statement: select 1\"";
  std::string junk;
  for (int i = 0; i < 40'000; ++i) junk += "what no server wrote, in many lines\n";  // over a megabyte
  for (const auto& lines : {std::string("x\ny\n"), junk}) {
    const auto count = static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
    const Read log =
        read_text(csv(1, statement) + csv(2, "\"duration: 1.000 ms  statement: select\" 1, \"2\" \"") +
                  lines + csv(3, statement));
    EXPECT_EQ(log.source().statements, 2u);
    EXPECT_EQ(log.source().not_understood, count + 1);
    EXPECT_EQ(log.source().not_understood_at.at(0).line, 2);
  }
}

TEST(Input, FewNulBytesAreNoHole) {
  const Read log = read_text(at(1, 7, call) + std::string(5, '\0') + at(2, 7, call) + std::string(511, '\0') +
                             at(3, 7, call));
  EXPECT_EQ(log.source().statements, 3u);
  EXPECT_TRUE(log.diagnostics.empty());
}

TEST(Input, ATarIsNamed) {
  std::string header = "logs/postgresql.log";
  header.resize(257, '\0');
  header += "ustar";
  header.resize(512, '\0');
  const Read log = read_text(header + at(1, 7, call));
  ASSERT_EQ(log.diagnostics.size(), 1u);
  EXPECT_NE(log.diagnostics[0].what.find("a tar archive"), std::string::npos);
  EXPECT_EQ(log.diagnostics[0].hint, "unpack it first");
}

TEST(Input, ALogThatGetsShorterWhileItIsReadIsNamed) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += at(i % 3000, 7, call);
  const auto path = write_log(text);
  Options options;
  options.threads = 1;
  options.progress = [&](const Progress&) { std::filesystem::resize_file(path, 0); };
  Diagnostics diagnostics;
  const auto workload = read({path}, options, diagnostics);
  EXPECT_LT(workload.sources.at(0).statements, 200'000u);
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_NE(diagnostics[0].what.find("the file became shorter during the read"), std::string::npos)
      << diagnostics[0].what;
  EXPECT_NE(diagnostics[0].what.find(fmt::format("of {} bytes were read", text.size())), std::string::npos)
      << diagnostics[0].what;
}

TEST(Input, LinesOfManyMegabytesAreCutAndNoted) {
  const std::string values(5 << 20, '7');
  const Read log = read_text(
      at(1, 7, call) + at(2, 7, "LOG:  duration: 9 ms  statement: INSERT INTO t VALUES ('" + values + "')") +
      at(3, 7, call));
  EXPECT_EQ(log.source().lines, 3u);
  EXPECT_EQ(log.source().statements, 3u);
  ASSERT_EQ(log.diagnostics.size(), 1u);
  EXPECT_NE(log.diagnostics[0].what.find("truncated"), std::string::npos);
  for (const auto& query : log.workload.queries)
    for (const auto& sample : query.samples) EXPECT_LE(sample.statement.size(), std::size_t{1} << 20);
}

TEST(Input, RecordsOfManyLinesAreCutToo) {
  std::string text = at(1, 7, "LOG:  duration: 9 ms  statement: INSERT INTO t VALUES");
  for (int i = 0; i < 60000; ++i) text += "\t('a value of some length, one of very many'),\n";
  const Read log = read_text(text + at(3, 7, call));
  EXPECT_EQ(log.source().statements, 2u);
  EXPECT_EQ(log.source().continuation, 60000u);
  EXPECT_EQ(log.diagnostics.size(), 1u);
}

// What is there when the end is reached is read, to its last whole byte; the accounting adds up (read_paths
// looks).
TEST(Input, ALogThatGrowsWhileItIsRead) {
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += at(i * 0.1, 7, "LOG:  duration: 0.5 ms  statement: SELECT " + std::to_string(i));
  const std::string path = write_log(text);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    std::ofstream more(path, std::ios::binary | std::ios::app);
    for (int i = 0; i < 20'000 && !done; ++i) more << at(2001, 8, call) << std::flush;
  });
  const Read log = read_paths({path});
  done = true;
  writer.join();
  EXPECT_GE(log.source().statements, 20'000u);
  if (log.source().not_understood > 0) {  // the last line may be half there
    EXPECT_EQ(log.source().not_understood, 1u);
    EXPECT_EQ(log.source().not_understood_at.at(0).line, static_cast<int>(log.source().lines));
  }
  EXPECT_TRUE(log.diagnostics.empty());
}

TEST(Input, ProgressTellsRateAndTimeLeft) {
  EXPECT_EQ(cli::progress_text({1'200'000'000, 40'000'000'000}, 2.4),
            "pgadvise: read 1.2 GB of 40.0 GB, 500 MB/s, 1 min 18 s left");
  EXPECT_EQ(cli::progress_text({30'000'000, 60'000'000}, 2),
            "pgadvise: read 30 MB of 60 MB, 15 MB/s, 2 s left");
  EXPECT_EQ(cli::progress_text({30'000'000, 0}, 2), "pgadvise: read 30 MB, 15 MB/s");
  EXPECT_EQ(cli::progress_text({0, 60'000'000}, 0), "pgadvise: read 0 MB of 60 MB, 0 MB/s");
}

TEST(Input, LastLineThatIsStillBeingWritten) {
  const Read cut =
      read_text(at(1, 7, call) +
                "2024-05-01 12:00:02.000 UTC [7] LOG:  duration: 1 ms  statement: SELECT a FROM t WHERE b =");
  EXPECT_EQ(cut.source().statements, 1u);
  EXPECT_EQ(cut.source().not_understood, 1u);
  EXPECT_EQ(cut.workload.queries.size(), 1u);
  const Read whole = read_text(
      at(1, 7, call) + "2024-05-01 12:00:02.000 UTC [7] LOG:  duration: 1 ms  statement: SELECT a FROM t");
  EXPECT_EQ(whole.source().statements, 2u);
}

TEST(Input, LogOfAnotherProgramIsNamed) {
  struct Case {
    const char* text;
    const char* looks_like;
  };
  const Case cases[] = {
      {"10.0.0.1 - - [01/May/2024:12:00:00 +0000] \"GET / HTTP/1.1\" 200 12\n", "access log"},
      {"{\"level\":30,\"msg\":\"hello\"}\n", "JSON of another program"},
      {"{\"textPayload\":\"hello\"}\n", "Google Cloud"},
      {"# Time: 2024-05-01\n# Query_time: 3\nSELECT 1;\n", "MySQL"},
      {"@@@ 77 @@@ LOG:  duration: 1 ms  statement: SELECT 1\n", "log_line_prefix"},
  };
  for (const auto& [text, looks_like] : cases) {
    const Read log = read_text(text);
    ASSERT_EQ(log.diagnostics.size(), 1u) << text;
    EXPECT_EQ(log.diagnostics[0].kind, Error::Kind::input) << text;
    EXPECT_NE(log.diagnostics[0].what.find(looks_like), std::string::npos) << log.diagnostics[0].what;
    EXPECT_FALSE(log.diagnostics[0].hint.empty());
    EXPECT_FALSE(log.source().note.empty());
    EXPECT_FALSE(log.workload.has_events);
  }
}

TEST(Input, AGivenPrefixThatNoLineHasIsNamed) {
  const Read log = read_text("@@@ 77 @@@ LOG:  duration: 1 ms  statement: SELECT 1\n", "%m [%p] ");
  ASSERT_EQ(log.diagnostics.size(), 1u);
  EXPECT_TRUE(contains(log.diagnostics[0].what, "no line matches the given log_line_prefix"))
      << log.diagnostics[0].line();
}

TEST(Input, MissingFoldersAndEmptyFiles) {
  const std::string folder = ::testing::TempDir() + "folder-without-a-log";
  std::filesystem::create_directories(folder);
  const Read log =
      read_paths({"/nowhere/at/all", folder, write_log("", "empty"), write_log(at(1, 7, call), "good")});
  EXPECT_EQ(log.diagnostics.size(), 2u);
  for (const auto& error : log.diagnostics) EXPECT_EQ(error.kind, Error::Kind::input);
  EXPECT_EQ(log.workload.sources.at(2).note, "the file is empty");
  EXPECT_EQ(log.workload.sources.at(3).statements, 1u);
  EXPECT_TRUE(log.workload.has_events);
}

TEST(Input, SaysWhyNothingWasFound) {
  EXPECT_NE(
      read_text(at(1, 7, "LOG:  checkpoint starting: time")).source().note.find("log_min_duration_statement"),
      std::string::npos);
  EXPECT_NE(read_text(at(1, 7, "LOG:  duration: 5 ms")).source().note.find("log_duration is on"),
            std::string::npos);
  std::string text = at(1, 7, "LOG:  checkpoint starting: time");
  for (int i = 0; i < 9; ++i) text += "some words LOG:  duration: 1 ms  statement: SELECT 1\n";
  const std::string note = read_text(text).source().note;
  EXPECT_TRUE(note.starts_with("9 of 10 lines were not recognized")) << note;
  EXPECT_NE(note.find("--log-line-prefix"), std::string::npos);
}

TEST(Input, StatisticsThatPsqlShowsAreNamed) {
  for (const char* text :
       {"           query           | calls | total_exec_time "
        "\n---------------------------+-------+-----------------\n select $1                 |     3 | 1.5\n",
        "10,5,t,6442187811431518375,select "
        "1,0,0,0,0,0,0,1,7.6,7.6,7.6,7.6,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"}) {
    const Read log = read_text(text);
    ASSERT_EQ(log.diagnostics.size(), 1u);
    EXPECT_NE(log.diagnostics[0].what.find("pg_stat_statements"), std::string::npos)
        << log.diagnostics[0].what;
    EXPECT_NE(log.diagnostics[0].hint.find("\\copy"), std::string::npos);
  }
}

TEST(Input, NotUnderstoodLinesAreCountedAndTheFirstThreePlaced) {
  std::string text = at(1, 7, call) + "\tcontinued\n";
  for (int i = 0; i < 5; ++i) text += "cp: cannot stat 'x': No such file or directory\n";
  const Read log = read_text(text + at(2, 7, call));
  EXPECT_EQ(log.source().not_understood, 5u);
  ASSERT_EQ(log.source().not_understood_at.size(), 3u);
  EXPECT_EQ(log.source().not_understood_at[0].line, 3);
}

TEST(Input, FilesInAnyOrderContinueEachOther) {
  const std::string first = write_log(at(1, 7, "LOG:  statement: SELECT a FROM t"), "first");
  const std::string second = write_log(at(2, 7, "LOG:  duration: 1000 ms"), "second");
  for (const auto& paths : {std::vector{first, second}, std::vector{second, first}}) {
    const Read log = read_paths(paths);
    EXPECT_DOUBLE_EQ(log.query().total_ms, 1000);
  }
}

TEST(Input, MemoryIsBoundedByLiveSessionsNotByAllOfThem) {
  std::string text;
  for (int session = 0; session < 30000; ++session)
    text += at(session * 0.1, 100 + session, "LOG:  statement: SELECT a FROM t");
  const Read log = read_text(text);
  EXPECT_EQ(log.workload.sessions, 30000u);
  EXPECT_EQ(log.query().calls, 30000u);
}

std::vector<std::pair<std::string, std::uint64_t>> counted(const Workload& workload) {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (const auto& query : workload.queries) out.emplace_back(query.fingerprint, query.calls);
  return out;
}

// Files whose names tell nothing.
// The same five records, as each carries them. File names tell nothing.
TEST(Envelope, TheServersLinesComeOutOfEach) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"rds", "stderr"},
      {"rds-cloudwatch", "stderr (CloudWatch)"},
      {"syslog-traditional", "stderr (syslog)"},
      {"syslog-rfc5424", "stderr (syslog)"},
      {"syslog-own-prefix", "stderr (syslog)"},
      {"syslog-mingled", "stderr (syslog)"},
      {"syslog-unnumbered", "stderr (syslog)"},
      {"syslog-unsplit", "stderr (syslog)"},
      {"kubernetes", "stderr (Kubernetes)"},
      {"heroku-logplex", "stderr (logplex)"},
      {"cloud-sql", "stderr (Cloud SQL)"},
      {"azure", "stderr (Azure)"},
      {"cloudnativepg", "jsonlog (CloudNativePG)"},
      {"cloudnativepg-newest-first", "jsonlog (CloudNativePG)"},
      {"docker-compose", "stderr"},
      {"docker-compose-coloured", "stderr"},
  };
  const auto expected = counted(read_paths({fixture("logs/envelopes/rds")}).workload);
  ASSERT_EQ(expected.size(), 3u);
  for (const auto& [file, format] : cases) {
    const Read log = read_paths({fixture(std::string("logs/envelopes/") + file)});
    EXPECT_EQ(log.source().format, format) << file;
    EXPECT_EQ(log.source().statements, 4u) << file;
    EXPECT_EQ(log.source().not_understood, 0u) << file;
    EXPECT_EQ(counted(log.workload), expected) << file;
    EXPECT_EQ(log.workload.sessions, 2u) << file;
    bool values = false;
    for (const auto& query : log.workload.queries)
      for (const auto& sample : query.samples) values |= sample.parameters == Parameters{"9.50", "3"};
    EXPECT_TRUE(values) << file;
  }
}

TEST(Compressed, IsKnownByItsFirstBytes) {
  const Read plain = read_paths({fixture("logs/compressed/some.log")});
  ASSERT_GT(plain.workload.queries.size(), 5u);
  for (const auto* name : {"gz", "bz2", "xz", "zst", "lz4"}) {
    const Read packed = read_paths({fixture(std::string("logs/compressed/") + name)});
    EXPECT_EQ(counted(packed.workload), counted(plain.workload)) << name;
    EXPECT_EQ(packed.source().lines, plain.source().lines) << name;
    EXPECT_TRUE(packed.diagnostics.empty()) << name;
  }
}

TEST(Compressed, WhatEndsEarlyIsReadAsFarAsItGoesAndNamed) {
  const std::string packed = write_log("", "packed");
  ASSERT_EQ(std::system(("gzip -c '" + fixture("shop/logs/shop.log") + "' > '" + packed + "'").c_str()), 0);
  const std::string whole = read_file(packed).value_or("");
  const Read cut = read_paths({write_log(whole.substr(0, whole.size() / 2))});
  EXPECT_GT(cut.source().statements, 5u);
  ASSERT_FALSE(cut.diagnostics.empty());
  EXPECT_EQ(cut.diagnostics[0].kind, Error::Kind::nonfatal);
  EXPECT_NE(cut.diagnostics[0].what.find("compressed data is damaged or truncated"), std::string::npos)
      << cut.diagnostics[0].what;
  const Read nonsense = read_paths({write_log("\x1f\x8b\x08 this is no gzip", "nonsense")});
  ASSERT_EQ(nonsense.diagnostics.size(), 1u);
  EXPECT_EQ(nonsense.diagnostics[0].kind, Error::Kind::input);
}

// A byte that flipped on its way shows in the checksum alone: what was read is used, and the file is named.
TEST(Compressed, AWrongChecksumIsNamed) {
  std::string packed = read_file(fixture("logs/compressed/gz")).value_or("");
  ASSERT_GT(packed.size(), 8u);
  packed[packed.size() - 8] ^= 1;
  const Read flipped = read_paths({write_log(packed, "flipped")});
  EXPECT_GT(flipped.workload.queries.size(), 5u);
  ASSERT_EQ(flipped.diagnostics.size(), 1u);
  EXPECT_NE(flipped.diagnostics[0].what.find("incorrect data check"), std::string::npos)
      << flipped.diagnostics[0].what;
}

TEST(Compressed, GzipsMembersAndPaddingAreOneFile) {
  const std::string packed = read_file(fixture("logs/compressed/gz")).value_or("");
  const Read once = read_paths({fixture("logs/compressed/gz")});
  const Read twice = read_paths({write_log(packed + packed + std::string(1000, '\0'), "twice")});
  EXPECT_TRUE(twice.diagnostics.empty());
  EXPECT_EQ(twice.source().lines, 2 * once.source().lines);
  const Read followed = read_paths({write_log(packed + "and now something else", "followed")});
  EXPECT_EQ(followed.source().lines, once.source().lines);
  EXPECT_EQ(followed.diagnostics.size(), 1u);
}

// One log in six forms: each is found, and the log counted once.
TEST(LogFolder, StandsForTheLogsInIt) {
  const Read folder = read_paths({fixture("logs/compressed")});
  EXPECT_EQ(folder.diagnostics.size(), 5u);
  for (const auto& error : folder.diagnostics) EXPECT_EQ(error.kind, Error::Kind::nonfatal);
  EXPECT_EQ(counted(folder.workload), counted(read_paths({fixture("logs/compressed/some.log")}).workload));
  const Read none = read_paths({fixture("rules/missing-primary-key")});
  ASSERT_EQ(none.diagnostics.size(), 1u);
  EXPECT_EQ(none.diagnostics[0].kind, Error::Kind::input);
  EXPECT_NE(none.diagnostics[0].what.find("a folder without PostgreSQL logs"), std::string::npos);
}

// Root may read anything, so that a test run by root is somebody else for a while.
struct Nobody {
  Nobody() {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) std::abort();
  }
  ~Nobody() {
    if (::getuid() == 0 && ::seteuid(0) != 0) std::abort();
  }
};

TEST(LogFolder, NamesPipesAndSockets) {
  const testing_support::TempTree tree{{"logs/a.log", at(1, 7, call)}};
  ASSERT_EQ(0, ::mkfifo(tree.path("logs/b.log").c_str(), 0600));
  const Read read = read_paths({tree.path("logs")});
  EXPECT_EQ(read.workload.queries.size(), 1u);
  ASSERT_EQ(read.diagnostics.size(), 1u);
  EXPECT_EQ(
      read.diagnostics[0].line(),
      tree.path("logs") +
          ": contains a file that pgadvise did not read, as it is not a regular file: b.log (pipe) (remove "
          "them, or list them in exclude of [inputs])");
}

TEST(LogFolder, NamesWhatMayNotBeRead) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(::testing::TempDir()) / "folder-partly-locked";
  fs::create_directories(folder / "locked");
  std::ofstream(folder / "a.log") << at(1, 7, call);
  std::ofstream(folder / "b.log") << at(1, 7, call);
  fs::permissions(folder / "b.log", fs::perms::none);
  fs::permissions(folder / "locked", fs::perms::none);
  Read some, none;
  {
    const Nobody nobody;
    some = read_paths({folder.string()});
    none = read_paths({(folder / "locked").string()});
  }
  fs::permissions(folder / "locked", fs::perms::owner_all);
  fs::remove_all(folder);
  EXPECT_EQ(some.workload.queries.size(), 1u);
  ASSERT_EQ(some.diagnostics.size(), 2u);
  for (const auto& error : some.diagnostics) {
    EXPECT_EQ(error.kind, Error::Kind::nonfatal);
    EXPECT_EQ(error.what, "can't be read: Permission denied");
  }
  ASSERT_EQ(none.diagnostics.size(), 1u);
  EXPECT_EQ(none.diagnostics[0].kind, Error::Kind::input);
  EXPECT_EQ(none.diagnostics[0].what, "can't be read: Permission denied");
}

TEST(Input, AClockThatGoesBackwardsLosesNoCall) {
  std::string text;
  for (int i = 0; i < 20; ++i)
    text +=
        at(30 - i, 7, "LOG:  duration: 0.5 ms  statement: SELECT a FROM t WHERE id = " + std::to_string(i));
  const Read log = read_text(text);
  EXPECT_EQ(log.query().calls, 20u);
  EXPECT_LT(*log.query().first, *log.query().last);
}

TEST(LogFloor, AFloorOfDurationsIsToldBecauseItHidesLoops) {
  const auto log = [](int statements, double first_ms) {
    std::string out;
    for (int i = 0; i < statements; ++i)
      out += fmt::format(
          "2024-05-01 12:00:{:02}.000 UTC [77] LOG:  duration: {:.3f} ms  statement: SELECT {} FROM t\n", i,
          i == 0 ? first_ms : 300.5 + i, i);
    return read_text(out);
  };
  const Read floored = log(30, 250.2);
  ASSERT_EQ(floored.diagnostics.size(), 1u);
  EXPECT_EQ(floored.diagnostics[0].kind, Error::Kind::nonfatal);
  EXPECT_NE(floored.diagnostics[0].what.find("no logged statement took less than 250 ms"), std::string::npos);
  EXPECT_TRUE(log(30, 0.02).diagnostics.empty());
  EXPECT_TRUE(log(5, 250.2).diagnostics.empty()) << "too few to tell";
}

// As kubectl and log stores export: each line a record, the last one first.
TEST(Input, NewestFirstIsReadBackwards) {
  std::ifstream file(fixture("logs/loops.json"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  std::string text;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) text += *line + "\n";
  const auto forwards = read_paths({fixture("logs/loops.json")}).workload;
  const auto backwards = read_text(text).workload;
  EXPECT_EQ(backwards.sources.at(0).lines, forwards.sources.at(0).lines);
  ASSERT_EQ(backwards.repeats.size(), forwards.repeats.size());
  ASSERT_GT(forwards.repeats.size(), 5U);
  for (std::size_t i = 0; i < forwards.repeats.size(); ++i) {
    EXPECT_EQ(backwards.repeats[i].pattern, forwards.repeats[i].pattern);
    EXPECT_EQ(backwards.repeats[i].calls, forwards.repeats[i].calls);
  }
}

// A loop's lines with their values behind them, in order.
std::vector<std::string> loop_lines() {
  std::vector<std::string> lines;
  const auto add = [&](double second, const std::string& sql, const std::string& value) {
    for (const auto& text : {at(second, 77, "LOG:  duration: 0.300 ms  execute <unnamed>: " + sql),
                             at(second, 77, "DETAIL:  parameters: $1 = '" + value + "'")})
      lines.push_back(text.substr(0, text.size() - 1));
  };
  add(1, "select id from users where team = $1", "3");
  for (int i = 0; i < 20; ++i)
    add(1.005 + 0.004 * i, "select * from posts where user_id = $1", std::to_string(i));
  add(1.1, "select name from tags where slug = $1", "TAG");
  return lines;
}

std::string joined(const std::vector<std::string>& lines, const std::string& separator) {
  std::string out;
  for (const auto& line : lines) out += (out.empty() ? "" : separator) + line;
  return out;
}

std::string entry(const std::string& line, bool azure, const std::string& blank) {
  const std::string stamp = line.substr(0, 10) + "T" + line.substr(11, 12) + "Z";
  const std::string text =
      azure ? line.substr(0, 19) + " UTC-6630f1a0.4d-" + line.substr(line.find("] ") + 2) : line;
  if (azure)
    return "{" + blank + "\"time\": \"" + stamp + "\", \"properties\": {" + blank + "\"message\": \"" + text +
           "\"" + blank + "}}";
  return "{" + blank + "\"textPayload\": \"" + text + "\"," + blank + "\"timestamp\": \"" + stamp + "\"" +
         blank + "}";
}

TEST(Input, NewestFirstIsReadBackwardsInEachForm) {
  const auto lines = loop_lines();
  const auto check = [](const std::string& text, const char* what, int line_of_parent) {
    SCOPED_TRACE(what);
    const Read log = read_text(text);
    EXPECT_TRUE(log.diagnostics.empty()) << log.diagnostics[0].line();
    EXPECT_EQ(log.source().statements, 22u);
    ASSERT_EQ(log.workload.repeats.size(), 1u);
    const RepeatedQuery& loop = log.workload.repeats[0];
    EXPECT_EQ(loop.distinct_parameters, 20u);
    EXPECT_EQ(log.workload.query(loop.parent)->text, "select id from users where team = $1");
    ASSERT_TRUE(loop.parent_sample);
    EXPECT_EQ(loop.parent_sample->parameters, Parameters{"3"});
    if (line_of_parent) {
      EXPECT_EQ(loop.parent_sample->place.line, line_of_parent);
    }
  };
  const std::vector<std::string> backwards(lines.rbegin(), lines.rend());
  check(joined(lines, "\n") + "\n", "stderr", 1);
  check(joined(backwards, "\n") + "\n", "stderr, newest first", 44);
  for (const bool azure : {false, true})
    for (const std::string blank : {" ", "\n    "}) {
      std::vector<std::string> entries;
      for (const auto& line : lines) entries.push_back(entry(line, azure, blank));
      const std::vector<std::string> turned(entries.rbegin(), entries.rend());
      const std::string open = azure ? "{\"records\": [" : "[\n", close = azure ? "]}\n" : "\n]\n";
      const int each = blank == " " ? 1 : 4;
      if (each == 1) check(joined(entries, "\n") + "\n", "entries", 1);
      if (each == 1 && !azure) check(joined(turned, "\n") + "\n", "entries, newest first", 44);
      if (azure) continue;  // its prefix has whole seconds
      check(open + joined(entries, ",\n") + close, "array", 2);
      check(open + joined(turned, ",\n") + close, "array, newest first", 43 * each + 2);
      check(open + joined(turned, ",") + close, "array in one line, newest first", 0);
    }
}

TEST(Input, AzuresRecordsInOneObject) {
  std::vector<std::string> entries;
  for (const auto& line : loop_lines()) entries.push_back(entry(line, true, " "));
  const Read forwards = read_text("{\"records\": [" + joined(entries, ", ") + "]}");
  EXPECT_EQ(forwards.source().format, "stderr (Azure)");
  EXPECT_EQ(forwards.source().statements, 22u);
  std::reverse(entries.begin(), entries.end());
  const Read backwards = read_text("{\"records\": [" + joined(entries, ", ") + "]}");
  ASSERT_EQ(backwards.workload.queries.size(), forwards.workload.queries.size());
  for (std::size_t i = 0; i < forwards.workload.queries.size(); ++i)
    EXPECT_EQ(backwards.workload.queries[i].samples.at(0).parameters,
              forwards.workload.queries[i].samples.at(0).parameters);
}

TEST(Input, NewestFirstRecordByRecordLeavesOutWhatDependsOnTheOrder) {
  auto lines = loop_lines();
  std::string text;
  for (std::size_t i = lines.size(); i > 0; i -= 2) text += lines[i - 2] + "\n" + lines[i - 1] + "\n";
  const Read log = read_text(text);
  EXPECT_EQ(log.source().statements, 22u);
  EXPECT_TRUE(log.workload.repeats.empty());
  for (const auto& query : log.workload.queries)
    for (const auto& sample : query.samples) EXPECT_FALSE(sample.parameters);
  ASSERT_EQ(log.diagnostics.size(), 1u);
  EXPECT_NE(log.diagnostics[0].what.find("newest first"), std::string::npos);
}

TEST(Input, LogsOfSeveralZonesAreOrdered) {
  const auto one = [](const char* stamp, const char* zone, const char* rest) {
    return write_log(fmt::format("{} {} [7] {}\n", stamp, zone, rest), zone);
  };
  const std::string utc = one("2026-11-21 10:00:00.000", "UTC", "LOG:  statement: SELECT a FROM t");
  for (const auto& [stamp, zone] : {std::pair{"2026-11-21 05:00:01.000", "EST"},
                                    {"2026-11-21 15:30:01.000", "+0530"},
                                    {"2026-11-21 11:00:01.000", "CET"},
                                    {"2026-11-21 03:00:01.000", "PDT"}}) {
    const Read log = read_paths({one(stamp, zone, "LOG:  duration: 1000 ms"), utc});
    EXPECT_DOUBLE_EQ(log.query().total_ms, 1000) << zone;
  }
}

}  // namespace
}  // namespace pgadvise::log::testing
