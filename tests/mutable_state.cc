// src and rules have no variables that outlive a call and change, but for those listed here: src/engine/check
// may be called twice in one process, and from several threads. Reads the sources as clang-format writes
// them: a declaration of namespace scope begins in the first column.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

// The name of the variable that outlives a call, is not constant, and is declared on this line; "": none is.
std::string mutable_state(const std::string& line) {
  static const std::regex no_variable(
      "\\s*(using|namespace|return|typedef|concept|class|struct|union|enum|extern|template|friend|else|case|"
      "goto|"
      "public|private|protected|static_assert|delete|throw|break|continue|default)\\b.*");
  static const std::regex pointer(".*\\*(?!\\s*const\\b)[^=({]*([=;{]|\\[).*");
  static const std::regex constant("\\s*(static |inline |constinit )*(const|constexpr)\\b.*");
  static const std::regex kept("\\s*((static|thread_local|inline|constinit) )+.*|[A-Za-z_].*");
  // In parentheses: arguments, which begin with a value. Parameters begin with a type and a name.
  static const std::string arguments =
      "\\((?:-?\\d|R?\"|'|\\{|(?!(?:int|bool|char|double|float|unsigned|long|short|void|auto)\\b)"
      "[a-z_]\\w*(?=[,).+(\\[-])|[\\w:]+[({]).*\\);.*";
  // A type, a name, and its end or its initializer. Any other "(" in front of these is a function's.
  static const std::regex variable(
      "\\s*((?:static|thread_local|inline|constinit) "
      ")*[A-Za-z_][\\w:]*(<[^()]*(?:\\([^()]*\\))?[^()]*>)?(::\\w+)?[ *&]+(?:const "
      ")?(\\w+)"
      "(\\[[^\\]]*\\])?( = .*| =|;.*|\\{.*|" +
      arguments + ")");
  std::smatch found;
  if (std::count(line.begin(), line.end(), ')') > std::count(line.begin(), line.end(), '(')) return {};
  if (std::regex_match(line, no_variable) || !std::regex_match(line, kept)) return {};
  if (std::regex_match(line, constant) &&
      !(std::regex_match(std::regex_replace(line, std::regex("<.*>|\"([^\"\\\\]|\\\\.)*\""), ""), pointer) &&
        line.find("constexpr") == std::string::npos))
    return {};
  const std::string declared = std::regex_replace(line, std::regex("\\bconst "), "");
  return std::regex_match(declared, found, variable) ? found[4].str() : std::string();
}

TEST(MutableState, IsRecognised) {
  for (const char* line :
       {"static std::set<std::string> paths;", "  static Pipes out;", "  static std::mutex one_by_one;",
        "  static std::atomic<int> count = 0;", "Verbosity the_talk;  // of one command",
        "static std::function<void(const Sent&)> sent_callback;", "bool shown = false;",
        "thread_local int depth = 0;", "inline int calls{0};", "  static const char* latest = nullptr;",
        "std::uint64_t counts[4] = {};", "  static auto cache = make_cache();", "static Foo x(1);",
        "  static std::vector<int> all(count, 0);", "Reader reader(\"x\");",
        "  static std::string name(std::size_t(4), ' ');", "thread_local Cache cache(options);"})
    EXPECT_NE(mutable_state(line), "") << line;
  for (const char* line : {"static const std::set<std::string> names = {",
                           "constexpr std::size_t max_events = 1000;",
                           "inline constexpr int most = 4;",
                           "static bool dead(const std::string& folder, bool is_new,",
                           "  static Result<InputFile> open(const std::string& path);",
                           "  int count = 0;",
                           "using Op = Predicate::Op;",
                           "constinit const Rule hash_index{",
                           "const ParseFailure too_deep{",
                           "extern char** environ;",
                           "struct Template {",
                           "std::string clean(std::string_view text) {",
                           "  static constexpr const char* names[] = {",
                           "  static const char* const words[] = {",
                           "static Foo make(int);",
                           "  static void add(const Options& options, int at);",
                           "void clear();",
                           "std::string name(std::string_view text);",
                           "  static const std::regex owner(\"a*[b]\", std::regex::icase);",
                           "class Reader {",
                           "concept Described = requires { Description<T>::fields; };",
                           "  static const std::vector<const Index*> none;",
                           "                        std::vector<int> more = {});",
                           "namespace fs = std::filesystem;"})
    EXPECT_EQ(mutable_state(line), "") << line;
}

TEST(MutableState, IsListedHereWithItsReason) {
  // Variable -> why it may be.
  std::map<std::string, std::string> allowed = {
      {"src/base/process/interrupt.cc was_interrupted", "a signal handler sets it"},
      {"src/front/review/terminal.cc signal_pipe",
       "a signal handler writes to it; a process has one terminal"},
      {"src/front/cli/output/messages.cc withheld", "one process runs one command"},
      {"src/front/cli/output/messages.cc complained", "one process runs one command"},
      {"src/front/cli/output/messages.cc logins", "one process runs one command"},
      {"src/front/cli/process/verbosity.cc current_verbosity", "one process runs one command"},
      {"src/front/cli/process/verbosity.cc literals_shown", "one process runs one command"},
  };
  const fs::path root = PGADVISE_SOURCE_DIR;
  int files = 0;
  for (const char* folder : {"src", "rules"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
      ++files;
      const std::string file = fs::relative(entry.path(), root).generic_string();
      std::ifstream in(entry.path());
      std::string line;
      for (int number = 1; std::getline(in, line); ++number)
        if (const auto name = mutable_state(line); !name.empty() && allowed.erase(file + " " + name) == 0)
          ADD_FAILURE() << file << ":" << number << ": " << name
                        << " outlives the call and can change: pass it as a value, or list it here";
    }
  EXPECT_GT(files, 300);
  for (const auto& [name, reason] : allowed) ADD_FAILURE() << name << " is listed, and is not there";
}

}  // namespace
