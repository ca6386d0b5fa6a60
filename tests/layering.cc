// Holds src and rules against the tables of docs/architecture.md, "Folders": which folder may include which,
// and which includes a third-party header. No folder and no file (a header with the source of its name)
// includes itself by way of others; nor does a room, which is a folder in a folder. A header's functions are
// defined in the source of its name, or, if there is none, in one beside it. And src/read/sql: which of its
// files read parse trees.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/temp_tree.h"

namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;
using Graph = std::map<std::string, Names>;

struct Tables {
  Graph folders;                             // folder -> what it may include
  std::map<std::string, std::string> paths;  // folder -> its path: "sql" -> "src/read/sql"
  Graph headers;  // beginning of a third-party header's name -> the folders that may include it
};

std::string plain(std::string cell) {
  const auto first = cell.find_first_not_of(" `"), last = cell.find_last_not_of(" `");
  return first == std::string::npos ? "" : cell.substr(first, last - first + 1);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == separator) out.emplace_back();
    else out.back() += c;
  }
  return out;
}

Names list_of(const std::string& cell) {
  Names out;
  for (const auto& name : split(cell, ',')) out.insert(plain(name));
  out.erase("");
  out.erase("-");
  return out;
}

// "src/read/sql" -> the same, "rules/&lt;category&gt;" -> "rules"
std::string folder_path(const std::string& cell) {
  return cell.starts_with("src/") ? cell : cell.substr(0, cell.find('/'));
}

Tables read_tables(const fs::path& page) {
  Tables out;
  std::ifstream in(page);
  std::string line;
  enum class In { text, folders, headers } where = In::text;
  while (std::getline(in, line)) {
    const auto cells = split(line, '|');  // what is before the first and behind the last bar is no cell
    if (!line.starts_with("|") || cells.size() < 4) where = In::text;
    else if (plain(cells[1]) == "folder") where = In::folders;
    else if (plain(cells[1]) == "third-party header") where = In::headers;
    else if (line.starts_with("|---")) continue;
    else if (where == In::folders) {
      const std::string path = folder_path(plain(cells[1]));
      const std::string name = path.substr(path.rfind('/') + 1);
      out.paths[name] = path;
      out.folders[name] = list_of(cells[cells.size() - 2]);
    } else if (where == In::headers) out.headers[plain(cells[1])] = list_of(cells[cells.size() - 2]);
  }
  for (auto& [folder, may] : out.folders) {
    if (!may.count("all")) continue;
    may.clear();
    for (const auto& [other, unused] : out.folders)
      if (other != folder) may.insert(other);
  }
  return out;
}

// Each circle once, as "a -> b -> a".
class Circles {
 public:
  explicit Circles(const Graph& graph) : graph_(graph) {
    for (const auto& [node, unused] : graph) visit(node);
  }
  const std::vector<std::string>& found() const { return found_; }

 private:
  void visit(const std::string& node) {
    if (const auto open = std::find(way_.begin(), way_.end(), node); open != way_.end()) {
      std::string text;
      for (auto at = open; at != way_.end(); ++at) text += *at + " -> ";
      found_.push_back(text + node);
      return;
    }
    if (!done_.insert(node).second) return;
    const auto next = graph_.find(node);
    if (next == graph_.end()) return;
    way_.push_back(node);
    for (const auto& other : next->second) visit(other);
    way_.pop_back();
  }

  const Graph& graph_;
  std::vector<std::string> way_;
  Names done_;
  std::vector<std::string> found_;
};

class Check {
 public:
  explicit Check(fs::path root)
      : root_(std::move(root)), tables_(read_tables(root_ / "docs/architecture.md")) {
    if (tables_.folders.empty()) faults.push_back("docs/architecture.md has no table of folders");
    for (const auto& [folder, may] : tables_.folders) {
      if (const fs::path path = path_of(folder); fs::is_directory(path)) read_folder(folder, path);
      else
        faults.push_back(fs::relative(path, root_).generic_string() +
                         " is in the table of docs/architecture.md and does not exist");
      for (const auto& other : may)
        if (!tables_.folders.count(other))
          faults.push_back(folder + " may include " + other + ", which is not a folder of the table");
    }
    look_for_others("src");
    complain("folders that may include each other: ", tables_.folders);
    complain("folders that include each other: ", folders_);
    complain("rooms that include each other: ", rooms_);
    complain("files that include each other: ", files_);
  }
  std::vector<std::string> faults;
  int files_read = 0;

 private:
  fs::path path_of(const std::string& folder) const { return root_ / tables_.paths.at(folder); }

