#include "log/formats/detect.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "base/text/text.h"
#include "base/text/utf8.h"
#include "log/formats/decoders.h"
#include "log/lines/byte_source.h"
#include "log/prefix/prefix_search.h"
#include "log/record/language.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t max_lines = 400;

std::vector<std::string_view> lines_of(std::string_view head) {
  std::vector<std::string_view> lines;
  while (!head.empty() && lines.size() < max_lines) {
    const auto end = head.find('\n');
    std::string_view line = head.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.push_back(line);
    if (end == std::string_view::npos) break;
    head.remove_prefix(end + 1);
  }
  return lines;
}

bool of_syslog(const std::vector<std::string_view>& lines) {
  return std::any_of(lines.begin(), lines.end(), [](auto line) {
    return line.substr(0, 256).find(" postgres[") != std::string_view::npos;
  });
}

// "10,5,t,6442187811431518375,select …,0,0,0,…": userid, dbid, toplevel, queryid, and figures to its end.
bool of_numbers(std::string_view row) {
  const auto parts = split(row, ',');
  constexpr std::size_t figures = 10;
  const auto number = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("-+.e0123456789") == std::string_view::npos;
  };
  return parts.size() > figures && number(parts[0]) && number(parts[1]) &&
         std::all_of(parts.end() - figures, parts.end(), number);
}

// What a file that is not a PostgreSQL log looks like, and what to do about it.
std::pair<std::string, std::string> stranger_of(std::string_view head,
                                                const std::vector<std::string_view>& lines) {
  if (head.starts_with("PK\x03\x04")) return {"a zip archive", "decompress it first"};
  if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff"))
    return {"text in UTF-16", "convert it to UTF-8 first"};
  const std::string_view first = lines.empty() ? std::string_view{} : lines.front();
  const auto any = [&](std::string_view part) {
    return std::any_of(lines.begin(), lines.end(), [&](auto line) { return contains(line, part); });
  };
  const bool levels = std::any_of(lines.begin(), lines.end(), holds_level);
  const std::string option = "--log-line-prefix '…', with the value of SHOW log_line_prefix";
  const std::string own_prefix = levels ? "; if so, pass its prefix: " + option : "";
  if (first.starts_with("{\"") || (first.starts_with('{') && !levels))
    return {any("\"textPayload\"") ? "Google Cloud's JSON"
            : any("\"record\"")    ? "CloudNativePG's JSON"
            : any("\"log\":")      ? "Docker's json-file"
                                   : "JSON of another program",
            "the only JSON format that pgadvise reads is PostgreSQL's jsonlog: pass the server's log file" +
                own_prefix};
  const std::string columns = lower(first);
  constexpr const char* copy =
      ": \\copy (select * from pg_stat_statements) to 'statements.csv' (format csv, header)";
  if (contains(columns, "calls") && contains(columns, " | ") && contains_any(columns, {"query", "total_"}))
    return {"pg_stat_statements as psql shows it", std::string("export it as CSV") + copy};
  if (std::count(first.begin(), first.end(), ',') >= 20 && !levels && of_numbers(first))
    return {"pg_stat_statements without its header", std::string("export it with a header") + copy};
  if (of_syslog(lines) || (!levels && any("]: [")))
    return {"syslog", "pass the server's own log: log_destination = stderr, csvlog or jsonlog" + own_prefix};
  if (levels) return {"a PostgreSQL log with an unknown log_line_prefix", "pass " + option};
  return {any("\" 200 ") || any("HTTP/1.")            ? "a web server's access log"
          : any("# Time: ") || any("# Query_time: ")  ? "MySQL's slow query log"
          : contains(head.substr(0, 4096), {"\0", 1}) ? "a binary file"
                                                      : "another program's",
          "pass a PostgreSQL server log: stderr, csvlog or jsonlog"};
}

// By most of the times that differ; the first one is then the last.
void note_order(const std::vector<std::int64_t>& times, Format& format) {
  std::size_t up = 0, down = 0;
  for (std::size_t i = 1; i < times.size(); ++i)
    up += times[i] > times[i - 1], down += times[i] < times[i - 1];
  format.newest_first = down >= 3 && down > 9 * up;
  if (format.newest_first) format.first_time = times.back();
}

