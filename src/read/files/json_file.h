// Parses JSON files without exceptions, with the locations of keys.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"
#include "model/source_location.h"

namespace pgadvise::files {

using Json = nlohmann::json;

// Errors (input): "file:line:column: broken JSON"; nested deeper than deepest_json.
Result<Json> parse_json(std::string_view text, const std::string& file);

// Access to members that tolerates wrong types: a missing member, or one of another type, is empty.
const Json& member(const Json& object, const char* name);
std::string text_member(const Json& object, const char* name);
bool flag_member(const Json& object, const char* name);
std::optional<bool> optional_flag(const Json& object, const char* name);

// Byte offsets of the keys of a document that parses, by their path: "scripts", "scripts\x1f""build". An
// array's objects and arrays go by "[0]", "[1]" …. Keys deeper than `depth` are passed over; of repeated keys
// the last counts, as for the parser.
class JsonPlaces {
 public:
  JsonPlaces(std::string_view text, const std::string& file, int depth);
  // The location of the key, or of its longest known prefix.
  SourceLocation at(std::initializer_list<std::string_view> path) const;
  std::optional<std::size_t> key_offset(std::initializer_list<std::string_view> path) const;

 private:
  std::string file_;
  std::map<std::string, std::size_t> offsets_;
  std::map<std::size_t, SourceLocation> places_;
};

}  // namespace pgadvise::files
