// What is read of each kind of line, in the three formats.
#include <filesystem>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "log_support.h"

namespace pgadvise::log::testing {
namespace {

std::string line(std::string_view rest) { return at(1, 7, rest); }

TEST(LogLines, StatementOfTheSimpleProtocol) {
  const Read log = read_text(line("LOG:  duration: 0.455 ms  statement: SELECT * FROM t WHERE id = 5"));
  ASSERT_EQ(log.workload.queries.size(), 1u);
  EXPECT_EQ(log.query().text, "SELECT * FROM t WHERE id = $1");
  EXPECT_EQ(log.query().calls, 1u);
  EXPECT_DOUBLE_EQ(log.query().total_ms, 0.455);
  EXPECT_EQ(log.query().fingerprint.size(), 16u);
  EXPECT_EQ(log.query().samples.at(0).statement, "SELECT * FROM t WHERE id = 5");
  EXPECT_EQ(log.query().samples.at(0).place.line, 1);
  EXPECT_EQ(log.source().format, "stderr");
  EXPECT_EQ(log.source().prefix, "%m [%p] ");
}

// The name of a statement, of a portal, or of both, with and without colons.
TEST(LogLines, NamesOfPreparedStatements) {
  for (const auto* name : {"<unnamed>", "py:0x7fde12d61b80", "ein: fug", "stmt/portal", "S_1/C_2",
                           "a: b/c: d", "select: x", "execute: z", "with space"}) {
    const Read log =
        read_text(line(fmt::format("LOG:  duration: 0.5 ms  execute {}: SELECT 1 FROM t", name)));
    ASSERT_EQ(log.workload.queries.size(), 1u) << name;
    EXPECT_EQ(log.query().samples.at(0).statement, "SELECT 1 FROM t") << name;
  }
}

TEST(LogLines, ParseAndBindAreTimedButNoCalls) {
  const Read log = read_text(line("LOG:  duration: 0.1 ms  parse <unnamed>: SELECT a FROM t WHERE b = $1") +
                             line("LOG:  duration: 0.2 ms  bind <unnamed>: SELECT a FROM t WHERE b = $1") +
                             line("DETAIL:  parameters: $1 = '4'") +
                             line("LOG:  duration: 0.3 ms  execute <unnamed>: SELECT a FROM t WHERE b = $1") +
                             line("DETAIL:  parameters: $1 = '4'"));
  ASSERT_EQ(log.workload.queries.size(), 1u);
  EXPECT_EQ(log.query().calls, 1u);
  EXPECT_DOUBLE_EQ(log.query().total_ms, 0.3);
  EXPECT_EQ(log.source().statements, 1u);
  EXPECT_EQ(log.source().used, 5u);
}

TEST(LogLines, FetchFromAPortalIsNoNewQuery) {
  const Read log = read_text(line("LOG:  duration: 1.0 ms  execute S_1/C_2: SELECT * FROM t") +
                             line("LOG:  duration: 1.0 ms  execute fetch from S_1/C_2: SELECT * FROM t"));
  EXPECT_EQ(log.query().calls, 1u);
  EXPECT_EQ(log.source().used, 2u);
}

TEST(LogLines, StatementOfSeveralLinesThatStartsOnTheNext) {
  const Read log = read_text(line("LOG:  duration: 4079.697 ms  execute <unnamed>: ") +
                             "\tSELECT a\n\t\n\tFROM t\n" + line("DETAIL:  parameters: $1 = 'two") +
                             "\tlines'\n" + line("LOG:  checkpoint starting: time"));
  EXPECT_EQ(log.query().samples.at(0).statement, "SELECT a\n\nFROM t");
  EXPECT_EQ(log.query().samples.at(0).parameters.value().at(0), "two\nlines");
  EXPECT_EQ(log.source().continuation, 4u);
  EXPECT_EQ(log.source().used, 2u);
  EXPECT_EQ(log.source().other, 1u);
}

TEST(LogLines, ContinuationsWhoseTabsWereLost) {
  const Read log = read_text(line("LOG:  duration: 1.0 ms  statement: SELECT a") + "FROM t\nWHERE b = 1\n");
  EXPECT_EQ(log.query().samples.at(0).statement, "SELECT a\nFROM t\nWHERE b = 1");
}

TEST(LogLines, ContinuationsWhoseTabsBecameBlanksOrNothingEvenBeforeTheyAreNeeded) {
  const Read log =
      read_text(line("LOG:  duration: 1.0 ms  parse <unnamed>: select a,") + "       b\n\nfrom t\n" +
                line("LOG:  duration: 1.0 ms  execute <unnamed>: select a,") + "       b\n\nfrom t\n" +
                line("LOG:  duration: 1.0 ms  plan:") +
                "Query Text: select 7\nResult  (cost=0.00..0.01 rows=1 width=4)\n");
  ASSERT_EQ(log.workload.queries.size(), 2u);
  EXPECT_TRUE(log.workload.queries[0].text == "select a,\n       b\n\nfrom t" ||
              log.workload.queries[1].text == "select a,\n       b\n\nfrom t");
  EXPECT_EQ(log.source().not_understood, 0u);
}

TEST(LogLines, OfAnotherProgramBelongToNoStatement) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += line("LOG:  duration: 1.0 ms  statement: select name from users where id = " + std::to_string(i));
    if (i % 2) text += i % 4 == 1 ? "cp: cannot stat 'card 4711': No such file\n" : "Done\n\n";
  }
  const Read log = read_text(text);
  ASSERT_EQ(log.workload.queries.size(), 1u);
  EXPECT_EQ(log.query().calls, 200u);
  EXPECT_EQ(log.source().not_understood, 100u);
  EXPECT_EQ(log.source().not_understood_at.at(0).line, 3);
  EXPECT_EQ(log.source().continuation, 0u);
}

