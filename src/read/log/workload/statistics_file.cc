#include "log/workload/statistics_file.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "base/text/utf8.h"
#include "sql/statement_statistics.h"

namespace pgadvise::log {
namespace {

using Json = nlohmann::json;
using Fields = std::vector<std::string>;
using Named = std::map<std::string, std::string, std::less<>>;

// One record of a CSV file, quotes undone; false at the end, or in a quote that nobody closes.
bool take_csv(std::string_view& rest, char separator, Fields& out, bool& unclosed) {
  out.clear();
  if (rest.empty()) return false;
  for (;;) {
    std::string& field = out.emplace_back();
    if (rest.starts_with('"')) {
      rest.remove_prefix(1);
      for (;;) {
        const auto quote = rest.find('"');
        if (quote == std::string_view::npos) {
          unclosed = true;
          return false;
        }
        field += rest.substr(0, quote);
        rest.remove_prefix(quote + 1);
        if (!rest.starts_with('"')) break;
        field += '"';
        rest.remove_prefix(1);
      }
    }
    const auto end = std::min(rest.find_first_of(std::string{separator, '\n'}), rest.size());
    field += rest.substr(0, end);
    const bool more = end < rest.size() && rest[end] == separator;
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (more) continue;
    if (field.ends_with('\r')) field.pop_back();
    return true;
  }
}

char separator_of(std::string_view head) {
  const auto line = head.substr(0, head.find('\n'));
  char best = ',';
  for (const char each : {'\t', ';', '|'})
    if (std::count(line.begin(), line.end(), each) > std::count(line.begin(), line.end(), best)) best = each;
  return best;
}

// total_time until version 1.7, total_exec_time since.
std::string_view of_time(const Named& row, std::string_view what) {
  for (const auto* name : {"_exec_time", "_time"})
    if (const auto at = row.find(std::string(what) + name); at != row.end()) return at->second;
  return {};
}

double number(std::string_view text) {
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out > 0 ? std::min(out, 1e12) : 0;  // also when it is none
}

std::uint64_t whole(std::string_view text) {
  return static_cast<std::uint64_t>(std::min(number(text), 9e15));
}

bool has_columns(const Named& row) {
  return row.contains("query") && row.contains("calls") && !of_time(row, "total").empty();
}

sql::StatementStatistics statistics_of(const Named& row) {
  const auto text = [&](std::string_view name) {
    const auto at = row.find(name);
    return at == row.end() ? std::string_view{} : std::string_view(at->second);
  };
  const auto optional = [&](std::string_view name) {
    return text(name).empty() ? std::nullopt : std::optional<std::string>(text(name));
  };
  sql::StatementStatistics out;
  out.query = optional("query");
  out.calls = whole(text("calls"));
  out.total_ms = number(of_time(row, "total"));
  out.min_ms = number(of_time(row, "min"));
  out.max_ms = number(of_time(row, "max"));
  out.rows = whole(text("rows"));
  out.user = optional("rolname") ? optional("rolname") : optional("usename");
  out.database = optional("datname");
  return out;
}

bool is_nested(const Named& row) {
  const auto at = row.find("toplevel");
  return at != row.end() && (at->second == "f" || at->second == "false");
}

// What COPY's text format makes of a value, undone: psql's \\copy (select row_to_json(…)) doubles the
// backslashes of JSON.
std::string without_copy_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    static constexpr std::string_view from = "bfnrtv", to = "\b\f\n\r\t\v";
    const auto at = from.find(text[++i]);
    out += at == from.npos ? text[i] : to[at];
  }
  return out;
}

// A value of COPY has backslashes in pairs, but for those that stand for a line end or a tab outside of
// strings.
bool doubled(std::string_view text) {
  bool any = false;
  for (std::size_t at = 0; (at = text.find('\\', at)) != text.npos;) {
    const auto end = std::min(text.find_first_not_of('\\', at), text.size());
    if ((end - at) % 2 != 0) return false;
    any = true;
    at = end;
  }
  return any;
}

