// First line: log_line_prefix; then lines that it may fit.
#include "base/text/text.h"
#include "log/prefix/prefix_search.h"
#include "support.h"

namespace pgadvise::fuzz {

static void check(const log::Prefix& prefix, std::string_view line) {
  log::Header header, again;
  const bool fits = prefix.match(line, header);
  require(prefix.match(line, again) == fits, "the same line gives the same answer");
  if (!fits) return;
  for (const auto part : {header.process, header.session, header.user, header.database, header.application,
                          header.host, header.message})
    require(within(part, line), "views lie in the line");
  require(
      header.message.empty() || header.message.data() + header.message.size() == line.data() + line.size(),
      "the message is the line's end");
  require(header.time == again.time && header.user == again.user && header.message == again.message,
          "the same line gives the same header");
}

void log_prefix(std::string_view input) {
  const auto [pattern, text] = two(input);
  const log::Prefix prefix{std::string(pattern)};
  require(prefix.pattern() == pattern, "the pattern is kept");
  const auto lines = split(text, '\n');
  log::PrefixReader reader;  // remembers lines, and says the same
  for (const auto line : lines) {
    check(prefix, line);
    log::Header own, read;
    const bool fits = prefix.match(line, own);
    require(reader.match(prefix, line, read) == fits, "what is remembered fits as what is read");
    if (fits)
      require(own.time == read.time && own.level == read.level && own.process == read.process &&
                  own.session == read.session && own.user == read.user && own.database == read.database &&
                  own.application == read.application && own.host == read.host && own.message == read.message,
              "what is remembered is what is read");
    if (const log::Prefix* known = log::find_prefix(line)) {
      check(*known, line);
      log::Header header;
      require(known->match(line, header), "what is found fits");
    }
  }
  for (const bool infer : {false, true}) log::find_prefix(lines, infer);
}

}  // namespace pgadvise::fuzz
