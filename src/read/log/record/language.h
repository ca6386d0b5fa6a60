// The words of the server's messages in the languages that lc_messages knows.
#pragma once

#include <optional>
#include <string_view>

#include "log/record/record.h"

namespace pgadvise::log {

// Takes "LOG:  " (French: "ASTUCE :  ") from the front of `text`, at most two blanks after the colon.
std::optional<Level> take_level(std::string_view& text);

// log_error_verbosity = verbose: takes "42P01: " from the front of a message, and gives the code; "" when
// there is none. A digit must be in it: a message may begin with a word and a colon.
std::string_view take_sqlstate_and_colon(std::string_view& message);
inline std::string_view take_sqlstate(std::string_view& message) {
  return message.size() > 6 && message[5] == ':' ? take_sqlstate_and_colon(message) : std::string_view{};
}

// Does a level with its colon stand anywhere in the line? Then it is a record, if of a prefix that isn't
// known.
bool holds_level(std::string_view line);

// The same for csvlog's and jsonlog's error_severity: the word alone.
std::optional<Level> level_of(std::string_view word);

struct Message {
  enum class Kind {
    other,
    duration,   // a duration alone
    statement,  // simple protocol
    execute,    // extended protocol
    fetch,      // more rows of a portal: not a new call
    step,       // parse, bind, fast path: timed, not a call
    plan,       // auto_explain
  };
  Kind kind = Kind::other;
  std::optional<double> duration_ms;
  std::string_view sql;  // of a plan: all that follows "plan:"
};
Message parse_message(std::string_view message);
void parse_message(std::string_view message,
                   Message& out);  // without a copy, which shows where each line of a log is one

// "parameters: $1 = …" -> "$1 = …"; nullopt: a DETAIL of another kind.
std::optional<std::string_view> parameters_of(std::string_view detail);

// Does it begin as a statement does? Tells a prepared statement's name from its text.
bool looks_like_sql(std::string_view text);

}  // namespace pgadvise::log
