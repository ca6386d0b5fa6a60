#include "log/formats/pieces.h"

#include <algorithm>
#include <utility>

#include "base/text/text.h"

namespace pgadvise::log {
namespace {

// The server divides at 900 bytes: at a blank, which begins the next piece, or within a word where there is
// none. Less is asked for: a proxy may have put other characters for some.
constexpr std::size_t fewest_divided = 800;
constexpr std::size_t max_bytes = std::size_t{4} << 20;

bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

PieceJoiner::Message* PieceJoiner::open_message(std::uint64_t origin) {
  if (origin == 0) return nullptr;
  const auto found = std::ranges::find(open_.rbegin(), open_.rend(), origin, &Message::origin);
  return found == open_.rend() ? nullptr : &*found;
}

void PieceJoiner::append(Message& message, std::string text, const Line& line, int number, bool extra) {
  ++appended_;
  message.bytes += text.size();
  bytes_ += text.size();
  message.lines.push_back({std::move(text), number, line.cut, line.terminated, extra});
}

// With syslog_split_messages = off the lines of a message come in one piece: those of a statement with a tab
// each, DETAIL and the like with the server's prefix.
void PieceJoiner::begin(const Line& line, const Piece& piece, int number) {
  open_.emplace_back();
  Message& message = open_.back();
  message.origin = piece.origin;
  message.number = piece.message;
  const std::string_view front = line.text.substr(0, piece.front);
  std::string_view rest = line.text;
  while (rest.ends_with('\n')) rest.remove_suffix(1);
  std::string text;
  bool extra = false;
  for (bool more = true; more;) {
    const auto end = std::min(rest.find('\n'), rest.size());
    more = end < rest.size();
    text.append(rest.substr(0, end));
    rest.remove_prefix(end + more);
    if (!more) break;
    const bool tabbed = rest.starts_with('\t');
    std::string next(front);
    if (!tabbed) next.append(rest.substr(0, rest.find('\n')));
    if (!tabbed && annotates_(next)) {
      append(message, std::exchange(text, std::string(front)), line, number, extra);
      extra = true;
    } else {
      text += '\n';
      rest.remove_prefix(tabbed);
    }
  }
  append(message, std::move(text), line, number, extra);
  remember(message, line.text.substr(piece.front), piece);
}

void PieceJoiner::glue(Message& message, std::string_view text, bool cut) {
  Text& last = message.lines.back();
  last.cut |= cut || last.text.size() + text.size() > longest_text;
  if (last.text.size() + text.size() > longest_text) return;
  last.text += text;
  message.bytes += text.size();
  bytes_ += text.size();
}

void PieceJoiner::remember(Message& message, std::string_view text, const Piece& piece) {
  message.last_size = text.size();
  message.last_whole = text.size() > 1 && std::none_of(text.begin() + 1, text.end(), blank);
  message.goes_on = piece.goes_on;
}

// Goes on with an open message, or would with one that isn't known.
bool PieceJoiner::continues(const Line& line, const PieceAhead& ahead, std::string_view text, int number) {
  using Begin = PieceAhead::Begin;
  const bool numbered = ahead.piece.message != 0, tabbed = text.starts_with('\t');
  Message* const message = open_message(ahead.inside ? ahead.piece.origin : previous_);
  if (!message || (numbered && message->number != ahead.piece.message))
    return ahead.inside && (numbered || tabbed || text.starts_with(' '));
  const bool annotates = ahead.begins == Begin::annotation;
  const bool divided =
      message->goes_on ||
      (!whole_lines_ && !annotates &&
       (text.starts_with(' ') || (!tabbed && message->last_whole && message->last_size >= fewest_divided)));
  if (!divided && !tabbed && !annotates && !numbered) return false;
  if (message->bytes > longest_text && !annotates) message->lines.back().cut = true;
  else if (divided) glue(*message, text, line.cut);
  else
    append(*message,
           annotates ? std::string(line.text)
           : tabbed  ? std::string(text)
                     : "\t" + std::string(text),
           line, number, false);
  remember(*message, text, ahead.piece);
  return true;
}

bool PieceJoiner::add(const Line& line, const PieceAhead& ahead, int number) {
  const Piece& piece = ahead.piece;
  if (std::exchange(given_, false)) whole_.clear();
  const std::size_t before = appended_;
  const auto goes_on = [&] {
    const Message* const message = whole_lines_ ? open_message(piece.origin) : nullptr;
    return message && message->goes_on;
  };
  const bool first =
      piece.message ? piece.number <= 1 : ahead.begins == PieceAhead::Begin::record && !goes_on();
  if (first || !continues(line, ahead, line.text.substr(piece.front), number)) begin(line, piece, number);
  if (ahead.inside) previous_ = piece.origin;
  // At once, whatever the log is cut into for reading.
  while (open_.size() > max_open_ || (bytes_ > max_bytes && open_.size() > 1)) close_oldest();
  return appended_ > before;
}

void PieceJoiner::close_oldest() {
  bytes_ -= open_.front().bytes;
  whole_.push_back(std::move(open_.front()));
  open_.pop_front();
}

void PieceJoiner::take(std::vector<Line>& lines, bool all) {
  lines.clear();
  if (given_) whole_.clear();
  while (all && !open_.empty()) close_oldest();
  given_ = true;
  for (const Message& message : whole_)
    for (const Text& text : message.lines)
      lines.push_back({text.text, text.cut, text.terminated, text.extra, text.number});
}

}  // namespace pgadvise::log
