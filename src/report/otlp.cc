#include "report/otlp.h"

#include "base/iso_time.h"
#include "base/text/json_parse.h"
#include "base/text/json_text.h"
#include "base/text/text.h"
#include "report/run_metrics.h"

namespace pgadvise::report::otlp {
namespace {

// On one line.
std::string text_of(const json& request) {
  return escape_controls(request.dump(-1, ' ', false, json::error_handler_t::replace)) + "\n";
}

}  // namespace

json attribute(std::string_view key, std::string_view text) {
  return {{"key", key}, {"value", {{"stringValue", printable_block(text)}}}};
}

json attribute(std::string_view key, std::int64_t number) {
  return {{"key", key}, {"value", {{"intValue", std::to_string(number)}}}};
}

json attribute(std::string_view key, double number) {
  return {{"key", key}, {"value", {{"doubleValue", number}}}};
}

std::string start_of(const Report& report) {
  return std::to_string(seconds_of(report.started).value_or(0) * 1'000'000'000);
}

std::string request(const Report& report, const std::string& signal, const std::string& list, json records) {
  json attributes = json::array({attribute("service.name", std::string_view("pgadvise")),
                                 attribute("service.version", std::string_view(PGADVISE_VERSION)),
                                 attribute("db.system.name", std::string_view("postgresql"))});
  if (const auto database = database_of(report); !database.empty())
    attributes.push_back(attribute("db.namespace", std::string_view(database)));
  json scope;
  scope["scope"] = {{"name", "pgadvise"}, {"version", PGADVISE_VERSION}};
  scope[list] = std::move(records);
  json resource;
  resource["resource"] = {{"attributes", std::move(attributes)}};
  resource["scope" + signal] = json::array({std::move(scope)});
  json out;
  out["resource" + signal] = json::array({std::move(resource)});
  return text_of(out);
}

std::string with_target(const std::string& request, const std::string& target) {
  json out = parsed_json<json>(request);
  if (!out.is_object()) return request;
  for (auto& [signal, resources] : out.items())
    if (resources.is_array())
      for (auto& one : resources)
        if (one.is_object() && one.contains("resource") && one["resource"].is_object())
          one["resource"]["attributes"].push_back(attribute("pgadvise.target", std::string_view(target)));
  return text_of(out);
}

}  // namespace pgadvise::report::otlp
