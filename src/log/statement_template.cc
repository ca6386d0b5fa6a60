#include "log/statement_template.h"

#include <array>
#include <cstring>
#include <string>

namespace pgadvise::log {
namespace {

enum Class : unsigned char { plain, word, number, blank };

constexpr std::array<Class, 256> make_classes() {
  std::array<Class, 256> out{};
  for (int c = 0; c < 256; ++c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80) out[c] = word;
    if (c >= '0' && c <= '9') out[c] = number;
    if (c == ' ' || (c >= 0x09 && c <= 0x0d) || c == 0) out[c] = blank;
  }
  return out;
}
constexpr std::array<Class, 256> classes = make_classes();

Class class_of(char c) { return classes[static_cast<unsigned char>(c)]; }
bool in_word(char c) { return class_of(c) == word || class_of(c) == number || c == '$'; }
char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  a ^= b;
  a *= 0x9fb21c651e98df25ULL;
  return a ^ (a >> 32);
}

// Behind the closing quote, or the end. A doubled quote is a quote; a backslash escapes where `escapes`.
const char* skip_quoted(const char* at, const char* end, char quote, bool escapes, bool& unfinished) {
  for (; at < end; ++at) {
    if (escapes && *at == '\\') {
      ++at;
    } else if (*at == quote) {
      if (at + 1 < end && at[1] == quote) {
        ++at;
        continue;
      }
      return at + 1;
    }
  }
  unfinished = true;
  return end;
}

const char* skip_comment(const char* at, const char* end, bool& unfinished) {
  int depth = 1;
  for (at += 2; at < end; ++at) {
    if (at + 1 < end && at[0] == '/' && at[1] == '*')
      ++depth, ++at;
    else if (at + 1 < end && at[0] == '*' && at[1] == '/') {
      ++at;
      if (--depth == 0) return at + 1;
    }
  }
  unfinished = true;
  return end;
}

// Behind $tag$ … $tag$; nullptr when no dollar quote starts at `at`.
const char* skip_dollar_quote(const char* at, const char* end, bool& unfinished) {
  const char* tag_end = at + 1;
  while (tag_end < end && (class_of(*tag_end) == word || (class_of(*tag_end) == number && tag_end > at + 1)))
    ++tag_end;
  if (tag_end == end || *tag_end != '$') return nullptr;
  const std::string_view tag(at, static_cast<std::size_t>(tag_end + 1 - at));
  const std::string_view body(tag_end + 1, static_cast<std::size_t>(end - tag_end - 1));
  const auto close = body.find(tag);
  if (close != std::string_view::npos) return body.data() + close + tag.size();
  unfinished = true;
  return end;
}

const char* skip_number(const char* at, const char* end) {
  while (at < end) {
    if ((*at == '+' || *at == '-') && (at[-1] == 'e' || at[-1] == 'E')) {
      ++at;
    } else if (class_of(*at) == number || class_of(*at) == word) {
      ++at;
    } else if (*at == '.' && !(at + 1 < end && at[1] == '.')) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

// W3C trace context, as sqlcommenter puts it into a comment: traceparent='00-<32 hex>-<16 hex>-01'.
std::string_view trace_of(std::string_view comment) {
  auto at = comment.find("traceparent=");
  if (at == std::string_view::npos) return {};
  at = comment.find('-', at);
  if (at == std::string_view::npos || comment.size() < at + 34 || comment[at + 33] != '-') return {};
  return comment.substr(at + 1, 32);
}

}  // namespace

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t hash = mix(seed, bytes.size() + 0x9e3779b97f4a7c15ULL);
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t block;
    std::memcpy(&block, at, 8);
    hash = mix(hash, block);
  }
  std::uint64_t block = 0;
  if (left) std::memcpy(&block, at, left);
  return mix(mix(hash, block), hash >> 29);
}

bool StatementScanner::after_range_operator(std::size_t end) const {
  while (end > 0 && out_[end - 1] == ' ') --end;
  if (end == 0) return false;
  const char last = out_[end - 1];
  const char before = end > 1 ? out_[end - 2] : ' ';
  if (last == '=') return before == '<' || before == '>';
  if (last != '<' && last != '>') return false;
  return before == ' ' || in_word(before) || before == ')' || before == '"';
}

// Is the value about to be written that of LIMIT or OFFSET?
bool StatementScanner::paging_value() const {
  std::size_t end = size_;
  while (end > 0 && out_[end - 1] == ' ') --end;
  const std::string_view before(out_.data(), end);
  return before.ends_with(" limit") || before.ends_with(" offset");
}

