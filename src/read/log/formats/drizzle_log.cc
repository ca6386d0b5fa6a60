#include <vector>

#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "log/formats/decoders.h"

namespace pgadvise::log {
namespace {

constexpr std::string_view query_label = "Query: ";
constexpr std::string_view values_label = " -- params: [";
constexpr std::size_t max_statement_lines = 1000;

nlohmann::json list_of(std::string_view text) {
  return nlohmann::json::parse(text, [](int depth, auto, auto&) { return depth <= 64; }, false);
}

void add_value(std::string& detail, int number, std::string_view value, bool null) {
  detail += number > 1 ? ", $" : "$";
  detail += std::to_string(number);
  detail += " = ";
  if (null) {
    detail += "NULL";
    return;
  }
  detail += '\'';
  for (const char c : value) detail.append(c == '\'' ? 2 : 1, c);
  detail += '\'';
}

// Nearly all lists by far: whole numbers, words, and ASCII texts without escapes. Where there is something
// else, list_of() knows.
bool take_plain_list(std::string_view text, std::string* detail) {
  if (!text.starts_with('[')) return false;
  int number = 0;
  for (std::size_t at = 1; at < text.size(); ++number) {
    std::size_t end = at;
    std::string_view value;
    bool null = false;
    if (number == 0 && text[at] == ']') return at + 1 == text.size();
    if (text[at] == '"') {
      for (end = ++at; end < text.size() && text[end] != '"'; ++end)
        if (text[end] < ' ' || text[end] > '~' || text[end] == '\\') return false;
      value = text.substr(at, end++ - at);
    } else if (text.substr(at).starts_with("null")) {
      null = true;
      end += 4;
    } else if (text.substr(at).starts_with("true") || text.substr(at).starts_with("false")) {
      end += text[at] == 't' ? 4 : 5;
      value = text.substr(at, end - at);
    } else {
      end += text[at] == '-';
      const auto digits = end;
      while (end < text.size() && is_digit(text[end])) ++end;
      if (end == digits || end - digits > 18 || (text[digits] == '0' && end - at > 1)) return false;
      value = text.substr(at, end - at);
    }
    if (end >= text.size()) return false;
    if (detail) add_value(*detail, number + 1, value, null);
    if (text[end] == ']') return end + 1 == text.size();
    if (text[end] != ',') return false;
    at = end + 1;
    if (at < text.size() && text[at] == ' ') ++at;
  }
  return false;
}

// Where the parameters of a complete record begin. The statement and the values may hold the mark, too: a
// list follows it.
std::size_t parameters_at(std::string_view text) {
  if (!trim(text).ends_with(']')) return std::string_view::npos;
  constexpr int max_marks = 8;
  auto at = text.find(values_label);
  for (int marks = 0; at != std::string_view::npos && marks < max_marks;
       ++marks, at = text.find(values_label, at + 1)) {
    const auto list = text.substr(at + values_label.size() - 1);
    if (take_plain_list(list, nullptr) || list_of(list).is_array()) return at;
  }
  return text.rfind(values_label);
}

// ["a", 1, null] -> $1 = 'a', $2 = '1', $3 = NULL, as the server's DETAIL has it; "" when it is no JSON.
std::string as_detail(std::string_view list) {
  constexpr std::string_view label = "parameters: ";
  std::string out(label);
  if (take_plain_list(list, &out)) return out;
  out = label;
  const auto values = list_of(list);
  if (!values.is_array()) return {};
  int number = 0;
  for (const auto& value : values)
    add_value(out, ++number,
              value.is_string() ? value.get<std::string>()
                                : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
              value.is_null());
  return out;
}

// "Query: select … -- params: [1]": neither time nor session. Statements written by hand go over several
// lines; only where the parameters end them is it known that the lines belong to them.
class DrizzleDecoder final : public Decoder {
 public:
  DrizzleDecoder(const Format& format, LogSource& source, RecordSink& sink)
      : container_names_(format.container_names), source_(source), sink_(sink) {}

  void look_ahead(Chunk& chunk, Memory&) const override {
    if (!container_names_) return;
    for (Line& line : chunk.lines)
      if (const auto bar = line.text.substr(0, 128).find("| "); bar != std::string_view::npos)
        line.text.remove_prefix(bar + 2);
  }

  void take(Chunk& chunk) override {
    for (const Line& line : chunk.lines) take(line);
  }

  void finish() override { emit(false); }

 private:
  void take(const Line& line) {
    ++source_.lines;
    if (line.text.starts_with(query_label)) {
      emit(false);
      lines_.assign(1, std::string(line.text.substr(query_label.size())));
      first_ = static_cast<int>(source_.lines);
      cut_ = line.cut;
      if (parameters_at(lines_[0]) != std::string_view::npos) emit(true);
      return;
    }
    if (lines_.empty() || line.cut || lines_.size() >= max_statement_lines) {
      emit(false);
      ++source_.other;
      return;
    }
    lines_.emplace_back(line.text);
    if (parameters_at(line.text) != std::string_view::npos) emit(true);
  }

  // The record under way, with all its lines or the first one alone.
  void emit(bool whole) {
    if (lines_.empty()) return;
    const auto further = static_cast<std::uint64_t>(lines_.size()) - 1;
    (whole ? source_.continuation : source_.other) += further;
    std::string text = std::move(lines_[0]);
    for (std::size_t i = 1; whole && i < lines_.size(); ++i) text.append(1, '\n').append(lines_[i]);
    lines_.clear();
    Record record;
    const auto at = whole ? parameters_at(text) : std::string_view::npos;
    const std::string detail =
        at == std::string_view::npos
            ? std::string()
            : as_detail(trim(std::string_view(text).substr(at + values_label.size() - 1)));
    const std::string message = "execute <unnamed>: " + text.substr(0, at);
    record.line = first_;
    record.cut = cut_;
    record.message = message;
    record.detail = detail;
    count_line(source_, sink_.take(record).record, first_);
  }

  const bool container_names_;
  LogSource& source_;
  RecordSink& sink_;
  std::vector<std::string> lines_;
  int first_ = 0;
  bool cut_ = false;
};

}  // namespace

bool starts_drizzle_record(std::string_view line) {
  return line.starts_with(query_label) && parameters_at(line) != std::string_view::npos;
}

std::unique_ptr<Decoder> make_drizzle_decoder(const Format& format, LogSource& source, RecordSink& sink) {
  return std::make_unique<DrizzleDecoder>(format, source, sink);
}

}  // namespace pgadvise::log
