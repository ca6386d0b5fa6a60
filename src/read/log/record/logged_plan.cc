#include "log/record/logged_plan.h"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "sql/explain_json.h"
#include "sql/parse/lexer.h"
#include "sql/parse/redact.h"

namespace pgadvise::log {
namespace {

using json = nlohmann::ordered_json;
using LexemeKind = sql::Lexeme::Kind;

constexpr std::string_view text_label = "Query Text: ";
constexpr std::string_view parameters_label = "Query Parameters: ";
constexpr int deepest_json = 400;

std::string_view line_at(std::string_view text, std::size_t at) {
  return text.substr(at, text.find('\n', at) - at);
}

bool is_node(std::string_view line) { return contains(line, "  (cost=") && contains(line, " width="); }

// Where the lines behind the statement begin: a line of the statement, or of a constant in it, may look like
// one of them.
std::size_t end_of_statement(std::string_view text) {
  sql::Lexer lexer(text);
  std::size_t end = 0;
  for (sql::Lexeme lexeme = lexer.next(); lexeme.kind != LexemeKind::end; lexeme = lexer.next()) {
    const auto newline = text.substr(end, lexeme.offset - end).rfind('\n');
    if (newline != std::string_view::npos) {
      const auto at = end + newline + 1;
      const auto line = line_at(text, at);
      if (is_node(line) || line.starts_with(parameters_label) || line.starts_with("Query Identifier: "))
        return at;
    }
    end = lexeme.offset + lexeme.text.size();
  }
  return text.size();
}

// The end of a line of values, whose constants may go over several.
std::size_t end_of_values(std::string_view text, std::size_t at) {
  sql::Lexer lexer(text, at);
  for (sql::Lexeme lexeme = lexer.next(); lexeme.kind != LexemeKind::end; lexeme = lexer.next()) {
    if (const auto newline = text.substr(at, lexeme.offset - at).find('\n');
        newline != std::string_view::npos)
      return at + newline;
    at = lexeme.offset + lexeme.text.size();
  }
  return text.size();
}

// "… (actual time=0.010..0.011 rows=3 loops=1)", "(actual rows=3.00 loops=1)", "\"Actual Rows\": 3"
std::optional<std::uint64_t> rows_behind(std::string_view text, std::string_view actual,
                                         std::string_view label) {
  auto at = text.find(actual);
  if (at != std::string_view::npos) at = text.find(label, at);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t rows = 0;
  const char* start = text.data() + at + label.size();
  const auto read = std::from_chars(start, text.data() + text.size(), rows);
  return read.ec == std::errc() && rows < std::uint64_t{1} << 53 ? std::optional(rows) : std::nullopt;
}

// A JSON string behind its quote, as far as it goes: the record may be cut.
std::string json_string(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    unsigned code = 0;
    if (c == 'u' &&
        std::from_chars(text.data() + i + 1, text.data() + std::min(i + 5, text.size()), code, 16).ptr ==
            text.data() + i + 5 &&
        code < 0x80) {
      out += static_cast<char>(code);  // the server writes control characters so, and no others
      i += 4;
    } else {
      out += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c == 'f' ? '\f' : c;
    }
  }
  return out;
}

// The statement of a record in XML, or its parameters: text between two tags.
std::string xml_text(std::string_view text, std::string_view tag) {
  const std::string open = "<" + std::string(tag) + ">", close = "</" + std::string(tag) + ">";
  const auto from = text.find(open), to = text.find(close);
  if (from == std::string_view::npos || to == std::string_view::npos || to < from) return {};
  std::string out(text.substr(from + open.size(), to - from - open.size()));
  for (const auto& [entity, character] :
       {std::pair("&lt;", "<"), {"&gt;", ">"}, {"&#x0d;", "\r"}, {"&amp;", "&"}})
    out = replace_all(std::move(out), entity, character);
  return out;
}

// Behind PREPARE … AS: what an EXECUTE ran is logged so, and the log's own record of it has the statement
// alone.
std::string_view without_prepare(std::string_view query) {
  if (!starts_with_nocase(query, "prepare ")) return query;
  sql::Lexer lexer(query);
  int depth = 0;
  for (sql::Lexeme lexeme = lexer.next_token(); lexeme.kind != LexemeKind::end; lexeme = lexer.next_token()) {
    depth += lexeme.is('(') - lexeme.is(')');
    if (depth == 0 && lexeme.is_word("as")) return trim(query.substr(lexeme.offset + 2));
  }
  return query;
}

void read_text(std::string_view text, ExplainRecord& out) {
  const auto end = end_of_statement(text);
  out.query = std::string(trim(text.substr(0, end)));
  std::size_t at = end;
  if (text.substr(at).starts_with(parameters_label)) {
    const auto values = at + parameters_label.size();
    at = end_of_values(text, values);
    out.parameters = std::string(text.substr(values, at - values));
  }
  for (; at < text.size(); at += line_at(text, at).size() + 1)
    if (const auto line = line_at(text, at); is_node(line)) {
      out.rows = rows_behind(line, " (actual ", "rows=");
      return;
    }
}

// ---- without literals

// Lines of figures, of which nothing is a constant of the statement's.
bool holds_figures(std::string_view line) {
  static constexpr auto labels =
      word_list("Async Capable", "Batches", "Buckets", "Buffers", "Cache Mode", "Conflict Resolution",
                "Conflicting Tuples", "Disabled", "Disk", "Disk Usage", "Estimates", "Exact Heap Blocks",
                "Execution Time", "Full-sort Groups", "Functions", "HashAgg Batches", "Heap Blocks",
                "Heap Fetches", "Hits", "I/O Timings", "Index Searches", "JIT", "Lossy Heap Blocks", "Memory",
                "Memory Usage", "Options", "Original Hash Batches", "Peak Memory Usage", "Planned Partitions",
                "Planning", "Planning Time", "Pre-sorted Groups", "Query Identifier", "Settings",
                "Single Copy", "Sort Method", "Storage", "Subplans Removed", "Timing", "Tuples Inserted",
                "WAL", "Workers Launched", "Workers Planned");
  const auto label = line.substr(0, line.find(':'));
  return label.size() < line.size() && (is_one_of(label, labels) || label.starts_with("Rows Removed by ") ||
                                        label.starts_with("Worker ") || label.starts_with("Trigger "));
}

// Labels, and members of the JSON, whose texts are SQL expressions. What no list here has is not kept:
// file_fdw's "Foreign Program" is a command line.
bool holds_expression(std::string_view label) {
  static constexpr std::string_view labels[] = {
      "Cache Key",     "Conflict Filter",     "Exclusion Cond",  "Filter",
      "Function Call", "Group Key",           "Grouping Sets",   "Hash Cond",
      "Hash Key",      "Hash Keys",           "Index Cond",      "Join Filter",
      "Key",           "Merge Cond",          "One-Time Filter", "Order By",
      "Output",        "Presorted Key",       "Recheck Cond",    "Relations",
      "Remote SQL",    "Run Condition",       "Sampling",        "Sampling Parameters",
      "Sort Key",      "Table Function Call", "TID Cond",        "Window"};
  return is_one_of(label, labels);
}

// "Sort Key" of "Sort Key: a"; "" where no label begins the line.
std::string_view label_of(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  const auto label = line.substr(0, colon);
  const bool plain = std::all_of(label.begin(), label.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ' || c == '-' || c == '/';
  });
  return plain ? label : std::string_view{};
}

