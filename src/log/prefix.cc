#include "log/prefix.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "log/language.h"
#include "log/time.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t longest_prefix = 2048;  // of a line: names have 63 bytes, and there are few of them

bool digit(char c) { return c >= '0' && c <= '9'; }
bool hex(char c) { return digit(c) || (c >= 'a' && c <= 'f'); }

bool text_escape(char escape) { return std::string_view("audhrLib").find(escape) != std::string_view::npos; }

// How many bytes of `text` belong to an escape whose form is fixed; npos: it does not fit.
std::size_t fixed_length(char escape, std::string_view text) {
  std::size_t at = 0;
  switch (escape) {
    case 'e':
      while (at < text.size() && at < 5 && (digit(text[at]) || (text[at] >= 'A' && text[at] <= 'Z'))) ++at;
      return at == 5 ? at : std::string_view::npos;
    case 'c':
      while (at < text.size() && hex(text[at])) ++at;
      if (at == 0 || at == text.size() || text[at] != '.') return std::string_view::npos;
      for (++at; at < text.size() && hex(text[at]);) ++at;
      return at;
    case 'v':
      while (at < text.size() && (digit(text[at]) || text[at] == '/' || text[at] == '-')) ++at;
      return at;  // empty where there is no transaction
    default:
      if (escape == 'Q' && text.starts_with('-')) ++at;
      while (at < text.size() && digit(text[at])) ++at;
      return at;
  }
}

void keep(char escape, std::string_view value, Header& header) {
  switch (escape) {
    case 'p':
      header.process = value;
      break;
    case 'c':
      header.session = value;
      break;
    case 'u':
      header.user = value;
      break;
    case 'd':
      header.database = value;
      break;
    case 'a':
      header.application = value;
      break;
    case 'h':
      header.host = value;
      break;
    case 'r':
      header.host = value.substr(0, value.rfind('('));
      break;
    default:
      break;
  }
}

std::vector<Prefix> make_known() {
  // In use at hosters, in distributions' packages, and in the manuals of log tools.
  static constexpr const char* patterns[] = {
      "%m [%p] ",
      "%m [%p] %q%u@%d ",
      "%t [%p]: ",
      "%t [%p]: [%l-1] ",
      "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
      "%t [%p]: [%l] user=%u,db=%d,app=%a,client=%h ",
      "%t [%p]: [%l-1] %quser=%u,db=%d,app=%a,client=%h ",
      "%t [%p]: user=%u,db=%d,app=%a,client=%h ",
      "%m [%p] user=%u,db=%d,app=%a,client=%h ",
      "%t [%p]: [%l-1] user=%u,db=%d ",
      "%t [%p]: [%l-1] db=%d,user=%u ",
      "%t [%p]: [%l-1] db=%d,user=%u,app=%a,client=%h ",
      "%t [%p]: [%l-1] user=%u,db=%d - PG-%e ",
      "%t [%p]: [%l-1] [trx_id=%x] user=%u,db=%d ",
      "%t [%p]: db=%d,user=%u,app=%a,client=%h ",
      "%t [%p]: user=%u,db=%d ",
      "%m [%p] user=%u,db=%d ",
      "%m [%p] %quser=%u,db=%d,app=%a,client=%h ",
      "%m [%p] %q[user=%u,db=%d,app=%a] ",
      "%m [%p] %q[user=%u,db=%d,app=%a,host=%h] ",
      "%m [%p] [user=%u,db=%d,app=%a] ",
      "[%p] [user=%u,db=%d,app=%a] ",
      "%m [%p][%b][%v][%x] %q[user=%u,db=%d,app=%a] ",
      "%t [%p][%v] : [%l-1] %q[app=%a] ",
      "%m [%p][%b][%v:%x] ",
      "%m [%p] %u@%d ",
      "%m [%p] %q%u@%d/%a ",
      "%m [%p] %q%u@%d %a ",
      "%m [%p] %q%u@%d %h ",
      "%m [%p] %q%a %u@%d ",
      "%m [%p-%l] %q%u@%d ",
      "%t:%r:%u@%d:[%p]:",
      "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:",
      "%t-%c-",
      "%m %p %l %a %u %d %r %c ",
      "%m %p %u %d %a %h ",
      "%m %r %u %a [%c] [%p] ",
      "%m %u@%d [%p] ",
      "%m [%c] %u@%d ",
      "%m [%c] ",
      "%m %c ",
      "%m %p ",
      "[%m] [%p] ",
      "[%m] ",
      "<%m> ",
      "<%m>",
      "< %m >",
      "< %m > ",
      "<%m %u %d> ",
      "< %m %u %d %h >",
      "%m [%p] %r %u %d %a ",
      "%m %d %u [%p] ",
      "%m|%u|%d|%c|",
      "%m|%p|%u|%d|%a|%h|",
      "time=%t, pid=%p %q db=%d, usr=%u, client=%h , app=%a, line=%l ",
      "time=%t pid=%p user=%u db=%d app=%a client=%h ",
      "pid=%p,user=%u,db=%d,app=%a,client=%h ",
      "user=%u,db=%d,app=%a,client=%h ",
      "user=%u,db=%d ",
      "[%p]: [%l-1] db=%d,user=%u ",
      "[%p]: [%l-1] user=%u,db=%d ",
      "%p-%s-%c-%l-%h-%u-%d-%m ",
      "%n [%p] ",
      "%n ",
      "[%p] ",
      "[%p]: ",
      "%p ",
      "%m ",
      "%m: ",
      "",
  };
  std::vector<Prefix> known;
  const auto add = [&](std::string pattern) {
    if (std::none_of(known.begin(), known.end(),
                     [&](const Prefix& other) { return other.pattern() == pattern; }))
      known.emplace_back(std::move(pattern));
  };
  for (const std::string pattern : patterns) {
    add(pattern);
    add(replace_all(pattern, "%m", "%t"));
    add(replace_all(pattern, "%t", "%m"));
  }
  return known;
}

