#include "migrations/sqitch_plan.h"

#include <filesystem>
#include <map>

#include "base/input_file.h"
#include "base/text.h"
#include "files/files.h"

namespace pgadvise::migrations {
namespace fs = std::filesystem;
namespace {

bool is_file(const std::string& path) {
  std::error_code code;
  return fs::is_regular_file(path, code);
}

std::string setting(std::string_view conf, std::string_view wanted) {
  for (const auto raw : split(conf, '\n')) {
    const auto line = trim(raw);
    const auto equals = line.find('=');
    if (equals != std::string_view::npos && trim(line.substr(0, equals)) == wanted) return std::string(trim(line.substr(equals + 1)));
  }
  return {};
}

std::string configuration(const std::string& folder) {
  fs::path at = fs::path(folder).lexically_normal();
  for (int up = 0; up < 3; ++up, at /= "..")
    if (const auto text = read_file((at / "sqitch.conf").generic_string(), files::text_limit)) return *text;
  return {};
}

bool safe_name(std::string_view name) {
  for (const auto part : split(name, '/'))
    if (part.empty() || part == "." || part == "..") return false;
  return name.size() < 256 && name.find_first_of("\\:") == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

// A plan's change, and the tags between it and the next change of its name.
struct Planned {
  SqitchChange change;
  std::vector<std::string> tags;
  bool reworked = false;
};

std::vector<Planned> parse(std::string_view text, const std::string& path, Diagnostics& diagnostics) {
  std::vector<Planned> out;
  std::map<std::string, std::size_t> last;
  std::vector<std::pair<std::size_t, std::string>> tags;  // the number of changes before it
  int number = 0;
  for (const auto raw : split(text, '\n')) {
    ++number;
    std::string_view line = trim(raw);
    if (line.empty() || line.front() == '%' || line.front() == '#') continue;
    if (line.front() == '@') {
      tags.emplace_back(out.size(), std::string(line.substr(0, line.find_first_of(" \t"))));
      continue;
    }
    if (line.front() == '-') continue;  // a change that is reverted again: none is written so any more
    if (line.front() == '+') line = trim(line.substr(1));
    const std::string name(line.substr(0, line.find_first_of(" \t[")));
    if (!safe_name(name)) {
      diagnostics.push_back({Error::Kind::passing, path + ":" + std::to_string(number), "not the name of a change: " + ellipsis(name, 60), ""});
      continue;
    }
    const auto known = last.find(name);
    if (known != last.end()) {
      Planned& earlier = out[known->second];
      earlier.reworked = true;
      for (const auto& [after, tag] : tags)
        if (after > known->second) earlier.tags.push_back(tag);
    }
    last[name] = out.size();
    out.push_back({{name, "", number}, {}, false});
  }
  return out;
}

}  // namespace

std::string sqitch_engine(const std::string& folder) { return lower(setting(configuration(folder), "engine")); }

std::vector<SqitchChange> read_sqitch_plan(const std::string& folder, Diagnostics& diagnostics) {
  const std::string path = files::path_under(folder, "sqitch.plan");
  const auto text = read_file(path, files::text_limit);
  if (!text) {
    diagnostics.push_back(text.error());
    diagnostics.back().kind = Error::Kind::passing;
    return {};
  }
  const std::string configured = setting(configuration(folder), "deploy_dir");
  const std::string deploy = configured.empty() || !safe_name(files::base_of(configured)) ? "deploy" : std::string(files::base_of(configured));
  std::vector<SqitchChange> out;
  for (auto& planned : parse(*text, path, diagnostics)) {
    SqitchChange& change = planned.change;
    change.deploy_file = files::path_under(folder, deploy + "/" + change.name + ".sql");
    if (planned.reworked) {
      for (const auto& tag : planned.tags)
        if (const auto file = files::path_under(folder, deploy + "/" + change.name + tag + ".sql"); is_file(file)) {
          change.deploy_file = file;
          break;
        }
    }
    if (is_file(change.deploy_file)) {
      out.push_back(std::move(change));
    } else {
      diagnostics.push_back({Error::Kind::passing, path + ":" + std::to_string(change.line), "the deploy script of " + ellipsis(change.name, 80) + " is missing",
                             "sqitch deploy stops here"});
    }
  }
  return out;
}

}  // namespace pgadvise::migrations
