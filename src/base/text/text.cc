#include "base/text/text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text/ci_commands.h"
#include "base/text/utf8.h"

namespace pgadvise {

bool all_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

static char lower_char(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower_char);
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto at = text.find(separator);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string join_first(std::vector<std::string> names, std::size_t most) {
  const std::size_t all = names.size();
  names.resize(std::min(all, most));
  return join(names, ", ") + (all > most ? fmt::format(" and {} more", all - most) : "");
}

bool starts_with_nocase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(),
                    [](char a, char b) { return lower_char(a) == lower_char(b); });
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::vector<std::size_t> occurrences(std::string_view text, std::string_view part, std::size_t most) {
  std::vector<std::size_t> out;
  for (auto at = text.find(part); at != std::string_view::npos && out.size() < most;
       at = text.find(part, at + 1))
    out.push_back(at);
  return out;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1])});
      corner = above;
    }
  }
  return row.back();
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t least = word.size() / 3 + 2;
  for (const auto& candidate : known) {
    const auto take = [&](std::size_t far) {
      if (far >= least) return;
      least = far;
      best = candidate;
    };
    // A long name is also known by how it begins.
    for (std::size_t size = word.size();
         word.size() >= 4 && size <= word.size() + 1 && size < candidate.size(); ++size)
      take(1 + edit_distance(word, candidate.substr(0, size)));
    if (candidate.size() <= word.size() + least && word.size() <= candidate.size() + least)
      take(edit_distance(word, candidate));
  }
  return best.empty() ? std::string() : "did you mean " + best + "?";
}

namespace {

struct CodePoint {
  char32_t value;
  std::size_t bytes;  // 0: not UTF-8 here
};

CodePoint decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  std::size_t length = 0;
  char32_t value = 0;
  if ((first & 0xe0) == 0xc0) length = 2, value = first & 0x1fu;
  if ((first & 0xf0) == 0xe0) length = 3, value = first & 0x0fu;
  if ((first & 0xf8) == 0xf0) length = 4, value = first & 0x07u;
  if (length == 0 || at + length > text.size()) return {0, 0};
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues_character(text[at + i])) return {0, 0};
    value = (value << 6) | (byte(i) & 0x3fu);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {0, 0};
  return {value, length};
}

bool hidden(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
         (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
         c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

std::string make_printable(std::string_view text, bool keep_lines, std::size_t width) {
  std::string out;
  out.reserve(text.size());
  std::size_t shown = 0;
  std::size_t cut = std::string::npos;  // where `out` ends when the text turns out too long
  for (std::size_t at = 0; at < text.size();) {
    if (width && shown + 1 == width && cut == std::string::npos) cut = out.size();
    if (width && shown >= width) {
      out.resize(cut);
      return out + "…";
    }
    const auto [value, bytes] = decode(text, at);
    if (bytes == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
      ++at;
    } else {
      if (keep_lines && (value == '\n' || value == '\t')) {
        out += static_cast<char>(value);
      } else if (value == '\n' || value == '\t' || value == '\r') {
        out += ' ';
      } else if (hidden(value)) {
        out += value < 0x100 ? fmt::format("\\x{:02x}", static_cast<unsigned>(value))
                             : fmt::format("\\u{{{:x}}}", static_cast<unsigned>(value));
      } else if (value == '#' && begins_ci_command(text, at)) {
        out += "\\x23";
      } else {
        out += text.substr(at, bytes);
      }
      at += bytes;
    }
    ++shown;
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) { return make_printable(text, false, 0); }
std::string printable_block(std::string_view text) { return make_printable(text, true, 0); }
std::string ellipsis(std::string_view text, std::size_t width) { return make_printable(text, false, width); }

std::string ellipsis_in_middle(std::string_view text, std::size_t width, std::size_t tail) {
  const std::string whole = printable(text);
  std::vector<std::size_t> starts;  // of code points
  for (std::size_t at = 0; at < whole.size(); ++at)
    if ((static_cast<unsigned char>(whole[at]) & 0xc0) != 0x80) starts.push_back(at);
  if (starts.size() <= width || starts.size() <= tail) return whole;
  const std::size_t kept = width == 0 ? 0 : width - 1;
  tail = std::max(tail, kept - kept / 3);
  const std::size_t head = kept > tail ? kept - tail : 0;
  return whole.substr(0, starts[head]) + "…" +
         (tail == 0 ? std::string() : whole.substr(starts[starts.size() - tail]));
}

std::uint64_t fnv1a(std::string_view text, std::uint64_t seed) {
  for (const char c : text) {
    seed ^= static_cast<unsigned char>(c);
    seed *= 0x100000001b3ULL;
  }
  return seed;
}

std::string hex64(std::uint64_t value) { return fmt::format("{:016x}", value); }

LineIndex::LineIndex(std::string_view text) {
  starts_.push_back(0);
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string_view::npos; ++at)
    starts_.push_back(at + 1);
}

LineIndex::Position LineIndex::at(std::size_t offset) const {
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const auto line = static_cast<std::size_t>(next - starts_.begin());
  return {static_cast<int>(line), static_cast<int>(offset - starts_[line - 1] + 1)};
}

}  // namespace pgadvise
