#include "log/prefix/prefix_search.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <tuple>
#include <utility>

#include "base/text/text.h"
#include "log/prefix/prefix_parts.h"
#include "log/record/language.h"
#include "log/record/time.h"

namespace pgadvise::log {
namespace {

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
    if (std::ranges::find(known, pattern, &Prefix::pattern) == known.end())
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

bool of_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool of_name(char c) { return of_word(c) || c == '.' || c == '$' || c == '-'; }
bool divides(char c) { return std::string_view(",;|[](){}<>=:\"'#%").find(c) != std::string_view::npos; }

// Not followed by what would make it part of a longer word.
bool ends_at(std::string_view text, std::size_t length) {
  return length > 0 && (length == text.size() || !(of_word(text[length]) || text[length] == '.'));
}

std::size_t session_id_length(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::size_t length = fixed_length('c', text);
  return dot != std::string_view::npos && length != std::string_view::npos && dot >= 7 && dot <= 9 &&
                 length > dot + 1 && ends_at(text, length)
             ? length
             : 0;
}

std::size_t sqlstate_length(std::string_view text) {
  if (fixed_length('e', text) != 5 || !ends_at(text, 5)) return 0;
  const std::string_view code = text.substr(0, 5);
  if (code == "00000") return 5;
  // Digits alone may be a process id; the lines with another code tell.
  return all_digits(code) || std::none_of(code.begin(), code.end(), is_digit) ? 0 : 5;
}

std::size_t transaction_length(std::string_view text) {
  const std::size_t first = digits_at(text);
  if (first == 0 || first >= text.size() || text[first] != '/') return 0;
  const std::size_t second = digits_at(text, first + 1);
  return second && ends_at(text, first + 1 + second) ? first + 1 + second : 0;
}

std::size_t name_length(std::string_view text) {
  if (text.starts_with("[unknown]")) return 9;
  std::size_t at = 0;
  while (at < text.size() && of_name(text[at])) ++at;
  return at;
}

// What log_line_prefix could have written the front of one line. A whole number is %Q until all lines were
// looked at; what isn't sure is %i, which nothing is read from.
class Sketch {
 public:
  explicit Sketch(std::string_view front) : front_(front) {}
  std::string draw() {
    while (at_ < front_.size()) step();
    return std::move(out_);
  }

 private:
  std::string_view rest() const { return front_.substr(at_); }

  void add(std::string_view escape, std::size_t length) {
    out_ += escape;
    at_ += length;
    fresh_ = true;
  }

  void literal(std::size_t length) {
    out_ += replace_all(std::string(rest().substr(0, length)), "%", "%%");
    at_ += length;
    fresh_ = true;
  }

  void skip(std::size_t length) {
    // Words behind each other may be one name or several.
    std::size_t end = out_.size();
    while (end > 0 && out_[end - 1] == ' ') --end;
    if (std::string_view(out_).substr(0, end).ends_with("%i")) out_.resize(end);
    else out_ += "%i";
    at_ += length;
    fresh_ = false;
  }

  void step() {
    const char c = front_[at_];
    if (fresh_ && (form() || identity() || key())) return;
    if (const std::size_t length = fresh_ ? address_length(rest()) : 0) return skip(length);
    if (c == ' ' || divides(c) || rest().starts_with("- ") || (!fresh_ && c == '/')) return literal(1);
    std::size_t length = bracketed_words();
    if (length == 0)
      for (length = 1; length < rest().size() && rest()[length] != ' ' && !divides(rest()[length]);) ++length;
    skip(length);
  }

  // "[web 1]": a name alone between brackets, blanks and all.
  std::size_t bracketed_words() const {
    if (at_ == 0 || std::string_view("[({<").find(front_[at_ - 1]) == std::string_view::npos) return 0;
    std::size_t end = 0, digits = 0;
    for (; end < rest().size() && (of_name(rest()[end]) || rest()[end] == ' '); ++end)
      if ((digits = is_digit(rest()[end]) ? digits + 1 : 0) > 2) return 0;
    return end < rest().size() && std::string_view("])}>").find(rest()[end]) != std::string_view::npos ? end
                                                                                                       : 0;
  }

