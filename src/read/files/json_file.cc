#include "files/json_file.h"

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

// Walks a document that is known to be well formed. Keys are compared as written: escapes stay.
struct Walker {
  std::string_view text;
  std::size_t max_depth;
  std::map<std::string, std::size_t>& offsets;

  std::size_t string_end(std::size_t at) const {
    for (++at; at < text.size(); ++at) {
      if (text[at] == '\\') {
        ++at;
      } else if (text[at] == '"') {
        return at + 1;
      }
    }
    return text.size();
  }

  void run() {
    struct Level {
      bool object;
      bool key_next;
      std::size_t element = 0;
    };
    std::vector<Level> levels;
    std::vector<std::string> path;  // one key for each level, "[n]" in arrays, "" before the first key
    for (std::size_t at = 0; at < text.size();) {
      const char c = text[at];
      if (c == '"') {
        const std::size_t end = string_end(at);
        if (!levels.empty() && levels.back().object && levels.back().key_next) {
          path.back() = std::string(text.substr(at + 1, end - at - 2));
          levels.back().key_next = false;
          if (path.size() <= max_depth) offsets[joined(path)] = at;
        }
        at = end;
        continue;
      }
      if (c == '{' || c == '[') {
        if (!levels.empty() && !levels.back().object && path.size() <= max_depth) {
          path.back() = "[" + std::to_string(levels.back().element) + "]";
          offsets[joined(path)] = at;
        }
        levels.push_back({c == '{', c == '{'});
        path.emplace_back();
      } else if ((c == '}' || c == ']') && !levels.empty()) {
        levels.pop_back();
        path.pop_back();
      } else if (c == ',' && !levels.empty()) {
        levels.back().key_next = levels.back().object;
        ++levels.back().element;
      }
      ++at;
    }
  }
};

}  // namespace

JsonPlaces::JsonPlaces(std::string_view text, const std::string& file, int depth) : file_(file) {
  Walker{text, static_cast<std::size_t>(depth), offsets_}.run();
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