class StatisticsParser {
 public:
  explicit StatisticsParser(const std::string& path) : path_(path) {}

  Result<Workload> workload(std::string_view text, Diagnostics& diagnostics) {
    text = without_byte_order_mark(text);
    source_ = {.path = path_, .format = "pg_stat_statements"};
    const auto front = text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    const bool ok = front.starts_with('[') || front.starts_with('{') ? from_json(front) : from_csv(text);
    if (!ok)
      return fail(Error::Kind::input, path_, "the rows of pg_stat_statements are truncated or damaged",
                  "export them again");
    return sql::workload_of(rows_, std::move(source_), path_, diagnostics);
  }

 private:
  void add(const Named& row) {
    ++source_.lines;
    if (!has_columns(row)) {
      ++source_.not_understood;
    } else if (is_nested(row) || whole(row.find("calls")->second) == 0) {
      ++source_.other;  // of functions: part of the time of the statement that called them
    } else {
      rows_.push_back(statistics_of(row));
    }
  }

  bool from_csv(std::string_view text) {
    const char separator = separator_of(text);
    Fields header, fields;
    bool unclosed = false;
    if (!take_csv(text, separator, header, unclosed)) return false;
    for (auto& name : header) name = lower(trim(name));
    while (take_csv(text, separator, fields, unclosed)) {
      if (fields.size() == 1 && fields[0].empty()) continue;
      Named row;
      for (std::size_t i = 0; i < fields.size() && i < header.size(); ++i)
        row[header[i]] = std::move(fields[i]);
      add(row);
    }
    return !unclosed;
  }

  static Json parse(std::string_view text) {
    constexpr int deepest = 16;
    return Json::parse(text, [](int depth, Json::parse_event_t, Json&) { return depth <= deepest; }, false);
  }

  // As it is, or as COPY wrote it.
  bool from_json(std::string_view text) {
    if (!doubled(text) && take_json(text)) return true;
    return take_json(without_copy_escapes(text)) || take_json(text);
  }

  bool take_json(std::string_view text) {
    if (const Json whole = parse(text); whole.is_array()) {
      for (const auto& each : whole) add(each);
      return true;
    } else if (whole.is_object()) {
      add(whole);
      return true;
    }
    std::vector<Json> rows;
    for (const auto line : split(text, '\n')) {
      if (trim(line).empty()) continue;
      if (rows.push_back(parse(line)); !rows.back().is_object()) return false;
    }
    for (const Json& row : rows) add(row);
    return !rows.empty();
  }

  void add(const Json& object) {
    Named row;
    if (object.is_object())
      for (const auto& [name, value] : object.items()) {
        if (value.is_string()) row[lower(name)] = value.get<std::string>();
        else if (value.is_primitive() && !value.is_null()) row[lower(name)] = value.dump();
      }
    add(row);
  }

  const std::string& path_;
  LogSource source_;
  std::vector<sql::StatementStatistics> rows_;
};

}  // namespace

bool is_statistics_file(std::string_view head) {
  head = without_byte_order_mark(head);
  const auto front = head.substr(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  const auto all = [](auto has) {
    return has("query") && has("calls") && (has("total_exec_time") || has("total_time"));
  };
  if (front.starts_with('[') || front.starts_with('{'))
    return all([&](std::string_view name) { return contains(front, fmt::format("\"{}\"", name)); });
  // As psql shows it: its columns are cut to what is widest, and statements go over lines.
  const auto line_end = std::min(front.find('\n'), front.size());
  if (const auto behind = trim(front.substr(line_end).substr(0, 64)); behind.starts_with("---")) return false;
  Fields header;
  bool unclosed = false;
  std::string_view rest = head;
  if (!take_csv(rest, separator_of(head), header, unclosed)) return false;
  for (auto& field : header) field = lower(trim(field));
  return all([&](std::string_view name) { return is_one_of(name, header); });
}

Result<Workload> parse_statistics_file(const std::string& path, std::string_view text,
                                       Diagnostics& diagnostics) {
  return StatisticsParser(path).workload(text, diagnostics);
}

}  // namespace pgadvise::log
