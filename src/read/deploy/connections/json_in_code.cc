#include <algorithm>
#include <set>
#include <string>

#include "base/text/text.h"
#include "deploy/connections/connections.h"
#include "deploy/shell/text_before.h"
#include "files/code_text.h"

namespace pgadvise::deploy {
namespace {

constexpr std::size_t window = 160;      // bytes before and behind a call that are looked at
constexpr std::size_t max_names = 4096;  // of a repository

bool is_application_code(std::string_view path) {
  static constexpr auto tails =
      word_list(".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".py", ".rb", ".go", ".java",
                ".kt", ".php", ".cs", ".ex", ".rs", ".scala");
  return ends_with_any(path, tails) && !path.ends_with(".d.ts") && !path.ends_with(".min.js") &&
         !contains(path, ".test.") && !contains(path, ".spec.") && !path.ends_with("_test.go") &&
         !files::never_deployed(path);
}

// What follows is JSON that is read: the names stand in the argument.
constexpr auto readers =
    word_list("JSON.parse(", "superjson.parse(", "json.loads(", "json_decode(", "json.Unmarshal(",
              "Jason.decode(", "Jason.decode!(", "safeJsonParse(", "parseJson(", "parseJSON(", ".readValue(",
              "serde_json::from_str(", "DeserializeObject", "JsonSerializer.Deserialize");
// What stands before is given JSON: the name is what it is assigned to.
constexpr auto writers = word_list("JSON.stringify(", "superjson.stringify(", "json.dumps(", "json_encode(",
                                   "json.Marshal(", "Jason.encode!(", "JSON.generate(",
                                   ".writeValueAsString(", "SerializeObject(", "JsonSerializer.Serialize(");
// The column's name follows: Rails', and TypeORM's type that is JSON in a text column.
constexpr auto declarations = word_list("serialize :", "store :", "store_accessor :", "simple-json");

// Collects the names of a file.
struct JsonNames {
  const std::string& path;
  std::string_view text;
  std::set<std::string>& seen;
  Project& project;
  LineIndex lines{text};

  void collect() {
    for (const auto& call : readers) each(call, [&](std::size_t at) { argument(at + call.size()); });
    for (const auto& call : writers) each(call, [&](std::size_t at) { target(at); });
    for (const auto& word : declarations) each(word, [&](std::size_t at) { declared(at + word.size()); });
  }

  template <class Do>
  void each(std::string_view call, Do&& act) {
    for (auto at = text.find(call); at != std::string_view::npos && project.coded_as_json.size() < max_names;
         at = text.find(call, at + call.size()))
      act(at);
  }

  void argument(std::size_t from) {
    int depth = 1;
    std::size_t to = from;
    for (; to < text.size() && to < from + window && depth > 0; ++to)
      depth += text[to] == '(' ? 1 : text[to] == ')' ? -1 : 0;
    names_in(from, to);
  }

  // `name: f(`, `name = f(`, `"name": f(`, `row.name = x ? f(`.
  void target(std::size_t call) {
    const auto before = text_before(text, call, window);
    const auto begin = before.find_last_of(";{},\n") + 1;  // npos + 1: the whole window
    const auto sign = before.find_first_of("=:", begin);
    if (sign == std::string_view::npos || contains(lower(before.substr(begin)), "crypt")) return;
    auto end = before.find_last_not_of(" \t\"'`]:", sign - (sign > 0));
    if (end == std::string_view::npos || end < begin) return;
    auto first = end + 1;
    while (first > begin && files::word_character(before[first - 1])) --first;
    add(before.substr(first, end + 1 - first), call - before.size() + first);
  }

  void declared(std::size_t from) {
    const auto end = std::min({text.find('\n', text.find('\n', from) + 1), from + window, text.size()});
    names_in(from, end);
  }

  void names_in(std::size_t from, std::size_t to) {
    if (contains(lower(text.substr(from, to - from)), "crypt")) return;
    for (std::size_t at = from; at < to; ++at) {
      if (!files::word_character(text[at])) continue;
      const std::size_t begin = at;
      while (at < to && files::word_character(text[at])) ++at;
      add(text.substr(begin, at - begin), begin);
    }
  }

  void add(std::string_view name, std::size_t offset) {
    std::string plain;
    for (const char c : lower(name))
      if (c != '_') plain += c;
    if (plain.size() < 3 || plain.size() > 63 || !seen.insert(plain).second) return;
    project.coded_as_json.push_back({std::move(plain), location_at(path, lines, offset)});
  }
};

}  // namespace

void read_json_in_code(files::Tree& tree, Project& project) {
  std::set<std::string> seen;
  for (const auto& path : tree.files()) {
    if (!is_application_code(path)) continue;
    const std::string* text = tree.peek(path);
    if (!text) continue;
    ++project.code_files;
    if (contains(*text, "json") || contains(*text, "JSON") || contains(*text, "Json") ||
        contains(*text, "serialize") || contains(*text, "store"))
      JsonNames{path, *text, seen, project}.collect();
  }
}

}  // namespace pgadvise::deploy
