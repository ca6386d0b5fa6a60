// Secrets in what is shown: the first look at a text misses none.
#include "base/text/mask.h"

#include "support.h"

namespace pgadvise::fuzz {

void mask(std::string_view input) {
  require(mask_secrets(input) == mask_secrets_in_each_form(input),
          "the first look finds each text with a secret");
}

}  // namespace pgadvise::fuzz