const std::vector<Prefix>& known_prefixes() {
  static const std::vector<Prefix> known = make_known();
  return known;
}

}  // namespace

Prefix::Prefix(std::string pattern) : pattern_(std::move(pattern)) {
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) items_.push_back({0, std::move(literal)});
    literal.clear();
  };
  for (std::size_t at = 0; at < pattern_.size(); ++at) {
    if (pattern_[at] != '%' || at + 1 == pattern_.size()) {
      literal += pattern_[at];
      continue;
    }
    ++at;
    bool padded = false;
    while (at + 1 < pattern_.size() && (pattern_[at] == '-' || digit(pattern_[at]))) ++at, padded = true;
    const char escape = pattern_[at];
    if (escape == '%') {
      literal += '%';
      continue;
    }
    if (std::string_view("audhrLbpPtmnsilevxcqQ").find(escape) == std::string_view::npos) {
      unknown_ = escape;
      continue;
    }
    end_literal();
    if (padded) items_.push_back({' ', {}});
    items_.push_back({escape, {}});
    if (padded) items_.push_back({' ', {}});
  }
  end_literal();
}

bool Prefix::match(std::string_view line, Header& header) const {
  header = {};
  int budget = 256;
  return match_from(0, line, header, budget);
}

bool Prefix::match_from(std::size_t item, std::string_view rest, Header& header, int& budget) const {
  for (; item < items_.size(); ++item) {
    const Item& it = items_[item];
    if (it.escape == 0) {
      if (!rest.starts_with(it.literal)) return false;
      rest.remove_prefix(it.literal.size());
    } else if (it.escape == ' ') {
      // What the literal behind it needs is left.
      const std::size_t blanks = std::min(rest.find_first_not_of(' '), rest.size());
      const std::size_t needed =
          item + 1 < items_.size()
              ? std::min(items_[item + 1].literal.find_first_not_of(' '), items_[item + 1].literal.size())
              : 0;
      rest.remove_prefix(blanks - std::min(blanks, needed));
    } else if (it.escape == 'q') {
      // Processes without a session stop here.
      Header without = header;
      without.message = rest;
      if (const auto level = take_level(without.message)) {
        without.level = *level;
        header = without;
        return true;
      }
    } else if (it.escape == 'm' || it.escape == 't' || it.escape == 's' || it.escape == 'n') {
      Stamp stamp = it.escape == 'n' ? take_epoch(rest) : take_stamp(rest, true);
      if (stamp.length == 0 || (it.escape == 'm' && stamp.whole_seconds)) return false;
      if (it.escape == 't' && !stamp.whole_seconds) return false;
      if (it.escape != 's') header.time = stamp.time, header.whole_seconds = stamp.whole_seconds;
      rest.remove_prefix(stamp.length);
    } else if (text_escape(it.escape)) {
      return match_text(item, rest, header, budget);
    } else {
      const std::size_t length = fixed_length(it.escape, rest);
      if (length == std::string_view::npos) return false;
      if (it.escape == 'p' && length == 0) return false;
      keep(it.escape, rest.substr(0, length), header);
      rest.remove_prefix(length);
    }
  }
  header.message = rest;
  const auto level = take_level(header.message);
  if (!level) return false;
  header.level = *level;
  return true;
}

// A name ends where the next literal stands; it may hold that literal too, so later ends are tried when the
// nearest leads nowhere.
bool Prefix::match_text(std::size_t item, std::string_view rest, Header& header, int& budget) const {
  const std::string_view window = rest.substr(0, longest_prefix);
  const bool literal_next = item + 1 < items_.size() && items_[item + 1].escape == 0;
  for (std::size_t end = 0; end <= window.size(); ++end) {
    if (literal_next) {
      end = window.find(items_[item + 1].literal, end);
      if (end == std::string_view::npos) return false;
    }
    if (--budget < 0) return false;
    Header attempt = header;
    keep(items_[item].escape, window.substr(0, end), attempt);
    if (match_from(item + 1, rest.substr(end), attempt, budget)) {
      header = attempt;
      return true;
    }
  }
  return false;
}

const Prefix* find_prefix(const std::vector<std::string_view>& lines) {
  const Prefix* best = nullptr;
  // Most lines first; then the most names told apart: `%u@%d ` also fits what `%u@%d/%a ` wrote.
  std::pair<std::size_t, std::size_t> most{0, 0};
  Header header;
  for (const Prefix& prefix : known_prefixes()) {
    std::pair<std::size_t, std::size_t> fits{0, 0};
    for (const std::string_view line : lines) {
      if (!prefix.match(line, header)) continue;
      ++fits.first;
      for (const auto* name : {&header.session, &header.user, &header.database, &header.application, &header.host})
        fits.second += !name->empty();
    }
    if (fits > most) most = fits, best = &prefix;
  }
  return best;
}

const Prefix* find_prefix(std::string_view line) {
  Header header;
  for (const Prefix& prefix : known_prefixes())
    if (prefix.match(line, header)) return &prefix;
  return nullptr;
}

}  // namespace pgadvise::log