  // Folders that the table does not have, in `place` and in the groups below it ("src/read").
  void look_for_others(const std::string& place) {
    for (const auto& entry : fs::directory_iterator(root_ / place)) {
      if (!entry.is_directory()) continue;
      const std::string path = place + "/" + entry.path().filename().string();
      const auto is = [&](const auto& known) { return known.second == path; };
      const auto below = [&](const auto& known) { return known.second.starts_with(path + "/"); };
      if (std::any_of(tables_.paths.begin(), tables_.paths.end(), is)) continue;
      if (std::any_of(tables_.paths.begin(), tables_.paths.end(), below)) look_for_others(path);
      else faults.push_back(path + " is not in the table of docs/architecture.md");
    }
  }

  void complain(const std::string& what, const Graph& graph) {
    const Circles circles(graph);
    for (const auto& circle : circles.found()) faults.push_back(what + circle);
  }

  void read_folder(const std::string& folder, const fs::path& path) {
    for (const auto& entry : fs::recursive_directory_iterator(path))
      if (entry.path().extension() == ".cc" || entry.path().extension() == ".h")
        read_file(folder, entry.path());
  }

  void read_file(const std::string& folder, const fs::path& path) {
    static const std::regex include("^\\s*#\\s*include\\s+([<\"])([^>\"]+)[>\"].*");
    ++files_read;
    const fs::path base = path_of(folder).parent_path();
    const std::string file = fs::relative(path, base).replace_extension().generic_string();
    std::ifstream in(path);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      std::smatch match;
      if (!std::regex_match(line, match, include)) continue;
      const std::string name = match[2];
      const std::string place = fs::relative(path, root_).generic_string() + ":" + std::to_string(number) +
                                ": " + folder + " may not include ";
      for (const auto& [header, allowed] : tables_.headers)
        if (name.starts_with(header) && !allowed.count(folder)) faults.push_back(place + name);
      if (match[1] != "\"") continue;
      const std::string target = name.substr(0, name.find('/'));
      if (!tables_.folders.count(target)) continue;
      if (const auto other = fs::path(name).replace_extension().generic_string(); other != file)
        files_[file].insert(other);
      if (target == folder) {
        const auto room = [](const std::string& of) { return fs::path(of).parent_path().generic_string(); };
        if (room(file) != room(name)) rooms_[room(file)].insert(room(name));
        continue;
      }
      folders_[folder].insert(target);
      if (!tables_.folders.at(folder).count(target)) faults.push_back(place + target);
    }
  }

  const fs::path root_;
  const Tables tables_;
  Graph files_, folders_, rooms_;
};

// Each folder below src that holds sources: at most 25 files, unless it has registered entries, one file
// each; and a README.md of at most 15 lines.
struct Rooms {
  explicit Rooms(const fs::path& root) {
    static const Names entries = {"tools", "formats", "commands"};
    std::map<std::string, int> files;
    for (const auto& entry : fs::recursive_directory_iterator(root / "src"))
      if (entry.path().extension() == ".cc" || entry.path().extension() == ".h")
        ++files[fs::relative(entry.path().parent_path(), root).generic_string()];
    for (const auto& [room, count] : files) {
      if (count > 25 && !entries.count(fs::path(room).filename().string()))
        faults.push_back(room + " has " + std::to_string(count) + " files");
      std::ifstream in(root / room / "README.md");
      std::string line;
      int lines = 0;
      while (std::getline(in, line)) ++lines;
      if (lines == 0) faults.push_back(room + " has no README.md");
      if (lines > 15) faults.push_back(room + "/README.md has " + std::to_string(lines) + " lines");
    }
    rooms = static_cast<int>(files.size());
  }
  std::vector<std::string> faults;
  int rooms = 0;
};

// Functions that a header without a source of its name declares, and no source of its folder defines. What
// clang-format begins in the first column is a function's declaration if it ends with ");", else its
// definition; a class's are indented.
struct Headers {
  explicit Headers(const fs::path& root) {
    static const std::regex other("(inline|template|static|constexpr|using|typedef|extern|return|#|//).*");
    for (const auto& entry : fs::recursive_directory_iterator(root / "src")) {
      if (entry.path().extension() != ".h") continue;
      ++files_read;
      if (fs::exists(fs::path(entry.path()).replace_extension(".cc"))) continue;
      std::ifstream in(entry.path());
      std::string line, declaration;
      for (int number = 1, begin = 0; std::getline(in, line); ++number) {
        line = line.substr(0, line.find("//"));
        while (!line.empty() && line.back() == ' ') line.pop_back();
        const bool begins = !line.empty() && std::isalpha(static_cast<unsigned char>(line[0]));
        if (begins) declaration.clear(), begin = number;
        if (!begins && declaration.empty()) continue;
        declaration += line;
        if (declaration.find('{') != std::string::npos) declaration.clear();
        if (!declaration.ends_with(';')) continue;
        if (declaration.ends_with(");") && !std::regex_match(declaration, other) &&
            !defined_beside(entry.path(), declaration))
          faults.push_back(fs::relative(entry.path(), root).generic_string() + ":" + std::to_string(begin) +
                           ": " + declaration);
        declaration.clear();
      }
    }
    std::sort(faults.begin(), faults.end());
  }
  static bool defined_beside(const fs::path& header, const std::string& declaration) {
    const std::string start = declaration.substr(0, declaration.find('(') + 1);
    for (const auto& entry : fs::directory_iterator(header.parent_path())) {
      if (entry.path().extension() != ".cc") continue;
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);)
        if (line.starts_with(start) && !line.ends_with(';')) return true;
    }
    return false;
  }
  std::vector<std::string> faults;
  int files_read = 0;
};

