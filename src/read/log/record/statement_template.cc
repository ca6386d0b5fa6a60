#include "log/record/statement_template.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "log/lines/bytes.h"

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

// Lower case of what a word goes on with; 0: it ends.
constexpr std::array<char, 256> make_folded() {
  std::array<char, 256> out{};
  for (int c = 0; c < 256; ++c)
    if (classes[c] == word || classes[c] == number || c == '$')
      out[c] = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return out;
}
constexpr std::array<char, 256> folded = make_folded();

Class class_of(char c) { return classes[static_cast<unsigned char>(c)]; }
bool in_word(char c) { return class_of(c) == word || class_of(c) == number || c == '$'; }

#ifdef __SSE2__
// Bytes from `from` to `from` + `width`.
__m128i in_range(__m128i bytes, char from, char width) {
  const __m128i moved = _mm_sub_epi8(bytes, _mm_set1_epi8(from));
  return _mm_cmpeq_epi8(_mm_min_epu8(moved, _mm_set1_epi8(width)), moved);
}
__m128i equal(__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); }
unsigned mask_of(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }
__m128i load_16(const char* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
// in_word() of `bytes`, which are `lower` folded; other bits than the highest of each may be set.
__m128i words_of(__m128i bytes, __m128i lower) {
  const __m128i letters = _mm_or_si128(in_range(lower, 'a', 25), in_range(bytes, '0', 9));
  return _mm_or_si128(_mm_or_si128(letters, bytes),
                      _mm_or_si128(equal(bytes, '_'), equal(bytes, '$')));  // from 0x80 on: UTF-8
}
#endif

// Copies a word from `at` to `to`, folded; `to` has room for 16 bytes more than the word. How long it is.
inline std::size_t copy_word(const char* at, const char* end, char* to) {
  const char* const start = at;
#ifdef __SSE2__
  // Sixteen bytes at a time: half of what a log is made of are words.
  while (end - at >= 16) {
    const __m128i bytes = load_16(at);
    const __m128i lower = _mm_or_si128(bytes, _mm_and_si128(in_range(bytes, 'A', 25), _mm_set1_epi8(0x20)));
    const unsigned mask = mask_of(words_of(bytes, lower));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), lower);
    if (mask != 0xffff)
      return static_cast<std::size_t>(at - start) + static_cast<std::size_t>(__builtin_ctz(~mask));
    at += 16, to += 16;
  }
#endif
  for (char c = 0; at < end && (c = folded[static_cast<unsigned char>(*at)]); ++at) *to++ = c;
  return static_cast<std::size_t>(at - start);
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
    if (at + 1 < end && at[0] == '/' && at[1] == '*') ++depth, ++at;
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
  while (at < end && class_of(*at) == number) ++at;
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
  for (; left >= 8; left -= 8, at += 8) hash = mix(hash, load<std::uint64_t>(at));
  return mix(mix(hash, load_few(at, left)), hash >> 29);
}

bool StatementScanner::after_range_operator(const char* to) const {
  const char* const begin = out_.get();
  while (to > begin && to[-1] == ' ') --to;
  if (to == begin) return false;
  const char last = to[-1];
  if (last != '=' && last != '<' && last != '>') return false;
  const char before = to - 1 > begin ? to[-2] : ' ';
  if (last == '=') return before == '<' || before == '>';
  return before == ' ' || in_word(before) || before == ')' || before == '"';
}

// Most are numbers and short names.
static std::uint64_t hash_literal(std::string_view literal) {
  return literal.size() <= 16 ? quick_hash(literal) : hash_bytes(literal, 0);
}

// Writes a literal's or parameter's place.
char* StatementScanner::value(char* to, std::string_view literal, int placeholder) {
  bool range = range_row_ || after_range_operator(to);
  if (!range && to > out_.get() && to[-1] == '(' && after_range_operator(to - 1)) range = range_row_ = true;
  const char* behind = to;
  while (behind > out_.get() && behind[-1] == ' ') --behind;
  const bool paging = !range && behind == paging_word_;
  has_range_ |= range;
  if (placeholder) {
    placeholders_.push_back({placeholder, paging});
    range_.push_back(range);
  } else {
    literals_.push_back({literal, paging, range});
  }
  *to = '?';
  return to + 1;
}

