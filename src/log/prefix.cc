#include "log/prefix.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "log/language.h"
#include "log/statement_template.h"
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

struct Prefix::Search {
  std::string_view line;
  std::size_t best = std::string_view::npos;  // length of the prefix and the level
  Header header;                              // of the best way
  // A place that was reached once leads nowhere else a second time. Looked up only in a line that takes many steps.
  static constexpr int few_steps = 64;
  int steps = 0;
  std::vector<bool> seen;

  bool come_by(std::size_t item, std::size_t at) {
    if (++steps < few_steps) return false;
    const std::size_t place = item * (longest_prefix + 1) + at;
    if (seen.size() <= place) seen.resize(place + longest_prefix);
    if (seen[place]) return true;
    seen[place] = true;
    return false;
  }

  // The prefix ends at `at`.
  bool arrive(std::size_t at, Header& way) {
    way.message = line.substr(at);
    const auto level = take_level(way.message);
    const auto length = static_cast<std::size_t>(way.message.data() - line.data());
    if (!level || length >= best) return false;
    way.level = *level;
    best = length;
    header = way;
    return true;
  }
};

bool Prefix::match(std::string_view line, Header& header) const {
  Search search{.line = line, .header = {}, .seen = {}};
  explore(0, 0, {}, search);
  if (search.best == std::string_view::npos) return false;
  header = search.header;
  return true;
}

void Prefix::explore(std::size_t item, std::size_t at, Header header, Search& search) const {
  for (; item < items_.size(); ++item) {
    if (at >= search.best) return;
    const Item& it = items_[item];
    std::string_view rest = search.line.substr(at);
    if (it.escape == 0) {
      if (!rest.starts_with(it.literal)) return;
      at += it.literal.size();
    } else if (it.escape == ' ') {
      // What the literal behind it needs is left.
      const std::size_t blanks = std::min(rest.find_first_not_of(' '), rest.size());
      const std::size_t needed =
          item + 1 < items_.size()
              ? std::min(items_[item + 1].literal.find_first_not_of(' '), items_[item + 1].literal.size())
              : 0;
      at += blanks - std::min(blanks, needed);
    } else if (it.escape == 'q') {
      // Processes without a session stop here.
      Header without = header;
      if (search.arrive(at, without)) return;
    } else if (it.escape == 'm' || it.escape == 't' || it.escape == 's' || it.escape == 'n') {
      const Stamp stamp = it.escape == 'n' ? take_epoch(rest) : take_stamp(rest, true);
      if (stamp.length == 0 || (it.escape == 'm' && stamp.whole_seconds)) return;
      if (it.escape == 't' && !stamp.whole_seconds) return;
      if (it.escape != 's') header.time = stamp.time, header.whole_seconds = stamp.whole_seconds;
      at += stamp.length;
    } else if (text_escape(it.escape)) {
      explore_text(item, at, header, search);
      return;
    } else {
      const std::size_t length = fixed_length(it.escape, rest);
      if (length == std::string_view::npos) return;
      if (it.escape == 'p' && length == 0) return;
      pgadvise::log::keep(it.escape, rest.substr(0, length), header);
      at += length;
    }
  }
  search.arrive(at, header);
}

// A name ends where the next literal stands; it may hold that literal too, so later ends are tried as well.
void Prefix::explore_text(std::size_t item, std::size_t at, const Header& header, Search& search) const {
  const std::string* literal = item + 1 < items_.size() && items_[item + 1].escape == 0 ? &items_[item + 1].literal : nullptr;
  for (std::size_t end = at;; ++end) {
    const std::string_view window = search.line.substr(0, std::min(search.best, longest_prefix));
    if (end > window.size()) return;
    if (literal) {
      end = window.find(*literal, end);
      if (end == std::string_view::npos) return;
    }
    if (search.come_by(item, end)) continue;
    Header way = header;
    pgadvise::log::keep(items_[item].escape, window.substr(at, end - at), way);
    explore(item + 1, end, way, search);
  }
}

bool Prefix::time_then_session() const {
  if (items_.empty() || (items_[0].escape != 'm' && items_[0].escape != 't')) return false;
  return std::all_of(items_.begin() + 1, items_.end(), [](const Item& item) { return std::string_view("mtnlxvieQ").find(item.escape) == std::string_view::npos; });
}

namespace {
constexpr std::size_t known_slots = 4096;
constexpr std::size_t longest_known = 512;
}  // namespace

std::size_t PrefixReader::slot(std::string_view rest) const { return hash_bytes(rest.substr(0, shortest_), 3) % known_slots; }

bool PrefixReader::match(const Prefix& prefix, std::string_view line, Header& header) {
  if (&prefix != prefix_) {
    prefix_ = &prefix;
    usable_ = prefix.time_then_session();
    shortest_ = longest_known;
    known_.assign(usable_ ? known_slots : 0, {});
  }
  if (!usable_) return prefix.match(line, header);
  const Stamp stamp = stamps_.take(line);
  if (stamp.length == 0 || stamp.whole_seconds != (prefix.pattern()[1] == 't')) return false;
  const std::string_view rest = line.substr(stamp.length);
  if (rest.size() >= shortest_) {
    const Known& known = known_[slot(rest)];
    if (!known.text.empty() && rest.starts_with(known.text)) {
      const auto part = [&](const Part& known_part) { return known_part.given ? rest.substr(known_part.at, known_part.size) : std::string_view{}; };
      header = {.time = stamp.time,
                .whole_seconds = stamp.whole_seconds,
                .level = known.level,
                .process = part(known.process),
                .session = part(known.session),
                .user = part(known.user),
                .database = part(known.database),
                .application = part(known.application),
                .host = part(known.host),
                .message = rest.substr(known.text.size()),
                .session_hash = known.session_hash,
                .identity_hash = known.identity_hash};
      return true;
    }
  }
  if (!prefix.match(line, header)) return false;
  keep(rest, header);
  return true;
}

void PrefixReader::keep(std::string_view rest, const Header& header) {
  const std::string_view text = rest.substr(0, static_cast<std::size_t>(header.message.data() - rest.data()));
  // With one blank behind the level, what follows decides how long the prefix is.
  if (text.size() > longest_known || !text.ends_with(":  ")) return;
  if (text.size() < shortest_) {
    shortest_ = text.size();
    for (Known& known : known_) known.text.clear();
  }
  Known& known = known_[slot(rest)];
  known.text.assign(text);
  known.level = header.level;
  const auto part = [&](std::string_view view) {
    return view.data() ? Part{static_cast<std::uint16_t>(view.data() - rest.data()), static_cast<std::uint16_t>(view.size()), true} : Part{};
  };
  known.process = part(header.process);
  known.session = part(header.session);
  known.user = part(header.user);
  known.database = part(header.database);
  known.application = part(header.application);
  known.host = part(header.host);
  known.session_hash = hash_session(header.session.empty() ? header.process : header.session);
  known.identity_hash = hash_identity(header.user, header.database, header.application, header.host);
}

const Prefix* find_prefix(const std::vector<std::string_view>& lines) {
  const Prefix* best = nullptr;
  // Most lines first; then the most names told apart: `%u@%d ` also fits what `%u@%d/%a ` wrote.
  std::pair<std::size_t, std::size_t> most{0, 0};
  Header header;
  for (const Prefix& prefix : known_prefixes()) {
    std::pair<std::size_t, std::size_t> fits{0, 0};
    for (std::size_t i = 0; i < lines.size() && fits.first + (lines.size() - i) >= most.first; ++i) {  // else it can't be the best
      if (!prefix.match(lines[i], header)) continue;
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
