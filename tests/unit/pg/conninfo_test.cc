#include "pg/connection/conninfo.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "pg/connection/connection.h"
#include "pg/plans/allow_list.h"

namespace pgadvise {
namespace {

std::string value(const std::string& conninfo, const std::string& key) {
  const auto options = pg::read_conninfo(conninfo);
  if (!options) return "error: " + options.error().line();
  for (const auto& [each, text] : *options)
    if (each == key) return text;
  return "";
}

TEST(PgConninfo, CompletesWhatIsGiven) {
  ::unsetenv("PGCONNECT_TIMEOUT");
  EXPECT_EQ("pgadvise", value("postgresql://h/d?application_name=other", "application_name"));
  EXPECT_EQ("10", value("host=h", "connect_timeout"));
  EXPECT_EQ("3", value("postgresql://h/d?connect_timeout=3", "connect_timeout"));
  EXPECT_EQ("UTF8", value("client_encoding=latin1", "client_encoding"));
  EXPECT_EQ("d", value("  postgres://u:p@h:5433/d\n", "dbname"));
}

TEST(PgConninfo, ReadsTheEnvironment) {
  ::setenv("DATABASE_URL",
           "postgresql://app:secret@db.example/shop?schema=public&sslmode=no-verify&pgbouncer=true", 1);
  EXPECT_EQ("shop", value("env", "dbname"));
  EXPECT_EQ("require", value("env", "sslmode"));
  EXPECT_EQ("secret", value("env", "password"));
  ::unsetenv("DATABASE_URL");
  EXPECT_EQ("", value("env", "dbname"));
}

TEST(PgConninfo, NamesEveryAddressThatLibpqWouldUse) {
  const auto addresses = [](const std::string& conninfo) {
    const auto found = pg::addresses(conninfo);
    if (!found) return "error: " + found.error().what;
    std::string out;
    for (const auto& [host, port] : *found) out += (out.empty() ? "" : " ") + host + "|" + port;
    return out;
  };
  const auto with = [&](const char* variable, const char* value, const std::string& conninfo) {
    ::setenv(variable, value, 1);
    const std::string out = addresses(conninfo);
    ::unsetenv(variable);
    return out;
  };
  for (const char* variable : {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"}) ::unsetenv(variable);
  EXPECT_EQ("h|5432", addresses("postgresql://h/d"));
  EXPECT_EQ("a|1 b|2", addresses("postgresql://a:1,b:2/d"));
  EXPECT_EQ("a|5432 b|7", addresses("postgresql://a,b:7/d"));
  EXPECT_EQ("a|9 b|9", addresses("host=a,b port=9"));
  EXPECT_EQ("a|5432 1.2.3.4|5432", addresses("host=a hostaddr=1.2.3.4"));
  EXPECT_EQ("1.2.3.4|5432", addresses("hostaddr=1.2.3.4"));
  EXPECT_EQ("a|1 ::1|1 b|2 ::2|2", addresses("host=a,b hostaddr=::1,::2 port=1,2"));
  EXPECT_EQ("/tmp/x|5432", addresses("postgresql://%2Ftmp%2Fx/d"));
  EXPECT_EQ("b|6", addresses("postgresql:///d?host=b&port=6"));
  EXPECT_EQ("::1|5", addresses("postgresql://[::1]:5/d"));
  EXPECT_EQ("|5432", addresses("dbname=d"));
  EXPECT_EQ("a|5432 |5432", addresses("host=a,"));
  EXPECT_EQ("env|3", with("PGHOST", "env", "port=3"));
  EXPECT_EQ("h|3", with("PGPORT", "3", "host=h"));
  EXPECT_EQ("h|5432", with("PGHOST", "env", "host=h"));
  EXPECT_EQ("env|5432", with("PGHOST", "env", "host=''")) << "libpq takes an empty value for none";
  EXPECT_EQ("h|5432 9.9.9.9|5432", with("PGHOSTADDR", "9.9.9.9", "host=h"));
  EXPECT_EQ("h|5432", with("PGPORT", "", "host=h"));
  EXPECT_EQ("error: has lists of hosts, addresses and ports of different lengths",
            addresses("host=a,b hostaddr=1.2.3.4"));
  EXPECT_EQ("error: has lists of hosts, addresses and ports of different lengths",
            addresses("host=a port=1,2"));
}

TEST(PgConninfo, NeverEchoesWhatMayBeAPassword) {
  for (const char* conninfo :
       {"postgresql://app:hunter2@home@db/shop", "postgresql://app:hunter2/x@db/shop",
        "postgresql://app:hunter2%zz@db/shop", "postgresql://app:hunter2#@db:port/shop",
        "postgresql://app:hunter2:hunter2@/hunter2@db/shop", "host=db password=my hunter2",
        "host=db password='hunter2", "hunter2", "hunter2=1 host=db", "mysql://app:hunter2@db/shop",
        "postgresql://app:hunter2@[::1/shop", "postgresql://app:hunter2?x@db:9/a@b"}) {
    const auto options = pg::read_conninfo(conninfo);
    ASSERT_FALSE(options) << conninfo;
    EXPECT_EQ(Error::Kind::usage, options.error().kind);
    EXPECT_EQ(std::string::npos, options.error().line().find("hunter2")) << options.error().line();
    EXPECT_FALSE(options.error().hint.empty()) << conninfo;
  }
}

TEST(PgConninfo, FailuresAreOneLineWithAHint) {
  const auto line = [](const char* message) { return pg::connection_error("W", message).line(); };
  EXPECT_EQ(
      "W: can't be reached: Connection refused (is the server running, and is this its port?)",
      line("connection to server at \"localhost\" (::1), port 5 failed: Connection refused\n\tIs the server "
           "running on that "
           "host and accepting TCP/IP connections?\nconnection to server at \"localhost\" (127.0.0.1), port "
           "5 failed: "
           "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n"));
  EXPECT_EQ(
      "W: can't be reached: no pg_hba.conf entry for host \"1.2.3.4\", user \"a\", database \"d\", no "
      "encryption (the "
      "server wants TLS or another user: try sslmode=require)",
      line("connection to server at \"h\" (1.2.3.4), port 5432 failed: FATAL:  no pg_hba.conf entry for host "
           "\"1.2.3.4\", "
           "user \"a\", database \"d\", no encryption\n"));
  EXPECT_EQ(
      "W: can't be reached: sorry, too many clients already (close idle connections, or try again later)",
      line("connection to server on socket \"/s\" failed: FATAL:  sorry, too many clients already\n"));
  EXPECT_EQ("W: can't be reached", line(""));
}

TEST(PgAllowList, TrustsNothingThatIsNotKnown) {
  pg::FunctionFacts lower{"pg_catalog", "lower", "internal", "lower", "", "", 'i', true, true};
  EXPECT_EQ(pg::Harm::none, pg::check_function(lower));
  auto bent = lower;
  bent.bootstrap = false;
  EXPECT_EQ(pg::Harm::none, pg::check_function(bent)) << "a GRANT changes the row too";
  bent.source = "pg_sleep";
  EXPECT_EQ(pg::Harm::refused, pg::check_function(bent));
  auto own = lower;
  own.built_in = false;
  EXPECT_EQ(pg::Harm::unknown, pg::check_function(own));
  pg::FunctionFacts new_one{"pg_catalog", "frobnicate", "internal", "frobnicate", "", "", 'i', true, true};
  EXPECT_EQ(pg::Harm::refused, pg::check_function(new_one));
  pg::FunctionFacts trigram{"public", "similarity", "c", "similarity", "pg_trgm", "$libdir/pg_trgm", 'i'};
  EXPECT_EQ(pg::Harm::none, pg::check_function(trigram));
  trigram.library = "$libdir/dblink";
  EXPECT_EQ(pg::Harm::unknown, pg::check_function(trigram))
      << "a member of the extension with another's code";
  trigram.library = "pg_trgm";
  EXPECT_EQ(pg::Harm::none, pg::check_function(trigram));
  trigram.volatility = 'v';
  EXPECT_EQ(pg::Harm::unknown, pg::check_function(trigram));
  trigram.extension = "dblink";
  EXPECT_EQ(pg::Harm::unknown, pg::check_function(trigram));
  trigram = {"public", "similarity", "plpgsql", "", "pg_trgm", "", 'i', false, false};
  EXPECT_EQ(pg::Harm::unknown, pg::check_function(trigram));
  pg::FunctionFacts random{"public",          "gen_random_bytes", "c",
                           "pg_random_bytes", "pgcrypto",         "$libdir/pgcrypto"};
  EXPECT_EQ(pg::Harm::none, pg::check_function(random));
  random.source = "pgp_pub_encrypt_text";
  EXPECT_EQ(pg::Harm::unknown, pg::check_function(random)) << "the symbol counts, not the name";
  const pg::FunctionFacts geometry{"public", "st_x", "c", "LWGEOM_x_point", "postgis", "$libdir/postgis-3",
                                   'i'};
  EXPECT_EQ(pg::Harm::none, pg::check_function(geometry));
  pg::FunctionFacts pad{.schema = "pg_catalog",
                        .name = "lpad",
                        .language = "sql",
                        .source = "select pg_catalog.lpad($1, $2, ' ')",
                        .volatility = 'i',
                        .built_in = true,
                        .bootstrap = true};
  EXPECT_EQ(pg::Harm::none, pg::check_function(pad));
  pad.source = "select public.evil()";
  EXPECT_EQ(pg::Harm::refused, pg::check_function(pad)) << "xmin can be forged";
  pg::FunctionFacts xml{"pg_catalog", "query_to_xml", "internal", "query_to_xml", "",  "",
                        's',          true,           true,       true,           true};
  EXPECT_EQ(pg::Harm::refused, pg::check_function(xml));
}

}  // namespace
}  // namespace pgadvise
