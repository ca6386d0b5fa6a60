#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text/utf8.h"
#include "log/formats/decoders.h"
#include "log/lines/bytes.h"
#include "log/record/language.h"
#include "log/record/time.h"

namespace pgadvise::log {
namespace {

constexpr int max_fields = 40;  // jsonlog has 29

// One flat object, field by field. jsonlog never nests; what does is not a record of it.
class FlatObject {
 public:
  // `cut`: the text ends somewhere in a string, which is taken as far as it goes.
  FlatObject(std::string_view text, bool cut) : text_(text), cut_(cut) {}

  bool open() { return take('{'); }
  // The next field; false at the end or at an error. Strings are decoded into `value`'s storage only when
  // they hold an escape.
  bool next(std::string_view& name, std::string_view& value, std::string& storage) {
    if (take('}')) {
      blanks();
      complete_ = at_ == text_.size();
      return false;
    }
    if (fields_++ > 0 && !take(',')) return false;
    if (!string(name, name_storage_) || !take(':')) return false;
    blanks();
    if (at_ < text_.size() && text_[at_] == '"') return string(value, storage);
    const std::size_t start = at_;
    while (at_ < text_.size() && !ends_value(text_[at_])) ++at_;
    value = text_.substr(start, at_ - start);
    return !value.empty();
  }
  bool complete() const { return complete_; }

 private:
  static bool ends_value(char c) {
    return c == ',' || c == '}' || c == ']' || c == '{' || c == '[' || c == '"' || c == ' ' || c == '\t';
  }
  // The next quote or backslash, or the end.
  std::size_t special() const {
    const char* const end = text_.data() + text_.size();
    return static_cast<std::size_t>(find_either(text_.data() + at_, end, '"', '\\') - text_.data());
  }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  // `c`, and the blanks before it.
  bool take(char c) {
    blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool string(std::string_view& value, std::string& storage) {
    if (!take('"')) return false;
    std::size_t stop = special();
    if (stop == text_.size() || text_[stop] == '"') {
      value = text_.substr(at_, stop - at_);
      return end_string(stop);
    }
    storage.clear();
    for (;; stop = special()) {
      storage.append(text_.substr(at_, stop - at_));
      if (stop == text_.size() || text_[stop] == '"') break;
      at_ = stop + 1;
      // What is cut may end within an escape.
      constexpr std::size_t longest_escape = 12;  // "\\ud83d\\ude00"
      if (escape(storage)) continue;
      if (text_.size() - stop > longest_escape) return false;
      stop = text_.size();
      break;
    }
    value = storage;
    return end_string(stop);
  }
  // At a quote, or at the end of the text, where only a cut string ends.
  bool end_string(std::size_t at) {
    at_ = std::min(at + 1, text_.size());
    return at < text_.size() || cut_;
  }
  bool escape(std::string& storage) {
    if (at_ >= text_.size()) return false;
    switch (const char c = text_[at_++]) {
      case 'n': storage += '\n'; return true;
      case 't': storage += '\t'; return true;
      case 'r': storage += '\r'; return true;
      case 'b': storage += '\b'; return true;
      case 'f': storage += '\f'; return true;
      case 'u': break;
      default: storage += c; return true;
    }
    unsigned code = 0;
    if (!four(code)) return false;
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      unsigned low = 0;
      at_ += 2;
      if (!four(low)) return false;
      code = 0x10000 + ((code - 0xd800) << 10) + ((low - 0xdc00) & 0x3ff);
    }
    append_utf8(storage, code);
    return true;
  }
  bool four(unsigned& code) {
    if (at_ + 4 > text_.size()) return false;
    const char* const end = text_.data() + at_ + 4;
    const auto read = std::from_chars(text_.data() + at_, end, code, 16);
    at_ += 4;
    return read.ptr == end;
  }