// An element of a list that is like the one before it leaves no trace.
char* StatementScanner::end_element(List& list, char* to) const {
  const char* stop = to;
  while (stop > list.element && stop[-1] == ' ') --stop;
  const auto length = static_cast<std::size_t>(stop - list.element);
  if (list.previous_length == length && length && std::memcmp(list.element, list.previous, length) == 0)
    return list.previous + length;
  list.previous = list.element;
  list.previous_length = length;
  return to;
}

// One pass over a statement, from its first byte to its last. `at` is where it reads, `to` where it writes
// the template: scan() keeps both in registers, so the functions of what is frequent are inlined, and the
// others take and return them by value.
struct StatementScanner::Pass {
  struct Position {
    const char* at;
    char* to;
  };

  StatementScanner& scanner;
  const char* const end;
  char* const begin;
  int depth = 0;
  int values_depth = -1;  // of the rows behind VALUES
  StatementScan result = {};

  List& level(int deep) const { return scanner.lists_[static_cast<std::size_t>(deep)]; }
  bool listed(int deep) const { return deep < deepest_list && level(deep).active; }

  const char* skip_blanks(const char* from) const {
    while (from < end && class_of(*from) == blank) ++from;
    return from;
  }
  char* blank_behind(char* to) const {
    if (to > begin && to[-1] != ' ') *to++ = ' ';
    return to;
  }
  char* literal(const char* from, const char* at, char* to) const {
    return scanner.value(to, std::string_view(from, static_cast<std::size_t>(at - from)), 0);
  }

  [[gnu::always_inline]] void word_at(const char*& at, char*& to);
  [[gnu::always_inline]] void number_at(const char*& at, char*& to);
  bool string_behind_letter(const char* start, char letter, Position& position);
  char* end_rows(char* to, std::string_view word);
  [[gnu::always_inline]] Position identifier(Position position);
  [[gnu::always_inline]] Position dollar(Position position);
  [[gnu::always_inline]] Position comment_or_operator(Position position);
  [[gnu::always_inline]] Position dot(Position position);
  [[gnu::always_inline]] Position open(Position position);
  [[gnu::always_inline]] char* close(char* to);
  [[gnu::always_inline]] Position comma(Position position);
  char* end_statement(char* to);
};

// E'', B'', X'', N'', U&'': false where it is none of them.
bool StatementScanner::Pass::string_behind_letter(const char* start, char letter, Position& position) {
  const char* at = position.at;
  const bool escapes = *start == 'e' || *start == 'E';
  if (*at == '\'' && (escapes || letter == 'b' || letter == 'x' || letter == 'n'))
    at = skip_quoted(at + 1, end, '\'', escapes, result.unfinished);
  else if (letter == 'u' && *at == '&' && at + 1 < end && at[1] == '\'')
    at = skip_quoted(at + 2, end, '\'', false, result.unfinished);
  else return false;
  position = {at, literal(start, at, position.to)};
  return true;
}

// The rows of VALUES end at a word: ON CONFLICT, RETURNING, an alias.
char* StatementScanner::Pass::end_rows(char* to, std::string_view word) {
  char* kept = scanner.end_element(level(depth), to);
  level(depth).active = false;
  values_depth = -1;
  kept = blank_behind(kept);
  std::memmove(kept, word.data(), word.size());
  return kept + word.size();
}