// The files of src/read/sql that change or describe a schema take each statement as a value of
// sql/definitions.h: sql/definitions/definitions_*.cc alone read its parse tree, so that a form of a
// statement is read once.
struct TreeReaders {
  explicit TreeReaders(const fs::path& root) {
    static const std::regex without_trees("(steps|replay.*|schema_state|definitions)\\.(h|cc)");
    static const std::regex tree(
        "PgQuery__|PG_QUERY__|NODE\\(|node_case|NodeList|pg_query\\.h|tree_reader\\.h");
    for (const auto& entry : fs::recursive_directory_iterator(root / "src/read/sql")) {
      const std::string name = entry.path().filename().string();
      if (!std::regex_match(name, without_trees)) continue;
      ++files_read;
      std::ifstream in(entry.path());
      std::string line;
      for (int number = 1; std::getline(in, line); ++number)
        if (std::smatch match; std::regex_search(line, match, tree))
          faults.push_back(fs::relative(entry.path(), root).generic_string() + ":" + std::to_string(number) +
                           ": " + match.str());
    }
    std::sort(faults.begin(), faults.end());
  }
  std::vector<std::string> faults;
  int files_read = 0;
};

using pgadvise::testing_support::TempTree;

const std::string page =
    "# Architecture\n\n| folder | purpose | may include |\n|---|---|---|\n| src/a | the first | - |\n| src/b "
    "| the second | a |\n"
    "| rules/&lt;category&gt; | rules | a, b |\n\n| third-party header | may be included by |\n|---|---|\n| "
    "`pq` | b |\n";

std::vector<std::string> faults_of(const TempTree& tree) { return Check(tree.path()).faults; }

TEST(Layering, OfThisRepository) {
  const Check check(PGADVISE_SOURCE_DIR);
  for (const auto& fault : check.faults) ADD_FAILURE() << fault;
  EXPECT_GT(check.files_read, 100);
}

TEST(Layering, WhatFollowsTheTableHasNoFault) {
  const TempTree tree({{"docs/architecture.md", page},
                       {"src/a/x.h", ""},
                       {"src/a/x.cc", "#include \"a/x.h\"\n"},
                       {"src/b/y.cc", "#include <pq.h>\n#include \"a/x.h\"\n"},
                       {"rules/index/r.cc", "#include \"b/y.h\"\n"}});
  EXPECT_EQ(faults_of(tree), std::vector<std::string>());
}

TEST(Layering, AnIncludeThatTheTableDoesNotAllowIsNamed) {
  const TempTree tree({{"docs/architecture.md", page},
                       {"src/a/x.cc", "\n#include \"b/y.h\"\n#include <pq/more.h>\n"},
                       {"src/b/y.h", ""},
                       {"rules/r.cc", ""}});
  EXPECT_EQ(faults_of(tree), (std::vector<std::string>{"src/a/x.cc:2: a may not include b",
                                                       "src/a/x.cc:3: a may not include pq/more.h"}));
}

TEST(Layering, AFolderThatIsMissingOnOneSideIsNamed) {
  const TempTree tree(
      {{"docs/architecture.md", page}, {"src/a/x.h", ""}, {"src/c/z.h", ""}, {"rules/r.cc", ""}});
  EXPECT_EQ(faults_of(tree),
            (std::vector<std::string>{"src/b is in the table of docs/architecture.md and does not exist",
                                      "src/c is not in the table of docs/architecture.md"}));
  const TempTree without({{"docs/architecture.md", "# Architecture\n"}, {"src/a/x.h", ""}});
  EXPECT_EQ(faults_of(without),
            (std::vector<std::string>{"docs/architecture.md has no table of folders",
                                      "src/a is not in the table of docs/architecture.md"}));
}

