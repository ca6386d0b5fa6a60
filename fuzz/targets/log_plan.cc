// auto_explain's records: what is kept of a plan has no constant of the statement's.
#include <nlohmann/json.hpp>

#include "log/record/logged_plan.h"
#include "sql/parse/lexer.h"
#include "support.h"

namespace pgadvise::fuzz {

using Kind = sql::Lexeme::Kind;

static void require_redacted(std::string_view text) {
  sql::Lexer lexer(text);
  bool numbered = false;
  for (sql::Lexeme lexeme = lexer.next(); lexeme.kind != Kind::end; lexeme = lexer.next()) {
    if (lexeme.kind == Kind::string)
      require(lexeme.text.ends_with("'...'") && lexeme.text.size() <= 8, "a string is left");
    if (lexeme.kind == Kind::number) require(numbered, "a number is left");
    numbered = lexeme.is_word("subplan") || lexeme.is_word("initplan");
  }
}

void log_plan(std::string_view input) {
  log::read_explain_record(input);
  log::redact_plan(LoggedPlan::Format::json, input);
  log::redact_plan(LoggedPlan::Format::text, input);

  const auto valid =
      nlohmann::json(std::string(input)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto plan = nlohmann::json::parse(log::redact_plan(
      LoggedPlan::Format::json, R"({"Query Text": "SELECT 1", "Plan": {"Filter": )" + valid + "}}"));
  require_redacted(plan.at("Plan").at("Filter").get<std::string>());

  // As a constant in the text format: it leaves no trace, whatever lines it has.
  std::string constant;
  for (const char c : input) constant.append(c == '\'' ? 2 : 1, c);
  const std::string record = "Query Text: SELECT '" + constant +
                             "'\nSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (a = '" +
                             constant + "'::text)\n  Buffers: shared hit=1";
  require(log::redact_plan(LoggedPlan::Format::text, record) ==
              "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (a = '...'::text)\n  Buffers: "
              "shared hit=1",
          "a constant is told");
  require(log::read_explain_record(record).query == "SELECT '" + constant + "'",
          "the statement is read whole");
}

}  // namespace pgadvise::fuzz