  bool form() {
    const std::string_view text = rest();
    if (const Stamp stamp = take_stamp(text, true); stamp.length)
      return add(stamp.whole_seconds ? "%t" : "%m", stamp.length), true;
    if (const Stamp stamp = take_epoch(text);
        digits_at(text) == 10 && !stamp.whole_seconds && ends_at(text, stamp.length))
      return add("%n", stamp.length), true;
    if (const std::size_t length = session_id_length(text)) return add("%c", length), true;
    if (const std::size_t length = transaction_length(text)) return add("%v", length), true;
    if (const std::size_t length = sqlstate_length(text)) return add("%e", length), true;
    if (text.starts_with('[') && line_number(text)) return true;
    const std::size_t sign = text.starts_with('-') && (out_.empty() || !is_digit(out_.back()));
    if (const std::size_t digits = digits_at(text, sign);
        digits && ends_at(text, sign + digits) && !text.substr(sign + digits).starts_with('@'))
      return add("%Q", sign + digits), true;
    return false;
  }

  // "[7-1]": the line of the session, as syslog has it; "[4242-7]": process and line.
  bool line_number(std::string_view text) {
    const std::size_t first = digits_at(text, 1);
    if (first == 0 || text.substr(1 + first, 1) != "-") return false;
    const std::size_t second = digits_at(text, 2 + first);
    if (second == 0 || text.substr(2 + first + second, 1) != "]") return false;
    const bool always_one = text.substr(2 + first, second) == "1";
    return add(always_one ? "[%l-1]" : "[%Q-%l]", first + second + 3), true;
  }

  bool identity() {
    const std::size_t user = name_length(rest());
    if (named_ || rest().substr(user, 1) != "@") return false;
    const std::size_t database = name_length(rest().substr(user + 1));
    named_ = true;
    add("%u@%d", user + 1 + database);
    if (rest().starts_with('/')) application_behind();
    return true;
  }

  // Where a blank could as well end the name, it isn't taken.
  void application_behind() {
    literal(1);
    const std::string_view text = rest();
    std::size_t end = text.starts_with("[unknown]") ? 9 : 0;
    while (end < text.size() && !divides(text[end])) ++end;
    std::string_view value = text.substr(0, end);
    const bool bounded = !value.ends_with(' ') && end < text.size();
    while (value.ends_with(' ')) value.remove_suffix(1);
    const bool sure = (bounded || value.find(' ') == std::string_view::npos) && address_length(value) == 0;
    add(sure ? "%a" : "%i", value.size());
  }

  bool key() {
    std::size_t length = 0;
    while (length < rest().size() && (is_letter(rest()[length]) || rest()[length] == '_')) ++length;
    const char behind = length < rest().size() ? rest()[length] : ' ';
    const std::string word = lower(rest().substr(0, length));
    const auto is = [&](std::initializer_list<std::string_view> words) { return is_one_of(word, words); };
    if (length < 2 || (behind != '=' && !(behind == ':' && is({"vxid", "txid", "xid", "pid"})))) return false;
    literal(length + 1);
    if (is({"user", "usr", "username", "role"})) value("%u", false);
    else if (is({"db", "database", "dbname", "datname"})) value("%d", false);
    else if (is({"app", "application", "application_name", "appname"})) value("%a", true);
    else if (is({"client", "host", "remote", "remote_host", "ip", "addr"})) address_value();
    else if (const std::size_t digits = digits_at(rest()); is({"pid", "process"}) && ends_at(rest(), digits))
      add("%p", digits);
    return true;
  }

  void address_value() {
    const std::size_t length = address_length(rest());
    if (length) add(rest().substr(0, length).find('(') == std::string_view::npos ? "%h" : "%r", length);
    else value("%h", false);
  }

