#include <algorithm>

#include "base/text.h"
#include "log/decoder.h"
#include "log/prefix.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t most_lines = 400;

// "db-1  | " of docker compose: a name, blanks, a bar.
std::string_view after_container_name(std::string_view line) {
  const auto bar = line.substr(0, 128).find(" | ");
  if (bar == std::string_view::npos) return line;
  const std::string_view name = trim(line.substr(0, bar));
  if (name.empty() || name.find_first_of(" \t[]\"") != std::string_view::npos) return line;
  return line.substr(bar + 3);
}

std::vector<std::string_view> lines_of(std::string_view head) {
  std::vector<std::string_view> lines;
  while (!head.empty() && lines.size() < most_lines) {
    const auto end = head.find('\n');
    std::string_view line = head.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (line.starts_with('\0')) line.remove_prefix(1);
    if (!line.empty()) lines.push_back(line);
    if (end == std::string_view::npos) break;
    head.remove_prefix(end + 1);
  }
  return lines;
}

void describe_stranger(std::string_view head, const std::vector<std::string_view>& lines, Format& format) {
  struct Magic {
    std::string_view bytes;
    const char* name;
  };
  static constexpr Magic magic[] = {{"\x1f\x8b", "compressed by gzip"},
                                    {"BZh", "compressed by bzip2"},
                                    {"\xfd"
                                     "7zXZ",
                                     "compressed by xz"},
                                    {"\x28\xb5\x2f\xfd", "compressed by zstd"},
                                    {"\x04\x22\x4d\x18", "compressed by lz4"},
                                    {"PK\x03\x04", "a zip archive"}};
  for (const auto& [bytes, name] : magic)
    if (head.starts_with(bytes)) {
      format.looked_like = name;
      format.advice = "decompress it first";
      return;
    }
  if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff")) {
    format.looked_like = "text in UTF-16";
    format.advice = "convert it to UTF-8 first";
    return;
  }
  const std::string_view first = lines.empty() ? std::string_view{} : lines.front();
  const auto any = [&](std::string_view part) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](auto line) { return line.find(part) != std::string_view::npos; });
  };
  if (first.starts_with('{')) {
    format.looked_like = any("\"textPayload\"") ? "Google Cloud's JSON"
                         : any("\"record\"")    ? "CloudNativePG's JSON"
                         : any("\"log\":")      ? "Docker's json-file"
                                                : "JSON of another program";
    format.advice = "of JSON, only PostgreSQL's own jsonlog is read: take the server's log file itself";
    return;
  }
  if (any(" postgres[") || any("]: [")) {
    format.looked_like = "syslog";
    format.advice = "take the server's own log: log_destination = stderr, csvlog or jsonlog";
    return;
  }
  if (any("LOG:  ") || any("ERROR:  ")) {
    format.looked_like = "PostgreSQL's, with a log_line_prefix that isn't known";
    format.advice = "give it: --log-line-prefix, as SHOW log_line_prefix tells it";
    return;
  }
  if (any(" -- params: [")) {
    format.looked_like = "Drizzle's own query logger";
    format.advice = "take the server's log";
    return;
  }
  if (any("\" 200 ") || any("HTTP/1.")) {
    format.looked_like = "a web server's access log";
  } else if (any("# Time: ") || any("# Query_time: ")) {
    format.looked_like = "MySQL's slow query log";
  } else if (head.substr(0, 4096).find('\0') != std::string_view::npos) {
    format.looked_like = "a binary file";
  } else {
    format.looked_like = "another program's";
  }
  format.advice = "name a PostgreSQL server log: stderr, csvlog or jsonlog";
}

}  // namespace

Format detect(std::string_view head, const std::string& line_prefix) {
  Format format;
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  const std::vector<std::string_view> lines = lines_of(head);
  std::size_t csv = 0;
  std::size_t json = 0;
  std::int64_t time = no_time;
  for (const auto line : lines) {
    if (line.starts_with('{') && is_json_record(line, time)) {
      if (json++ == 0) format.first_time = time;
    } else if (starts_csv_record(line)) {
      if (csv++ == 0) format.first_time = csv_record_time(line);
    }
  }
  if (json > 0 && json >= csv) {
    format.name = "jsonlog";
    return format;
  }
  if (csv > 0) {
    format.name = "csvlog";
    return format;
  }
  std::vector<std::string_view> bare;
  std::size_t named = 0;
  for (const auto line : lines) {
    const std::string_view rest = after_container_name(line);
    named += rest.size() != line.size();
    if (!rest.starts_with('\t')) bare.push_back(rest);
  }
  format.container_names = named * 2 > lines.size();
  if (!format.container_names) {
    bare.clear();
    for (const auto line : lines)
      if (!line.starts_with('\t')) bare.push_back(line);
  }
  const Prefix given(line_prefix);
  const Prefix* prefix = line_prefix.empty() ? find_prefix(bare) : &given;
  Header header;
  for (const auto line : bare)
    if (prefix && prefix->match(line, header)) {
      format.name = "stderr";
      format.prefix = prefix->pattern();
      format.first_time = header.time;
      return format;
    }
  describe_stranger(head, lines, format);
  if (!line_prefix.empty() && format.looked_like.starts_with("PostgreSQL's"))
    format.looked_like = "PostgreSQL's, but no line fits the log_line_prefix that was given";
  return format;
}

std::unique_ptr<Decoder> make_decoder(const Format& format, LogSource& source, RecordSink& sink) {
  if (format.name == "csvlog") return make_csv_decoder(source, sink);
  if (format.name == "jsonlog") return make_json_decoder(source, sink);
  return make_stderr_decoder(format, source, sink);
}

}  // namespace pgadvise::log