TEST(LogLines, OfAnotherProgramInTheMiddleOfAStatement) {
  const Read log =
      read_text(line("LOG:  duration: 1.0 ms  statement: select a") + "cp: cannot stat 'x'\n\tfrom t\n");
  EXPECT_EQ(log.query().samples.at(0).statement, "select a\nfrom t");
  EXPECT_EQ(log.source().not_understood, 1u);
}

TEST(LogLines, TextThatLooksLikeARecordInsideAStatement) {
  const Read log =
      read_text(line("LOG:  duration: 2.0 ms  statement: SELECT 'a' -- LOG:  duration: 5 ms") +
                line("LOG:  duration: 3.0 ms  statement: SELECT 'x") +
                "\t2024-05-01 12:00:00.000 UTC [7] LOG:  duration: 9 ms  statement: DROP TABLE t'\n");
  ASSERT_EQ(log.workload.queries.size(), 1u);
  EXPECT_EQ(log.query().calls, 2u);
  EXPECT_DOUBLE_EQ(log.query().total_ms, 5.0);
}

Parameters parameters(std::string_view detail) {
  const Read log = read_text(line("LOG:  duration: 0.3 ms  execute <unnamed>: SELECT $1, $2, $10") +
                             line("DETAIL:  " + std::string(detail)));
  return log.query().samples.at(0).parameters.value_or(Parameters{});
}

TEST(LogLines, Parameters) {
  EXPECT_EQ(parameters("parameters: $1 = '1', $2 = NULL"), (Parameters{"1", std::nullopt}));
  EXPECT_EQ(parameters("Parameters: $1 = 'x'"), (Parameters{"x"}));  // from 16
  EXPECT_EQ(parameters("parameters: $1 = 'x, $2 = ''evil''', $2 = 'o''clock, then'"),
            (Parameters{"x, $2 = 'evil'", "o'clock, then"}));
  Parameters ten(10);
  std::string text = "parameters: ";
  for (int i = 1; i <= 10; ++i) {
    text += fmt::format("{}${} = '{}'", i > 1 ? ", " : "", i, i);
    ten[static_cast<std::size_t>(i - 1)] = std::to_string(i);
  }
  EXPECT_EQ(parameters(text), ten);
  EXPECT_EQ(parameters("parameters: $1 = 'never closed"), Parameters{});
  EXPECT_EQ(parameters("parameters: $99999999999999999999 = '1'"), Parameters{});
}

