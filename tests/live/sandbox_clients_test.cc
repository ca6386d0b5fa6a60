// DATABASE_URL and JDBC_DATABASE_URL of `pgadvise sandbox -- COMMAND`, read by the clients that are
// installed.
#include <cstdlib>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "support/run.h"

namespace pgadvise {
namespace {

struct Client {
  const char* name;
  const char* installed;  // a shell command that fails if the client is not there
  const char* file;
  const char* program;  // prints the server's address and the number of rows in t
  const char* command;  // with {} for the file
};

void PrintTo(const Client& client, std::ostream* out) { *out << client.name; }

// PgSandbox.ACommandGetsUrlsOfTcpWithAPassword does the same with psql.
constexpr Client clients[] = {
    {"psycopg2", "/usr/bin/python3 -c 'import psycopg2'", "client.py",
     R"(import os, psycopg2
cursor = psycopg2.connect(os.environ["DATABASE_URL"]).cursor()
cursor.execute("SELECT host(inet_server_addr()), count(*) FROM t")
print(*cursor.fetchone())
)",
     "/usr/bin/python3 {}"},
    {"psycopg3", "/usr/bin/python3 -c 'import psycopg'", "client.py",
     R"(import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(*connection.execute("SELECT host(inet_server_addr()), count(*) FROM t").fetchone())
)",
     "/usr/bin/python3 {}"},
    {"node_postgres", "node -e \"require('pg')\"", "client.js",
     R"(const { Client } = require('pg');
const client = new Client({ connectionString: process.env.DATABASE_URL });
client.connect()
  .then(() => client.query('SELECT host(inet_server_addr()) AS address, count(*) AS rows FROM t'))
  .then((result) => { console.log(result.rows[0].address, result.rows[0].rows); return client.end(); });
)",
     "node {}"},
    {"postgres_js", "node -e \"require('postgres')\"", "client.js",
     R"(const sql = require('postgres')(process.env.DATABASE_URL);
sql`SELECT host(inet_server_addr()) AS address, count(*) AS rows FROM t`
  .then((rows) => { console.log(rows[0].address, rows[0].rows); return sql.end(); });
)",
     "node {}"},
    {"jdbc", "test -e /usr/share/java/postgresql.jar && javac -version", "Client.java",
     R"(public class Client {
  public static void main(String[] arguments) throws Exception {
    try (var connection = java.sql.DriverManager.getConnection(System.getenv("JDBC_DATABASE_URL"));
         var rows = connection.createStatement().executeQuery(
             "SELECT host(inet_server_addr()), count(*) FROM t")) {
      rows.next();
      System.out.println(rows.getString(1) + " " + rows.getLong(2));
    }
  }
}
)",
     "java -cp /usr/share/java/postgresql.jar {}"},
    {"pgx", "go version && test -e /usr/share/gocode/src/github.com/jackc/pgx/v4", "client.go",
     R"(package main

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v4"
)

func main() {
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		panic(err)
	}
	var address string
	var rows int64
	query := "SELECT host(inet_server_addr()), count(*) FROM t"
	if err := connection.QueryRow(ctx, query).Scan(&address, &rows); err != nil {
		panic(err)
	}
	fmt.Println(address, rows)
}
)",
     "env GO111MODULE=off GOPATH=/usr/share/gocode go run {}"},
};

class SandboxClient : public testing::TestWithParam<Client> {};

TEST_P(SandboxClient, ConnectsByTheUrl) {
  const Client& client = GetParam();
  if (std::system((std::string("{ ") + client.installed + "; } >/dev/null 2>&1").c_str()) != 0)
    GTEST_SKIP() << client.name << " is not installed";
  const testing_support::Folder folder;
  const auto schema = folder.write("s.sql", "CREATE TABLE t (id int);");
  const auto rows = folder.write("rows.sql", "INSERT INTO t VALUES (1), (2), (3);");
  const auto file = folder.write(client.file, client.program);
  const auto ran = testing_support::run("sandbox --schema " + schema + " --load " + rows + " -- " +
                                        replace_all(client.command, "{}", file));
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "127.0.0.1 3\n") << ran.err;
}

INSTANTIATE_TEST_SUITE_P(Clients, SandboxClient, testing::ValuesIn(clients),
                         [](const auto& client) { return std::string(client.param.name); });

}  // namespace
}  // namespace pgadvise
