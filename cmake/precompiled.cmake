# Precompiled headers: half of the compiler's time goes into the headers that nearly every unit includes. A unit includes what it uses all
# the same: scripts/test-long compiles everything without them (CMAKE_DISABLE_PRECOMPILE_HEADERS=ON).
set(pgadvise_precompiled
  <algorithm> <array> <atomic> <chrono> <condition_variable> <cstdint> <filesystem> <fstream> <functional> <iostream> <map> <memory>
  <mutex> <optional> <set> <span> <sstream> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
  <fmt/format.h> <nlohmann/json.hpp> <tl/expected.hpp>)

# ccache keeps units with a precompiled header only if it is told that __TIME__ and the defines of that header do not matter, and if clang
# writes no times into it.
add_compile_options("$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
set(pgadvise_ccache_settings CCACHE_SLOPPINESS=pch_defines,time_macros)