TEST(LogLines, ParametersInAnErrorsContextBelongToNoCall) {
  const Read log = read_text(
      line("LOG:  duration: 0.3 ms  execute <unnamed>: SELECT $1") + line("ERROR:  22012: division by zero") +
      line("CONTEXT:  unnamed portal with parameters: $1 = '0'") + line("STATEMENT:  SELECT 1 / $1"));
  EXPECT_EQ(log.workload.queries.size(), 1u);
  EXPECT_FALSE(log.query().samples.at(0).parameters);
  EXPECT_EQ(log.source().other, 3u);
}

TEST(LogLines, ExecuteOfAStatementPreparedBySql) {
  const Read log = read_text(line("LOG:  duration: 0.3 ms  statement: EXECUTE foo(1, 'it''s', NULL);") +
                             line("DETAIL:  prepare: prepare foo (int) as select * from t where a = $1;"));
  EXPECT_EQ(log.query().text, "select * from t where a = $1");
  EXPECT_EQ(log.query().samples.at(0).parameters.value(), (Parameters{"1", "it's", std::nullopt}));
}

TEST(LogLines, EmptyStatement) {
  const Read log = read_text(line("LOG:  duration: 0.097 ms  statement: ;"));
  EXPECT_EQ(log.source().statements, 1u);
  EXPECT_EQ(log.source().not_understood, 0u);
}

TEST(LogLines, StatementCutByTheHoster) {
  const Read log =
      read_text(line("LOG:  duration: 0.3 ms  statement: SELECT 'abc [Your log message was truncated]"));
  ASSERT_EQ(log.workload.queries.size(), 1u);
  EXPECT_EQ(log.query().text, "select ?");
  EXPECT_EQ(log.query().fingerprint.size(), 16u);
}

TEST(LogLines, StatementThatDoesNotParseKeepsItsTemplate) {
  const Read log =
      read_text(line("LOG:  statement: SELEC 1 FROM t") + line("LOG:  statement: SELEC 2 FROM t"));
  ASSERT_EQ(log.workload.queries.size(), 1u);
  EXPECT_EQ(log.query().calls, 2u);
  EXPECT_EQ(log.query().text, "selec ? from t");
}

TEST(LogLines, VerboseErrorCodes) {
  const Read log = read_text(line("LOG:  00000: duration: 0.3 ms  statement: SELECT 1") +
                             line("LOCATION:  exec_simple_query, postgres.c:1316"));
  EXPECT_EQ(log.query().calls, 1u);
  EXPECT_EQ(log.source().other, 1u);
}

