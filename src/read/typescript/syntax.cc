#include "typescript/syntax.h"

#include <algorithm>

#include "base/text/text.h"
#include "base/text/utf8.h"

namespace pgadvise::typescript {

Node Syntax::root() const { return entries_.empty() ? Node() : Node(this, 0); }

SourceLocation Syntax::location(std::size_t offset) const {
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), offset);
  if (after == lines_.begin()) return {file_, 1, static_cast<int>(offset) + 1};
  return {file_, static_cast<int>(after - lines_.begin()), static_cast<int>(offset - *(after - 1)) + 1};
}

std::string_view Node::text() const {
  if (!syntax_) return {};
  return std::string_view(syntax_->text_).substr(entry().begin, entry().end - entry().begin);
}

SourceLocation Node::location() const {
  return syntax_ ? syntax_->location(entry().begin) : SourceLocation{};
}

Node Node::parent() const { return syntax_ && index_ != 0 ? Node(syntax_, entry().parent) : Node(); }

Node Node::first() const { return syntax_ && entry().has_children ? Node(syntax_, index_ + 1) : Node(); }

Node Node::next() const { return syntax_ && entry().next ? Node(syntax_, entry().next) : Node(); }

Node Node::child(Field field) const {
  Node node = first();
  while (node && node.field() != field) node = node.next();
  return node;
}

Node Node::child(Kind kind) const {
  Node node = first();
  while (node && node.kind() != kind) node = node.next();
  return node;
}

bool Node::has_token(std::string_view text) const {
  for (Node node = first(); node; node = node.next())
    if (node.is(Kind::token) && node.text() == text) return true;
  return false;
}

std::vector<Node> Node::children() const {
  std::vector<Node> out;
  for (Node node = first(); node; node = node.next())
    if (!node.is(Kind::token)) out.push_back(node);
  return out;
}

bool is_wrapper(const Node& node) {
  return node.is(Kind::parenthesized_expression, Kind::as_expression, Kind::type_assertion,
                 Kind::satisfies_expression, Kind::non_null_expression);
}

Node inside_wrapper(const Node& wrapper) {
  const auto parts = wrapper.children();
  if (parts.empty()) return {};
  return wrapper.is(Kind::type_assertion) ? parts.back() : parts.front();
}

bool is_function(const Node& node) {
  return node.is(Kind::arrow_function, Kind::function_expression, Kind::function_declaration,
                 Kind::method_definition, Kind::generator_function, Kind::generator_function_declaration);
}

std::optional<std::string> string_value(const Node& node) {
  if (!node.is(Kind::string, Kind::template_string)) return std::nullopt;
  std::string out;
  for (Node part = node.first(); part; part = part.next()) {
    if (part.is(Kind::template_substitution)) return std::nullopt;
    if (part.is(Kind::string_fragment)) out += part.text();
    if (part.is(Kind::escape_sequence)) out += unescaped(part.text());
  }
  return out;
}

std::string unescaped(std::string_view escape) {
  std::string out;
  if (escape.size() < 2) return out;
  constexpr std::string_view letters = "nrtbfv0", meanings("\n\r\t\b\f\v\0", 7);
  const char letter = escape[1];
  if (letter == 'u' || letter == 'x') {
    std::string digits;
    for (const char c : escape.substr(2))
      if (c != '{' && c != '}') digits += c;
    if (!digits.empty() && digits.size() <= 6)
      append_utf8(out, static_cast<char32_t>(std::strtoul(digits.c_str(), nullptr, 16)));
  } else if (const auto at = letters.find(letter); at != std::string_view::npos) {
    out += meanings[at];
  } else if (letter != '\n' && letter != '\r') {  // of a line that goes on, nothing is left
    out += escape.substr(1);
  }
  return out;
}

}  // namespace pgadvise::typescript
