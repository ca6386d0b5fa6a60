#include "report/text/advice_figures.h"

#include <cmath>

#include <fmt/format.h>

#include "base/text/text.h"
#include "report/text/figures.h"

namespace pgadvise::report {

std::string bytes(double value) {
  if (value < 999'500) return fmt::format("{:.0f} kB", std::ceil(value / 1e3));
  if (value < 999.5e6) return fmt::format("{:.{}f} MB", value / 1e6, value < 9.95e6 ? 1 : 0);
  return fmt::format("{:.2f} GB", value / 1e9);
}

std::string cost(double value) {
  if (value < 99'999.5) return fmt::format("{:.{}f}", value, value < 99.95 ? 1 : 0);
  if (value < 9.995e6) return fmt::format("{:.0f}k", value / 1e3);
  if (value < 9.995e9) return fmt::format("{:.0f}M", value / 1e6);
  return fmt::format("{:.3g}", value);
}

std::string percent(double part, double whole) {
  return whole > 0 ? fmt::format("{:.1f}%", 100 * part / whole) : "-";
}

std::string plural(std::size_t count, std::string_view noun, std::string_view several) {
  return fmt::format("{} {}", report::count(count), count == 1 ? noun : several);
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : printable(text))
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
  return out;
}

}  // namespace pgadvise::report