inline void StatementScanner::Pass::word_at(const char*& at, char*& to) {
  const char* const start = at;
  const std::string_view text(to, copy_word(at, end, to));
  at += text.size();
  if (text.size() == 1 && at < end && (*at == '\'' || *at == '&')) {
    Position behind{at, to};
    if (string_behind_letter(start, text[0], behind)) {
      at = behind.at;
      to = behind.to;
      return;
    }
  }
  const bool values = text.size() == 6 && std::memcmp(to, "values", 6) == 0;
  if (values_depth >= 0 && depth == values_depth && !values) {
    to = end_rows(to, text);
    return;
  }
  to += text.size();
  if (values && depth < deepest_list) {
    values_depth = depth;
    at = skip_blanks(at);
    *to++ = ' ';
    level(depth) = {to, nullptr, 0, true};
  } else if (text.size() == 5 && std::memcmp(text.data(), "limit", 5) == 0) {
    scanner.has_limit_ = true;
    scanner.paging_word_ = to;
  } else if (text.size() == 6 && std::memcmp(text.data(), "offset", 6) == 0) {
    scanner.paging_word_ = to;
  } else if (text.size() == 2 && text[0] == 'o' && text[1] == 'r') {
    scanner.has_or_ = true;
  }
  if (at < end && *at == ' ') *to++ = *at++;
}

inline void StatementScanner::Pass::number_at(const char*& at, char*& to) {
  const char* const start = at;
  at = skip_number(at + 1, end);
  if (to - begin > 1 && to[-1] == '-' && std::string_view("(,=<> ").find(to[-2]) != std::string_view::npos) {
    // A sign, not a subtraction, where an operator, a comma or nothing but a keyword stands before it.
    const char* before = to - 1;
    while (before > begin && before[-1] == ' ') --before;
    if (before > begin && std::string_view("(,=<>").find(before[-1]) != std::string_view::npos) --to;
  }
  to = literal(start, at, to);
}

inline StatementScanner::Pass::Position StatementScanner::Pass::identifier(Position position) {
  const char* const start = position.at;
  position.at = skip_quoted(start + 1, end, '"', false, result.unfinished);
  const auto size = static_cast<std::size_t>(position.at - start);
  std::memcpy(position.to, start, size);
  position.to += size;
  return position;
}

// $1, $tag$ … $tag$.
inline StatementScanner::Pass::Position StatementScanner::Pass::dollar(Position position) {
  auto [at, to] = position;
  if (at + 1 < end && class_of(at[1]) == number) {
    int n = 0;
    for (++at; at < end && class_of(*at) == number; ++at)
      if (n < 100000) n = n * 10 + (*at - '0');
    return {at, scanner.value(to, {}, n ? n : 100000)};
  }
  if (const char* close = skip_dollar_quote(at, end, result.unfinished))
    return {close, literal(at, close, to)};
  *to++ = *at++;
  return {at, to};
}

inline StatementScanner::Pass::Position StatementScanner::Pass::comment_or_operator(Position position) {
  auto [at, to] = position;
  const char* const start = at;
  const bool line_comment = *at == '-' && at + 1 < end && at[1] == '-';
  const bool block_comment = *at == '/' && at + 1 < end && at[1] == '*';
  if (!line_comment && !block_comment) {
    *to++ = *at++;
    return {at, to};
  }
  if (line_comment) {
    const void* newline = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
    at = newline ? static_cast<const char*>(newline) : end;
  } else {
    at = skip_comment(at, end, result.unfinished);
  }
  const std::string_view comment(start, static_cast<std::size_t>(at - start));
  if (const auto trace = trace_of(comment); !trace.empty()) result.trace = trace;
  return {at, blank_behind(to)};
}

// `.5` is a number, `t.5` is none.
inline StatementScanner::Pass::Position StatementScanner::Pass::dot(Position position) {
  auto [at, to] = position;
  if (at + 1 < end && class_of(at[1]) == number &&
      (to == begin || (!in_word(to[-1]) && to[-1] != '"' && to[-1] != ']' && to[-1] != ')'))) {
    const char* const start = at;
    at = skip_number(at + 1, end);
    return {at, literal(start, at, to)};
  }
  *to++ = *at++;
  return {at, to};
}

inline StatementScanner::Pass::Position StatementScanner::Pass::open(Position position) {
  auto [at, to] = position;
  const char* before = to;
  while (before > begin && before[-1] == ' ') --before;
  const std::string_view text(begin, static_cast<std::size_t>(before - begin));
  const bool list = *at == '(' ? text.ends_with(" in") : text.ends_with("array");
  *to++ = *at++;
  if (++depth < deepest_list) level(depth) = {to, nullptr, 0, list};
  if (list) at = skip_blanks(at);
  return {at, to};
}