TEST(LogLines, OtherLanguages) {
  struct Case {
    const char* statement;
    const char* execute;
    const char* detail;
  };
  const Case cases[] = {
      {"LOG:  durée : 27.5 ms, instruction : SELECT 1", "LOG:  durée : 1.5 ms, exécute <unnamed> : SELECT $1",
       "DÉTAIL:  paramètres : $1 = 'x'"},
      {"LOG:  durée : 27.5 ms, instruction : SELECT 1", "LOG:  durée : 1.5 ms  exécute <unnamed> : SELECT $1",
       "DÉTAIL:  Paramètres : $1 = 'x'"},
      {"LOG:  Dauer: 27.5 ms  Anweisung: SELECT 1", "LOG:  Dauer: 1.5 ms  Ausführen <unnamed>: SELECT $1",
       "DETAIL:  Parameter: $1 = 'x'"},
      {"LOG:  duración: 27.5 ms  sentencia: SELECT 1",
       "LOG:  duración: 1.5 ms  ejecutar <unnamed>: SELECT $1", "DETALLE:  parámetros: $1 = 'x'"},
      {"LOG:  duração: 27.5 ms  comando: SELECT 1", "LOG:  duração: 1.5 ms  executar <unnamed>: SELECT $1",
       "DETALHE:  parâmetros: $1 = 'x'"},
      {"СООБЩЕНИЕ:  продолжительность: 27.5 мс, оператор: SELECT 1",
       "СООБЩЕНИЕ:  продолжительность: 1.5 мс  выполнение <unnamed>: SELECT $1",
       "ПОДРОБНОСТИ:  параметры: $1 = 'x'"},
      {"LOG:  期間: 27.5 ミリ秒  文: SELECT 1", "LOG:  期間: 1.5 ミリ秒  実行 <unnamed>: SELECT $1",
       "詳細:  パラメータ: $1 = 'x'"},
      {"日志:  执行时间: 27.5 ms 语句: SELECT 1", "日志:  执行时间: 1.5 ms 执行 <unnamed>: SELECT $1",
       "详细信息:  参数: $1 = 'x'"},
  };
  for (const auto& [statement, execute, detail] : cases) {
    const Read log = read_text(line(statement) + line(execute) + line(detail));
    ASSERT_EQ(log.workload.queries.size(), 1u) << statement;
    EXPECT_EQ(log.query().calls, 2u) << statement;
    EXPECT_DOUBLE_EQ(log.query().total_ms, 29.0) << statement;
    EXPECT_EQ(log.query().samples.back().parameters.value(), Parameters{"x"}) << detail;
    EXPECT_EQ(log.source().used, 3u) << statement;
  }
}

TEST(LogLines, ParseInAnotherLanguageIsNoCall) {
  const Read log = read_text(line("LOG:  durée : 0.1 ms, analyse <unnamed> : SELECT 1") +
                             line("LOG:  Dauer: 0.1 ms  Binden <unnamed>: SELECT 1") +
                             line("FEHLER:  Syntaxfehler") + line("ANWEISUNG:  SELECT"));
  EXPECT_TRUE(log.workload.queries.empty());
  EXPECT_EQ(log.source().used, 2u);
  EXPECT_EQ(log.source().other, 2u);
}

TEST(LogPairs, StatementAndDurationOnTwoLines) {
  const Read log =
      read_text(at(1.0, 7, "LOG:  statement: SELECT 1") + at(1.1, 8, "LOG:  statement: SELECT a FROM t") +
                at(1.2, 7, "LOG:  duration: 200.0 ms") + at(1.3, 8, "LOG:  duration: 150.0 ms"));
  ASSERT_EQ(log.workload.queries.size(), 2u);
  EXPECT_DOUBLE_EQ(log.workload.queries[0].total_ms, 200);
  EXPECT_DOUBLE_EQ(log.workload.queries[1].total_ms, 150);
  EXPECT_EQ(log.source().timed_statements, 2u);
}

TEST(LogPairs, DurationsOfParseAndBindComeBeforeTheStatement) {
  const Read log =
      read_text(line("LOG:  duration: 5 ms") + line("LOG:  duration: 6 ms") +
                line("LOG:  execute <unnamed>: SELECT $1") + line("DETAIL:  parameters: $1 = '1'") +
                line("LOG:  duration: 7 ms") + line("LOG:  duration: 8 ms"));
  EXPECT_DOUBLE_EQ(log.query().total_ms, 7);
  EXPECT_EQ(log.query().samples.at(0).parameters.value(), Parameters{"1"});
}

TEST(LogPairs, StatementThatFailedTakesNoLaterDuration) {
  const Read log = read_text(line("LOG:  statement: SELECT 1/0") + line("ERROR:  division by zero") +
                             line("STATEMENT:  SELECT 1/0") + line("LOG:  duration: 8 ms"));
  EXPECT_EQ(log.query().calls, 1u);
  EXPECT_EQ(log.query().timed_calls, 0u);
}

