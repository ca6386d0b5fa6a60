// Every input in fuzz/corpus and the fixtures of fuzz/seeds through its target, then a short while of inputs
// made of them: what fuzzing found once stays found, without clang. scripts/fuzz is the real thing.
// PGADVISE_FUZZ_SECONDS: the while, for each.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "fuzz_targets.h"
#include "support.h"

namespace pgadvise::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_input = 1 << 14;  // of those made here
constexpr std::size_t long_input = 100'000;
#ifdef __SANITIZE_ADDRESS__
constexpr double too_long = 60;
#else
constexpr double too_long = 6;  // seconds of CPU for a long input, where milliseconds are usual
#endif

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

using Clock = std::chrono::steady_clock;

Clock::time_point end_of(std::chrono::milliseconds usual) {
  const char* given = std::getenv("PGADVISE_FUZZ_SECONDS");
  return Clock::now() + (given ? std::chrono::seconds(std::atoi(given)) : usual);
}

const fs::path source = PGADVISE_SOURCE_DIR;

struct Seeds {
  std::string dictionary;
  std::vector<fs::path> folders;
};

Seeds seeds_of(const std::string& target) {
  std::ifstream in(source / "fuzz" / "seeds");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name, folder;
    Seeds seeds;
    words >> name >> seeds.dictionary;
    if (name != target) continue;
    seeds.folders.push_back(source / "fuzz" / "corpus" / target);
    while (words >> folder) seeds.folders.push_back(source / folder);
    return seeds;
  }
  return {};
}

std::vector<fs::path> files_in(const std::vector<fs::path>& folders) {
  std::vector<fs::path> out;
  for (const auto& folder : folders)
    if (fs::is_directory(folder))
      for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file()) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