inline char* StatementScanner::Pass::close(char* to) {
  if (listed(depth)) to = scanner.end_element(level(depth), to);
  if (depth < deepest_list) level(depth).active = false;
  if (values_depth == depth) values_depth = -1;
  if (depth > 0) --depth;
  scanner.range_row_ = false;
  return to;
}

inline StatementScanner::Pass::Position StatementScanner::Pass::comma(Position position) {
  auto [at, to] = position;
  ++at;
  if (!listed(depth)) {
    *to++ = ',';
    return {at, to};
  }
  to = scanner.end_element(level(depth), to);
  at = skip_blanks(at);
  *to++ = ',';
  *to++ = ' ';
  level(depth).element = to;
  return {at, to};
}

char* StatementScanner::Pass::end_statement(char* to) {
  if (values_depth >= 0 && values_depth == depth && listed(depth)) to = scanner.end_element(level(depth), to);
  while (to > begin && (to[-1] == ' ' || to[-1] == ';')) --to;
  return to;
}

void StatementScanner::start(std::size_t size) {
  if (const std::size_t needed = 2 * size + 32; capacity_ < needed) {  // commas gain a blank
    capacity_ = needed;
    out_.reset(new char[capacity_]);
  }
  placeholders_.clear();
  range_.clear();
  literals_.clear();
  range_row_ = has_range_ = has_limit_ = has_or_ = false;
  paging_word_ = nullptr;
  lists_[0].active = false;
}

StatementScan StatementScanner::scan(std::string_view statement) {
  start(statement.size());
  const char* at = statement.data();
  const char* const end = at + statement.size();
  char* to = out_.get();
  Pass pass{*this, end, to};
  const auto go = [&](Pass::Position position) {
    at = position.at;
    to = position.to;
  };
  while (at < end) {
    switch (class_of(*at)) {
      case blank:
        ++at;
        to = pass.blank_behind(to);
        continue;
      case word: pass.word_at(at, to); continue;
      case number: pass.number_at(at, to); continue;
      case plain: break;
    }
    switch (*at) {
      case '\'': {
        const char* const start = at;
        at = skip_quoted(at + 1, end, '\'', false, pass.result.unfinished);
        to = pass.literal(start, at, to);
        break;
      }
      case '"': go(pass.identifier({at, to})); break;
      case '$': go(pass.dollar({at, to})); break;
      case '-':
      case '/': go(pass.comment_or_operator({at, to})); break;
      case '.': go(pass.dot({at, to})); break;
      case '(':
      case '[': go(pass.open({at, to})); break;
      case ')':
      case ']':
        to = pass.close(to);
        *to++ = *at++;
        break;
      case ',': go(pass.comma({at, to})); break;
      default: *to++ = *at++; break;
    }
  }
  finish(pass.end_statement(to), pass.result);
  return pass.result;
}

void StatementScanner::finish(char* to, StatementScan& result) {
  result.text = {out_.get(), static_cast<std::size_t>(to - out_.get())};
  result.hash = hash_bytes(result.text, 0);
  if (has_limit_ && has_range_) {  // OR: `(a < $1 OR a = $2 AND id < $3)`
    for (std::size_t i = 0; i < placeholders_.size(); ++i) placeholders_[i].paging |= range_[i] || has_or_;
    for (Literal& literal : literals_) literal.paging |= literal.range || has_or_;
  }
  for (const Literal& literal : literals_) {
    if (literal.paging) continue;
    result.key = mix(result.key, hash_literal(literal.text));
    result.literals = true;
  }
  paging_.clear();
  for (const auto& placeholder : placeholders_)
    if (placeholder.paging) paging_.push_back(placeholder.number);
  result.placeholders = &placeholders_;
  result.paging = &paging_;
}

