#include "base/text/number_format.h"

#include <fmt/format.h>

namespace pgadvise {

std::string short_count(double value) {
  if (value < 999.5) return fmt::format("{:.0f}", value);
  const char* units = "kMGTPE";
  for (value /= 1000; value >= 999.5 && units[1]; value /= 1000) ++units;
  return value < 9.95 ? fmt::format("{:.1f}{}", value, *units) : fmt::format("{:.0f}{}", value, *units);
}

std::string counted(std::uint64_t number, std::string_view noun, std::string_view several) {
  if (number == 1) return fmt::format("1 {}", noun);
  return several.empty() ? fmt::format("{} {}s", number, noun) : fmt::format("{} {}", number, several);
}

}  // namespace pgadvise