  void value(std::string_view escape, bool blanks) {
    const std::string_view text = rest();
    std::size_t end = text.starts_with("[unknown]") ? 9 : 0;
    for (; end < text.size() && std::string_view(",;|])}>").find(text[end]) == std::string_view::npos;
         ++end) {
      if (text[end] != ' ') continue;
      if (!blanks || end + 1 == text.size() || text[end + 1] == '[' || text.substr(end + 1).starts_with("- "))
        break;
      std::size_t word = end + 1;
      while (word < text.size() && (is_letter(text[word]) || text[word] == '_')) ++word;
      if (word > end + 1 && text.substr(word, 1) == "=") break;
    }
    std::string_view value = text.substr(0, end);
    while (value.ends_with(' ') || value.ends_with(':')) value.remove_suffix(1);
    add(escape, value.size());
  }

  const std::string_view front_;
  std::size_t at_ = 0;
  std::string out_;
  bool fresh_ = true;   // not within a word
  bool named_ = false;  // user@database was seen
};

// A line with a level, split there.
struct Levelled {
  std::string_view line;
  std::string_view front;  // before the level
  std::string_view message;
};

std::vector<Levelled> with_level(const std::vector<std::string_view>& lines) {
  std::vector<Levelled> out;
  for (const auto line : lines) {
    const auto colon = line.substr(0, 512).find(":  ");
    if (colon == std::string_view::npos || line.starts_with("{\"")) continue;
    for (std::size_t at = 0; at < std::min<std::size_t>(line.size(), 512); ++at) {
      std::string_view message = line.substr(at);
      if (!take_level(message)) continue;
      out.push_back({line, line.substr(0, at), message});
      break;
    }
  }
  return out;
}

// No user or database is called like this, but other escapes write it.
bool implausible_name(std::string_view name) {
  if (name.empty() || name == "[unknown]" || name == "[local]") return false;
  return all_digits(name) || name.find_first_of("[](){}|") != std::string_view::npos ||
         session_id_length(name) == name.size() || transaction_length(name) == name.size() ||
         address_length(name) == name.size() || take_stamp(name, false).length > 0;
}

bool implausible(const Prefix& prefix, const Header& header) {
  // Between blanks, `user@database` is no user; some hosters' users do have an @.
  const bool positional = prefix.pattern().find(" %u ") != std::string::npos;
  return implausible_name(header.user) || implausible_name(header.database) ||
         (positional && header.user.find('@') != std::string_view::npos) ||
         (!header.application.empty() && header.application != "[local]" &&
          address_length(header.application) == header.application.size());
}

struct Fit {
  std::size_t lines = 0, names = 0, implausible = 0;
};

// Stops where more than `misses` lines don't fit.
Fit fit_of(const Prefix& prefix, const std::vector<Levelled>& lines, std::size_t misses) {
  Fit fit;
  Header header;
  for (const auto& levelled : lines) {
    if (!prefix.match(levelled.line, header) || header.message.data() != levelled.message.data()) {
      if (misses-- == 0) break;
      continue;
    }
    ++fit.lines;
    fit.implausible += implausible(prefix, header);
    for (const auto* name : {&header.user, &header.database, &header.application, &header.host})
      fit.names += !name->empty();
  }
  return fit;
}

bool enough(std::size_t explained, std::size_t of) { return explained > 0 && explained * 100 >= of * 95; }

// Of the whole numbers, the one that is the process id: as the session's id has it, in brackets, or the
// largest that could be one.
std::string with_process(const std::string& pattern, const std::vector<Levelled>& lines) {
  if (pattern.find("%p") != std::string::npos) return pattern;
  std::string best = pattern;
  std::uint64_t best_score = 0;
  for (std::size_t at = 0; (at = pattern.find("%Q", at)) != std::string::npos; at += 2) {
    std::string tried = pattern;
    tried[at + 1] = 'p';
    const Prefix prefix(tried);
    Header header;
    std::size_t seen = 0, possible = 0, of_session = 0, growing = 0;
    std::uint64_t before = 0, largest = 0;
    for (const auto& levelled : lines) {
      if (!prefix.match(levelled.line, header)) continue;
      ++seen;
      const std::uint64_t value =
          header.process.size() < 9 ? std::strtoull(std::string(header.process).c_str(), nullptr, 10) : 0;
      possible += value > 0 && value <= 4194304;  // the kernel's limit
      growing += seen > 1 && value == before + 1;
      before = value;
      largest = std::max(largest, value);
      const auto dot = header.session.find('.');
      of_session += dot != std::string_view::npos && value > 0 &&
                    std::strtoull(std::string(header.session.substr(dot + 1)).c_str(), nullptr, 16) == value;
    }
    if (seen == 0 || !enough(possible, seen)) continue;
    const bool counts = seen > 2 && growing * 2 > seen;
    const bool bracketed = at > 0 && pattern[at - 1] == '[';
    const std::uint64_t score =
        1 + largest + (bracketed ? 1ull << 32 : 0) + (enough(of_session, seen) ? 1ull << 34 : 0);
    if ((counts && !enough(of_session, seen)) || score <= best_score) continue;
    best_score = score;
    best = tried;
  }
  return best;
}

// One time stamp is the line's: the one with milliseconds, else the first; others are of the session's start.
std::string with_one_time(std::string pattern) {
  const auto exact = pattern.find("%m");
  const auto keep_at = exact != std::string::npos ? exact : pattern.find("%t");
  for (const char* stamp : {"%m", "%t"})
    for (std::size_t at = 0; (at = pattern.find(stamp, at)) != std::string::npos; at += 2)
      if (at != keep_at) pattern[at + 1] = 's';
  return pattern;
}

// Those that tell something.
std::size_t escapes(const std::string& pattern) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = pattern.find('%', at)) != std::string::npos && at + 1 < pattern.size();
       at += 2)
    count += std::string_view("qi%").find(pattern[at + 1]) == std::string_view::npos;
  return count;
}

