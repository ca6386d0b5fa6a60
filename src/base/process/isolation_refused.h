// Why a kernel refuses to isolate a program.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise {

enum class IsolationStep {
  none,
  namespaces,
  processes,
  network,
  mounts,
  devices,
  proc,
  privileges,
  system_calls
};

// "the kernel refuses namespaces (REASON): /proc/sys/user/max_user_namespaces is 0". `reason`: of the failed
// step. Names the setting at fault, a chroot or a container's filter of system calls where these can be told.
std::string refusal(IsolationStep step, std::string_view reason);

// The same for a machine whose files of /proc are below `proc`, and the user `uid`.
std::string refusal(IsolationStep step, std::string_view reason, const std::string& proc, unsigned uid);

}  // namespace pgadvise
