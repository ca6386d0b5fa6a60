#include "log/prefix/prefix.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text/text.h"
#include "log/lines/bytes.h"
#include "log/prefix/prefix_parts.h"
#include "log/record/language.h"
#include "log/record/statement_template.h"
#include "log/record/time.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t longest_prefix = 2048;  // of a line: names have 63 bytes, and there are few of them

bool text_escape(char escape) { return std::string_view("audhrLib").find(escape) != std::string_view::npos; }

void keep(char escape, std::string_view value, Header& header) {
  switch (escape) {
    case 'p': header.process = value; break;
    case 'c': header.session = value; break;
    case 'u': header.user = value; break;
    case 'd': header.database = value; break;
    case 'a': header.application = value; break;
    case 'h': header.host = value; break;
    case 'r': header.host = value.substr(0, value.rfind('(')); break;
    default: break;
  }
}

constexpr std::size_t longest_name = 63;

// "duration: 0.5 ms  statement: …", "statement: …", as only calls and their steps have it.
bool is_call(std::string_view message) {
  if (message.starts_with("statement: ") || message.starts_with("execute ")) return true;
  if (!message.starts_with("duration: ")) return false;
  const auto unit = message.substr(0, 40).find(" ms  ");
  if (unit == std::string_view::npos) return false;
  const auto what = message.substr(unit + 5);
  for (const std::string_view word : {"statement: ", "execute ", "parse ", "bind ", "fastpath ", "plan:"})
    if (what.starts_with(word)) return true;
  return false;
}

// May the level be one that stands in a name? Only where a call's is behind it, nearer than a name may be
// long. What statements and their parameters hold is no level: those of a call come behind its own, and a
// DETAIL is none.
bool may_hide_call(const Header& header) {
  if (header.level != Level::log || header.message.starts_with("duration: ") ||
      header.message.starts_with("statement: ") || header.message.starts_with("execute "))
    return false;
  const auto near = header.message.substr(0, 4 * longest_name);
  for (std::size_t at = 0; (at = near.find(":  ", at)) != std::string_view::npos; at += 3)
    if (is_call(header.message.substr(at + 3))) return true;
  return false;
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
    while (at + 1 < pattern_.size() && (pattern_[at] == '-' || is_digit(pattern_[at]))) ++at, padded = true;
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
    named_ |= text_escape(escape);
    if (padded) items_.push_back({' ', {}});
  }
  end_literal();
}

struct Prefix::Search {
  std::string_view line;
  bool calls = false;                         // only what tells of a call counts
  std::size_t best = std::string_view::npos;  // length of the prefix and the level
  Header header;                              // of the best way
  // A place that was reached once leads nowhere else a second time. Looked up only in a line that takes many
  // steps.
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
    if (!level || length >= best || (calls && (*level != Level::log || !is_call(way.message)))) return false;
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
  if (!named_ || !may_hide_call(header)) return true;
  // An application's name may hold a level.
  Search again{.line = line, .calls = true, .header = {}, .seen = {}};
  explore(0, 0, {}, again);
  if (again.best != std::string_view::npos) header = again.header;
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
      // "UTCLOG:  ": the zone's letters run into the level's.
      if (item + 1 == items_.size() || items_[item + 1].escape == 'q')
        for (std::size_t length = stamp.length;
             length-- > 19 && std::isalpha(static_cast<unsigned char>(rest[length]));)
          if (Header way = header;
              std::isalpha(static_cast<unsigned char>(rest[length - 1])) && search.arrive(at + length, way))
            return;
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
  const std::string* literal =
      item + 1 < items_.size() && items_[item + 1].escape == 0 ? &items_[item + 1].literal : nullptr;
  // "::1(5555)" holds the colon that may stand behind it.
  for (std::size_t end = items_[item].escape == 'r' ? at + address_length(search.line.substr(at)) : at;;
       ++end) {
    const std::string_view window = search.line.substr(0, std::min(search.best, longest_prefix));
    if (end > window.size()) return;
    if (literal) {
      end = window.find(*literal, end);
      if (end == std::string_view::npos) return;
    }
    if (search.come_by(item, end)) continue;
    if (search.calls && end - at > longest_name) return;
    Header way = header;
    pgadvise::log::keep(items_[item].escape, window.substr(at, end - at), way);
    explore(item + 1, end, way, search);
  }
}

bool Prefix::has_session() const {
  return std::any_of(items_.begin(), items_.end(),
                     [](const Item& item) { return item.escape == 'p' || item.escape == 'c'; });
}

bool Prefix::time_then_session() const {
  if (items_.size() < 2 || (items_[0].escape != 'm' && items_[0].escape != 't') || items_[1].escape != 0)
    return false;
  return std::all_of(items_.begin() + 1, items_.end(), [](const Item& item) {
    return std::string_view("mtnlxvieQ").find(item.escape) == std::string_view::npos;
  });
}

namespace {
constexpr std::size_t known_sets = 1024;
constexpr std::size_t known_ways = 4;
constexpr std::size_t longest_known = 512;
}  // namespace

PrefixReader::Known* PrefixReader::set_of(std::string_view rest) {
  return &known_[quick_hash(rest.substr(0, shortest_)) % known_sets * known_ways];
}

bool PrefixReader::match(const Prefix& prefix, std::string_view line, Header& header) {
  if (&prefix != prefix_) {
    prefix_ = &prefix;
    usable_ = prefix.time_then_session();
    named_ = prefix.has_names();
    shortest_ = longest_known;
    known_.assign(usable_ ? known_sets * known_ways : 0, {});
  }
  if (!usable_) return prefix.match(line, header);
  const Stamp stamp = stamps_.take(line);
  if (stamp.length == 0 || stamp.whole_seconds != (prefix.pattern()[1] == 't')) return false;
  const std::string_view rest = line.substr(stamp.length);
  if (rest.size() >= shortest_) {
    const Known* const set = set_of(rest);
    for (std::size_t way = 0; way < known_ways; ++way) {
      const Known& known = set[way];
      if (known.text.empty() || !log::starts_with(rest, known.text)) continue;
      header.time = stamp.time;
      header.whole_seconds = stamp.whole_seconds;
      header.level = known.level;
      for (std::size_t i = 0; i < std::size(header_parts); ++i)
        header.*header_parts[i] =
            known.parts[i].given ? rest.substr(known.parts[i].at, known.parts[i].size) : std::string_view{};
      header.message = rest.substr(known.text.size());
      header.session_hash = known.session_hash;
      header.identity_hash = known.identity_hash;
      if (named_ && may_hide_call(header)) break;
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
  if (named_ && text.find(":  ") + 3 < text.size())
    return;  // a level in a name: which one counts depends on the message
  if (text.size() < shortest_) {
    shortest_ = text.size();
    for (Known& known : known_) known.text.clear();
  }
  Known& known = set_of(rest)[replaced_++ % known_ways];
  known.text.assign(text);
  known.level = header.level;
  for (std::size_t i = 0; i < std::size(header_parts); ++i) {
    const std::string_view view = header.*header_parts[i];
    known.parts[i] = view.data() ? Part{static_cast<std::uint16_t>(view.data() - rest.data()),
                                        static_cast<std::uint16_t>(view.size()), true}
                                 : Part{};
  }
  known.session_hash = hash_session(header.session.empty() ? header.process : header.session);
  known.identity_hash = hash_identity(header.user, header.database, header.application, header.host);
}

}  // namespace pgadvise::log
