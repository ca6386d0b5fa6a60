#include "log/formats/json_log.h"

#include "base/text/utf8.h"
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

  bool open() {
    blanks();
    return take('{');
  }
  // The next field; false at the end or at an error. Strings are decoded into `value`'s storage only when
  // they hold an escape.
  bool next(std::string_view& name, std::string_view& value, std::string& storage) {
    blanks();
    if (take('}')) {
      blanks();
      complete_ = at_ == text_.size();
      return false;
    }
    if (fields_++ > 0 && !take(',')) return false;
    blanks();
    if (!string(name, name_storage_)) return false;
    blanks();
    if (!take(':')) return false;
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
  // The next quote or backslash.
  std::size_t special() const {
    const char* const end = text_.data() + text_.size();
    const char* const found = find_either(text_.data() + at_, end, '"', '\\');
    return found == end ? std::string_view::npos : static_cast<std::size_t>(found - text_.data());
  }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool string(std::string_view& value, std::string& storage) {
    if (!take('"')) return false;
    const std::size_t start = at_;
    std::size_t stop = special();
    if (stop == std::string_view::npos) {
      value = text_.substr(start);
      at_ = text_.size();
      return cut_;
    }
    if (text_[stop] == '"') {
      value = text_.substr(start, stop - start);
      at_ = stop + 1;
      return true;
    }
    storage.clear();
    for (;;) {
      storage.append(text_.substr(at_, stop - at_));
      at_ = stop + 1;
      if (text_[stop] == '"') break;
      if (!escape(storage)) {
        // What is cut may end within an escape.
        constexpr std::size_t longest_escape = 12;  // "\\ud83d\\ude00"
        if (!cut_ || text_.size() - stop > longest_escape) return false;
        at_ = text_.size();
        break;
      }
      stop = special();
      if (stop != std::string_view::npos) continue;
      if (!cut_) return false;
      storage.append(text_.substr(at_));
      at_ = text_.size();
      break;
    }
    value = storage;
    return true;
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
    for (int i = 0; i < 4; ++i) {
      const char c = text_[at_++];
      const int digit = c >= '0' && c <= '9'                     ? c - '0'
                        : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                                 : -1;
      if (digit < 0) return false;
      code = code * 16 + static_cast<unsigned>(digit);
    }
    return true;
  }

  std::string_view text_;
  const bool cut_;
  std::size_t at_ = 0;
  int fields_ = 0;
  bool complete_ = false;
  std::string name_storage_;
};

bool read_record(std::string_view text, bool cut, TextPool& texts, StampReader& stamps, Record& out) {
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
    } else if (name == "user") {
      out.user = value;
    } else if (name == "dbname") {
      out.database = value;
    } else if (name == "pid") {
      process = value;
    } else if (name == "remote_host") {
      out.host = value;
    } else if (name == "session_id") {
      out.session = value;
    } else if (name == "message") {
      out.message = value;
    } else if (name == "detail") {
      out.detail = value;
    } else if (name == "statement") {
      out.statement = value;
    } else if (name == "state_code") {
      out.sqlstate = value;
    } else if (name == "context") {
      out.nested = true;
    } else if (name == "application_name") {
      out.application = value;
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
          ahead.lines && read_record(text, chunk.lines[i].cut, chunk.texts, memory.stamps, ahead.record);
      if (ahead.understood) log::look_ahead(ahead.record, memory.scanner, ahead.preview);
    }
  }

  void take(Chunk& chunk) override {
    for (RecordAhead& ahead : chunk.records) {
      ++source_.lines;
      const int number = place_of(static_cast<int>(source_.lines), format_);
      if (ahead.lines == 0) {
        ++source_.other;
      } else if (!ahead.understood) {
        book_not_understood(source_, number);
      } else {
        ahead.record.line = number;
        ahead.record.preview = &ahead.preview;
        book(source_, sink_.take(ahead.record).record, number);
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

bool is_json_record(std::string_view line, std::int64_t& time) {
  FlatObject object(line, false);
  if (!object.open()) return false;
  std::string_view name;
  std::string_view value;
  std::string storage;
  bool severity = false;
  bool stamped = false;
  while (object.next(name, value, storage)) {
    if (name == "error_severity") severity = true;
    if (name == "timestamp")
      if (const Stamp stamp = take_stamp(value, true); stamp.length) stamped = true, time = stamp.time;
  }
  return severity && stamped;  // a record larger than the looked at beginning ends later
}

std::unique_ptr<Decoder> make_json_decoder(const Format& format, LogSource& source, RecordSink& sink) {
  return std::make_unique<JsonDecoder>(format, source, sink);
}

}  // namespace pgadvise::log
