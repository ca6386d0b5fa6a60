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

Script script_of(const SchemaInput& input) {
  const std::string newest = newest_text(input);
  const std::string& path = input.files.back().path;
  Script out{path.substr(path.rfind('.')), false, false};
  out.typed = out.ending == ".ts" || out.ending == ".mts" || out.ending == ".cts";
  out.module = out.typed || out.ending == ".mjs" ||
               (out.ending != ".cjs" && (newest.starts_with("export ") || contains(newest, "\nexport ")));
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

std::string script_path(Writing& writing, const Steps& steps, const Script& script) {
  const std::string& newest = writing.input.files.back().entry;
  const std::size_t digits = files::leading_digits(newest).size();
  const bool hyphen = digits < newest.size() && newest[digits] == '-';
  const std::string name = hyphen ? "-" + replace_all(steps.name, "_", "-") : "_" + steps.name;
  return files::path_under(writing.input.path, give_version(writing) + name + script.ending);
}

}  // namespace pgadvise::migrations