TEST(LogPairs, DetailsOfTwoSessionsMayMingle) {
  const Read log = read_text(
      at(1, 7, "LOG:  duration: 1 ms  execute <unnamed>: SELECT a FROM t WHERE b = $1") +
      at(1, 8, "LOG:  duration: 1 ms  execute <unnamed>: SELECT c FROM t WHERE d = $1") +
      at(1, 7, "DETAIL:  parameters: $1 = 'seven'") + at(1, 8, "DETAIL:  parameters: $1 = 'eight'"));
  ASSERT_EQ(log.workload.queries.size(), 2u);
  for (const auto& query : log.workload.queries)
    EXPECT_EQ(query.samples.at(0).parameters.value().at(0),
              query.text.starts_with("SELECT a") ? "seven" : "eight");
}

TEST(LogPlans, AreCountedOnce) {
  for (const auto* name : {"logs/plans-alone.log", "logs/plans-and-statements.log"}) {
    const Read log = read_paths({fixture(name)});
    ASSERT_EQ(log.workload.queries.size(), 2u) << name;
    for (const auto& query : log.workload.queries) EXPECT_EQ(query.calls, 1u) << name;
    EXPECT_TRUE(log.workload.query(log.query().fingerprint)) << name;
    EXPECT_EQ(log.source().statements, 2u) << name;
    EXPECT_EQ(log.source().note, "") << name;
  }
}

TEST(LogPlans, OfTheExtendedProtocolComeAfterTheStatement) {
  const Read log = read_text(
      line("LOG:  duration: 1 ms  execute <unnamed>: SELECT a FROM t WHERE b = $1") +
      line("DETAIL:  parameters: $1 = '4'") + line("LOG:  duration: 0.9 ms  plan:") +
      "\tQuery Text: SELECT a FROM t WHERE b = $1\n\tSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n" +
      line("LOG:  duration: 1 ms  statement: SELECT 1"));
  ASSERT_EQ(log.workload.queries.size(), 2u);
  for (const auto& query : log.workload.queries) EXPECT_EQ(query.calls, 1u);
  EXPECT_EQ(log.source().statements, 2u);
}

// log_min_duration_statement = 100, auto_explain.log_min_duration = 20: some calls are told of twice, others
// once.
TEST(LogPlans, SwallowNoOtherCallOfTheStatement) {
  std::string text;
  const std::string plan =
      "\tQuery Text: SELECT a FROM t\n\tSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n";
  for (int i = 0; i < 10; ++i) {
    text += at(4 * i, 7, "LOG:  duration: 120.000 ms  plan:") + plan +
            at(4 * i, 7, "LOG:  duration: 120.500 ms  statement: SELECT a FROM t");
    text += at(4 * i + 2, 7, "LOG:  duration: 50.000 ms  plan:") + plan;
  }
  const Read log = read_text(text);
  EXPECT_EQ(log.query().calls, 20u);
  EXPECT_DOUBLE_EQ(log.query().total_ms, 1705);
}

TEST(LogPlans, OfTheExtendedProtocolSwallowNoOtherCallEither) {
  const std::string plan =
      "\tQuery Text: SELECT a FROM t\n\tSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n";
  const Read log =
      read_text(at(1, 7, "LOG:  duration: 120.500 ms  execute <unnamed>: SELECT a FROM t") +
                at(2, 7, "LOG:  duration: 50.000 ms  plan:") + plan +
                at(3, 7, "LOG:  duration: 1.000 ms  execute <unnamed>: SELECT a FROM t") +
                at(3, 7, "LOG:  duration: 40.000 ms  execute fetch from <unnamed>: SELECT a FROM t") +
                at(3, 7, "LOG:  duration: 41.000 ms  plan:") + plan);
  EXPECT_EQ(log.query().calls, 3u);
  EXPECT_DOUBLE_EQ(log.query().total_ms, 171.5);
}

TEST(LogPlans, OfStatementsInsideFunctionsAreNoCalls) {
  const Read log = read_text(line("LOG:  duration: 0.9 ms  plan:") +
                             "\tQuery Text: SELECT 7\n\tResult  (cost=0.00..0.01 rows=1 width=4)\n" +
                             line("CONTEXT:  PL/pgSQL function f() line 3 at RETURN"));
  EXPECT_TRUE(log.workload.queries.empty());
}