TEST(Layering, FoldersAndFilesThatIncludeEachOtherAreNamed) {
  const TempTree pair({{"docs/architecture.md", page},
                       {"src/a/x.h", ""},
                       {"src/a/x.cc", "#include \"a/y.h\"\n"},
                       {"src/a/y.h", "#include \"a/x.h\"\n"},
                       {"src/b/z.h", ""},
                       {"rules/r.cc", ""}});
  EXPECT_EQ(faults_of(pair), std::vector<std::string>{"files that include each other: a/x -> a/y -> a/x"});
  std::string both = page;
  both.replace(both.find("first | -"), 9, "first | b");
  const TempTree folders({{"docs/architecture.md", both},
                          {"src/a/x.cc", "#include \"b/y.h\"\n"},
                          {"src/b/z.cc", "#include \"a/w.h\"\n"},
                          {"rules/r.cc", ""}});
  EXPECT_EQ(faults_of(folders), (std::vector<std::string>{"folders that may include each other: a -> b -> a",
                                                          "folders that include each other: a -> b -> a"}));
}

TEST(Layering, FoldersOfAGroupAndTheirRoomsAreRead) {
  const std::string grouped =
      "| folder | purpose | may include |\n|---|---|---|\n| src/a | one | - |\n| src/g/b | two | a |\n";
  const TempTree tree({{"docs/architecture.md", grouped},
                       {"src/a/x.cc", "#include \"b/one/y.h\"\n"},
                       {"src/g/b/one/y.h", "#include \"b/two/z.h\"\n"},
                       {"src/g/b/two/z.h", ""},
                       {"src/g/b/two/w.cc", "#include \"b/one/v.h\"\n"},
                       {"src/g/c/u.h", ""}});
  EXPECT_EQ(faults_of(tree),
            (std::vector<std::string>{"src/a/x.cc:1: a may not include b",
                                      "src/g/c is not in the table of docs/architecture.md",
                                      "rooms that include each other: b/one -> b/two -> b/one"}));
}

TEST(Rooms, AreSmallAndSayWhatTheyAreFor) {
  const Rooms here(PGADVISE_SOURCE_DIR);
  for (const auto& fault : here.faults) ADD_FAILURE() << fault;
  EXPECT_GT(here.rooms, 50);
  TempTree tree(
      {{"src/a/README.md", "# a\n"}, {"src/b/README.md", std::string(16, '\n')}, {"src/b/x.h", ""}});
  for (int file = 0; file < 26; ++file) tree.add("src/a/" + std::to_string(file) + ".cc", "");
  tree.add("src/c/tools/x.cc", "");
  EXPECT_EQ(Rooms(tree.path()).faults,
            (std::vector<std::string>{"src/a has 26 files", "src/b/README.md has 16 lines",
                                      "src/c/tools has no README.md"}));
}

TEST(Headers, DeclareWhatASourceBesideThemDefines) {
  const Headers headers(PGADVISE_SOURCE_DIR);
  for (const auto& fault : headers.faults) ADD_FAILURE() << fault;
  EXPECT_GT(headers.files_read, 100);
}

TEST(Headers, AFunctionWithoutASourceOfThatNameIsNamed) {
  const TempTree tree({{"src/a/x.h", "int one(\n    int more);\n"},
                       {"src/a/y.h", "int two();  // here\n"},
                       {"src/a/y.cc", ""},
                       {"src/a/z.h",
                        "struct Z {\n  int three();\n};\ninline int four() { return 4; }\n"
                        "// int five();\nstd::string six(int a);  // of six\n"}});
  EXPECT_EQ(Headers(tree.path()).faults, (std::vector<std::string>{"src/a/x.h:1: int one(    int more);",
                                                                   "src/a/z.h:6: std::string six(int a);"}));
}

TEST(TreeReaders, TheReplayAndTheStepsReadNoParseTree) {
  const TreeReaders readers(PGADVISE_SOURCE_DIR);
  for (const auto& fault : readers.faults)
    ADD_FAILURE() << fault << " belongs in sql/definitions/definitions_*.cc";
  EXPECT_GE(readers.files_read, 15);
}

TEST(TreeReaders, ALineThatReadsAParseTreeIsNamed) {
  const TempTree tree(
      {{"src/read/sql/replay/steps.cc",
        "#include \"sql/definitions/definitions.h\"\nif (node.node_case == 3) return;\n"},
       {"src/read/sql/replay/replay_create.h", "\n\nvoid create(const PgQuery__CreateStmt& stmt);\n"},
       {"src/read/sql/definitions/definitions.h", "#include <pg_query.h>\n"},
       {"src/read/sql/definitions/definitions_table.cc", "switch (node.node_case) {}\n"}});
  const TreeReaders readers(tree.path());
  EXPECT_EQ(readers.faults, (std::vector<std::string>{"src/read/sql/definitions/definitions.h:1: pg_query.h",
                                                      "src/read/sql/replay/replay_create.h:3: PgQuery__",
                                                      "src/read/sql/replay/steps.cc:2: node_case"}));
  EXPECT_EQ(readers.files_read, 3);
}

}  // namespace