// A plan in the text format. A constant may go over several lines: what begins a line is only looked at
// outside of quotes.
std::string redact_lines(std::string_view text) {
  sql::ExpressionRedactor out;
  sql::Lexer lexer(text);
  std::size_t end = 0;
  const auto go_on_behind = [&](std::size_t at) {
    end = at;
    lexer = sql::Lexer(text, at);
  };
  for (sql::Lexeme lexeme = lexer.next(); lexeme.kind != LexemeKind::end; lexeme = lexer.next()) {
    const auto gap = text.substr(end, lexeme.offset - end);
    out.keep(gap);
    const bool first = lexeme.offset == 0 || contains(gap, "\n");
    const auto line = line_at(text, lexeme.offset);
    const auto label = first ? label_of(line) : std::string_view{};
    if ((first && holds_figures(line)) || (gap == "  " && line.starts_with("(cost="))) {
      out.keep(line);
      go_on_behind(lexeme.offset + line.size());
    } else if (!label.empty() && !holds_expression(label)) {
      out.keep(label);
      out.keep(": '...'");
      go_on_behind(lexeme.offset + line.size());
    } else {
      out.take(lexeme);
      end = lexeme.offset + lexeme.text.size();
    }
  }
  return out.finish();
}

// Members whose texts are names and settings; those of all others are expressions.
bool holds_names(std::string_view key) {
  static constexpr auto keys = word_list(
      "Alias", "CTE Name", "Cache Mode", "Command", "Conflict Arbiter Indexes", "Conflict Resolution",
      "Constraint Name", "Custom Plan Provider", "Function Name", "Index Name", "Join Type", "Node Type",
      "Operation", "Parent Relationship", "Partial Mode", "Relation", "Relation Name", "Scan Direction",
      "Schema", "Settings", "Sort Method", "Sort Methods Used", "Sort Space Type", "Storage", "Strategy",
      "Subplan Name", "Table Function Name", "Trigger Name", "Tuplestore Name");
  return is_one_of(key, keys);
}