TEST(LogPlans, AsJson) {
  const Read log =
      read_text(line("LOG:  duration: 0.9 ms  plan:") +
                "\t{\n\t  \"Query Text\": \"SELECT \\\"a\\\"\\nFROM t\",\n\t  \"Plan\": {}\n\t}\n");
  EXPECT_EQ(log.query().samples.at(0).statement, "SELECT \"a\"\nFROM t");
}

std::string csv(std::string_view message, std::string_view detail = "", int columns = 26) {
  std::string out = fmt::format(
      "2024-05-01 12:00:00.000 UTC,\"app\",\"shop\",77,\"10.0.0.1:5555\",6630f1a0.4d,3,\"SELECT\",2024-05-01 "
      "11:00:00 UTC,4/10,0,"
      "LOG,00000,\"{}\",{},,,,,,,,\"web \"\"x\"\"\"",
      message, detail.empty() ? "" : "\"" + std::string(detail) + "\"");
  if (columns > 23) out += ",\"client backend\"";
  if (columns > 24) out += ",,0";
  return out + "\n";
}

TEST(CsvLog, ColumnsOfEachVersion) {
  for (const int columns : {23, 24, 26}) {
    const Read log =
        read_text(csv("duration: 1.5 ms  execute <unnamed>: SELECT \"\"a\"\" FROM t WHERE b = $1",
                      "parameters: $1 = 'x'", columns));
    EXPECT_EQ(log.source().format, "csvlog");
    EXPECT_EQ(log.query().samples.at(0).statement, "SELECT \"a\" FROM t WHERE b = $1");
    EXPECT_EQ(log.query().samples.at(0).parameters.value(), Parameters{"x"});
    EXPECT_EQ(log.query().users, std::set<std::string>{"app"});
    EXPECT_EQ(log.query().databases, std::set<std::string>{"shop"});
    EXPECT_EQ(log.query().applications, std::set<std::string>{"web \"x\""});
  }
}

TEST(CsvLog, StatementsOfSeveralLines) {
  const Read log = read_text(csv("duration: 1 ms  statement: SELECT 1,\n\n2,\r\n3") + csv("checkpoint"));
  EXPECT_EQ(log.query().calls, 1u);
  EXPECT_EQ(log.source().continuation, 3u);
  EXPECT_EQ(log.source().other, 1u);
}

TEST(CsvLog, FindsItsWayBackAfterABrokenQuote) {
  const std::string broken = csv("duration: 1 ms  statement: SELECT 1").substr(0, 150) + "\n";
  const Read log = read_text(csv("duration: 1 ms  statement: SELECT 1") + broken + "and more\n" +
                             csv("duration: 1 ms  statement: SELECT 2"));
  EXPECT_EQ(log.query().calls, 2u);
  EXPECT_EQ(log.source().not_understood, 2u);
  ASSERT_EQ(log.source().not_understood_at.size(), 2u);
  EXPECT_EQ(log.source().not_understood_at[0].line, 2);
}

TEST(JsonLog, RecordsThatRanIntoEachOtherAreNotUnderstood) {
  const std::string good =
      R"({"timestamp":"2024-05-01 12:00:00.000 UTC","pid":7,"session_id":"a.7","error_severity":"LOG","message":"duration: 1 ms  statement: SELECT 1"})";
  const std::string bad =
      R"({"timestamp":"2024-05-01 12:00:00.000 UTC","pid":7,"session_id":"a.7","error_severity":"LOG","message":"duration: 1 ms  statement: SELECT '-05-01 UTC","error_severity":"LOG","message":"duration: 2 ms  statement: SELECT 'x'"})";
  const Read log = read_text(good + "\n" + bad + "\n");
  EXPECT_EQ(log.source().statements, 1u);
  EXPECT_EQ(log.source().not_understood, 1u);
  EXPECT_EQ(log.source().not_understood_at.at(0).line, 2);
}