// libFuzzer's form: "text" a line, with \\, \" and \xNN.
std::vector<std::string> dictionary(const std::string& name) {
  std::vector<std::string> out;
  std::ifstream in(source / "fuzz" / "dictionaries" / (name + ".dict"));
  for (std::string line; std::getline(in, line);) {
    std::string word;
    for (std::size_t i = 1; i + 1 < line.size(); ++i) {
      if (line[i] == '\\' && line[i + 1] == 'x') {
        word += static_cast<char>(std::stoi(line.substr(i + 2, 2), nullptr, 16));
        i += 3;
      } else {
        word += line[i] == '\\' ? line[++i] : line[i];
      }
    }
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

// One input from others: what is cut, doubled, mixed and overwritten.
class Mutator {
 public:
  Mutator(const std::vector<std::string>& inputs, const std::vector<std::string>& words)
      : inputs_(inputs), words_(words) {}

  std::string next() {
    std::string out = part(inputs_[below(inputs_.size())], longest_input);
    for (auto times = 1 + below(6); times > 0; --times) change(out);
    out.resize(std::min(out.size(), longest_input));
    return out;
  }

 private:
  std::size_t below(std::size_t limit) { return limit ? random_() % limit : 0; }
  std::string part(const std::string& text, std::size_t longest) {
    const auto from = text.size() > longest ? below(text.size() - longest) : 0;
    return text.substr(from, longest);
  }
  void change(std::string& text) {
    const auto at = below(text.size() + 1);
    const auto length = 1 + below(std::min<std::size_t>(text.size() - at + 1, 64));
    switch (below(7)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(at, text.substr(at, length)); break;
      case 4: text.insert(at, words_[below(words_.size())]); break;
      case 5: text.insert(at, part(inputs_[below(inputs_.size())], 200)); break;
      default: text.resize(at);
    }
  }

  const std::vector<std::string>& inputs_;
  const std::vector<std::string>& words_;
  std::mt19937 random_{1};
};

// Keeps the input that is being tried in a file, and so after a crash; gone when all went well.
class Tried {
 public:
  explicit Tried(const std::string& target) : path_(::testing::TempDir() + "fuzz-input-" + target) {
    const int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || ::ftruncate(file, room) != 0) throw std::runtime_error("can't write " + path_);
    memory_ = static_cast<char*>(::mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    ::close(file);
    if (memory_ == MAP_FAILED) throw std::runtime_error("can't map " + path_);
  }
  ~Tried() {
    ::munmap(memory_, room);
    if (good_) fs::remove(path_);
  }
  // Four bytes of length, then the input.
  void keep(std::string_view input) {
    const auto size = static_cast<std::uint32_t>(input.size());
    std::memcpy(memory_, &size, sizeof size);
    std::memcpy(memory_ + sizeof size, input.data(), input.size());
  }
  void all_went_well() { good_ = true; }

 private:
  static constexpr std::size_t room = longest_input + sizeof(std::uint32_t);
  std::string path_;
  char* memory_ = nullptr;
  bool good_ = false;
};

[[maybe_unused]] void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

class FuzzCorpus : public ::testing::TestWithParam<Target> {};

// Named in fuzz/seeds, or nothing of what follows runs over anything.
TEST_P(FuzzCorpus, HasSeeds) {
  const Seeds seeds = seeds_of(GetParam().name);
  EXPECT_FALSE(dictionary(seeds.dictionary).empty());
  EXPECT_FALSE(files_in(seeds.folders).empty());
  for (const auto& folder : seeds.folders) EXPECT_TRUE(fs::is_directory(folder)) << folder;
}

TEST_P(FuzzCorpus, IsRead) {
  for (const auto& file : files_in(seeds_of(GetParam().name).folders)) {
    SCOPED_TRACE(file.string());
    const auto input = read_file(file.string());
    ASSERT_TRUE(input.has_value());
    EXPECT_NO_THROW(GetParam().run(*input));
  }
}

TEST_P(FuzzCorpus, AndWhatIsMadeOfIt) {
  const Seeds seeds = seeds_of(GetParam().name);
  std::vector<std::string> inputs;
  for (const auto& file : files_in(seeds.folders)) inputs.push_back(read_file(file.string()).value_or(""));
  const auto words = dictionary(seeds.dictionary);
  ASSERT_FALSE(inputs.empty() || words.empty());
  Mutator mutator(inputs, words);
  Tried tried(GetParam().name);
  int runs = 0;
  for (const auto end = end_of(std::chrono::seconds(2)); Clock::now() < end; ++runs) {
    const std::string input = mutator.next();
    tried.keep(input);
    ASSERT_NO_THROW(GetParam().run(input)) << printable(input);
  }
  tried.all_went_well();
  RecordProperty("runs", runs);
}

// The same over and over finds what takes quadratic time, or recurses.
TEST_P(FuzzCorpus, AndLongRepetitions) {
  const Seeds seeds = seeds_of(GetParam().name);
  auto words = dictionary(seeds.dictionary);
  for (const char* word : {"(", "[", "{",  "\"", "'",  "`",   "\\", ",",  "\n",      " ",   "a",  "0",    ".",
                           ":", "@", "$(", "((", "a,", "a\n", "- ", "a(", "{\"a\":", "://", "/*", "<<A\n"})
    words.emplace_back(word);
  std::shuffle(words.begin(), words.end(), std::mt19937(1));
  const auto end = end_of(std::chrono::seconds(1));
  for (const auto& word : words)
    for (const std::string begin : {"", "SELECT ", "2024-05-01 12:00:00.000 UTC [77] LOG:  statement: ",
                                    "=== .github/workflows/ci.yml\n", "=== Dockerfile\nRUN "}) {
      if (Clock::now() > end) return;
      std::string input = begin;
      while (input.size() < long_input) input += word;
      const double start = cpu_seconds();
      ASSERT_NO_THROW(GetParam().run(input)) << printable(begin + word);
      ASSERT_LT(cpu_seconds() - start, too_long) << printable(begin + word);
    }
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzCorpus, ::testing::ValuesIn(targets),
                         [](const auto& target) { return std::string(target.param.name); });

}  // namespace
}  // namespace pgadvise::fuzz
