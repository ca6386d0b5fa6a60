// The two configurations: "=== <name>\n<content>" for each file, the names from the list below; text in front
// of the first mark is pgadvise.toml. In the repository lies a symbolic link, "out", to another folder.
#include "check/config/config.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/files/boundary.h"
#include "base/text/text.h"
#include "check/config/host.h"
#include "check/config/patterns.h"
#include "check/config/trust.h"
#include "support.h"

#ifdef PGADVISE_FUZZ  // that build is without rules
#include "lint/run/rule.h"
namespace pgadvise::lint {
std::span<const RegisteredRule> all_rules() {
  static constexpr Option rows{.name = "rows", .fallback = 1000, .meaning = "rows"};
  static constexpr Rule rule{.id = "unbounded-result",
                             .summary = {},
                             .why = {},
                             .fix = {},
                             .when_to_ignore = {},
                             .options = {&rows}};
  static constexpr RegisteredRule all[] = {{"query", &rule, {}, {}, {}}};
  return all;
}
const RegisteredRule* find_rule(std::string_view id) {
  return id == all_rules()[0].rule->id ? &all_rules()[0] : nullptr;
}
}  // namespace pgadvise::lint
#endif

namespace pgadvise::fuzz {
namespace {

constexpr std::array names = {"pgadvise.toml", "base.toml", "db/more.toml", "config.toml"};

void check_errors(const Diagnostics& errors) {
  require(!errors.empty(), "a refusal has a reason");
  for (const Error& error : errors) {
    require(error.kind == Error::Kind::usage && !error.where.empty() && !error.what.empty(),
            "an error says where and what");
    require(printable(error.line()) == error.line(), "an error is one printable line");
  }
}

void check_repository(const check::Config& config, const std::string& root) {
  const auto inside = [&](const std::vector<std::string>& paths) {
    Diagnostics refused;
    for (const auto& path : check::expand(paths, config.inputs, refused))
      require(lies_within(path, root), "an input stays inside");
  };
  inside(config.inputs.paths);
  inside(config.inputs.schema);
  inside(config.inputs.logs);
  inside(config.inputs.workloads);
  for (const auto& file : config.files) require(lies_within(file, root), "what is extended stays inside");
  for (const auto& [name, profile] : config.databases)
    if (profile.url_env.empty() && !profile.by_service) {
      const auto conninfo = check::repository_conninfo(name, profile, {});
      require(!conninfo, "no host is allowed by itself");
      check_errors({conninfo.error()});
    }
  require(config.allowed_hosts.empty() && config.stores.empty() && !config.allow_commands,
          "a repository allows nothing");
}

}  // namespace

void config(std::string_view input) {
  const TemporaryFolder folder, outside;
  folder.write(".git/HEAD", "");
  outside.write("etc/passwd", "root");
  std::error_code ignored;
  std::filesystem::create_directory_symlink(outside.path(), folder.path() + "/out", ignored);
  constexpr std::string_view mark = "=== ";
  const auto first = input.starts_with(mark) ? 0 : std::min(input.find("\n=== "), input.size());
  folder.write("pgadvise.toml", input.substr(0, first));
  input.remove_prefix(std::min(first + (first > 0), input.size()));
  while (input.starts_with(mark)) {
    const auto next = input.find("\n=== ");
    const auto [name, content] =
        two(input.substr(mark.size(), next == std::string_view::npos ? next : next + 1 - mark.size()));
    if (std::find(names.begin(), names.end(), name) != names.end()) folder.write(std::string(name), content);
    if (next == std::string_view::npos) break;
    input.remove_prefix(next + 1);
  }
  const std::string root = boundary_of(folder.path());
  if (const auto read = check::read_config(folder.path() + "/pgadvise.toml")) check_repository(*read, root);
  else check_errors(read.error());
  if (const auto read = check::read_config(folder.path() + "/config.toml", check::ConfigOrigin::user))
    for (const auto& host : read->allowed_hosts)
      require(check::allowed_host(host).value_or("") == host, "a host is written in one way");
}

}  // namespace pgadvise::fuzz
