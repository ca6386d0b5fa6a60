#include "prisma/syntax.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/text/text.h"
#include "base/text/utf8.h"

namespace pgadvise::prisma {
namespace {

bool word_start(char c) { return is_letter(c) || c == '_' || (c & 0x80); }
bool word_part(char c) { return word_start(c) || is_digit(c) || c == '-'; }

class Parser {
 public:
  Parser(std::string path, std::string_view text) : text_(text), lines_(text), out_{std::move(path)} {}

  File file() {
    while (skip_space(), at_ < text_.size()) {
      const SourceLocation begin = here();
      if (block()) continue;
      out_.broken.push_back(begin);
      skip_line();
    }
    return std::move(out_);
  }

 private:
  static constexpr int max_depth = 32;

  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }

  SourceLocation here() const { return location_at(out_.path, lines_, at_); }

  // Skips a comment; false at other text.
  bool comment() {
    if (text_.substr(at_, 2) == "//") {
      at_ = std::min(text_.find('\n', at_), text_.size());
      return true;
    }
    if (text_.substr(at_, 2) != "/*") return false;
    const auto end = text_.find("*/", at_ + 2);
    at_ = end == std::string_view::npos ? text_.size() : end + 2;
    return true;
  }

  void skip_blanks() {
    while (at_ < text_.size() && (peek() == ' ' || peek() == '\t' || peek() == '\r' || comment()))
      if (peek() == ' ' || peek() == '\t' || peek() == '\r') ++at_;
  }

  void skip_space() {
    while (skip_blanks(), at_ < text_.size() && peek() == '\n') ++at_;
  }

  void skip_line() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  // Whether nothing but a comment follows on the line, or the block ends.
  bool line_ends() {
    skip_blanks();
    return at_ >= text_.size() || peek() == '\n' || peek() == '}';
  }