// What shapes are found by: the bytes up to the first constant, or, where a constant begins in a way that is
// seldom, to another place that is the same for all statements of a shape.
static std::string_view head_of(std::string_view statement) {
  const char* const begin = statement.data();
  const char* const end = begin + statement.size();
  const auto head = [&](const char* stop) {
    return std::string_view(begin, static_cast<std::size_t>(stop - begin));
  };
  const auto begins = [&](const char* at) {
    return *at == '\'' || (class_of(*at) == number && (at == begin || !in_word(at[-1])));
  };
#ifdef __SSE2__
  if (statement.size() >= 16) {
    for (const char* at = begin;; at = std::min(at + 16, end - 16)) {
      const __m128i bytes = load_16(at);
      for (unsigned found = mask_of(_mm_or_si128(in_range(bytes, '0', 9), equal(bytes, '\''))); found;
           found &= found - 1)
        if (begins(at + __builtin_ctz(found))) return head(at + __builtin_ctz(found));
      if (at == end - 16) return statement;
    }
  }
#endif
  return head(std::find_if(begin, end, [&](const char& c) { return begins(&c); }));
}

static std::uint64_t hash_head(std::string_view head) {
  constexpr std::size_t most = 40;  // enough to spread them
  if (head.size() <= most) return quick_hash(head);
  return mix(mix(head.size(), load<std::uint64_t>(head.data())), quick_hash(head.substr(head.size() - most)));
}

// Fills in `known.key`; false: the statement has another shape. All that the scanner does with a literal is
// to find its end and to hash it: with the same bytes around them, it takes the same way through two
// statements.
bool StatementScanner::Shape::fits(std::string_view statement) {
  const char* at = statement.data();
  const char* const end = at + statement.size();
  const char* text = around.data();
  std::uint64_t key = 0;
  for (const SourceLocation& place : places) {
    if (static_cast<std::size_t>(end - at) <= place.before || !same_bytes(at, text, place.before))
      return false;
    text += place.before;
    const char* const start = at += place.before;
    bool unfinished = false;
    if (*at == '\'' && place.quoted) at = skip_quoted(at + 1, end, '\'', false, unfinished);
    else if (class_of(*at) == number && !place.quoted) at = skip_number(at + 1, end);
    else return false;
    if (unfinished) return false;
    if (place.counted) key = mix(key, hash_literal({start, static_cast<std::size_t>(at - start)}));
  }
  const auto rest = static_cast<std::size_t>(around.data() + around.size() - text);
  if (static_cast<std::size_t>(end - at) != rest || !same_bytes(at, text, rest)) return false;
  known.key = key;
  return true;
}

// After scan() of the same statement. false: another one of its shape can't be known by these bytes.
bool StatementScanner::Shape::assign(std::string_view statement, const std::vector<Literal>& literals) {
  around.clear();
  places.clear();
  const char* at = statement.data();
  for (const Literal& literal : literals) {
    const bool quoted = literal.text.front() == '\'';
    if (!quoted && class_of(literal.text.front()) != number) return false;  // E'', $$
    const auto before = static_cast<std::size_t>(literal.text.data() - at);
    around.append(at, before);
    places.push_back({static_cast<std::uint32_t>(before), quoted, !literal.paging});
    at = literal.text.data() + literal.text.size();
  }
  around.append(at, statement.data() + statement.size());
  return true;
}

const StatementKey& StatementScanner::key_of(std::string_view statement) {
  constexpr std::size_t sets = 128, ways = 4, longest_known = 2048;
  Shape* set = nullptr;
  if (!statement.empty() && statement.size() <= longest_known) {
    if (shapes_.empty()) shapes_.resize(sets * ways);
    set = &shapes_[hash_head(head_of(statement)) % sets * ways];
    for (std::size_t way = 0; way < ways; ++way)
      if (set[way].usable && set[way].fits(statement)) return set[way].known;
  }
  const StatementScan found = scan(statement);
  Shape* const shape = set && !found.unfinished && found.trace.empty() ? &set[replaced_++ % ways] : nullptr;
  if (shape) shape->usable = shape->assign(statement, literals_);
  StatementKey& out = shape && shape->usable ? shape->known : key_;
  out.hash = found.hash;
  out.key = found.key;
  out.literals = found.literals;
  out.unfinished = found.unfinished;
  out.trace = found.trace_hash();
  out.paging.assign(found.paging->begin(), found.paging->end());
  return out;
}

}  // namespace pgadvise::log
