#include "report/otlp.h"

#include "base/iso_time.h"
#include "base/text/json_parse.h"
#include "base/text/text.h"
#include "report/json/members.h"
#include "report/run_metrics.h"

namespace pgadvise::report::otlp {

static constexpr int one_line = -1;  // of text_of()

json attribute(std::string_view key, std::string_view text) {
  return object("key", key, "value", object("stringValue", printable_block(text)));
}

json attribute(std::string_view key, std::int64_t number) {
  return object("key", key, "value", object("intValue", std::to_string(number)));
}

json attribute(std::string_view key, double number) {
  return object("key", key, "value", object("doubleValue", number));
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
  json scope = object("scope", object("name", "pgadvise", "version", PGADVISE_VERSION), list.c_str(),
                      std::move(records));
  json resource = object("resource", object("attributes", std::move(attributes)), ("scope" + signal).c_str(),
                         json::array({std::move(scope)}));
  return text_of(object(("resource" + signal).c_str(), json::array({std::move(resource)})), one_line);
}

std::string with_target(const std::string& request, const std::string& target) {
  json out = parsed_json<json>(request);
  if (!out.is_object()) return request;
  for (auto& [signal, resources] : out.items())
    if (resources.is_array())
      for (auto& one : resources)
        if (one.is_object() && one.contains("resource") && one["resource"].is_object())
          one["resource"]["attributes"].push_back(attribute("pgadvise.target", std::string_view(target)));
  return text_of(out, one_line);
}

}  // namespace pgadvise::report::otlp