void StatementScanner::emit_value(std::string_view literal, int placeholder) {
  bool range = range_row_ || after_range_operator(size_);
  if (!range && size_ > 0 && out_[size_ - 1] == '(' && after_range_operator(size_ - 1))
    range = range_row_ = true;
  const bool paging = !range && paging_value();
  has_range_ |= range;
  if (placeholder) {
    placeholders_.push_back({placeholder, paging});
    range_.push_back(range);
  } else if (!paging) {
    key_all_ = hash_bytes(literal, key_all_);
    literals_all_ = true;
    if (!range) key_without_range_ = hash_bytes(literal, key_without_range_), literals_without_range_ = true;
  }
  out_[size_++] = '?';
}

StatementScan StatementScanner::scan(std::string_view statement) {
  if (out_.size() < 2 * statement.size() + 16) out_.resize(2 * statement.size() + 16);  // commas gain a blank
  size_ = 0;
  placeholders_.clear();
  range_.clear();
  key_all_ = key_without_range_ = 0;
  literals_all_ = literals_without_range_ = range_row_ = has_range_ = has_limit_ = has_or_ = false;
  StatementScan result;
  std::array<List, deepest_list> lists{};
  int depth = 0;
  int values_depth = -1;  // of the rows behind VALUES

  const auto end_element = [&](int level) {
    List& list = lists[static_cast<std::size_t>(level)];
    std::size_t stop = size_;
    while (stop > list.element && out_[stop - 1] == ' ') --stop;
    const std::size_t length = stop - list.element;
    if (list.previous_length == length && length &&
        std::memcmp(&out_[list.element], &out_[list.previous], length) == 0) {
      size_ = list.previous + length;
    } else {
      list.previous = list.element;
      list.previous_length = length;
    }
  };
  const auto start_list = [&](int level) { lists[static_cast<std::size_t>(level)] = {size_, 0, 0, true}; };
  const auto listed = [&](int level) {
    return level < deepest_list && lists[static_cast<std::size_t>(level)].active;
  };

  const char* at = statement.data();
  const char* const end = at + statement.size();
  while (at < end) {
    const char c = *at;
    const char* const start = at;
    switch (class_of(c)) {
      case blank:
        ++at;
        if (size_ > 0 && out_[size_ - 1] != ' ') out_[size_++] = ' ';
        continue;
      case word: {
        const std::size_t from = size_;
        do out_[size_++] = fold(*at++);
        while (at < end && in_word(*at));
        const std::string_view text(&out_[from], size_ - from);
        if (at < end && *at == '\'' && text.size() == 1 &&
            (text[0] == 'e' || text[0] == 'b' || text[0] == 'x' || text[0] == 'n')) {
          size_ = from;
          const char* close = skip_quoted(at + 1, end, '\'', text[0] == 'e', result.unfinished);
          emit_value({start, static_cast<std::size_t>(close - start)}, 0);
          at = close;
          continue;
        }
        if (at + 1 < end && *at == '&' && text == "u" && at[1] == '\'') {
          size_ = from;
          const char* close = skip_quoted(at + 2, end, '\'', false, result.unfinished);
          emit_value({start, static_cast<std::size_t>(close - start)}, 0);
          at = close;
          continue;
        }
        if (depth == values_depth && text != "values") {
          // The rows end here: ON CONFLICT, RETURNING, an alias.
          const std::string word_kept(text);
          size_ = from;
          end_element(depth);
          lists[static_cast<std::size_t>(depth)].active = false;
          values_depth = -1;
          if (size_ > 0 && out_[size_ - 1] != ' ') out_[size_++] = ' ';
          std::memcpy(&out_[size_], word_kept.data(), word_kept.size());
          size_ += word_kept.size();
        } else if (text == "values" && depth < deepest_list) {
          values_depth = depth;
          while (at < end && class_of(*at) == blank) ++at;
          out_[size_++] = ' ';
          start_list(depth);
        } else if (text == "limit") {
          has_limit_ = true;
        } else if (text == "or") {
          has_or_ = true;
        }
        continue;
      }
      case number:
        at = skip_number(at + 1, end);
        if (size_ > 1 && out_[size_ - 1] == '-' &&
            std::string_view("(,=<> ").find(out_[size_ - 2]) != std::string_view::npos) {
          // A sign, not a subtraction, where an operator, a comma or nothing but a keyword stands before it.
          std::size_t before = size_ - 1;
          while (before > 0 && out_[before - 1] == ' ') --before;
          if (before > 0 && std::string_view("(,=<>").find(out_[before - 1]) != std::string_view::npos)
            --size_;
        }
        emit_value({start, static_cast<std::size_t>(at - start)}, 0);
        continue;
      case plain:
        break;
    }
    switch (c) {
      case '\'': {
        at = skip_quoted(at + 1, end, '\'', false, result.unfinished);
        emit_value({start, static_cast<std::size_t>(at - start)}, 0);
        break;
      }
      case '"': {
        at = skip_quoted(at + 1, end, '"', false, result.unfinished);
        std::memcpy(&out_[size_], start, static_cast<std::size_t>(at - start));
        size_ += static_cast<std::size_t>(at - start);
        break;
      }
      case '$': {
        if (at + 1 < end && class_of(at[1]) == number) {
          int n = 0;
          for (++at; at < end && class_of(*at) == number; ++at)
            if (n < 100000) n = n * 10 + (*at - '0');
          emit_value({}, n ? n : 100000);
        } else if (const char* close = skip_dollar_quote(at, end, result.unfinished)) {
          at = close;
          emit_value({start, static_cast<std::size_t>(at - start)}, 0);
        } else {
          out_[size_++] = *at++;
        }
        break;
      }
      case '-':
      case '/': {
        const bool line_comment = c == '-' && at + 1 < end && at[1] == '-';
        const bool block_comment = c == '/' && at + 1 < end && at[1] == '*';
        if (!line_comment && !block_comment) {
          out_[size_++] = *at++;
          break;
        }
        if (line_comment) {
          const void* newline = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
          at = newline ? static_cast<const char*>(newline) : end;
        } else {
          at = skip_comment(at, end, result.unfinished);
        }
        if (const auto trace = trace_of({start, static_cast<std::size_t>(at - start)}); !trace.empty())
          result.trace = trace;
        if (size_ > 0 && out_[size_ - 1] != ' ') out_[size_++] = ' ';
        break;
      }
      case '.':
        if (at + 1 < end && class_of(at[1]) == number &&
            (size_ == 0 || (!in_word(out_[size_ - 1]) && out_[size_ - 1] != '"' && out_[size_ - 1] != ']' &&
                            out_[size_ - 1] != ')'))) {
          at = skip_number(at + 1, end);
          emit_value({start, static_cast<std::size_t>(at - start)}, 0);
        } else {
          out_[size_++] = *at++;
        }
        break;
      case '(':
      case '[': {
        std::size_t before = size_;
        while (before > 0 && out_[before - 1] == ' ') --before;
        const std::string_view text(out_.data(), before);
        const bool list = c == '(' ? text.ends_with(" in") : text.ends_with("array");
        out_[size_++] = *at++;
        ++depth;
        if (depth < deepest_list) {
          lists[static_cast<std::size_t>(depth)].active = false;
          if (list) start_list(depth);
        }
        if (list)
          while (at < end && class_of(*at) == blank) ++at;
        break;
      }
      case ')':
      case ']':
        if (listed(depth)) end_element(depth);
        if (depth < deepest_list) lists[static_cast<std::size_t>(depth)].active = false;
        if (values_depth == depth) values_depth = -1;
        if (depth > 0) --depth;
        range_row_ = false;
        out_[size_++] = *at++;
        break;
      case ',':
        ++at;
        if (listed(depth)) {
          end_element(depth);
          while (at < end && class_of(*at) == blank) ++at;
          out_[size_++] = ',';
          out_[size_++] = ' ';
          lists[static_cast<std::size_t>(depth)].element = size_;
        } else {
          out_[size_++] = ',';
        }
        break;
      default:
        out_[size_++] = *at++;
        break;
    }
  }
  if (values_depth >= 0 && listed(depth) && values_depth == depth) end_element(depth);
  while (size_ > 0 && (out_[size_ - 1] == ' ' || out_[size_ - 1] == ';')) --size_;

  result.text = {out_.data(), size_};
  result.hash = hash_bytes(result.text, 0);
  const bool pages = has_limit_ && has_range_;
  result.key = pages ? key_without_range_ : key_all_;
  result.literals = pages ? literals_without_range_ : literals_all_;
  if (pages) {
    for (std::size_t i = 0; i < placeholders_.size(); ++i)
      if (range_[i] || has_or_) placeholders_[i].paging = true;  // OR: `(a < $1 OR a = $2 AND id < $3)`
    if (has_or_) result.key = 0, result.literals = false;
  }
  paging_.clear();
  for (const auto& placeholder : placeholders_)
    if (placeholder.paging) paging_.push_back(placeholder.number);
  result.placeholders = &placeholders_;
  result.paging = &paging_;
  return result;
}

}  // namespace pgadvise::log
