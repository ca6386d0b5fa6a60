#include "files/json_file.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text/json_text.h"
#include "base/text/text.h"

namespace pgadvise::files {

Result<Json> parse_json(std::string_view text, const std::string& file) {
  if (nested_deeper(text, deepest_json)) return fail(Error::Kind::input, file, why_no_json(text, {}));
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    const auto position =
        LineIndex(text).at(error.byte > 0 ? std::min<std::size_t>(error.byte - 1, text.size()) : 0);
    return fail(Error::Kind::input, SourceLocation{file, position.line, position.column}.str(), "broken JSON",
                "fix the file, or restore it from version control");
  } catch (const Json::exception&) {
    return fail(Error::Kind::input, file, "broken JSON", "fix the file, or restore it from version control");
  }
}

const Json& member(const Json& object, const char* name) {
  static const Json none;
  if (!object.is_object()) return none;
  const auto it = object.find(name);
  return it == object.end() ? none : *it;
}

std::string text_member(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<bool> optional_flag(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_boolean() ? std::optional<bool>(value.get<bool>()) : std::nullopt;
}

bool flag_member(const Json& object, const char* name) { return optional_flag(object, name).value_or(false); }

namespace {

std::string joined(const std::vector<std::string>& path) { return join(path, "\x1f"); }

// Behind the string that begins at `at`.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\';
  return std::min(at + 1, text.size());
}

// The offsets of keys and of elements of arrays, by their path, in a document that is known to be well
// formed. Keys are compared as written: escapes stay.
std::map<std::string, std::size_t> offsets_in(std::string_view text, std::size_t max_depth) {
  struct Level {
    bool object;
    bool key_next;
    std::size_t element = 0;
  };
  std::map<std::string, std::size_t> out;
  std::vector<Level> levels;
  std::vector<std::string> path;  // one key for each level, "[n]" in arrays, "" before the first key
  const auto note = [&](std::string key, std::size_t at) {
    path.back() = std::move(key);
    if (path.size() <= max_depth) out[joined(path)] = at;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      const std::size_t end = string_end(text, at);
      if (!levels.empty() && std::exchange(levels.back().key_next, false))
        note(std::string(text.substr(at + 1, end - at - 2)), at);
      at = end - 1;
    } else if (c == '{' || c == '[') {
      if (!levels.empty() && !levels.back().object)
        note("[" + std::to_string(levels.back().element) + "]", at);
      levels.push_back({c == '{', c == '{'});
      path.emplace_back();
    } else if ((c == '}' || c == ']') && !levels.empty()) {
      levels.pop_back();
      path.pop_back();
    } else if (c == ',' && !levels.empty()) {
      levels.back().key_next = levels.back().object;
      ++levels.back().element;
    }
  }
  return out;
}

}  // namespace

JsonPlaces::JsonPlaces(std::string_view text, const std::string& file, int depth)
    : file_(file), offsets_(offsets_in(text, static_cast<std::size_t>(depth))) {
  const LineIndex lines(text);
  for (const auto& [path, offset] : offsets_) {
    const auto position = lines.at(offset);
    places_[offset] = {file, position.line, position.column};
  }
}

std::optional<std::size_t> JsonPlaces::key_offset(std::initializer_list<std::string_view> path) const {
  const auto it = offsets_.find(joined(std::vector<std::string>(path.begin(), path.end())));
  return it == offsets_.end() ? std::nullopt : std::optional<std::size_t>(it->second);
}

SourceLocation JsonPlaces::at(std::initializer_list<std::string_view> path) const {
  for (std::vector<std::string> keys(path.begin(), path.end()); !keys.empty(); keys.pop_back())
    if (const auto it = offsets_.find(joined(keys)); it != offsets_.end()) return places_.at(it->second);
  return {file_, 0, 0};
}

}  // namespace pgadvise::files
