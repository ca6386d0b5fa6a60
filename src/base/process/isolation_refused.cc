#include "base/process/isolation_refused.h"

#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <unistd.h>

#include "base/text/text.h"

namespace pgadvise {
namespace {

std::string_view named(IsolationStep step) {
  switch (step) {
    case IsolationStep::none: break;
    case IsolationStep::namespaces: return "namespaces";
    case IsolationStep::processes: return "a process in a namespace of its own";
    case IsolationStep::network: return "a network of its own";
    case IsolationStep::mounts: return "a read-only file system";
    case IsolationStep::devices: return "devices of its own in /dev";
    case IsolationStep::proc: return "a /proc of its own";
    case IsolationStep::privileges: return "to drop privileges";
    case IsolationStep::system_calls: return "a filter of system calls";
  }
  return "isolation";
}

std::string value_of(const std::string& file) {
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  return std::string(trim(text));
}

struct Setting {
  const char* file;
  const char* at_fault;  // its value then
};

// The last one lets namespaces be made, and refuses what is done in them.
constexpr Setting settings[] = {{"/sys/kernel/unprivileged_userns_clone", "0"},
                                {"/sys/user/max_user_namespaces", "0"},
                                {"/sys/user/max_net_namespaces", "0"},
                                {"/sys/user/max_pid_namespaces", "0"},
                                {"/sys/user/max_mnt_namespaces", "0"},
                                {"/sys/user/max_ipc_namespaces", "0"},
                                {"/sys/user/max_uts_namespaces", "0"},
                                {"/sys/kernel/apparmor_restrict_unprivileged_userns", "1"}};

// A chroot whose root is no mount. The kernel gives its users no user namespace.
bool in_chroot(const std::string& proc) {
  const std::string mounts = value_of(proc + "/self/mountinfo");
  for (const auto line : split(mounts, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() > 4 && fields[4] == "/") return false;
  }
  return !mounts.empty();
}

}  // namespace

std::string refusal(IsolationStep step, std::string_view reason, const std::string& proc, unsigned uid) {
  std::string out = fmt::format("the kernel refuses {} ({})", named(step), reason);
  for (const auto& [file, at_fault] : settings)
    if (value_of(proc + file) == at_fault && (uid != 0 || !contains(file, "unprivileged")))
      return out + fmt::format(": /proc{} is {}", file, at_fault);
  if (step == IsolationStep::proc) return out + ": parts of /proc are covered, as in a container";
  if (step == IsolationStep::namespaces && uid != 0 && in_chroot(proc))
    return out + ": this is a chroot, in which only root gets them";
  if (contains(value_of(proc + "/self/status"), "Seccomp:\t2"))
    return out + ": a filter of system calls is in force, as in a container";
  return out;
}

std::string refusal(IsolationStep step, std::string_view reason) {
  return refusal(step, reason, "/proc", ::geteuid());
}

}  // namespace pgadvise
