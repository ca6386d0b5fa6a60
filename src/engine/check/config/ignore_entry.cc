#include "check/config/ignore_entry.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/text/text.h"
#include "base/text/utf8.h"
#include "check/config/toml.h"
#include "lint/run/suppress.h"

namespace pgadvise::check {
namespace {

std::string with_schema(const Subject& subject, const std::string& name) {
  return subject.schema.empty() ? name : subject.schema + "." + name;
}

// The narrowest first.
std::vector<Suppression> candidates(const Finding& finding) {
  const Subject& subject = finding.subject;
  const std::string file = finding.in_file() ? finding.location->file : subject.file;
  std::vector<std::string> objects;
  if (!subject.fingerprint.empty()) objects.push_back(subject.fingerprint);
  if (!subject.index.empty()) objects.push_back(with_schema(subject, subject.index));
  if (!subject.table.empty() && !subject.constraint.empty())
    objects.push_back(with_schema(subject, subject.table + "." + subject.constraint));
  if (!subject.table.empty() && !subject.columns.empty())
    objects.push_back(with_schema(subject, subject.table + "." + join(subject.columns, ",")));
  if (!subject.entry.empty()) objects.push_back(subject.entry);
  if (!subject.table.empty()) objects.push_back(with_schema(subject, subject.table));
  if (!subject.constraint.empty()) objects.push_back(with_schema(subject, subject.constraint));
  if (subject.kind == "schema") objects.push_back(subject.schema);
  std::vector<Suppression> out;
  const auto add = [&](const std::string& object, const std::string& path) {
    out.push_back({.rules = {finding.rule}, .object = object, .path = path});
  };
  for (const auto& object : objects) add(object, {});
  const bool usable = !file.empty() && !file.starts_with("/") && !file.starts_with("..");
  for (const auto& object : objects)
    if (usable) add(object, file);
  if (usable) add({}, file);
  return out;
}

std::optional<Suppression> entry_for(const Finding& finding, const std::vector<Finding>& all) {
  std::vector<Finding> alike;
  for (const auto& one : all)
    if (one.rule == finding.rule && one.id != finding.id) alike.push_back(one);
  std::optional<Suppression> best;
  std::size_t fewest = 0;
  for (auto& candidate : candidates(finding)) {
    lint::UsedSuppressions used;
    std::vector<Finding> itself{finding};
    if (lint::suppress(itself, {candidate}, used).empty()) continue;
    auto others = alike;
    const std::size_t count = lint::suppress(others, {candidate}, used).size();
    if (best && count >= fewest) continue;
    fewest = count;
    best = std::move(candidate);
  }
  return best;
}

}  // namespace

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else out += c;
  }
  return out + "\"";
}

std::optional<std::string> with_inline_ignores(std::string_view text,
                                               const std::vector<std::string>& tables) {
  if (has_endless_key(text)) return std::nullopt;
  const auto parsed = toml::parse(text);
  const auto* list = parsed ? parsed.table().get_as<toml::array>("ignore") : nullptr;
  const auto* first = list && !list->empty() ? list->front().as_table() : nullptr;
  if (!list || (!list->empty() && (!first || !first->is_inline()))) return std::nullopt;
  const auto offset = [&](const toml::source_position& at) {  // columns are characters
    std::size_t out = 0;
    for (toml::source_index line = 1; line < at.line && out < text.size(); ++line)
      out = std::min(text.find('\n', out), text.size() - 1) + 1;
    for (toml::source_index column = 1; column < at.column && out < text.size(); ++column) do
        ++out;
      while (out < text.size() && continues_character(text[out]));
    return out;
  };
  const std::size_t end = text.rfind(']', offset(list->source().end) - 1);
  const std::size_t last = list->empty() ? end : offset(list->back().source().end);
  if (end == std::string_view::npos || last > end) return std::nullopt;
  bool comma = list->empty(), comment = false;
  for (const char c : text.substr(last, end - last)) {
    comment = c == '#' || (comment && c != '\n');
    comma = comma || (c == ',' && !comment);
  }
  std::string out(text.substr(0, last));
  if (!comma) out += ',';
  out += text.substr(last, end - last);
  while (out.ends_with(' ')) out.pop_back();
  if (!out.ends_with('\n')) out += '\n';
  for (const auto& table : tables) out += "  " + table + ",\n";
  return out + std::string(text.substr(end));
}

Result<std::string> with_ignores(const std::string& path, const std::string& text,
                                 const std::vector<Ignored>& ignored, const std::vector<Finding>& all,
                                 ConfigOrigin origin) {
  std::string out = text;
  if (!out.empty() && out.back() != '\n') out += '\n';
  std::vector<std::string> inline_tables;
  for (const auto& [finding, reason] : ignored) {
    const auto entry = entry_for(*finding, all);
    if (!entry)
      return fail(Error::Kind::usage, path, "can't name the subject of the finding: " + finding->message,
                  "turn off the rule: [rules." + finding->rule + "] severity = \"off\"");
    std::vector<std::string> pairs = {"rule = " + toml_string(finding->rule)};
    if (!entry->object.empty()) pairs.push_back("object = " + toml_string(entry->object));
    if (!entry->path.empty()) pairs.push_back("path = " + toml_string(entry->path));
    pairs.push_back("reason = " + toml_string(reason));
    out += fmt::format("{}[[ignore]]\n{}\n", out.empty() ? "" : "\n", join(pairs, "\n"));
    inline_tables.push_back("{ " + join(pairs, ", ") + " }");
  }
  if (auto inside = with_inline_ignores(text, inline_tables)) out = std::move(*inside);
  if (const auto read = parse_config(path, out, origin); !read) return tl::unexpected(read.error().front());
  return out;
}

}  // namespace pgadvise::check