  std::string word() {
    if (!word_start(peek())) return {};
    const std::size_t begin = at_;
    while (at_ < text_.size() && word_part(peek())) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  // "db.VarChar"
  std::string path() {
    std::string out = word();
    while (!out.empty() && peek() == '.' && word_start(peek(1))) {
      ++at_;
      out += "." + word();
    }
    return out;
  }

  std::optional<std::uint32_t> hex4() {
    const std::string_view digits = text_.substr(std::min(at_, text_.size()), 4);
    std::uint32_t code = 0;
    if (digits.size() < 4 || std::from_chars(digits.begin(), digits.end(), code, 16).ptr != digits.end())
      return std::nullopt;
    at_ += 4;
    return code;
  }

  bool text(std::string& out) {
    ++at_;
    while (at_ < text_.size() && peek() != '"' && peek() != '\n') {
      if (peek() != '\\') {
        out += text_[at_++];
        continue;
      }
      constexpr std::string_view letters = "ntr", meanings = "\n\t\r";
      const char escaped = peek(1);
      const auto letter = letters.find(escaped);
      at_ = std::min(at_ + 2, text_.size());
      if (letter != std::string_view::npos) out += meanings[letter];
      else if (escaped != 'u') out += escaped;
      else if (const auto code = hex4()) append_utf8(out, *code);
    }
    return take('"');
  }

  void number(std::string& out) {
    const std::size_t begin = at_;
    if (peek() == '-') ++at_;
    while (is_digit(peek()) || (peek() == '.' && is_digit(peek(1)))) ++at_;
    out = text_.substr(begin, at_ - begin);
  }

  bool expression(Expression& out, int depth) {
    if (depth > max_depth) return false;
    if (peek() == '"') {
      out.kind = Expression::Kind::text;
      return text(out.text);
    }
    if (is_digit(peek()) || (peek() == '-' && is_digit(peek(1)))) {
      out.kind = Expression::Kind::number;
      number(out.text);
      return true;
    }
    if (take('[')) {
      out.kind = Expression::Kind::array;
      return list(out.members, ']', depth);
    }
    if (take('{')) {
      out.kind = Expression::Kind::object;
      return list(out.members, '}', depth);
    }
    out.text = path();
    if (out.text.empty()) return false;
    out.kind = Expression::Kind::word;
    if (!take('(')) return true;
    out.kind = Expression::Kind::call;
    return list(out.members, ')', depth);
  }

  // Up to and with the closing bracket: "[a, b(sort: Desc)]".
  bool list(std::vector<Expression>& out, char close, int depth) {
    while (skip_space(), at_ < text_.size()) {
      if (take(close)) return true;
      if (!out.empty() && !take(',')) return false;
      skip_space();
      if (take(close)) return true;
      Expression& one = out.emplace_back();
      const std::size_t begin = at_;
      one.name = word();
      skip_space();
      if (one.name.empty() || !take(':')) {
        at_ = begin;
        one.name.clear();
      }
      skip_space();
      if (!expression(one, depth + 1)) return false;
    }
    return false;
  }

  // Behind the "@" or "@@".
  bool attribute(Attribute& out) {
    out.origin = here();
    out.name = path();
    return !out.name.empty() && (!take('(') || list(out.arguments, ')', 0));
  }

  bool attributes(std::vector<Attribute>& out) {
    while (skip_blanks(), take('@'))
      if (!attribute(out.emplace_back())) return false;
    return line_ends();
  }

  // "name String? @db.Text", or of an enum "name @map("x")".
  bool field(Block& block) {
    Field out;
    out.origin = here();
    out.name = word();
    skip_blanks();
    if (out.name.empty()) return false;
    if (take(':')) skip_blanks();  // of old versions
    if (block.keyword != "enum") {
      out.type = word();
      if (out.type.empty()) return false;
      if (out.type == "Unsupported") {
        skip_blanks();
        if (!take('(') || peek() != '"' || !text(out.unsupported) || !take(')')) return false;
      }
      skip_blanks();
      if (take('[')) {
        out.list = take(']');
        if (!out.list) return false;
      }
      if (take('?')) out.optional = true;
      else take('!');
    }
    if (!attributes(out.attributes)) return false;
    block.fields.push_back(std::move(out));
    return true;
  }

  bool setting(Block& block) {
    Expression out;
    out.name = word();
    skip_blanks();
    if (out.name.empty() || !take('=')) return false;
    skip_blanks();
    if (!expression(out, 0) || !line_ends()) return false;
    block.settings.push_back(std::move(out));
    return true;
  }

  bool line(Block& block) {
    if (take('@')) return take('@') && attribute(block.attributes.emplace_back()) && line_ends();
    const bool settings = block.keyword == "datasource" || block.keyword == "generator";
    return settings ? setting(block) : field(block);
  }

  bool block() {
    Block out;
    out.origin = here();
    out.keyword = word();
    skip_blanks();
    out.name = word();
    skip_space();
    if (out.name.empty() || !take('{')) return false;
    while (skip_space(), at_ < text_.size()) {
      if (take('}')) break;
      const SourceLocation begin = here();
      if (line(out)) continue;
      out.broken.push_back(begin);
      skip_line();
    }
    out_.blocks.push_back(std::move(out));
    return true;
  }

  std::string_view text_;
  LineIndex lines_;
  std::size_t at_ = 0;
  File out_;
};

const Attribute* find(const std::vector<Attribute>& attributes, std::string_view name) {
  const auto found = std::ranges::find_if(attributes, [&](const Attribute& one) { return one.name == name; });
  return found == attributes.end() ? nullptr : &*found;
}

}  // namespace

const Expression* Attribute::argument(std::string_view of_name, std::size_t position) const {
  std::size_t unnamed = 0;
  for (const auto& one : arguments)
    if (one.name.empty() ? unnamed++ == position : one.name == of_name) return &one;
  return nullptr;
}

std::string Attribute::text(std::string_view of_name, std::size_t position) const {
  const Expression* found = argument(of_name, position);
  return found && found->is(Expression::Kind::text) ? found->text : std::string();
}

const Attribute* Field::attribute(std::string_view of_name) const { return find(attributes, of_name); }
const Attribute* Block::attribute(std::string_view of_name) const { return find(attributes, of_name); }

const Expression* Block::setting(std::string_view of_name) const {
  for (const auto& one : settings)
    if (one.name == of_name) return &one;
  return nullptr;
}

File parse(std::string path, std::string_view text) { return Parser(std::move(path), text).file(); }

}  // namespace pgadvise::prisma
