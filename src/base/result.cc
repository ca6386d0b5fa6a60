#include "base/result.h"

#include <set>

#include "base/text/mask.h"
#include "base/text/text.h"

namespace pgadvise {

std::string Error::line() const {
  std::string out;
  if (!where.empty()) out += mask_credentials(where) + ": ";
  out += mask_credentials(what);
  if (!hint.empty()) out += " (" + mask_credentials(hint) + ")";
  return printable(out);
}

void remove_repeated(Diagnostics& diagnostics) {
  std::set<std::string> errors, kept;
  for (const Error& error : diagnostics)
    if (error.kind != Error::Kind::nonfatal) errors.insert(error.line());
  std::erase_if(diagnostics, [&](const Error& error) {
    const std::string line = error.line();
    if (error.kind == Error::Kind::nonfatal && errors.count(line)) return true;
    return !kept.insert(line).second;
  });
}

}  // namespace pgadvise
