// Files are opened for reading by src/base/input_file.cc alone, which decides what kinds of files are inputs.
// Run as: input_readers_test SOURCE_DIR
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <string>

namespace fs = std::filesystem;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const fs::path root = argv[1];
  // File name -> why it may.
  const std::map<std::string, std::string> allowed = {
      {"input_file.cc", "the one place"},
      {"write_file.cc", "writes"},
      {"write_files.cc", "writes"},
      {"process.cc", "/dev/null for a child"},
      {"isolated_process.cc", "/proc for the user of a child's namespace"},
      {"sandbox_environment.cc", "the .env files of a folder, bounded"},
      {"server_process.cc", "locks and folders of sandboxes"},
      {"import_statistics.cc", "writes files of the sandbox's server"},
      {"console.cc", "the terminal"},
      {"cleanup.cc", "the answer to a question on a terminal"},
      {"verify_run.cc", "what /proc says about a process"},
      {"terminal.cc", "the terminal"},
      {"files.cc", "list_files(), bounded"},
      {"git.cc", "the folder of git, bounded"},
      {"tools.cc", "Folder, bounded"},
      {"boundary.cc", "link_out_of(), bounded"},
      {"patterns.cc", "expand_pattern(), bounded"},
      {"reader.cc", "folders of logs, bounded"},
      {"init.cc", "the folder of workflows, bounded"},
  };
  const std::regex reads(
      "ifstream|std::fstream|fopen\\(|popen\\(|std::cin|istreambuf_iterator|O_RDONLY|O_RDWR|O_WRONLY|::"
      "glob\\(|directory_iterator");
  int files = 0, wrong = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root / "src")) {
    if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
    ++files;
    std::ifstream in(entry.path());
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      if (!std::regex_search(line, reads) || allowed.count(entry.path().filename().string())) continue;
      ++wrong;
      std::cout
          << fs::relative(entry.path(), root).string() << ":" << number
          << ": opens or lists files by itself: use base/input_file.h, or add a row here with a bound\n";
    }
  }
  std::cout << files << " files, " << wrong << " readers beside base/input_file.h\n";
  return wrong || files < 10 ? 1 : 0;
}