// Of lines that fit the prefix, further lines left out; by `times`, or else theirs. When they are newest
// first: does a DETAIL stand before its record, as where lines are in reverse, or still behind it?
void note_order(const std::vector<std::string_view>& lines, const Prefix& prefix, bool further_lines,
                std::vector<std::int64_t> times, Format& format) {
  std::vector<Header> headers;
  const bool own = times.empty();
  Header header;
  std::size_t up = 0;
  for (const auto line : lines) {
    if (!prefix.match(line, header)) continue;
    headers.push_back(header);
    if (!own) continue;
    times.push_back(header.time);
    up += times.size() > 1 && header.time > times[times.size() - 2];
    if (10 * up > lines.size()) return;  // forwards, whatever follows
  }
  note_order(times, format);
  if (!format.newest_first) return;
  std::size_t before = 0, behind = 0;
  const auto annotates = [](const Header& each) { return each.level >= Level::detail; };
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (!annotates(headers[i])) continue;
    const auto fits = [&](const Header& other) {
      return other.time == headers[i].time && other.process == headers[i].process &&
             other.session == headers[i].session;
    };
    const auto above = std::find_if_not(headers.rbegin() + static_cast<std::ptrdiff_t>(headers.size() - i),
                                        headers.rend(), annotates);
    const auto below =
        std::find_if_not(headers.begin() + static_cast<std::ptrdiff_t>(i), headers.end(), annotates);
    const bool of_above = above != headers.rend() && fits(*above),
               of_below = below != headers.end() && fits(*below);
    before += of_below && !of_above;
    behind += of_above && !of_below;
  }
  format.by_lines = before + behind > 0 ? before > behind : !further_lines;
}

// The server's lines out of an envelope that most lines are in, and what they are.
bool detect_enveloped(Envelope envelope, bool stamped, const std::vector<std::string_view>& lines,
                      const std::string& line_prefix, Format& format) {
  std::vector<std::string> texts;
  std::vector<std::int64_t> times;  // the envelope's, which may be more exact
  std::size_t inside = 0;
  bool further_lines = false;  // that stand alone
  for (const auto line : lines) {
    std::string text;
    Piece piece;
    if (!unwrap(envelope, line, stamped, text, piece)) {
      further_lines |= line.starts_with('\t');
      continue;
    }
    ++inside;
    if (const auto time = entry_time(envelope, line); time != no_time) times.push_back(time);
    if (piece.number <= 1 && !std::string_view(text).substr(piece.front).starts_with('\t'))
      texts.push_back(std::move(text));
  }
  // An export of events has its stamp on the first line of each alone.
  const std::size_t enough = envelope == Envelope::cloudwatch ? 1 : (lines.size() + 1) / 2;
  if (inside < enough || texts.empty()) return false;
  if (envelope == Envelope::cloudnativepg) {
    for (const auto& text : texts)
      if (const auto time = json_record_time(text)) times.push_back(*time);
      else if (times.empty()) return false;
    format.name = "jsonlog";
    format.first_time = times.front();
    note_order(times, format);
  } else {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    const std::optional<Prefix> prefix =
        line_prefix.empty() ? find_prefix(views, false) : Prefix(line_prefix);
    Header header;
    const auto fits = [&](std::string_view text) {
      return prefix && !prefix->pattern().empty() && prefix->match(text, header);
    };
    if (std::none_of(views.begin(), views.end(), fits)) return false;
    format.name = "stderr";
    format.prefix = prefix->pattern();
    format.first_time = header.time;
    note_order(views, *prefix, further_lines, std::move(times), format);
  }
  format.envelope = envelope;
  format.stamped = stamped;
  return true;
}

