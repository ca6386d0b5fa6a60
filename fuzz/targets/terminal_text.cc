// What is shown: no control characters, no passwords.
#include "base/mask.h"
#include "base/text.h"
#include "support.h"

namespace pgadvise::fuzz {

void terminal_text(std::string_view input) {
  const std::string line = printable(input);
  for (const char c : line) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "no control character is shown");
  require(printable(line) == line, "what is printable stays");
  for (const char c : printable_block(input))
    require((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\n' || c == '\t', "a block has line ends and tabs alone");
  require(printable(ellipsis(input, 20)) == ellipsis(input, 20), "what is cut is printable");
  const std::string masked = mask_credentials(input);
  require(mask_credentials(masked) == masked, "what is masked stays masked");
  looks_like_conninfo(input);
}

}  // namespace pgadvise::fuzz
