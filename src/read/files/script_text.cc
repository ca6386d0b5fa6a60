#include "files/script_text.h"

namespace pgadvise::files {
namespace {

bool quote(char c) { return c == '"' || c == '\'' || c == '`'; }

// One past the closing quote; ordinary strings end with their line.
std::size_t literal_end(std::string_view text, std::size_t at) {
  const char open = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == open) {
      return at + 1;
    } else if (text[at] == '\n' && open != '`') {
      return at;
    }
  }
  return text.size();
}

// A "/" after these begins a regular expression, after anything else it divides. Good enough to not be led
// astray by /'/.
bool regex_may_begin(std::string_view text, std::size_t at) {
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t')) --at;
  return at == 0 || std::string_view("(,=:[!&|?{};\n").find(text[at - 1]) != std::string_view::npos;
}

std::size_t regex_end(std::string_view text, std::size_t at) {
  bool in_class = false;
  for (++at; at < text.size() && text[at] != '\n'; ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '[') {
      in_class = true;
    } else if (text[at] == ']') {
      in_class = false;
    } else if (text[at] == '/' && !in_class) {
      return at + 1;
    }
  }
  return at;
}

}  // namespace

std::string without_comments(std::string_view text) {
  std::string out(text);
  for (std::size_t at = 0; at < text.size();) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (quote(text[at])) {
      at = literal_end(text, at);
    } else if (text[at] == '/' && next == '/') {
      for (; at < text.size() && text[at] != '\n'; ++at) out[at] = ' ';
    } else if (text[at] == '/' && next == '*') {
      const auto close = text.find("*/", at + 2);
      const auto end = close == std::string_view::npos ? text.size() : close + 2;
      for (; at < end; ++at)
        if (out[at] != '\n') out[at] = ' ';
    } else if (text[at] == '/' && regex_may_begin(text, at)) {
      at = regex_end(text, at);
    } else {
      ++at;
    }
  }
  return out;
}

std::vector<StringLiteral> string_literals(std::string_view text) {
  std::vector<StringLiteral> out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '/' && regex_may_begin(text, at)) {
      at = regex_end(text, at);
      continue;
    }
    if (!quote(text[at])) {
      ++at;
      continue;
    }
    StringLiteral literal{at, literal_end(text, at), ""};
    for (std::size_t i = at + 1; i + 1 < literal.end; ++i) {
      if (text[i] == '\\' && i + 2 < literal.end && (quote(text[i + 1]) || text[i + 1] == '\\')) ++i;
      literal.value += text[i];
    }
    at = literal.end;
    out.push_back(std::move(literal));
  }
  return out;
}

}  // namespace pgadvise::files