// `names`: as it is; members of an object of names too (Settings), but not what lies below them.
void redact_values(json& value, bool names, bool expression) {
  if (value.is_string() && !names)
    value = expression ? sql::redact_expression(value.get<std::string>()) : "'...'";
  if (value.is_object())
    for (auto& [key, member] : value.items())
      redact_values(member, (names && member.is_string()) || holds_names(key), holds_expression(key));
  if (value.is_array())
    for (auto& element : value) redact_values(element, names, expression);
}

std::string redact_json(std::string_view text) {
  json plan =
      json::parse(text, [](int depth, json::parse_event_t, json&) { return depth <= deepest_json; }, false);
  if (plan.is_array() && plan.size() == 1) {
    json only = std::move(plan[0]);
    plan = std::move(only);
  }
  if (!plan.is_object() || !plan.contains("Plan")) return {};
  plan.erase("Query Text");
  plan.erase("Query Parameters");
  redact_values(plan, false, false);
  return plan.dump(2, ' ', false, json::error_handler_t::replace);
}

std::string redact_text(std::string_view text) {
  text.remove_prefix(std::min(text.size(), text.find(text_label)));
  auto at = text.size() <= text_label.size()
                ? text.size()
                : text_label.size() + end_of_statement(text.substr(text_label.size()));
  if (text.substr(at).starts_with(parameters_label)) at = end_of_values(text, at + parameters_label.size());
  return std::string(trim(redact_lines(text.substr(at))));
}

}  // namespace

ExplainRecord read_explain_record(std::string_view text) {
  ExplainRecord out;
  text = trim(text);
  if (text.starts_with('{')) {
    constexpr std::string_view label = "\"Query Text\": \"", parameters = "\"Query Parameters\": \"";
    const auto at = text.find(label);
    if (at == std::string_view::npos) return out;
    out.format = LoggedPlan::Format::json;
    out.query = json_string(text.substr(at + label.size()));
    // Behind the statement, whose own quotes have backslashes.
    if (const auto values = text.find(parameters, at); values != std::string_view::npos)
      out.parameters = json_string(text.substr(values + parameters.size()));
    out.rows = rows_behind(text, "\"Actual Rows\"", "\"Actual Rows\": ");
  } else if (text.starts_with("<explain")) {
    out.query = xml_text(text, "Query-Text");
    if (out.query.empty()) return out;
    out.format = LoggedPlan::Format::json;
    if (auto values = xml_text(text, "Query-Parameters"); !values.empty()) out.parameters = std::move(values);
    out.rows = rows_behind(text, "<Actual-Rows>", "<Actual-Rows>");
  } else if (const auto at = text.find(text_label); at != std::string_view::npos) {
    text.remove_prefix(at + text_label.size());
    if (text.starts_with('"')) {  // YAML: no statement begins so
      out.format = LoggedPlan::Format::json;
      out.query = json_string(text.substr(1));
      constexpr std::string_view parameters = "\nQuery Parameters: \"";
      if (const auto values = text.find(parameters); values != std::string_view::npos)
        out.parameters = json_string(text.substr(values + parameters.size()));
      out.rows = rows_behind(text, "Actual Rows: ", "Actual Rows: ");
    } else {
      read_text(text, out);
    }
  }
  out.query = std::string(without_prepare(trim(out.query)));
  return out;
}

std::string in_json(std::string_view text) {
  const auto bare = trim(text);
  if (bare.starts_with("<explain")) return sql::json_of_xml(bare).value_or("");
  if (bare.starts_with("Query Text: \"")) return sql::json_of_yaml(bare).value_or("");
  return std::string(text);
}

std::string redact_plan(LoggedPlan::Format format, std::string_view text) {
  return format == LoggedPlan::Format::json ? redact_json(trim(text)) : redact_text(trim(text));
}

}  // namespace pgadvise::log