TEST(JsonLog, EscapesAndFields) {
  const Read log = read_text(
      R"({"timestamp":"2024-05-01 12:00:00.123 UTC","user":"app","dbname":"shop","pid":77,"remote_host":"10.0.0.1",)"
      R"("session_id":"6630f1a0.4d","line_num":3,"error_severity":"LOG","message":"duration: 1.5 ms  execute <unnamed>: )"
      R"(SELECT 'a\tb\u00e4\ud83d\ude00\/'\nFROM t WHERE b = $1","detail":"parameters: $1 = 'x'","application_name":"web"})"
      "\n{\"timestamp\":\"2024-05-01 12:00:00.123 UTC\",\"pid\":1,\"error_severity\":\"LOG\",\"mess\n\n");
  EXPECT_EQ(log.source().format, "jsonlog");
  EXPECT_EQ(log.query().samples.at(0).statement, "SELECT 'a\tbä😀/'\nFROM t WHERE b = $1");
  EXPECT_EQ(log.query().samples.at(0).parameters.value(), Parameters{"x"});
  EXPECT_EQ(log.query().applications, std::set<std::string>{"web"});
  EXPECT_EQ(log.source().not_understood, 1u);
  EXPECT_EQ(log.source().other, 1u);
}

// The same run in three forms: equal but for the places.
void expect_equal_forms(const std::string& stem, bool names) {
  const Read stderr_log = read_paths({fixture(stem + ".log")});
  const Read csv_log = read_paths({fixture(stem + ".csv")});
  const Read json_log = read_paths({fixture(stem + ".json")});
  const auto flat = [&](const Read& log) {
    std::string out = fmt::format("{} sessions, {} statements, {} timed\n", log.workload.sessions,
                                  log.source().statements, log.source().timed_statements);
    const auto sample = [](const Sample& s) {
      std::string text = fmt::format("  {} {}", s.duration_ms.value_or(-1), s.statement);
      if (s.parameters)
        for (const auto& value : *s.parameters) text += " | " + value.value_or("NULL");
      return text + "\n";
    };
    for (const auto& q : log.workload.queries) {
      out += fmt::format("{} {} {} {} {:.6f} {} {}\n", q.fingerprint, q.text, q.calls, q.timed_calls,
                         q.total_ms, q.min_ms, q.max_ms);
      if (names) out += fmt::format("{} {}\n", fmt::join(q.users, ","), fmt::join(q.databases, ","));
      for (const auto& s : q.samples) out += sample(s);
    }
    for (const auto& r : log.workload.repeats) {
      out += fmt::format("{} <- {}: {} {} {} {} {} {:.6f} {}\n", fmt::join(r.pattern, " "), r.parent,
                         static_cast<int>(r.scope), r.scopes, r.calls, r.max_in_one_scope,
                         r.distinct_parameters, r.total_ms, r.longest_span_ms);
      for (const auto& s : r.samples) out += sample(s);
      if (r.parent_sample) out += sample(*r.parent_sample);
    }
    return out;
  };
  EXPECT_GT(stderr_log.workload.queries.size(), 10u);
  EXPECT_GT(stderr_log.workload.repeats.size(), 5u);
  EXPECT_EQ(flat(stderr_log), flat(csv_log));
  EXPECT_EQ(flat(csv_log), flat(json_log));
  for (const Read* log : {&stderr_log, &csv_log, &json_log}) EXPECT_EQ(log->source().not_understood, 0u);
}

TEST(ThreeForms, OfOneRunAreOneWorkload) {
  expect_equal_forms("logs/loops", true);
  expect_equal_forms("shop/logs/shop", true);
}

TEST(LogLines, DurationsOnTwoLinesGiveTheSameCalls) {
  const Read pairs = read_paths({fixture("logs/paired.log")});
  const Read single = read_paths({fixture("logs/loops.log")});
  ASSERT_FALSE(single.workload.queries.empty());
  EXPECT_EQ(pairs.source().statements, pairs.source().timed_statements);
  for (const auto& query : single.workload.queries) {
    const Query* other = pairs.workload.query(query.fingerprint);
    ASSERT_TRUE(other) << query.text;
    EXPECT_EQ(other->calls, query.calls) << query.text;
  }
}

}  // namespace
}  // namespace pgadvise::log::testing
