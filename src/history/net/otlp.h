// Sends findings and metrics to an OpenTelemetry collector: OTLP/HTTP with JSON bodies.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/http_client.h"

namespace pgadvise::net {

struct OtlpAddress {
  std::string base;    // "https://host:4318", without credentials; bodies go to base + "/v1/logs"
  std::string server;  // the same without a path, which may hold a key: for messages
  std::vector<std::string> headers;  // "Name: value", with the credentials
  std::vector<std::string> secrets;  // what no message may repeat
  std::string root_certificates;     // of https: a PEM file of the authorities to trust; "": the system's
};

// Reads http://user:password@host:port/path?sslrootcert=FILE, or https://…; only scheme and host are
// required. User and password become the header Authorization (Basic). `env`: the URL of the variable
// OTEL_EXPORTER_OTLP_ENDPOINT, with the headers of OTEL_EXPORTER_OTLP_HEADERS; a URL on its own reads no
// variable. Errors (usage): anything else; no error shows a part of the URL or of the headers.
Result<OtlpAddress> read_otlp_address(std::string_view given);

struct OtlpBodies {
  std::string logs, metrics;  // of --format otlp-logs and --format otlp-metrics
};

// For one thread.
class OtlpClient {
 public:
  // Errors (usage): pgadvise was built without libcurl.
  static Result<OtlpClient> create(OtlpAddress address);

  // Sends the logs, then the metrics. Each request takes at most 30 seconds; one that the server answers with
  // the status 429 or 503 and a Retry-After of at most 30 seconds is repeated once. Without a connection
  // nothing else is tried. Returns what failed, as errors (usage): one for each request, or one for both if
  // the reason is the same; warnings of the server are nonfatal. A stop ends the work within about a second.
  Diagnostics send(const OtlpBodies& bodies, const std::stop_token& stop = {});

  const std::string& server() const { return address_.server; }  // for messages

 private:
  struct Outcome {
    Diagnostics diagnostics;
    bool reached = true;
  };
  OtlpClient(OtlpAddress address, HttpClient client)
      : address_(std::move(address)), client_(std::move(client)) {}
  Outcome post(const std::string& path, const std::string& body, const std::stop_token& stop);
  std::string words_of(std::string_view text) const;
  void add_failure(const HttpAnswer& answer, const std::string& where, Diagnostics& out) const;
  void add_partial_success(const HttpAnswer& answer, const std::string& where, Diagnostics& out) const;

  OtlpAddress address_;
  HttpClient client_;
};

}  // namespace pgadvise::net
