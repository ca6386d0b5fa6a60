// Documents against the JSON Schemas in docs/.
#pragma once

#include <string>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "base/input_file.h"
#include "support/paths.h"

namespace pgadvise::testing_support {

// Empty when the document is valid against docs/<name>.
inline std::string violations(const std::string& name, const nlohmann::json& document) {
  using nlohmann::json;
  const json schema_json =
      json::parse(read_file(std::string(testing_support::source_dir) + "/docs/" + name).value_or("null"));
  valijson::Schema schema;
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
  parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_json), schema);
  valijson::Validator validator;
  valijson::ValidationResults results;
  validator.validate(schema, valijson::adapters::NlohmannJsonAdapter(document), &results);
  std::string out;
  for (valijson::ValidationResults::Error error; results.popError(error);) {
    for (const auto& part : error.context) out += part;
    out += ": " + error.description + "\n";
  }
  return out;
}

}  // namespace pgadvise::testing_support
