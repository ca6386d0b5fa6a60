#include "store/clickhouse/clickhouse_session.h"

#include <charconv>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files/digest.h"
#include "base/text/mask.h"
#include "base/text/text.h"
#include "net/url.h"

namespace pgadvise::store {
namespace {

constexpr int seconds_per_statement = 60;
constexpr std::size_t longest_answer = std::size_t{256} << 20;  // bytes
constexpr std::size_t most_rows = 5'000'000;                    // of an answer
constexpr std::size_t rows_per_insert = 50'000;
constexpr std::size_t bytes_per_insert = std::size_t{8} << 20;

std::string escaped(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == '\0') {
      out += "\\0";
      continue;
    }
    if (c == quote || c == '\\') out += '\\';
    out += c;
  }
  return out + quote;
}

// A value of the format TabSeparated.
std::optional<std::string> unescaped(std::string_view text) {
  if (text == "\\N") return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    constexpr std::string_view letters = "ntr0bf", meanings("\n\t\r\0\b\f", 6);
    const auto letter = letters.find(text[++i]);
    out += letter == letters.npos ? text[i] : meanings[letter];
  }
  return out;
}

std::string json_of(const std::vector<Cell>& row) {
  nlohmann::json out = nlohmann::json::array();
  for (const auto& cell : row) std::visit([&](const auto& value) { out.push_back(value); }, cell);
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// "Code: 60. DB::Exception: …": 60.
int code_of(std::string_view answer) {
  constexpr std::string_view begin = "Code: ";
  int out = 0;
  if (answer.starts_with(begin))
    std::from_chars(answer.data() + begin.size(), answer.data() + answer.size(), out);
  return out;
}

// A proxy may answer with the status 200 and an exception.
bool is_exception(std::string_view answer) {
  return code_of(answer) != 0 && contains(answer.substr(0, answer.find('\n')), ". DB::Exception: ");
}

std::string hint_of(int code) {
  switch (code) {
    case ClickHouseCode::wrong_password:
      return "check user and password: in the URL, or CLICKHOUSE_USER and CLICKHOUSE_PASSWORD";
    case ClickHouseCode::access_denied: return "docs/store.md lists the grants that a store needs";
    case ClickHouseCode::read_only: return "readonly must be 0 for an upload, and 0 or 2 to read";
    default: return {};
  }
}

}  // namespace

std::string clickhouse_identifier(std::string_view name) { return escaped(name, '`'); }
std::string clickhouse_literal(std::string_view text) { return escaped(text, '\''); }

Result<ClickHouseSession> ClickHouseSession::create(const ClickHouseAddress& address) {
  auto client = net::HttpClient::create("--store");
  if (!client) {
    client.error().hint += ", or use sqlite or postgresql://…";
    return tl::unexpected(client.error());
  }
  return ClickHouseSession(address, std::move(*client));
}

Result<std::string> ClickHouseSession::post(std::string_view sql, In in, const std::string& settings) {
  net::HttpRequest request;
  // The server answers when the statement has ended: an error has a status of its own.
  request.url = fmt::format(
      "{}?default_format=TabSeparated&wait_end_of_query=1&max_execution_time={}&timeout_overflow_mode=throw&"
      "max_result_rows={}&max_result_bytes={}&result_overflow_mode=throw{}",
      address_.url(), seconds_per_statement, most_rows, 4 * longest_answer, settings);
  if (in == In::database) request.url += "&database=" + net::percent_encoded(address_.database);
  if (!address_.user.empty()) request.headers.push_back("X-ClickHouse-User: " + address_.user);
  if (!address_.password.empty()) request.headers.push_back("X-ClickHouse-Key: " + address_.password);
  request.headers.emplace_back("Content-Type: text/plain; charset=utf-8");
  request.headers.emplace_back("Expect:");  // no round trip before a long body
  request.body = sql;
  request.root_certificates = address_.root_certificates;
  request.timeout = std::chrono::seconds(seconds_per_statement + 10);
  request.longest_answer = longest_answer;
  request.hint_if_longer = "name a target, or shorten the retention";
  code_ = 0;
  TRY(auto answer, client_.post(request, where()));
  const bool failed = answer.status != 200 || is_exception(answer.body);
  if (!failed) return std::move(answer.body);
  code_ = code_of(answer.body);
  if (code_ == 0)
    return fail(Error::Kind::usage, where(),
                fmt::format("no ClickHouse answers there (HTTP status {})", answer.status),
                "check host and port of the URL: ClickHouse's HTTP interface has the port 8123, or 8443");
  constexpr std::size_t longest_message = 300;
  const std::string_view begin =
      code_ == ClickHouseCode::not_enough_space ? "the disk of the server is full: " : "";
  return fail(Error::Kind::usage, where(),
              std::string(begin) + ellipsis(mask_secrets(answer.body), longest_message), hint_of(code_));
}

Result<std::vector<ClickHouseSession::Row>> ClickHouseSession::query(std::string_view sql, In in) {
  TRY(const auto answer, post(sql, in, "&skip_unavailable_shards=0"));
  // The last row ends with a line end, too.
  if (!answer.empty() && answer.back() != '\n')
    return fail(Error::Kind::usage, where(), "the answer of the server is not complete",
                "is a proxy between pgadvise and the server?");
  std::vector<Row> out;
  std::string_view rest(answer);
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    Row& row = out.emplace_back();
    for (const auto value : split(rest.substr(0, end), '\t')) row.push_back(unescaped(value));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  return out;
}

Result<std::string> ClickHouseSession::value(std::string_view sql, In in) {
  TRY(const auto rows, query(sql, in));
  return rows.empty() ? std::string() : rows.front().front().value_or("");
}

Result<void> ClickHouseSession::run(std::string_view sql, In in) {
  // A Distributed table passes rows on before it answers; ON CLUSTER waits for each host.
  TRY_VOID(post(sql, in, "&distributed_ddl_task_timeout=55"));
  return {};
}

Result<void> ClickHouseSession::insert(std::string_view table, std::string_view columns,
                                       const std::vector<std::vector<Cell>>& rows) {
  const std::string begin = fmt::format("INSERT INTO {} ({}) FORMAT JSONCompactEachRow\n", table, columns);
  for (std::size_t at = 0; at < rows.size();) {
    std::string body = begin;
    const std::size_t first = at;
    while (at < rows.size() && at - first < rows_per_insert && body.size() < bytes_per_insert)
      body += json_of(rows[at++]) + '\n';
    TRY_VOID(post(body, In::database,
                  fmt::format("&insert_deduplication_token={}&distributed_foreground_insert=1&async_insert=0&"
                              "max_partitions_per_insert_block=0",
                              sha256_hex(body).substr(0, 32))));
  }
  return {};
}

}  // namespace pgadvise::store
