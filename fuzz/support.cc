#include "support.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/mman.h>
#include <unistd.h>

namespace pgadvise::fuzz {

MemoryFile::MemoryFile(std::string_view content) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
  for (std::size_t at = 0; at < content.size();) {
    const auto written = ::write(descriptor_, content.data() + at, content.size() - at);
    if (written <= 0) throw std::runtime_error("no memory file");
    at += static_cast<std::size_t>(written);
  }
  path_ = "/proc/self/fd/" + std::to_string(descriptor_);
}

MemoryFile::~MemoryFile() { ::close(descriptor_); }

TemporaryFolder::TemporaryFolder() {
  const char* where = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
  path_ = std::string(where) + "/pgadvise-fuzz-XXXXXX";
  if (!::mkdtemp(path_.data())) throw std::runtime_error("no temporary folder");
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code code;
  std::filesystem::remove_all(path_, code);
}

void TemporaryFolder::write(const std::string& name, std::string_view content) const {
  const auto file = std::filesystem::path(path_) / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

}  // namespace pgadvise::fuzz
