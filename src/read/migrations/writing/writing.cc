#include "migrations/writing/writing.h"

#include <ctime>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/folders/schema_load.h"
#include "sql/replay/replay.h"

namespace pgadvise::migrations {

Written one_file(const std::string& path, std::string content) {
  return {{{path, std::move(content), std::nullopt}}, {}};
}

std::string inside(const SchemaInput& input, const std::string& name) {
  return files::path_under(input.path, name);
}

std::string utc(std::int64_t milliseconds, const char* form) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char out[32];
  return {out, std::strftime(out, sizeof out, form, &parts)};
}

static std::string plus_one(std::string digits) {
  for (std::size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '9') return ++digits[i], digits;
    digits[i] = '0';
  }
  return "1" + digits;
}

std::string next_version(const std::string& last, std::int64_t now) {
  std::string by_clock;
  if (last.size() == 14) by_clock = utc(now, "%Y%m%d%H%M%S");
  else if (last.size() == 12) by_clock = utc(now, "%Y%m%d%H%M");
  else if (last.size() == 13) by_clock = std::to_string(now);
  else if (last.size() == 10) by_clock = std::to_string(now / 1000);
  return files::compare_digits(by_clock, last) > 0 ? by_clock : plus_one(last);
}

std::string highest_version(const SchemaInput& input) {
  std::string out;
  for (const auto& file : input.files)
    if (const std::string digits(files::leading_digits(file.entry));
        files::compare_digits(digits, out) > 0 || out.empty())
      out = digits;
  return out;
}

const std::string& give_version(Writing& writing) {
  if (writing.version.empty()) writing.version = highest_version(writing.input);
  return writing.version = next_version(writing.version, writing.now);
}

std::string next_path(Writing& writing, const Steps& steps) {
  return inside(writing.input, give_version(writing) + "_" + steps.name);
}

std::string comments(const Steps& steps, std::string_view mark) {
  std::string out;
  // In a comment, "-->" would be read as drizzle's mark between statements.
  for (const auto& title : steps.titles)
    out += std::string(mark) + " " + replace_all(printable(title), "-->", "->") + "\n";
  return out;
}

std::string script(const std::vector<std::string>& statements) {
  std::string out;
  for (const auto& statement : statements) out += statement + ";\n";
  return out;
}

std::string up_script(const Steps& steps) { return comments(steps) + script(steps.up); }

std::string down_script(const Steps& steps) {
  return steps.down.empty() ? "-- this migration cannot be undone\n" : script(steps.down);
}

std::string marked_scripts(const std::string& up_mark, const std::string& down_mark, const Steps& steps) {
  return up_mark + "\n" + up_script(steps) + "\n" + down_mark + "\n" + down_script(steps);
}

Written up_and_down(const std::string& up_path, const std::string& down_path, const Steps& steps) {
  return {{{up_path, up_script(steps), {}}, {down_path, down_script(steps), {}}}, {}};
}

std::string newest_text(const SchemaInput& input) {
  return input.files.empty() ? std::string()
                             : read_file(input.files.back().path, files::text_limit).value_or("");
}

Result<Replayed> replay(const SchemaInput& input, const Steps& steps) {
  Diagnostics named;
  sql::Placeholders placeholders;
  TRY(const auto scripts, schema_sql(input, named, &placeholders));
  sql::Replayer replayer;
  for (const auto& [file, text] : scripts) replayer.run(text, file);
  Replayed out;
  out.before = replayer.catalog();
  const int not_understood = replayer.counts().not_understood;
  replayer.run(placeholders.fill(script(steps.up)), "the fix");
  if (replayer.counts().not_understood > not_understood)
    return fail(Error::Kind::nonfatal, "", "these migrations do not create the object that it changes",
                "was the object created by hand, in the database?");
  out.after = replayer.take();
  return out;
}

}  // namespace pgadvise::migrations
