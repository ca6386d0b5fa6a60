#include "net/otlp.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include <fmt/format.h>

#include "base/process/environment.h"
#include "base/text/json_parse.h"
#include "base/text/mask.h"
#include "base/text/text.h"
#include "net/url.h"

namespace pgadvise::net {
namespace {

constexpr std::chrono::seconds longest_request{30};
constexpr std::chrono::seconds longest_pause{30};
constexpr std::size_t longest_message = 200;  // code points of the server's own words
constexpr const char* endpoint_variable = "OTEL_EXPORTER_OTLP_ENDPOINT";
constexpr const char* headers_variable = "OTEL_EXPORTER_OTLP_HEADERS";

tl::unexpected<Error> refuse(const std::string& where, std::string what) {
  return fail(Error::Kind::usage, where, std::move(what),
              "http://HOST:4318 or https://USER:PASSWORD@HOST:PORT, the address in front of /v1/logs; write "
              "other characters of the password as %XX");
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto three = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (i < three.size() ? static_cast<unsigned char>(three[i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i) out += i > three.size() ? '=' : digits[bits >> (18 - 6 * i) & 63];
  }
  return out;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

void add_header(OtlpAddress& to, std::string_view name, const std::string& value) {
  to.headers.push_back(std::string(name) + ": " + value);
  to.secrets.push_back(value);
  if (const auto blank = value.rfind(' '); blank != value.npos)  // "Bearer …"
    to.secrets.push_back(value.substr(blank + 1));
}

// "name=value,name=value": values are percent-encoded.
Result<void> read_headers(std::string_view text, OtlpAddress& out) {
  const auto refused = [](const char* what) {
    return fail(Error::Kind::usage, headers_variable, what,
                "NAME=VALUE,NAME=VALUE; write , and % as %2C and %25");
  };
  for (const auto part : split(text, ',')) {
    if (trim(part).empty()) continue;
    const auto equal = part.find('=');
    const auto name = trim(part.substr(0, equal));
    const auto value =
        percent_decoded(trim(equal == part.npos ? std::string_view() : part.substr(equal + 1)));
    if (equal == part.npos || !is_name(name)) return refused("has a header without a valid name");
    if (!value || value->empty() ||
        std::any_of(value->begin(), value->end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }))
      return refused("has a header without a valid value");
    const std::string known = lower(name);
    if (known == "content-type" || known == "content-length" || known == "transfer-encoding" ||
        known == "host")
      return refused(
          "has a header that pgadvise sets itself: Content-Type, Content-Length, Transfer-Encoding or Host");
    add_header(out, name, *value);
  }
  return {};
}

// The path in front of /v1/logs, without a slash at its end; nullopt: a character that no path has.
std::optional<std::string> path_of(std::string_view text) {
  constexpr std::string_view others = "-._~!$&'()*+,;=:/%";
  while (text.ends_with('/')) text.remove_suffix(1);
  const bool valid = std::ranges::all_of(
      text, [&](char c) { return is_name(std::string_view(&c, 1)) || others.find(c) != others.npos; });
  return valid ? std::optional(text.empty() ? std::string() : "/" + std::string(text)) : std::nullopt;
}

Result<OtlpAddress> read_url(std::string_view url, const std::string& where) {
  const bool secure = starts_with_nocase(url, "https://");
  if (!secure && !starts_with_nocase(url, "http://"))
    return refuse(where, "is not a URL that begins with http:// or https://");
  const auto parts = read_server_url(url.substr(secure ? 8 : 7));
  if (!parts) return refuse(where, "the URL " + parts.error());
  const auto path = path_of(parts->path);
  if (!path) return refuse(where, "the URL has an invalid character in its path");
  if (ends_with_any(*path, {"/v1/logs", "/v1/metrics", "/v1/traces"}))
    return refuse(where,
                  "the URL is the address of one signal; pgadvise adds /v1/logs and /v1/metrics itself");
  OtlpAddress out;
  out.server = (secure ? "https://" : "http://") + parts->host;
  if (parts->port) out.server += fmt::format(":{}", *parts->port);
  out.base = out.server + *path;
  if (!path->empty()) out.server += "/…";
  for (const auto& [name, text] : parts->options) {
    const auto value = percent_decoded(text);
    if (name != "sslrootcert" || !secure || !value || value->empty())
      return refuse(where, "the URL has the option sslrootcert=FILE only, and that with https://");
    out.root_certificates = *value;
  }
  if (!parts->user.empty() || !parts->password.empty()) {
    if (contains(parts->user, ":")) return refuse(where, "the URL has a user with a colon");
    add_header(out, "Authorization", "Basic " + base64(parts->user + ":" + parts->password));
    for (const auto& word : {parts->user, parts->password}) {
      out.secrets.push_back(word);
      out.secrets.push_back(percent_encoded(word));
    }
  }
  return out;
}

// Waits; false if a stop was requested.
bool pause(std::chrono::seconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  (void)wake.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

std::string hint_of(long status) {
  switch (status) {
    case 301:
    case 302:
    case 307:
    case 308: return "pgadvise follows no redirect: name the address that the server redirects to";
    case 401:
    case 403: return "check user and password of the URL, or OTEL_EXPORTER_OTLP_HEADERS with --otlp env";
    case 404:
    case 405:
      return "check the URL: the collector's receiver otlp has the protocol http, usually on port 4318";
    case 413: return "raise the receiver's limit on the size of a request";
    case 415: return "the server does not take OTLP as JSON";
    case 429:
    case 502:
    case 503:
    case 504: return "the server is busy or down: repeat the run later";
    default: return "check the URL, and the log of the server";
  }
}

const nlohmann::json* member(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string text_of(const nlohmann::json* value) {
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

// OTLP writes 64-bit integers as strings; some servers write numbers.
std::int64_t number_of(const nlohmann::json* value) {
  std::int64_t out = 0;
  if (value && value->is_number_integer()) return value->get<std::int64_t>();
  const std::string text = text_of(value);
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

Result<OtlpAddress> read_otlp_address(std::string_view given) {
  given = trim(given);
  if (given.empty())
    return fail(Error::Kind::usage, "--otlp", "is empty", "name a collector; is the variable set?");
  if (given != "env") return read_url(given, "--otlp");
  const std::string url = std::string(trim(environment_variable(endpoint_variable)));
  if (url.empty())
    return fail(Error::Kind::usage, "--otlp env", std::string(endpoint_variable) + " is not set",
                std::string(endpoint_variable) + "=http://HOST:4318");
  TRY(auto out, read_url(url, endpoint_variable));
  TRY_VOID(read_headers(std::string(trim(environment_variable(headers_variable))), out));
  return out;
}

Result<OtlpClient> OtlpClient::create(OtlpAddress address) {
  TRY(auto client, HttpClient::create("--otlp"));
  return OtlpClient(std::move(address), std::move(client));
}

// The server's words: it may repeat what was sent to it.
std::string OtlpClient::words_of(std::string_view text) const {
  std::string out(text);
  auto secrets = address_.secrets;
  std::ranges::sort(secrets, [](const auto& a, const auto& b) { return a.size() > b.size(); });
  for (const auto& secret : secrets)
    if (!secret.empty()) out = replace_all(std::move(out), secret, "***");
  return ellipsis(mask_secrets(out), longest_message);
}

void OtlpClient::add_failure(const HttpAnswer& answer, const std::string& where, Diagnostics& out) const {
  std::string what = fmt::format("the server answers with the HTTP status {}", answer.status);
  if (answer.retry_after.count() > 0)
    what += fmt::format(" and asks to wait {} seconds", answer.retry_after.count());
  if (const auto json = parsed_json(answer.body); !json.is_discarded())
    if (const auto words = words_of(text_of(member(json, "message"))); !words.empty()) what += ": " + words;
  out.push_back({Error::Kind::usage, where, std::move(what), hint_of(answer.status)});
}

void OtlpClient::add_partial_success(const HttpAnswer& answer, const std::string& where,
                                     Diagnostics& out) const {
  if (trim(answer.body).empty()) return;
  const auto json = parsed_json(answer.body);
  if (!json.is_object()) {
    out.push_back({Error::Kind::nonfatal, where, "the answer is not that of an OTLP receiver: it is not JSON",
                   "check whether the data arrived"});
    return;
  }
  const auto* partial = member(json, "partialSuccess");
  if (!partial) return;
  const auto words = words_of(text_of(member(*partial, "errorMessage")));
  const auto records = number_of(member(*partial, "rejectedLogRecords"));
  const auto points = number_of(member(*partial, "rejectedDataPoints"));
  if (records <= 0 && points <= 0) {
    if (!words.empty()) out.push_back({Error::Kind::nonfatal, where, "the server warns: " + words, {}});
    return;
  }
  out.push_back({Error::Kind::usage, where,
                 (records > 0 ? fmt::format("the server rejected {} of the log records", records)
                              : fmt::format("the server rejected {} of the data points", points)) +
                     (words.empty() ? "" : ": " + words),
                 "it took the others; check the limits of the server"});
}

OtlpClient::Outcome OtlpClient::post(const std::string& path, const std::string& body,
                                     const std::stop_token& stop) {
  HttpRequest request;
  request.url = address_.base + path;
  request.headers = address_.headers;
  request.headers.emplace_back("Content-Type: application/json");
  request.headers.emplace_back("Expect:");  // no round trip before a long body
  request.body = body;
  request.timeout = longest_request;
  request.root_certificates = address_.root_certificates;
  request.hint_if_longer = "check the URL: is an OpenTelemetry collector there?";
  request.stop = stop;
  const std::string where = address_.server + path;
  Outcome out;
  auto answer = client_.post(request, where);
  const auto repeatable = [&] {
    return answer && (answer->status == 429 || answer->status == 503) && answer->retry_after.count() > 0 &&
           answer->retry_after <= longest_pause;
  };
  if (repeatable() && pause(answer->retry_after, stop)) answer = client_.post(request, where);
  if (!answer) {
    out.reached = false;
    out.diagnostics.push_back(answer.error());
  } else if (answer->status < 200 || answer->status > 299) {
    add_failure(*answer, where, out.diagnostics);
  } else {
    add_partial_success(*answer, where, out.diagnostics);
  }
  return out;
}

Diagnostics OtlpClient::send(const OtlpBodies& bodies, const std::stop_token& stop) {
  auto logs = post("/v1/logs", bodies.logs, stop);
  if (!logs.reached || stop.stop_requested()) return std::move(logs.diagnostics);
  const auto metrics = post("/v1/metrics", bodies.metrics, stop);
  for (const auto& error : metrics.diagnostics) {
    const auto same =
        std::ranges::find_if(logs.diagnostics, [&](const Error& other) { return other.what == error.what; });
    if (same == logs.diagnostics.end()) logs.diagnostics.push_back(error);
    else same->where += " and /v1/metrics";
  }
  return std::move(logs.diagnostics);
}

}  // namespace pgadvise::net
