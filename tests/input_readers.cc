// Files are opened for reading by src/base/files/input_file.cc alone, which decides what kinds of files are
// inputs, and JSON is parsed by src/base/text/json_parse.h alone, which bounds how deep it nests. Run as:
// input_readers_test SOURCE_DIR
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <string>

namespace fs = std::filesystem;

namespace {

// What only some files do themselves.
struct Task {
  std::regex code;
  std::map<std::string, std::string> allowed;  // file name -> why it may
  std::string advice;
};

const Task tasks[] = {
    {std::regex(
         "ifstream|std::fstream|fopen\\(|popen\\(|std::cin|istreambuf_iterator|O_RDONLY|O_RDWR|O_WRONLY|::"
         "glob\\(|directory_iterator"),
     {
         {"input_file.cc", "the one place"},
         {"write_file.cc", "writes"},
         {"write_files.cc", "writes"},
         {"process.cc", "/dev/null for a child"},
         {"namespaces.cc", "/proc for the user of a child's namespace"},
         {"isolation_refused.cc", "settings of the kernel in /proc"},
         {"private_files.cc", "devices and mounts of a child"},
         {"migrate_writes.cc", "looks for .git in a folder, bounded"},
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
         {"spool.cc", "the folder of the spool, bounded"},
         {"log_file.cc", "the folder of the log, bounded"},
         {"watch_files.cc", "locks and folders of temporary files, bounded"},
     },
     "opens or lists files by itself: use base/input_file.h, or add a row here with a bound"},
    {std::regex("(json|Json|Ordered)::(parse|accept|sax_parse)\\("),
     {
         {"json_parse.h", "the one place"},
         {"json_text.cc", "keeps no value, bounded"},
         {"json_file.cc", "bounded as there; its error has a line"},
         {"reader.cc", "plans, bounded as there; the error has a line"},
         {"catalog_snapshot.cc", "a bound in its callback"},
         {"statistics_file.cc", "a bound in its callback"},
         {"envelope.cc", "a bound in its callback"},
         {"logged_plan.cc", "a bound in its callback"},
         {"drizzle_log.cc", "a bound in its callback"},
         {"workload_file.cc", "a bound in its callback"},
     },
     "parses JSON by itself: use parsed_json() of base/json_parse.h, which bounds its depth"},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const fs::path root = argv[1];
  int files = 0, wrong = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root / "src")) {
    if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
    ++files;
    std::ifstream in(entry.path());
    std::string line;
    for (int number = 1; std::getline(in, line); ++number)
      for (const Task& task : tasks) {
        if (!std::regex_search(line, task.code) || task.allowed.count(entry.path().filename().string()))
          continue;
        ++wrong;
        std::cout << fs::relative(entry.path(), root).string() << ":" << number << ": " << task.advice
                  << "\n";
      }
  }
  std::cout << files << " files, " << wrong << " that read or parse by themselves\n";
  return wrong || files < 10 ? 1 : 0;
}
