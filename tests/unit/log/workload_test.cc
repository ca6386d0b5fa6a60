// Workload files: what they keep, what they refuse, and that merging is the union of sets of logs.
#include <array>
#include <map>
#include <random>
#include <tuple>

#include <fmt/format.h>

#include "log/collect/merge.h"
#include "log/workload/workload_file.h"
#include "log_support.h"
#include "support/schema.h"

namespace pgadvise::log::testing {
namespace {

using nlohmann::json;

std::string digest(const std::vector<std::string>& paths, bool literals = false) {
  Diagnostics diagnostics;
  auto workloads = read_each(paths, {}, diagnostics);
  count_once(workloads, diagnostics);
  sort_workloads(workloads);
  return to_workload_file(workloads, literals);
}

// As `pgadvise digest a b -o FILE`.
std::string merge(const std::vector<std::string>& files, Diagnostics* said = nullptr, bool literals = false) {
  std::vector<Workload> workloads;
  for (const auto& file : files) {
    auto read = parse_workload_file("w.json", file);
    if (!read) {
      ADD_FAILURE() << read.error().line();
      continue;
    }
    for (auto& workload : *read) workloads.push_back(std::move(workload));
  }
  Diagnostics diagnostics;
  count_once(workloads, said ? *said : diagnostics);
  sort_workloads(workloads);
  return to_workload_file(workloads, literals);
}

Workload whole(const std::string& file) { return total(parse_workload_file("w.json", file).value()); }

// Sessions that run one of a few statements each, spelled in several ways, some in loops.
std::string random_log(unsigned seed, int lines) {
  std::mt19937 random(seed);
  const auto below = [&](unsigned limit) { return static_cast<int>(random() % limit); };
  std::string out;
  double second = below(600);
  for (int i = 0; i < lines; ++i) {
    second = std::min(second + below(500) / 1000.0, 3599.0);
    const std::string duration =
        below(5) ? fmt::format("duration: {}.{:03} ms  ", below(3) ? below(20) : below(9000), below(1000))
                 : "";
    constexpr const char* statements[] = {
        "SELECT * FROM t{} WHERE id = {}", "select  * from T{} where id = {} -- again",
        "UPDATE t{} SET a = 'secret' WHERE id = {}", "EXECUTE p{}('secret', {})"};
    out += at(second, 1 + below(6),
              "LOG:  " + duration +
                  "statement: " + fmt::format(fmt::runtime(statements[below(4)]), below(4), below(100000)));
    if (!below(40)) out += "garbage that is no record\n";
  }
  return out;
}

TEST(WorkloadFile, KeepsWhatALogTells) {
  for (const char* name : {"shop/logs/shop.log", "shop/logs/shop.csv", "logs/loops.json", "logs/pgbench.log",
                           "logs/paired.log", "logs/plans-alone.log"}) {
    const std::string path = fixture(name);
    for (const bool literals : {false, true}) {
      const std::string file = digest({path}, literals);
      EXPECT_EQ(testing_support::violations("workload.schema.json", json::parse(file)), "") << name;
      Workload read = whole(file);
      const Workload log = read_paths({path}).workload;
      ASSERT_EQ(read.queries.size(), log.queries.size());
      EXPECT_EQ(read.sessions, log.sessions);
      EXPECT_EQ(read.has_events, log.has_events);
      EXPECT_EQ(read.sources.front().identity, log.sources.front().identity);
      for (std::size_t i = 0; i < log.queries.size(); ++i) {
        const Query &a = read.queries[i], &b = log.queries[i];
        EXPECT_EQ(std::tie(a.fingerprint, a.text, a.calls, a.timed_calls, a.total_ms, a.min_ms, a.max_ms,
                           a.times, a.first, a.last, a.users, a.databases, a.applications),
                  std::tie(b.fingerprint, b.text, b.calls, b.timed_calls, b.total_ms, b.min_ms, b.max_ms,
                           b.times, b.first, b.last, b.users, b.databases, b.applications));
        ASSERT_EQ(a.samples.size(), b.samples.size());
        for (std::size_t s = 0; s < a.samples.size(); ++s) {
          EXPECT_EQ(a.samples[s].place, b.samples[s].place);
          EXPECT_EQ(a.samples[s].statement, literals ? b.samples[s].statement : a.text);
          EXPECT_EQ(a.samples[s].parameters, literals ? b.samples[s].parameters : std::nullopt);
        }
      }
      ASSERT_EQ(read.repeats.size(), log.repeats.size()) << name;
      for (std::size_t i = 0; i < log.repeats.size(); ++i) {
        const RepeatedQuery &a = read.repeats[i], &b = log.repeats[i];
        EXPECT_EQ(std::tie(a.pattern, a.parent, a.scope, a.scopes, a.calls, a.max_in_one_scope,
                           a.distinct_parameters, a.parameters_known, a.same_values, a.longest_span_ms),
                  std::tie(b.pattern, b.parent, b.scope, b.scopes, b.calls, b.max_in_one_scope,
                           b.distinct_parameters, b.parameters_known, b.same_values, b.longest_span_ms));
        EXPECT_EQ(a.call_times, b.call_times);
      }
      ASSERT_EQ(read.write_pairs.size(), log.write_pairs.size()) << name;
      for (std::size_t i = 0; i < log.write_pairs.size(); ++i) {
        const WritePair &a = read.write_pairs[i], &b = log.write_pairs[i];
        EXPECT_EQ(std::tie(a.first, a.then, a.bursts, a.calls), std::tie(b.first, b.then, b.bursts, b.calls));
      }
      ASSERT_EQ(read.transaction_orders.size(), log.transaction_orders.size()) << name;
      for (std::size_t i = 0; i < log.transaction_orders.size(); ++i) {
        const TransactionOrder &a = read.transaction_orders[i], &b = log.transaction_orders[i];
        EXPECT_EQ(std::tie(a.statements, a.transactions, a.place),
                  std::tie(b.statements, b.transactions, b.place));
      }
      EXPECT_EQ(merge({file}, nullptr, literals), file) << "read and written again";
    }
  }
}

TEST(WorkloadFile, HoldsNoLiteralsUnlessAsked) {
  const std::string log =
      write_log(random_log(1, 300) + at(9, 1, "LOG:  duration: 1 ms  execute a: SELECT $1") +
                at(9, 1, "DETAIL:  parameters: $1 = 'secret'"));
  EXPECT_EQ(digest({log}).find("secret"), std::string::npos);
  EXPECT_NE(digest({log}, true).find("secret"), std::string::npos);
  // What was stored with them can be passed on without.
  EXPECT_EQ(merge({digest({log}, true)}), digest({log}));
}

TEST(Merge, IsAssociativeAndCommutativeByteForByte) {
  std::vector<std::string> files;
  for (const char* name :
       {"shop/logs/shop.log", "shop/logs/shop.csv", "logs/loops.log", "logs/pgbench.log", "logs/paired.log"})
    files.push_back(digest({fixture(name)}));
  // Random logs, their beginnings, and files of several logs that overlap.
  for (unsigned seed = 0; seed < 6; ++seed) {
    const std::string text = random_log(seed / 2, 200);
    const std::string log = write_log(std::string_view(text).substr(0, text.size() * (seed % 2 + 1) / 2),
                                      fmt::format("{}.log", seed));
    files.push_back(digest({log}));
    files.push_back(digest({log, fixture("logs/loops.log")}));
    files.push_back(digest({fixture("logs/plans-alone.log"), log}, true));
  }
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    const auto &a = files[random() % files.size()], &b = files[random() % files.size()],
               &c = files[random() % files.size()];
    const std::string left = merge({merge({a, b}), c});
    EXPECT_EQ(left, merge({a, merge({b, c})}));
    EXPECT_EQ(left, merge({c, a, b}));
    EXPECT_EQ(merge({a, b}), merge({b, a}));
    EXPECT_EQ(merge({a, a}), merge({a})) << "idempotent";
    EXPECT_EQ(merge({left, a}), left) << "what is in it adds nothing";
    const bool with = round % 2;
    EXPECT_EQ(merge({merge({a, b}, nullptr, with), c}, nullptr, with),
              merge({a, merge({b, c}, nullptr, with)}, nullptr, with));
  }
}

TEST(Merge, OneReadingOfSeveralLogsIsTheMergeOfTheirReadings) {
  const std::string first = write_log(random_log(11, 300), "a"), second = write_log(random_log(12, 300), "b");
  const Workload together = whole(digest({second, first})),
                 merged = whole(merge({digest({first}), digest({second})}));
  ASSERT_EQ(together.queries.size(), merged.queries.size());
  for (std::size_t i = 0; i < merged.queries.size(); ++i) {
    const Query &a = together.queries[i], &b = merged.queries[i];
    EXPECT_EQ(std::tie(a.fingerprint, a.text, a.calls, a.timed_calls, a.total_ms, a.min_ms, a.max_ms, a.times,
                       a.first, a.last),
              std::tie(b.fingerprint, b.text, b.calls, b.timed_calls, b.total_ms, b.min_ms, b.max_ms, b.times,
                       b.first, b.last));
  }
}

TEST(Merge, CountsALogOnceUnderAnyNameAndAfterItHasGrown) {
  const std::string text = random_log(3, 400);
  const std::string start = text.substr(0, text.find('\n', text.size() / 2) + 1);
  const std::string whole_log = write_log(text, "whole"), copy = write_log(text, "copy"),
                    beginning = write_log(start, "beginning");
  const std::string file = digest({whole_log});
  for (const auto& others : {std::vector{copy}, std::vector{beginning}, std::vector{beginning, copy}}) {
    Diagnostics said;
    const std::string merged = merge({digest(others), file}, &said);
    EXPECT_EQ(whole(merged).sources.front().statements, 400u);
    EXPECT_EQ(whole(merged).sources.size(), 1u);
    ASSERT_EQ(said.size(), 1u);
    EXPECT_NE(said.front().what.find("counted once"), std::string::npos);
  }
  // In one reading, too: named before it is read.
  const Read read = read_paths({beginning, whole_log, copy, whole_log});
  EXPECT_EQ(read.workload.sources[1].statements, 400u);
  EXPECT_EQ(read.diagnostics.size(), 3u);
  std::uint64_t calls = 0;
  for (const auto& query : read.workload.queries) calls += query.calls;
  EXPECT_EQ(calls, 400u);
  // A log that goes on where another ends is another log.
  const Read rotated = read_paths({beginning, write_log(text.substr(start.size()), "rest")});
  EXPECT_EQ(rotated.workload.sources[0].statements + rotated.workload.sources[1].statements, 400u);
}

// With auto_explain.log_analyze: beside the statement, before it, and alone; not of writes.
TEST(Rows, AreThoseOfThePlansTopNode) {
  const auto plan = [](double second, const char* query, const char* actual) {
    return at(second, 7, "LOG:  duration: 0.9 ms  plan:") + "\tQuery Text: " + query +
           "\n\tLimit  (cost=0.00..1.00 rows=9 width=4) (actual " + actual +
           ")\n\t  ->  Seq Scan on t  (cost=0.00..1.00 rows=9 width=4) (actual time=0.1..0.2 rows=77 "
           "loops=1)\n";
  };
  const Read log =
      read_text(plan(1, "SELECT a FROM t", "time=0.010..0.011 rows=5 loops=1") +
                at(1, 7, "LOG:  duration: 1 ms  statement: SELECT a FROM t") +
                at(2, 7, "LOG:  duration: 1 ms  statement: SELECT a FROM t") +
                plan(2, "SELECT a FROM t", "rows=6.00 loops=1") +
                at(3, 7, "LOG:  duration: 1 ms  statement: SELECT a FROM t") +
                plan(4, "SELECT b FROM t", "time=0.010..0.011 rows=3 loops=1") +
                plan(5, "UPDATE t SET a = 1", "time=0.010..0.011 rows=0 loops=1") +
                plan(6, "SELECT c FROM t", "never executed") + at(7, 7, "LOG:  duration: 0.9 ms  plan:") +
                "\t{\n\t  \"Query Text\": \"SELECT d FROM t\",\n\t  \"Plan\": {\"Actual Rows\": 12, "
                "\"Plans\": [{\"Actual Rows\": 99}]}\n\t}\n");
  std::map<std::string, std::array<std::uint64_t, 3>> found;
  for (const auto& query : log.workload.queries)
    found[query.text] = {query.calls, query.rows, query.rows_calls};
  const std::map<std::string, std::array<std::uint64_t, 3>> expected{{"SELECT a FROM t", {3, 11, 2}},
                                                                     {"SELECT b FROM t", {1, 3, 1}},
                                                                     {"UPDATE t SET a = $1", {1, 0, 0}},
                                                                     {"SELECT c FROM t", {1, 0, 0}},
                                                                     {"SELECT d FROM t", {1, 12, 1}}};
  EXPECT_EQ(found, expected);
}

TEST(Merge, RotatedLogsAreJoined) {
  const std::string text = random_log(5, 300);
  const auto cut = text.find('\n', text.size() / 2) + 1;
  const Workload one = read_text(text).workload;
  const Workload two =
      read_paths({write_log(text.substr(cut), "2"), write_log(text.substr(0, cut), "1")}).workload;
  EXPECT_EQ(two.sessions, one.sessions);
  ASSERT_EQ(two.queries.size(), one.queries.size());
  for (std::size_t i = 0; i < one.queries.size(); ++i) {
    EXPECT_EQ(two.queries[i].fingerprint, one.queries[i].fingerprint);
    EXPECT_EQ(two.queries[i].total_ms, one.queries[i].total_ms);
    EXPECT_EQ(two.queries[i].times, one.queries[i].times);
    EXPECT_EQ(two.queries[i].samples.size(), one.queries[i].samples.size());
  }
}

TEST(WorkloadFile, OfALogThatSaysTheImpossibleIsRead) {
  const std::string call =
      "2024-05-01 12:00:01.000 UTC [7] LOG:  duration: 99999999999999999999999999.000 ms  statement: SELECT "
      "1\n";
  const std::string path = write_log(
      call + call + "9999-12-31 23:59:59.000 UTC [7] LOG:  duration: 1.000 ms  statement: SELECT 2\n" +
      "0001-01-01 00:00:00.000 UTC [7] LOG:  duration: 1.000 ms  statement: SELECT 3\n");
  Diagnostics diagnostics;
  const std::string file = to_workload_file(read_each({path}, {}, diagnostics), true);
  const auto again = parse_workload_file("w.json", file);
  ASSERT_TRUE(again.has_value()) << again.error().line();
  EXPECT_EQ(to_workload_file(*again, true), file);
}

TEST(WorkloadFile, RefusesInOneLine) {
  const json good = json::parse(digest({fixture("logs/pgbench.log")}));
  const auto refused = [](const std::string& text) {
    const auto read = parse_workload_file("w.json", text);
    EXPECT_FALSE(read) << text.substr(0, 300);
    if (read) return std::string();
    EXPECT_EQ(read.error().kind, Error::Kind::input);
    const std::string line = read.error().line();
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_LT(line.size(), 250u);
    return line;
  };
  const auto changed = [&](const char* pointer, json value) {
    json bad = good;
    bad[json::json_pointer(pointer)] = std::move(value);
    return refused(bad.dump());
  };
  EXPECT_NE(refused("").find("not JSON"), std::string::npos);
  EXPECT_NE(refused(good.dump().substr(0, 1000)).find("truncated"), std::string::npos);
  EXPECT_NE(refused("[]").find("not a workload file"), std::string::npos);
  EXPECT_NE(refused("{\"pgadvise_workload\": 1}").find("parser is missing"), std::string::npos);
  EXPECT_NE(changed("/pgadvise_workload", 2).find("version 2; this pgadvise reads version 1"),
            std::string::npos);
  EXPECT_NE(changed("/pgadvise_workload", std::string(5000, 'x')).find("version"), std::string::npos);
  EXPECT_NE(changed("/logs/0/queries/0/calls", -1).find("logs[0].queries[0]: calls is not a whole number"),
            std::string::npos);
  EXPECT_NE(changed("/logs/0/queries/0/min_ms", 1e9).find("min_ms is more than max_ms"), std::string::npos);
  EXPECT_NE(changed("/logs/0/queries/1", good["logs"][0]["queries"][0]).find("queries contain a duplicate"),
            std::string::npos);
  json loops = json::parse(digest({fixture("logs/loops.csv")}));
  for (const json& bad : {json::array({{0, 1, 8}}), json::array({{0, 1, -2}}), json::array({{0, 1}}),
                          json::array({{-1, 1, 0}}), json(std::vector<json>(202, json{0, 1, 0}))}) {
    loops[json::json_pointer("/logs/0/repeats/0/call_times")] = bad;
    EXPECT_NE(refused(loops.dump()).find("repeats[0]: call_times"), std::string::npos);
  }
  const json values[] = {nullptr,
                         true,
                         -1,
                         1.5,
                         1e300,
                         18446744073709551615ULL,
                         "x",
                         json::array(),
                         json::object(),
                         json::array({json::array({-1, 0})}),
                         json::array({1, "x"})};
  // Every member of the kinds there are, made every wrong type: a refusal or a workload, never a crash.
  const json flat = good.flatten();
  int refusals = 0;
  std::set<std::string> seen;
  for (const auto& [pointer, value] : flat.items()) {
    std::string kind;
    for (const char c : pointer) kind += c >= '0' && c <= '9' ? '#' : c;
    if (!seen.insert(kind).second || seen.size() > 120) continue;
    for (auto up = pointer; !up.empty(); up.resize(up.rfind('/')))
      for (const auto& bad : values) {
        json document = good;
        document[json::json_pointer(up)] = bad;
        const auto read = parse_workload_file("w.json", document.dump());
        refusals += !read;
        if (read) {
          const Workload sum = total(*read);
          EXPECT_EQ(to_workload_file(*read, true).empty(), false);
        } else {
          EXPECT_LT(read.error().line().size(), 250u);
        }
      }
  }
  EXPECT_GT(refusals, 500);
  std::string deep = "{\"pgadvise_workload\": 1, \"logs\": ";
  deep.append(500'000, '[');
  refused(deep);
  refused(deep + std::string(500'000, ']') + "}");
}

TEST(WorkloadFile, IsToldFromLogs) {
  EXPECT_TRUE(is_workload_file(digest({fixture("logs/pgbench.log")})));
  EXPECT_TRUE(is_workload_file(" {\n\t\"pgadvise_workload\": 7}"));
  EXPECT_FALSE(is_workload_file(at(1, 1, "LOG:  statement: SELECT 1")));
  EXPECT_FALSE(is_workload_file("{\"timestamp\":\"2026-01-01 00:00:00.000 UTC\"}"));
  EXPECT_FALSE(is_workload_file(""));
}

// The next PostgreSQL grammar may hash a statement otherwise.
TEST(WorkloadFile, FingerprintsOfAnotherParserAreMadeAgain) {
  const std::string file = digest({fixture("logs/pgbench.log")});
  std::string other = file;
  const std::string known = whole(file).queries.front().fingerprint;
  for (std::size_t at = 0; (at = other.find(known, at)) != std::string::npos;)
    other.replace(at, known.size(), "0123456789abcdef");
  EXPECT_EQ(whole(other).queries.front().fingerprint, "0123456789abcdef");
  other.replace(other.find("\"parser\": \""), 11, "\"parser\": \"0");
  EXPECT_EQ(merge({other}), file);
}

}  // namespace
}  // namespace pgadvise::log::testing
