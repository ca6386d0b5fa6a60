// Joins messages that an envelope stores in pieces: syslog gets one call for each line of a message and for
// each 900 bytes of a line, and calls of several processes are interleaved.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "log/formats/envelope.h"
#include "log/lines/lines.h"

namespace pgadvise::log {

// A line of the log, without its envelope.
struct PieceAhead {
  enum class Begin : std::uint8_t { nothing, record, annotation };  // annotation: DETAIL and the like
  Piece piece;
  bool inside = false;  // it is in the envelope
  Begin begins = Begin::nothing;
};

// Returns messages in the order in which they started. A limited number is open at a time, which bounds
// memory.
class PieceJoiner {
 public:
  // `annotates`: is this line, with what the envelope puts before it, DETAIL or the like?
  PieceJoiner(Envelope envelope, std::function<bool(std::string_view)> annotates)
      : annotates_(std::move(annotates)),
        whole_lines_(envelope == Envelope::cri),
        max_open_(whole_lines_ ? 2 : 64) {}

  // The next line, the `number`th of the log. false: it belongs to no line of its own: a part of the one
  // before it, or of a message whose beginning is not known.
  bool add(const Line& line, const PieceAhead& ahead, int number);
  // The lines of the messages that left the window, or of all; valid until the next call.
  void take(std::vector<Line>& lines, bool all);

 private:
  struct Text {
    std::string text;
    int number = 0;
    bool cut = false;
    bool terminated = true;
    bool extra = false;
  };
  struct Message {
    std::uint64_t origin = 0;
    std::uint64_t number = 0;
    std::vector<Text> lines;
    std::size_t bytes = 0;
    std::size_t last_size = 0;  // of the last piece
    bool last_whole = false;    // it can't have been divided at a blank
    bool goes_on = false;
  };

  Message* open_message(std::uint64_t origin);
  bool continues(const Line& line, const PieceAhead& ahead, std::string_view text, int number);
  void begin(const Line& line, const Piece& piece, int number);
  void close_oldest();
  void append(Message& message, std::string text, const Line& line, int number, bool extra);
  void glue(Message& message, std::string_view text, bool cut);
  static void remember(Message& message, std::string_view text, const Piece& piece);

  const std::function<bool(std::string_view)> annotates_;
  const bool whole_lines_;  // the server's; but for those that the envelope says it cut
  const std::size_t max_open_;
  std::deque<Message> open_;
  std::vector<Message> whole_;
  bool given_ = false;  // whole_ was taken
  std::size_t bytes_ = 0;
  std::size_t appended_ = 0;    // lines
  std::uint64_t previous_ = 0;  // origin of the line before
};

}  // namespace pgadvise::log
