// What the formats for OpenTelemetry share: OTLP's JSON encoding (opentelemetry-proto 1.x). 64-bit integers
// are strings, enumerations are numbers.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "report/report.h"

namespace pgadvise::report::otlp {

using json = nlohmann::ordered_json;

// An attribute of each type.
json attribute(std::string_view key, std::string_view text);
json attribute(std::string_view key, std::int64_t number);
json attribute(std::string_view key, double number);

// The start of the run, in nanoseconds since 1970; "0" if unknown.
std::string start_of(const Report& report);

// The request with the attribute pgadvise.target of its resource: watch's name of the database. Returns other
// text unchanged.
std::string with_target(const std::string& request, const std::string& target);

// A request of one resource and one scope: {"resourceLogs": [{"resource": …, "scopeLogs": [{"scope": …,
// "logRecords": [records]}]}]} of "Logs" and "logRecords". The resource is the checked database.
std::string request(const Report& report, const std::string& signal, const std::string& list, json records);

}  // namespace pgadvise::report::otlp
