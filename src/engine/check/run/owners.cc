#include "check/run/owners.h"

#include <algorithm>
#include <map>

#include "base/containers.h"
#include "base/files/boundary.h"
#include "check/config/suppressions.h"
#include "files/codeowners.h"
#include "lint/run/suppress.h"

namespace pgadvise::check {
namespace {

files::CodeOwners read_code_owners(const std::string& root, Diagnostics& diagnostics) {
  if (root.empty()) return {};
  for (const char* name : {".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"}) {
    const std::string path = root + "/" + name;
    if (!path_exists(path) || !lies_within(path, root)) continue;
    const auto text = read_file(path, files::CodeOwners::max_bytes);
    if (text) return files::CodeOwners(*text);
    warn(diagnostics, name, text.error().what + ": findings have no owners from it");
    return {};
  }
  return {};
}

class Owners {
 public:
  Owners(const Inputs& inputs, const Settings& settings, Diagnostics& diagnostics)
      : entries_(inputs.config.owners),
        folder_(below_config(inputs.config.path)),
        repository_(settings.repository),
        code_(read_code_owners(settings.repository.root, diagnostics)) {
    for (const auto& query : inputs.workload.queries) queries_.emplace(query.fingerprint, &query);
  }

  std::vector<std::string> of(const Finding& finding) {
    const lint::FindingNames names(finding, folder_);
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry)
      if (names.match(entry->object, entry->path) && ran_by(finding, entry->application))
        return {entry->owner};
    return of_file(file_of(finding));
  }

 private:
  bool ran_by(const Finding& finding, const std::string& application) const {
    if (application.empty()) return true;
    const auto* query = find_value(queries_, finding.subject.fingerprint);
    return !finding.subject.fingerprint.empty() && query &&
           std::ranges::any_of((*query)->applications,
                               [&](const std::string& name) { return lint::matches(application, name); });
  }

  static std::string file_of(const Finding& finding) {
    if (finding.in_file()) return finding.location->file;
    if (!finding.subject.file.empty()) return finding.subject.file;
    return finding.other_locations.empty() ? std::string() : finding.other_locations.front().file;
  }

  std::vector<std::string> of_file(const std::string& file) {
    if (file.empty() || code_.empty()) return {};
    const std::string path = repository_.relative(file);
    if (path.starts_with('/') || path.starts_with("..")) return {};
    const auto [known, fresh] = of_files_.try_emplace(path);
    if (fresh) known->second = code_.of(path);
    return known->second;
  }

  const std::vector<OwnerEntry>& entries_;
  const std::string folder_;
  const RepositoryPaths& repository_;
  const files::CodeOwners code_;
  std::map<std::string, const Query*> queries_;  // by fingerprint
  std::map<std::string, std::vector<std::string>> of_files_;
};

}  // namespace

void set_owners(Report& report, const Inputs& inputs, const Settings& settings) {
  Owners owners(inputs, settings, report.diagnostics);
  for (auto& finding : report.findings) finding.owners = owners.of(finding);
  for (auto& suppressed : report.suppressed) suppressed.finding.owners = owners.of(suppressed.finding);
}

}  // namespace pgadvise::check
