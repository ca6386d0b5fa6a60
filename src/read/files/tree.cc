#include "files/tree.h"

#include <algorithm>
#include <array>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"

namespace pgadvise::files {
namespace {

template <std::size_t N>
bool any_part(std::string_view path, char separator, const std::array<std::string_view, N>& names) {
  const auto parts = split(path, separator);
  return std::any_of(parts.begin(), parts.end(), [&](auto part) { return is_one_of(part, names); });
}

}  // namespace

bool named_for_development(std::string_view file) {
  static constexpr std::array<std::string_view, 13> words = {
      "dev",   "development", "develop", "test",         "tests",      "testing", "e2e",
      "local", "ci",          "debug",   "devcontainer", "playwright", "example"};
  std::string name = lower(base_of(file));
  std::replace_if(name.begin(), name.end(), [](char c) { return c == '-' || c == '_' || c == ' '; }, '.');
  return any_part(name, '.', words);
}

// "sdl_testdata", "test_app", "integration-tests", "sqlx-test", "stub"; but not "ab-test" and "pay_stubs",
// features, "app-with-tests", and "20221228175137_run_is_test", a migration.
static bool composed_with_test(std::string_view folder) {
  static constexpr std::array<std::string_view, 11> words = {"test",     "tests",   "testdata", "testapp",
                                                             "testapps", "fixture", "fixtures", "testsuite",
                                                             "e2e",      "stub",    "stubs"};
  std::string name(folder);
  std::replace_if(name.begin(), name.end(), [](char c) { return c == '-' || c == '_'; }, '.');
  const bool numbered = !name.empty() && is_digit(name.front());
  return !numbered && any_part(name, '.', words) && !name.starts_with("ab.") && !name.starts_with("split.") &&
         !name.starts_with("pay.") && !contains(name, "with.");
}

static bool of_tests(std::string_view folder) {
  static constexpr std::array<std::string_view, 23> names = {
      "testdata",     "test",       "tests",      "__tests__",     "e2e",        "fixtures",
      "__fixtures__", "docs",       "doc",        ".devcontainer", "playground", "playgrounds",
      "cypress",      "playwright", "benchmarks", "benchmark",     ".storybook", ".vscode",
      ".idea",        ".gitpod",    "__mocks__",  "mocks",         "testing"};
  return is_one_of(folder, names) || composed_with_test(folder);
}

std::string_view folder_of_tests(std::string_view path) {
  const std::string low = lower(folder_of(path));
  for (std::size_t at = 0; at < low.size();) {
    const std::size_t end = std::min(low.find('/', at), low.size());
    if (of_tests(std::string_view(low).substr(at, end - at))) return path.substr(0, end);
    at = end + 1;
  }
  return {};
}

bool never_deployed(std::string_view path) { return !folder_of_tests(path).empty(); }

bool deployed_by_others(std::string_view path) {
  static constexpr std::array<std::string_view, 10> folders = {"example", "examples", "template", "templates",
                                                               "starter", "starters", "demo",     "demos",
                                                               "sample",  "samples"};
  return any_part(lower(folder_of(path)), '/', folders);
}

Tree::Tree(std::string root, Diagnostics& diagnostics, const LeaveOut& leave_out)
    : root_(std::move(root)), diagnostics_(diagnostics) {
  files_ = list_files(root_, diagnostics_, leave_out);
  set_.insert(files_.begin(), files_.end());
}

const std::string* Tree::text(const std::string& path) {
  if (!has(path)) return nullptr;
  auto it = texts_.find(path);
  if (it == texts_.end()) {
    auto content = read_file(root_ + "/" + path, text_limit);
    if (content) {
      read_.insert(path);
      it = texts_.emplace(path, std::make_unique<std::string>(std::move(*content))).first;
    } else {
      report_once(path, content.error());
      it = texts_.emplace(path, nullptr).first;
    }
  }
  return it->second.get();
}

void Tree::report_once(const std::string& path, Error error) {
  if (!reported_.insert(path).second) return;
  error.kind = Error::Kind::nonfatal;
  error.where = path;
  diagnostics_.push_back(std::move(error));
}

const std::string* Tree::peek(const std::string& path) {
  auto content = read_file(root_ + "/" + path, text_limit);
  if (!content) {
    if (has(path)) report_once(path, content.error());
    return nullptr;
  }
  peeked_ = std::move(*content);
  return &peeked_;
}

// A file that another program fills in before anything reads it: cookiecutter's, Helm's, Yeoman's.
static bool is_template(std::string_view path, std::string_view text) {
  return contains(path, "{{") || contains(text, "{{") || contains(text, "<%") || contains(text, "{%") ||
         (deployed_by_others(path) && contains(text, "${"));
}

void Tree::report_broken(const std::string& path, const std::string& text, Error error) {
  if (is_template(path, text)) return;
  error.kind = Error::Kind::nonfatal;
  diagnostics_.push_back(std::move(error));
}

std::optional<Package> Tree::read_package(const std::string& path, const std::string& text) {
  const auto root = parse_json(text, path);
  if (!root) {
    report_broken(path, text, root.error());
    return std::nullopt;
  }
  Package package{path, std::string(folder_of(path)), text_member(*root, "name")};
  const JsonPlaces places(text, path, 2);
  for (const auto& [name, body] : member(*root, "scripts").items()) {
    if (!body.is_string()) continue;
    package.scripts[name] = body.get<std::string>();
    package.script_offsets[name] = places.key_offset({"scripts", name}).value_or(0);
  }
  for (const auto* list : {"dependencies", "devDependencies"}) {
    const Json& names = member(*root, list);
    if (names.is_object())
      for (const auto& [name, version] : names.items()) package.dependencies.insert(name);
    if (package.drizzle_orm.empty()) package.drizzle_orm = text_member(names, "drizzle-orm");
  }
  package.prisma_seed = text_member(member(*root, "prisma"), "seed");
  package.prisma_schema = text_member(member(*root, "prisma"), "schema");
  package.uses_drizzle =
      package.dependencies.count("drizzle-orm") || package.dependencies.count("drizzle-kit");
  return package;
}

const std::vector<Package>& Tree::packages() {
  if (!packages_) {
    packages_.emplace();
    for (const auto& path : files_) {
      if (base_of(path) != "package.json") continue;
      if (const std::string* content = text(path))
        if (auto package = read_package(path, *content)) packages_->push_back(std::move(*package));
    }
  }
  return *packages_;
}

const Package* Tree::package_of(std::string_view folder) {
  for (;;) {
    for (const auto& package : packages())
      if (package.folder == folder) return &package;
    if (folder.empty()) return nullptr;
    folder = folder_of(folder);
  }
}

std::vector<const Package*> Tree::packages_named(std::string filter) {
  filter.erase(filter.find_last_not_of(".^") + 1);
  filter.erase(0, filter.find_first_not_of(".^{/"));
  if (!filter.empty() && filter.back() == '}') filter.pop_back();
  std::vector<const Package*> out;
  for (const auto& package : packages())
    if (package.name == filter || package.folder == normal_path(filter)) out.push_back(&package);
  if (out.empty())
    for (const auto& package : packages())
      if (!filter.empty() && base_of(package.name) == filter) out.push_back(&package);
  return out;
}

std::string Tree::only_file_named(std::string_view base) const {
  std::string found;
  for (const auto& path : files_) {
    if (base_of(path) != base) continue;
    if (!found.empty()) return {};
    found = path;
  }
  return found;
}

}  // namespace pgadvise::files
