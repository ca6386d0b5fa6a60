#include "model/source_location.h"

#include <utility>

#include "base/text/text.h"

namespace pgadvise {

std::string SourceLocation::str() const {
  if (live()) return "the server";
  std::string out = file;
  if (line > 0) out += ":" + std::to_string(line);
  if (line > 0 && column > 0) out += ":" + std::to_string(column);
  return out;
}

SourceLocation location_at(std::string file, const LineIndex& lines, std::size_t offset) {
  const auto position = lines.at(offset);
  return {std::move(file), position.line, position.column};
}

}  // namespace pgadvise
