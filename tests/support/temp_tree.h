// A folder made of (path, text) pairs, gone when the test ends.
#pragma once

#include <atomic>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <utility>

#include <unistd.h>

namespace pgadvise::testing_support {

class TempTree {
 public:
  TempTree(std::initializer_list<std::pair<std::string, std::string>> files) {
    static std::atomic<int> count{0};
    root_ = std::filesystem::temp_directory_path() /
            ("pgadvise-tree-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(root_);
    for (const auto& [path, text] : files) add(path, text);
  }
  ~TempTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;

  void add(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  std::string path(const std::string& inside = "") const {
    return inside.empty() ? root_.generic_string() : (root_ / inside).generic_string();
  }

 private:
  std::filesystem::path root_;
};

}  // namespace pgadvise::testing_support
