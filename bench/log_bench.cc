// The parts of reading a log, one by one: `cmake --preset release -DPGADVISE_BENCH=ON`, then
// build/release/bench/log_bench.
#include <fstream>
#include <iterator>
#include <string>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "log/formats/preview.h"
#include "log/prefix/prefix.h"
#include "log/reader.h"
#include "log/record/parameters.h"

namespace pgadvise::log {
namespace {

constexpr std::string_view update =
    "UPDATE pgbench_accounts SET abalance = abalance + -3069 WHERE aid = 596854;";
constexpr std::string_view drizzle =
    R"(select "orders"."id", "orders"."user_id", "orders"."status", "orders"."placed_at" from "orders" left join "users" on "users"."id" = "orders"."user_id" where ("orders"."user_id" = $1 and "orders"."status" in ($2, $3, $4)) order by "orders"."placed_at" desc limit $5)";
constexpr std::string_view insert =
    "INSERT INTO t (a, b) VALUES (1, 'x''y'), (2, E'a\\'b'), (3, $tag$it's$tag$) ON CONFLICT DO NOTHING";

void scan(benchmark::State& state, std::string_view statement) {
  StatementScanner scanner;
  for (auto _ : state) benchmark::DoNotOptimize(scanner.scan(statement).hash);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * statement.size()));
}
BENCHMARK_CAPTURE(scan, update, update);
BENCHMARK_CAPTURE(scan, drizzle, drizzle);
BENCHMARK_CAPTURE(scan, insert, insert);

void prefix(benchmark::State& state, const char* pattern, std::string_view line, bool remembered) {
  const Prefix prefix{pattern};
  PrefixReader reader;
  Header header;
  for (auto _ : state) {
    const bool matched = remembered ? reader.match(prefix, line, header) : prefix.match(line, header);
    benchmark::DoNotOptimize(matched);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * line.size()));
}
constexpr std::string_view debian =
    "2024-05-01 12:00:00.123 UTC [4004] app@shop LOG:  duration: 0.455 ms  statement: SELECT 1";
constexpr std::string_view badger =
    "2024-05-01 12:00:00 UTC [4004]: [17-1] user=app,db=shop,app=api 1.2,client=10.0.0.7 LOG:  duration: "
    "0.455 ms  statement: SELECT 1";
BENCHMARK_CAPTURE(prefix, debian, "%m [%p] %q%u@%d ", debian, false);
BENCHMARK_CAPTURE(prefix, debian_remembered, "%m [%p] %q%u@%d ", debian, true);
BENCHMARK_CAPTURE(prefix, with_line_number, "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ", badger, true);

void message(benchmark::State& state, std::string_view text) {
  for (auto _ : state) benchmark::DoNotOptimize(parse_message(text));
}
BENCHMARK_CAPTURE(message, statement, "duration: 0.455 ms  statement: SELECT 1");
BENCHMARK_CAPTURE(message, execute, "duration: 0.455 ms  execute py:0x7fde12d61b80: SELECT 1");
BENCHMARK_CAPTURE(message, french, "durée : 27696.749 ms, instruction : SELECT 1");

void parameters(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(parse_parameters("$1 = 'x', $2 = NULL, $3 = 'o''clock, then'"));
}
BENCHMARK(parameters);

// A whole log, the fixture repeated until it has 8 MB; one thread.
void format(benchmark::State& state, const char* fixture) {
  std::ifstream file(std::string(PGADVISE_SOURCE_DIR) + "/fixtures/" + fixture, std::ios::binary);
  const std::string once{std::istreambuf_iterator<char>(file), {}};
  const std::string path = "/tmp/pgadvise-bench-" + std::to_string(getpid());
  std::size_t bytes = 0;
  {
    std::ofstream out(path, std::ios::binary);
    for (; bytes < (8U << 20) && !once.empty(); bytes += once.size()) out << once;
  }
  Options options;
  options.threads = 1;
  for (auto _ : state) {
    Diagnostics diagnostics;
    benchmark::DoNotOptimize(read({path}, options, diagnostics).queries.size());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
  std::remove(path.c_str());
}
BENCHMARK_CAPTURE(format, stderr_pgbench, "logs/pgbench.log");
BENCHMARK_CAPTURE(format, stderr_drizzle, "shop/logs/drizzle.log");
BENCHMARK_CAPTURE(format, csvlog, "logs/loops.csv");
BENCHMARK_CAPTURE(format, jsonlog, "logs/loops.json");
BENCHMARK_CAPTURE(format, syslog, "logs/envelopes/syslog-traditional");
BENCHMARK_CAPTURE(format, cloud_sql, "logs/envelopes/cloud-sql");

}  // namespace
}  // namespace pgadvise::log

BENCHMARK_MAIN();
