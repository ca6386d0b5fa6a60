#include "model/source_location.h"

namespace pgadvise {

std::string SourceLocation::str() const {
  if (live()) return "the server";
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line);
  if (line > 0 && column > 0) out += ":" + std::to_string(column);
  return out;
}

}  // namespace pgadvise