  std::string_view text_;
  const bool cut_;
  std::size_t at_ = 0;
  int fields_ = 0;
  bool complete_ = false;
  std::string name_storage_;
};

constexpr std::pair<std::string_view, std::string_view Record::*> texts_of_record[] = {
    {"user", &Record::user},
    {"dbname", &Record::database},
    {"remote_host", &Record::host},
    {"session_id", &Record::session},
    {"message", &Record::message},
    {"detail", &Record::detail},
    {"statement", &Record::statement},
    {"state_code", &Record::sqlstate},
    {"application_name", &Record::application}};

bool read_json_record(std::string_view text, bool cut, TextPool& texts, StampReader& stamps, Record& out) {
  FlatObject object(text, cut);
  if (!object.open()) return false;
  out = {};
  bool severity = false;
  bool again = false;  // two records ran into each other: which of both the rest is of, nobody knows
  std::string_view process;
  std::string_view name;
  std::string_view value;
  std::string* storage = &texts.next();
  for (int i = 0; i < max_fields && object.next(name, value, *storage); ++i) {
    if (value.data() == storage->data()) storage = &texts.next();
    if (name == "timestamp") {
      const Stamp stamp = stamps.take(value);
      again |= out.time != no_time;
      if (stamp.length) out.time = stamp.time, out.whole_seconds = stamp.whole_seconds;
    } else if (name == "error_severity") {
      const auto level = level_of(value);
      again |= severity;
      severity = level.has_value();
      out.level = level.value_or(Level::message);
    } else if (name == "pid") {
      process = value;
    } else if (name == "context") {
      out.nested = true;
    } else {
      for (const auto& [known, member] : texts_of_record)
        if (name == known) out.*member = value;
    }
  }
  if (out.session.empty()) out.session = process;
  out.cut = cut;
  // A line over the limit still tells what it was, up to there.
  return severity && !again && out.time != no_time && (object.complete() || cut);
}

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(const Format& format, LogSource& source, RecordSink& sink)
      : format_(format), source_(source), sink_(sink) {}

  void look_ahead(Chunk& chunk, Memory& memory) const override {
    chunk.records.resize(chunk.lines.size());
    for (std::size_t i = 0; i < chunk.lines.size(); ++i) {
      const std::string_view text = chunk.lines[i].text;
      RecordAhead& ahead = chunk.records[i];
      ahead.lines = text.empty() ? 0 : 1;
      ahead.understood =
          ahead.lines && read_json_record(text, chunk.lines[i].cut, chunk.texts, memory.stamps, ahead.record);
      if (ahead.understood) log::look_ahead(ahead.record, memory.scanner, ahead.preview);
    }
  }

  void take(Chunk& chunk) override {
    for (RecordAhead& ahead : chunk.records) {
      ++source_.lines;
      const int number = line_in_file(static_cast<int>(source_.lines), format_);
      if (ahead.lines == 0) {
        ++source_.other;
      } else if (!ahead.understood) {
        count_not_understood(source_, number);
      } else {
        ahead.record.line = number;
        ahead.record.preview = &ahead.preview;
        count_line(source_, sink_.take(ahead.record).record, number);
      }
    }
  }

  void finish() override {}

 private:
  const Format format_;
  LogSource& source_;
  RecordSink& sink_;
};

}  // namespace

std::optional<std::int64_t> json_record_time(std::string_view line) {
  FlatObject object(line, false);
  if (!line.starts_with('{') || !object.open()) return std::nullopt;
  std::string_view name;
  std::string_view value;
  std::string storage;
  bool severity = false;
  std::optional<std::int64_t> time;
  while (object.next(name, value, storage)) {
    severity |= name == "error_severity";
    if (name == "timestamp")
      if (const Stamp stamp = take_stamp(value, true); stamp.length) time = stamp.time;
  }
  return severity ? time : std::nullopt;  // a record larger than the looked at beginning ends later
}

std::unique_ptr<Decoder> make_json_decoder(const Format& format, LogSource& source, RecordSink& sink) {
  return std::make_unique<JsonDecoder>(format, source, sink);
}

}  // namespace pgadvise::log
