// Who may include whom: docs/architecture.md, "Rooms". Run as: layering_test SOURCE_DIR
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace fs = std::filesystem;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const fs::path root = argv[1];
  const std::map<std::string, std::set<std::string>> allowed = {
      {"base", {}},
      {"model", {"base"}},
      {"sql", {"base", "model"}},
      {"log", {"base", "model", "sql"}},
      {"files", {"base", "model"}},
      {"drizzle", {"base", "model", "sql", "files"}},
      {"migrations", {"base", "model", "sql", "files", "drizzle"}},
      {"deploy", {"base", "model", "sql", "files", "drizzle", "migrations"}},
      {"plan", {"base", "model", "sql"}},
      {"pg", {"base", "model", "sql", "plan"}},
      {"lint", {"base", "model"}},
      {"rules", {"base", "model", "lint", "rules"}},
      {"advisor", {"base", "model", "sql", "plan"}},
      {"report", {"base", "model", "lint", "plan"}},
      {"review", {"base", "model", "sql", "files", "plan", "lint", "report"}},
      {"cli", {"base", "model", "sql", "log", "files", "drizzle", "migrations", "deploy", "plan", "pg", "lint", "advisor", "report", "review", "rules"}},
  };
  // Third-party headers that belong to one room, or to a few.
  const std::map<std::string, std::set<std::string>> guarded = {
      {"pg_query", {"sql"}},
      {"libpq-fe.h", {"pg"}},
      {"nlohmann/", {"report", "files", "drizzle", "migrations", "deploy", "plan", "log", "cli"}},
      {"yaml-cpp/", {"files"}},
      {"CLI/", {"cli"}},
      {"toml++/", {"cli"}},
  };
  const std::regex own("^\\s*#\\s*include\\s+\"([a-z]+)/.*");
  const std::regex any("^\\s*#\\s*include\\s+[<\"]([^>\"]+)[>\"].*");
  int files = 0;
  int wrong = 0;
  const auto check = [&](const std::string& room, const fs::path& file) {
    ++files;
    std::ifstream in(file);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      std::smatch match;
      const auto complain = [&](const std::string& what) {
        ++wrong;
        std::cout << fs::relative(file, root).string() << ":" << number << ": " << room << " may not include " << what << "\n";
      };
      if (std::regex_match(line, match, own)) {
        const std::string target = match[1];
        if (target != room && allowed.count(target) && !allowed.at(room).count(target)) complain(target);
      }
      if (std::regex_match(line, match, any))
        for (const auto& [header, rooms] : guarded)
          if (match[1].str().rfind(header, 0) == 0 && !rooms.count(room)) complain(header);
    }
  };
  for (const auto& [room, unused] : allowed) {
    const fs::path folder = room == "rules" ? root / "rules" : root / "src" / room;
    if (!fs::exists(folder)) {
      std::cout << folder.string() << " is gone: mend this table and docs/architecture.md\n";
      return 1;
    }
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".cc" || entry.path().extension() == ".h") check(room, entry.path());
  }
  for (const auto& entry : fs::directory_iterator(root / "src"))
    if (entry.is_directory() && !allowed.count(entry.path().filename().string())) {
      ++wrong;
      std::cout << "src/" << entry.path().filename().string() << " is not in the table\n";
    }
  std::cout << files << " files, " << wrong << " wrong includes\n";
  return wrong || files < 10 ? 1 : 0;
}
