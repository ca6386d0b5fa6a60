#include "cli/options/otlp_option.h"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/output/messages.h"
#include "cli/output/output.h"

namespace pgadvise::cli {

void add_otlp(CLI::App& command, std::string& url) {
  command
      .add_option("--otlp", url,
                  "Send the findings and the metrics to an OpenTelemetry collector over HTTP: its base URL, "
                  "such as http://127.0.0.1:4318 (pgadvise adds /v1/logs and /v1/metrics), or env "
                  "(OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS). Without --otlp nothing is "
                  "sent")
      ->type_name("URL");
}

Result<std::optional<net::OtlpAddress>> optional_otlp(const CLI::App& command, const std::string& url) {
  std::optional<net::OtlpAddress> out;
  if (command.count("--otlp") == 0) return out;
  TRY(auto address, net::read_otlp_address(url));
  TRY_VOID(net::OtlpClient::create(address));
  out = std::move(address);
  return out;
}

bool send(const net::OtlpAddress& address, const Report& report, const report::Options& how) {
  auto client = net::OtlpClient::create(address);
  if (!client) {
    complain(client.error());
    return false;
  }
  const Report masked = report::without_secrets(report);
  net::OtlpBodies bodies;
  bodies.logs = report::render("otlp-logs", masked, how);
  bodies.metrics = report::render("otlp-metrics", masked, how);
  const auto diagnostics = client->send(bodies);
  for (const auto& error : diagnostics) complain(error);
  const bool sent = std::ranges::all_of(
      diagnostics, [](const Error& error) { return error.kind == Error::Kind::nonfatal; });
  if (sent) report_written(client->server(), "findings and metrics, OTLP");
  return sent;
}

}  // namespace pgadvise::cli
