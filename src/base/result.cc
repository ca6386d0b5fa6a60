#include "base/result.h"

#include "base/mask.h"
#include "base/text.h"

namespace pgadvise {

std::string Error::line() const {
  std::string out;
  if (!where.empty()) out += mask_credentials(where) + ": ";
  out += mask_credentials(what);
  if (!hint.empty()) out += " (" + mask_credentials(hint) + ")";
  return printable(out);
}

}  // namespace pgadvise
