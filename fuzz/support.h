// What the targets share. A target is fuzz/targets/<name>.cc with `void <name>(std::string_view input)`: it
// feeds the input to one reader and throws Broken where something is wrong that is no crash. Called again and
// again in one process.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace pgadvise::fuzz {

struct Broken : std::logic_error {
  using std::logic_error::logic_error;
};

inline void require(bool holds, const char* what) {
  if (!holds) throw Broken(what);
}

inline bool within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// "first\nrest": for targets that take two inputs.
struct Two {
  std::string_view first;
  std::string_view rest;
};
inline Two two(std::string_view input) {
  const auto end = input.find('\n');
  return {input.substr(0, end), end == std::string_view::npos ? std::string_view{} : input.substr(end + 1)};
}

// A file in memory, by a path that any reader can open.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content);
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  int descriptor_;
  std::string path_;
};

// A folder of its own, gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  void write(const std::string& name, std::string_view content) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace pgadvise::fuzz
