// Figures as the reports of advise write them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgadvise::report {

std::string bytes(double value);                 // "12 kB", "1.2 MB", "3.40 GB": powers of 1000
std::string cost(double value);                  // of the planner: "1.5", "120", "250k", "12M"
std::string percent(double part, double whole);  // "12.3%"; "-" of nothing
// "1 query", "1,234 queries".
std::string plural(std::size_t count, std::string_view noun, std::string_view several);
std::string one_line(std::string_view text);  // printable, and spaces are single

}  // namespace pgadvise::report
