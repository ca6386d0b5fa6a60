#include <algorithm>
#include <stdexcept>

#include "report/report.h"

namespace pgadvise::report {

const Format* find_format(std::string_view name) {
  const auto known = all_formats();
  const auto at =
      std::find_if(known.begin(), known.end(), [&](const Format* format) { return format->name == name; });
  return at == known.end() ? nullptr : *at;
}

std::string render(std::string_view format, const Report& report, const Options& options) {
  const Format* found = find_format(format);
  if (!found) throw std::logic_error("no format " + std::string(format));
  return found->render(report, options);
}

}  // namespace pgadvise::report