// Statements and durations: nothing else writes them behind a level.
std::size_t calls_among(const std::vector<Levelled>& lines) {
  return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const Levelled& levelled) {
    const Message message = parse_message(levelled.message);
    return message.duration_ms || message.kind == Message::Kind::statement;
  }));
}

bool of_a_server(const std::vector<Levelled>& lines) {
  constexpr std::size_t fewest = 20;
  return lines.size() >= fewest && calls_among(lines) * 3 >= lines.size();
}

// `names_alone`: without a time, too, when the lines are surely a server's.
std::optional<Prefix> infer_prefix(const std::vector<Levelled>& lines, bool names_alone) {
  constexpr std::size_t max_sketches = 48;
  std::vector<std::string> sketches;
  for (const auto& levelled : lines) {
    std::string sketch = with_one_time(Sketch(levelled.front).draw());
    if (sketches.size() < max_sketches && !is_one_of(sketch, sketches)) sketches.push_back(std::move(sketch));
  }
  // Processes without a session stop at %q, behind a blank.
  for (std::size_t i = 0, drawn = std::min<std::size_t>(sketches.size(), 16); i < drawn; ++i)
    for (std::size_t at = 0;
         (at = sketches[i].find(' ', at)) != std::string::npos && ++at < sketches[i].size();)
      sketches.push_back(sketches[i].substr(0, at) + "%q" + sketches[i].substr(at));
  std::string best;
  std::tuple<std::size_t, std::size_t, std::size_t> most{};
  for (const auto& sketch : sketches) {
    const Fit fit = fit_of(Prefix(sketch), lines, lines.size() / 20);
    if (!enough(fit.lines, lines.size()) || fit.implausible > 0) continue;
    const std::tuple rank{fit.names, fit.lines, escapes(sketch)};
    if (rank > most) most = rank, best = sketch;
  }
  if (best.empty()) return std::nullopt;
  best = with_process(best, lines);
  // A front of unknown words alone may be anything that quotes the server's lines.
  const auto has = [&](const char* escape) { return best.find(escape) != std::string::npos; };
  if (has("%m") || has("%t") || has("%n") || has("%c") || (has("%p") && !has("%i"))) return Prefix(best);
  if (!names_alone || best.empty() || (has("%i") && !has("%p")) || !of_a_server(lines)) return std::nullopt;
  return Prefix(best);
}

