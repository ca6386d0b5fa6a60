// What is shown: no control characters, no passwords.
#include "base/text/mask.h"
#include "base/text/text.h"
#include "support.h"

namespace pgadvise::fuzz {

// Could be one: of a length that the texts around it do not have by chance, and no variable.
static bool password(std::string_view text) {
  return text.size() > 12 && text.find_first_of(" \t\r\n\"'`&$") == std::string_view::npos &&
         text.front() != '-';
}

void terminal_text(std::string_view input) {
  const std::string line = printable(input);
  for (const char c : line)
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "no control character is shown");
  require(printable(line) == line, "what is printable stays");
  for (const char c : printable_block(input))
    require((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\n' || c == '\t',
            "a block has line ends and tabs alone");
  require(printable(ellipsis(input, 20)) == ellipsis(input, 20), "what is cut is printable");
  mask_credentials(input);
  looks_like_conninfo(input);
  if (!password(input)) return;
  for (const char* where :
       {"psql postgres://me:{}@h/d?a=b c", "PGPASSWORD={} x", "x --password {} y", "\"?password={}&b=1\""}) {
    const std::string text = replace_all(where, "{}", input);
    require(mask_credentials(text).find(input) == std::string::npos, "a password is masked");
  }
}

}  // namespace pgadvise::fuzz
