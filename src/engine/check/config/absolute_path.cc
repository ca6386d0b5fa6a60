#include "check/config/absolute_path.h"

#include <filesystem>

namespace pgadvise::check {

namespace fs = std::filesystem;

std::string absolute_path(const std::string& path) {
  std::error_code code;
  const fs::path at = fs::absolute(path, code);
  std::string out = (code ? fs::path(path) : at).lexically_normal().generic_string();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

}  // namespace pgadvise::check
