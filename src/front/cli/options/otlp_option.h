// The option --otlp: findings and metrics to an OpenTelemetry collector.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "model/results/report.h"
#include "net/otlp.h"
#include "report/report.h"

namespace CLI {
class App;
}

namespace pgadvise::cli {

// Adds --otlp. `url` must outlive the parsing. No configuration can set it: a repository cannot make pgadvise
// send anything.
void add_otlp(CLI::App& command, std::string& url);

// Where --otlp leads; nullopt if the command line has no --otlp. Errors (usage): those of
// net::read_otlp_address(), and pgadvise was built without libcurl.
Result<std::optional<net::OtlpAddress>> optional_otlp(const CLI::App& command, const std::string& url);

// Sends the report, with passwords masked, and prints on standard error what was sent, unless --quiet, and
// what failed. False if a part was not sent.
bool send(const net::OtlpAddress& address, const Report& report, const report::Options& how);

}  // namespace pgadvise::cli
