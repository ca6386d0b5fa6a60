#include "migrations/writing/program_text.h"

#include "base/text/text.h"
#include "files/files.h"

namespace pgadvise::migrations {

std::string camel(const std::string& name) {
  std::string out;
  for (const auto word : split(name, '_'))
    if (!word.empty()) {
      out += word;
      char& first = out[out.size() - word.size()];
      if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
    }
  return out;
}

std::string indented(const std::string& text, const std::string& indent) {
  return indent + replace_all(text, "\n", "\n" + indent);
}

std::string python_string(const std::string& sql) {
  return "\"\"\"\n" + replace_all(replace_all(sql, "\\", "\\\\"), "\"\"\"", "\\\"\\\"\\\"") + "\n\"\"\"";
}

std::vector<std::string> quoted_words(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = text.find_first_of("'\""); at != std::string_view::npos;
       at = text.find_first_of("'\"", at)) {
    const std::size_t end = text.find(text[at], at + 1);
    if (end == std::string_view::npos) break;
    out.emplace_back(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return out;
}

Script next_script(Writing& writing, const Steps& steps) {
  const SchemaFile& file = writing.input.files.back();
  Script out{.newest = newest_text(writing.input), .version = give_version(writing)};
  const std::size_t digits = files::leading_digits(file.entry).size();
  const bool hyphen = digits < file.entry.size() && file.entry[digits] == '-';
  const std::string name = hyphen ? "-" + replace_all(steps.name, "_", "-") : "_" + steps.name;
  const std::string ending = file.path.substr(file.path.rfind('.'));
  out.path = inside(writing.input, out.version + name + ending);
  out.typed = ending == ".ts" || ending == ".mts" || ending == ".cts";
  out.module = out.typed || ending == ".mjs" ||
               (ending != ".cjs" && (out.newest.starts_with("export ") || contains(out.newest, "\nexport ")));
  return out;
}

std::string in_script(const std::vector<std::string>& statements, const std::string& indent,
                      const std::string& call) {
  std::string out;
  for (const auto& one : statements)
    out += indent + call + "(`" +
           replace_all(replace_all(replace_all(one, "\\", "\\\\"), "`", "\\`"), "${", "\\${") + "`);\n";
  return out.empty() ? indent + "throw new Error('this migration cannot be undone');\n" : out;
}

}  // namespace pgadvise::migrations