const Prefix* find_known(const std::vector<std::string_view>& lines, const std::vector<Levelled>& levelled) {
  const Prefix* best = nullptr;
  // Most lines first; then the most names separated: `%u@%d ` also fits what `%u@%d/%a ` wrote.
  std::pair<std::size_t, std::size_t> most{0, 0};
  Header header;
  for (const Prefix& prefix : known_prefixes()) {
    std::pair<std::size_t, std::size_t> fits{0, 0};
    for (std::size_t i = 0; i < lines.size() && fits.first + (lines.size() - i) >= most.first;
         ++i) {  // else it can't be the best
      if (!prefix.match(lines[i], header)) continue;
      ++fits.first;
      for (const auto part : header_parts) fits.second += part != &Header::process && !(header.*part).empty();
    }
    if (fits <= most) continue;
    const Fit fit = fit_of(prefix, levelled, levelled.size());
    if (fit.implausible * 20 > fit.lines) continue;
    most = fits;
    best = &prefix;
  }
  return best;
}

// A known pattern may take a bare number for a process that is none: %l rises by one line by line, for each
// session from 1 on, and %Q may be 0.
Prefix without_false_process(const Prefix& prefix, const std::vector<Levelled>& lines) {
  const auto at = prefix.pattern().find("%p");
  if (at == std::string::npos ||
      (at > 0 && (prefix.pattern()[at - 1] == '[' || prefix.pattern()[at - 1] == '=')) ||
      prefix.pattern().find("%c") != std::string::npos)
    return prefix;
  std::map<std::uint64_t, std::size_t> last;  // how many sessions are at each number
  std::size_t seen = 0, zeros = 0, rising = 0, following = 0;
  std::uint64_t before = 0;
  Header header;
  for (const auto& levelled : lines) {
    if (!prefix.match(levelled.line, header)) continue;
    const std::uint64_t value =
        header.process.size() < 19 ? std::strtoull(std::string(header.process).c_str(), nullptr, 10) : 1;
    ++seen;
    zeros += value == 0;
    rising += seen > 1 && value == before + 1;
    before = value;
    const auto own = last.find(value - 1);
    const bool follows = own != last.end() && own->second > 0;
    if (follows) --own->second;
    following += follows || value == 1;
    ++last[value];
  }
  std::string pattern = prefix.pattern();
  constexpr std::size_t fewest = 3;
  if (zeros > 0) pattern[at + 1] = 'Q';
  // Processes whose numbers follow each other come again.
  else if (seen >= fewest &&
           ((rising * 2 > seen && enough(last.size(), seen)) || (enough(following, seen) && last.size() > 1)))
    pattern[at + 1] = 'l';
  return Prefix(pattern);
}

}  // namespace

std::optional<Prefix> find_prefix(const std::vector<std::string_view>& lines, bool infer) {
  const std::vector<Levelled> levelled = with_level(lines);
  const Prefix* known = find_known(lines, levelled);
  const std::size_t explained = known ? fit_of(*known, levelled, levelled.size()).lines : 0;
  if (infer && !enough(explained, levelled.size())) {
    const bool few = explained * 2 < levelled.size();
    if (auto inferred = infer_prefix(levelled, few)) return inferred;
    if (known && few) {
      // For example after a change of the setting: two lines must not decide for hundreds.
      std::vector<Levelled> others;
      Header header;
      for (const auto& each : levelled)
        if (!known->match(each.line, header)) others.push_back(each);
      if (auto inferred = of_a_server(others) ? infer_prefix(others, true) : std::nullopt) return inferred;
    }
  }
  return known ? std::optional(without_false_process(*known, levelled)) : std::nullopt;
}

std::optional<Prefix> infer_prefix(const std::vector<std::string_view>& lines) {
  const std::vector<Levelled> levelled = with_level(lines);
  return calls_among(levelled) > 0 ? infer_prefix(levelled, true) : std::nullopt;
}

const Prefix* find_prefix(std::string_view line) {
  Header header;
  for (const Prefix& prefix : known_prefixes())
    if (prefix.match(line, header) && !implausible(prefix, header)) return &prefix;
  return nullptr;
}

}  // namespace pgadvise::log
