#include "base/text/json_text.h"

#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "base/text/ci_commands.h"

namespace pgadvise {
namespace {

constexpr int max_depth = 64;

bool digit(char c) { return c >= '0' && c <= '9'; }

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  bool container() {
    space();
    if (peek() != '{' && peek() != '[') return false;
    if (!value(0)) return false;
    space();
    return at_ == text_.size();
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) { return peek() == c && at_ < text_.size() ? (++at_, true) : false; }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool value(int depth) {
    if (depth > max_depth) return false;
    space();
    switch (peek()) {
      case '{': return members(depth);
      case '[': return elements(depth);
      case '"': return string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }

  bool members(int depth) {
    ++at_;
    space();
    if (take('}')) return true;
    do {
      space();
      if (!string()) return false;
      space();
      if (!take(':') || !value(depth + 1)) return false;
      space();
    } while (take(','));
    return take('}');
  }

  bool elements(int depth) {
    ++at_;
    space();
    if (take(']')) return true;
    do {
      if (!value(depth + 1)) return false;
      space();
    } while (take(','));
    return take(']');
  }

  bool string() {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }

  bool escape() {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
    for (int i = 0; i < 4; ++i, ++at_)
      if (std::string_view("0123456789abcdefABCDEF").find(peek()) == std::string_view::npos) return false;
    return true;
  }

  bool digits() {
    if (!digit(peek())) return false;
    while (digit(peek())) ++at_;
    return true;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (peek() != 'e' && peek() != 'E') return true;
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    return digits();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_json_container(std::string_view text) { return Checker(text).container(); }

bool nested_deeper(std::string_view json, std::size_t levels) {
  std::size_t depth = 0;
  bool string = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (string && c == '\\') ++at;
    else if (c == '"') string = !string;
    else if (!string && (c == '[' || c == '{') && ++depth > levels) return true;
    else if (!string && (c == ']' || c == '}') && depth > 0) --depth;
  }
  return false;
}

std::string why_no_json(std::string_view json, std::string otherwise, std::size_t levels) {
  return nested_deeper(json, levels) ? fmt::format("is nested more than {} levels deep: not read", levels)
                                     : std::move(otherwise);
}

std::string escape_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const unsigned two = byte(i) == 0xC2 ? byte(i + 1) : 0;
    const unsigned three = byte(i) == 0xE2 ? (byte(i + 1) & 0x3FU) << 6 | (byte(i + 2) & 0x3FU) | 0x2000U : 0;
    if (byte(i) == 0x7F) out += "\\u007f";
    else if (text[i] == '#' && begins_ci_command(text, i)) out += "\\u0023";
    else if (two >= 0x80 && two <= 0x9F) out += fmt::format("\\u{:04x}", two), ++i;
    else if ((three >= 0x202A && three <= 0x202E) || (three >= 0x2066 && three <= 0x2069))
      out += fmt::format("\\u{:04x}", three), i += 2;
    else out += text[i];
  }
  return out;
}

}  // namespace pgadvise
