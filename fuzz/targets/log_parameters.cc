// A record's message and DETAIL: levels, kinds of messages, values.
#include "base/text/text.h"
#include "log/record/language.h"
#include "log/record/parameters.h"
#include "support.h"

namespace pgadvise::fuzz {

static std::string written(const Parameters& values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i)
    out += (i ? ", $" : "$") + std::to_string(i + 1) + " = " +
           (values[i] ? "'" + replace_all(*values[i], "'", "''") + "'" : "NULL");
  return out;
}

void log_parameters(std::string_view input) {
  const Parameters values = log::parse_parameters(input);
  require(log::parse_parameters(written(values)) == values, "values are read as they are written");
  require(log::hash_parameters(input, {}, 7) == log::hash_parameters(std::string(input), {}, 7),
          "a hash is of the text");
  log::hash_parameters(input, {1, 3}, 7);
  require(log::hash_parameters("", {1}, 7) == 7, "no values: the seed");
  log::parse_arguments(input);

  std::string_view rest = input;
  if (log::take_level(rest))
    require(within(rest, input) && rest.size() < input.size(), "a level is taken from the front");
  log::holds_level(input);
  log::level_of(input);
  log::looks_like_sql(input);
  const log::Message message = log::parse_message(input);
  require(within(message.sql, input), "the statement lies in the message");
  if (message.duration_ms) require(*message.duration_ms == *message.duration_ms, "a duration is a number");
  if (const auto detail = log::parameters_of(input))
    require(within(*detail, input), "the values lie in the detail");
}

}  // namespace pgadvise::fuzz