bool detect_envelope(const std::vector<std::string_view>& lines, const std::string& line_prefix,
                     Format& format) {
  for (const auto envelope : {Envelope::syslog, Envelope::logplex, Envelope::cri, Envelope::cloudwatch,
                              Envelope::cloud_sql, Envelope::azure, Envelope::cloudnativepg})
    for (const bool stamped : {true, false}) {
      if (!stamped && envelope != Envelope::syslog) continue;
      if (detect_enveloped(envelope, stamped, lines, line_prefix, format)) return true;
    }
  return false;
}

// Gives the lines of an envelope to the decoder of what is in them.
class EnvelopeDecoder final : public Decoder {
 public:
  EnvelopeDecoder(const Format& format, std::unique_ptr<Decoder> inner)
      : format_(format), inner_(std::move(inner)) {}
  void look_ahead(Chunk& chunk, Memory& memory) const override {
    Piece piece;
    for (Line& line : chunk.lines) {
      std::string& text = chunk.texts.next();
      if (unwrap(format_.envelope, line.text, format_.stamped, text, piece)) line.text = text;
    }
    inner_->look_ahead(chunk, memory);
  }
  void take(Chunk& chunk) override { inner_->take(chunk); }
  void finish() override { inner_->finish(); }

 private:
  const Format format_;
  std::unique_ptr<Decoder> inner_;
};

// The same where messages come in pieces: what is in them is looked at when they are whole, which is known in
// the log's order.
class PieceDecoder final : public Decoder {
 public:
  PieceDecoder(const Format& format, LogSource& source, std::unique_ptr<Decoder> inner)
      : format_(format),
        prefix_(format.prefix),
        source_(source),
        joiner_(format.envelope, [this](std::string_view line) { return annotates(line); }),
        inner_(std::move(inner)) {}
  PieceDecoder(const PieceDecoder&) = delete;
  PieceDecoder& operator=(const PieceDecoder&) = delete;

  void look_ahead(Chunk& chunk, Memory& memory) const override {
    chunk.pieces.resize(chunk.lines.size());
    for (std::size_t i = 0; i < chunk.lines.size(); ++i) {
      Line& line = chunk.lines[i];
      PieceAhead& ahead = chunk.pieces[i];
      std::string& text = chunk.texts.next();
      ahead = {};
      ahead.inside = unwrap(format_.envelope, line.text, format_.stamped, text, ahead.piece);
      if (!ahead.inside) continue;
      line.text = text;
      if (ahead.piece.number != 1) ahead.begins = begins(line.text, ahead.piece, memory);
    }
  }

  void take(Chunk& chunk) override {
    for (std::size_t i = 0; i < chunk.lines.size(); ++i) {
      ++number_;
      if (joiner_.add(chunk.lines[i], chunk.pieces[i], number_)) continue;
      ++source_.lines;
      ++source_.continuation;
    }
    give(false);
  }

  void finish() override {
    give(true);
    inner_->finish();
  }

 private:
  PieceAhead::Begin begins(std::string_view line, const Piece& piece, Memory& memory) const {
    const std::string_view text = line.substr(piece.front);
    if (text.empty() || text.front() == '\t' || text.front() == ' ') return PieceAhead::Begin::nothing;
    Header header;
    if (!memory.prefixes.match(prefix_, line, header))
      return piece.message == 0 && holds_level(text) ? PieceAhead::Begin::record : PieceAhead::Begin::nothing;
    return header.level >= Level::detail ? PieceAhead::Begin::annotation : PieceAhead::Begin::record;
  }

  bool annotates(std::string_view line) const {
    Header header;
    return prefix_.match(line, header) && header.level >= Level::detail;
  }

  void give(bool all) {
    joiner_.take(joined_.lines, all);
    inner_->look_ahead(joined_, memory_);
    inner_->take(joined_);
    joined_.texts.clear();
  }

  const Format format_;
  const Prefix prefix_;
  LogSource& source_;
  PieceJoiner joiner_;
  Chunk joined_;
  Memory memory_;
  int number_ = 0;
  std::unique_ptr<Decoder> inner_;
};

