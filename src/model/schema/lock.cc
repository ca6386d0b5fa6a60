#include "model/schema/lock.h"

#include <array>

namespace pgadvise {
namespace {

struct Mode {
  std::string_view label;
  std::string_view in_pg_locks;
  unsigned conflicts;  // bit n: with mode n
};

constexpr unsigned from(LockMode weakest) { return 0xFFu & ~((1u << static_cast<unsigned>(weakest)) - 1u); }
constexpr unsigned without(unsigned modes, LockMode one) {
  return modes & ~(1u << static_cast<unsigned>(one));
}

constexpr std::array<Mode, 8> modes = {{
    {"ACCESS SHARE", "AccessShareLock", from(LockMode::access_exclusive)},
    {"ROW SHARE", "RowShareLock", from(LockMode::exclusive)},
    {"ROW EXCLUSIVE", "RowExclusiveLock", from(LockMode::share)},
    {"SHARE UPDATE EXCLUSIVE", "ShareUpdateExclusiveLock", from(LockMode::share_update_exclusive)},
    {"SHARE", "ShareLock", without(from(LockMode::row_exclusive), LockMode::share)},
    {"SHARE ROW EXCLUSIVE", "ShareRowExclusiveLock", from(LockMode::row_exclusive)},
    {"EXCLUSIVE", "ExclusiveLock", from(LockMode::row_share)},
    {"ACCESS EXCLUSIVE", "AccessExclusiveLock", from(LockMode::access_share)},
}};

}  // namespace

std::string_view label(LockMode mode) { return modes[static_cast<std::size_t>(mode)].label; }

std::optional<LockMode> lock_mode(std::string_view name) {
  for (std::size_t i = 0; i < modes.size(); ++i)
    if (modes[i].label == name || modes[i].in_pg_locks == name) return static_cast<LockMode>(i);
  return std::nullopt;
}

bool conflict(LockMode a, LockMode b) {
  return (modes[static_cast<std::size_t>(a)].conflicts >> static_cast<unsigned>(b)) & 1u;
}

}  // namespace pgadvise
