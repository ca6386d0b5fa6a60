#include "report/text/markdown_text.h"

#include "base/text/text.h"

namespace pgadvise::report {
namespace {

constexpr std::string_view zero_width_space = "\u200b";

// Of a name: also quotation marks, as of GitLab's ~"to do", and characters that are not ASCII.
bool begins_name(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '"' || (c & 0x80) != 0; }

// Whether `at` is 5, 10, … digits behind the beginning of what may be a commit: 6 to 40 hexadecimal digits,
// not only decimal ones. No part that is left is long enough for one.
bool in_commit(std::string_view text, std::size_t at) {
  constexpr std::size_t shortest = 6, longest = 40, part = 5;
  const auto word = [&](std::size_t byte) {
    return is_letter(text[byte]) || is_digit(text[byte]) || text[byte] == '_';
  };
  std::size_t begin = at, end = at;
  while (begin > 0 && at - begin <= longest && word(begin - 1)) --begin;
  while (end < text.size() && end - begin <= longest && word(end)) ++end;
  const std::size_t size = end - begin;
  if (size < shortest || size > longest || at == begin || at == end || (at - begin) % part != 0) return false;
  const auto run = text.substr(begin, size);
  return run.find_first_not_of("0123456789abcdefABCDEF") == run.npos &&
         run.find_first_not_of("0123456789") != run.npos;
}

// Whether the byte at `at` follows the "-" of GH-1 or JIRA_2-1.
bool follows_key(std::string_view text, std::size_t at) {
  if (at < 2 || text[at - 1] != '-' || !is_digit(text[at])) return false;
  std::size_t begin = at - 1;
  bool capital = true;
  for (; begin > 0 && (is_letter(text[begin - 1]) || is_digit(text[begin - 1]) || text[begin - 1] == '_');
       --begin)
    capital = capital && !(text[begin - 1] >= 'a' && text[begin - 1] <= 'z');
  const auto key = text.substr(begin, at - 1 - begin);
  return !key.empty() && is_letter(key[0]) && (capital || lower(key) == "gh");
}

// Whether a link is broken by a zero-width space in front of byte `at`, which is not the first.
bool in_link(std::string_view text, std::size_t at) {
  if (text.substr(at).starts_with("://")) return true;
  if (text[at] == '.') return at >= 3 && starts_with_nocase(text.substr(at - 3), "www.");
  if (text[at] != ':') return false;
  for (const std::string_view scheme : {"mailto:", "xmpp:"})
    if (at + 1 >= scheme.size() && starts_with_nocase(text.substr(at + 1 - scheme.size()), scheme))
      return true;
  return false;
}

bool follows_sign(std::string_view text, std::size_t at, std::string_view signs) {
  return begins_name(text[at]) && contains(signs, text.substr(at - 1, 1));
}

template <class Breaks>
std::string broken(std::string_view text, Breaks breaks) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at > 0 && breaks(at)) out += zero_width_space;
    out += text[at];
  }
  return out;
}

}  // namespace

std::string markup_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

std::string without_mentions(std::string_view text) {
  return broken(text, [&](std::size_t at) { return in_link(text, at) || follows_sign(text, at, "@#"); });
}

std::string markdown_text(std::string_view text) {
  const std::string safe = printable(text);
  std::string out;
  for (const char c : broken(safe, [&](std::size_t at) {
         return in_link(safe, at) || follows_sign(safe, at, "@#!&~%^[*") || follows_key(safe, at) ||
                in_commit(safe, at);
       })) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (contains("\\`*_[]|~$", std::string_view(&c, 1))) out += std::string("\\") + c;
    else out += c;
  }
  return out;
}

}  // namespace pgadvise::report