void detect_lines(const std::vector<std::string_view>& lines, const std::string& line_prefix,
                  Format& format) {
  std::vector<std::int64_t> json_times, csv_times;
  for (const auto line : lines)
    if (const auto time = json_record_time(line)) json_times.push_back(*time);
    else if (starts_csv_record(line)) csv_times.push_back(csv_record_time(line));
  if (!json_times.empty() && json_times.size() >= csv_times.size()) {
    format.name = "jsonlog";
    format.first_time = json_times.front();
    note_order(json_times, format);
    return;
  }
  if (!csv_times.empty()) {
    format.name = "csvlog";
    format.first_time = csv_times.front();
    note_order(csv_times, format);
    // Of a record of several lines: does the last one stand above the first one?
    std::size_t above = 0, below = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!starts_csv_record(lines[i]) || !odd_quotes(lines[i])) continue;
      above += i > 0 && !starts_csv_record(lines[i - 1]);
      below += i + 1 < lines.size() && !starts_csv_record(lines[i + 1]);
    }
    format.by_lines = above >= below;
    return;
  }
  if (detect_envelope(lines, line_prefix, format)) return;
  std::vector<std::string_view> bare;
  std::size_t named = 0;
  for (const auto line : lines) {
    const std::string_view rest = line.substr(container_name(line).length);
    named += rest.size() != line.size();
    if (!rest.starts_with('\t')) bare.push_back(rest);
  }
  format.container_names = named * 2 > lines.size();
  if (!format.container_names) {
    bare.clear();
    for (const auto line : lines)
      if (!line.starts_with('\t')) bare.push_back(line);
  }
  const std::optional<Prefix> prefix =
      line_prefix.empty() ? find_prefix(bare, !of_syslog(bare)) : Prefix(line_prefix);
  Header header;
  for (const auto line : bare)
    if (prefix && prefix->match(line, header)) {
      format.name = "stderr";
      format.prefix = prefix->pattern();
      format.first_time = header.time;
      note_order(bare, *prefix, bare.size() < lines.size(), {}, format);
      return;
    }
  if (std::any_of(bare.begin(), bare.end(), starts_drizzle_record)) format.name = "drizzle";
}

// What ByteSource::entries() makes of it.
std::string as_entries(std::string_view head) {
  const auto source = ByteSource::entries(std::string(head), nullptr);
  std::string out(2 * head.size() + 2, '\0');
  std::size_t size = 0;
  while (size < out.size())
    if (const auto got = source->read(out.data() + size, out.size() - size); got > 0)
      size += static_cast<std::size_t>(got);
    else break;
  out.resize(size);
  return out;
}

}  // namespace

Format detect(std::string_view head, const std::string& line_prefix) {
  Format format;
  head = without_byte_order_mark(head);
  constexpr std::size_t tar_magic = 257;
  if (head.size() > tar_magic && head.substr(tar_magic).starts_with("ustar")) {
    format.looked_like = "a tar archive";
    format.advice = "unpack it first";
    return format;
  }
  const std::vector<std::string_view> lines = lines_of(head);
  format.entries = holds_entries(head);
  const std::string entries = format.entries ? as_entries(head) : std::string();
  detect_lines(format.entries ? lines_of(entries) : lines, line_prefix, format);
  if (!format.name.empty()) return format;
  std::tie(format.looked_like, format.advice) = stranger_of(head, lines);
  if (!line_prefix.empty() && format.looked_like.starts_with("a PostgreSQL log"))
    format.looked_like = "a PostgreSQL log, but no line matches the given log_line_prefix";
  return format;
}

std::unique_ptr<Decoder> make_decoder(const Format& format, LogSource& source, RecordSink& sink) {
  auto decoder = format.name == "csvlog"    ? make_csv_decoder(format, source, sink)
                 : format.name == "jsonlog" ? make_json_decoder(format, source, sink)
                 : format.name == "drizzle" ? make_drizzle_decoder(format, source, sink)
                                            : make_stderr_decoder(format, source, sink);
  if (format.envelope == Envelope::none) return decoder;
  if (in_pieces(format.envelope)) return std::make_unique<PieceDecoder>(format, source, std::move(decoder));
  return std::make_unique<EnvelopeDecoder>(format, std::move(decoder));
}

}  // namespace pgadvise::log
