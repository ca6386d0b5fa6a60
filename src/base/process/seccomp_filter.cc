#include "base/process/seccomp_filter.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace pgadvise {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t own_table = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t own_table = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t own_table = 0;
#endif
constexpr std::uint32_t x32 = 0x40000000;  // and above: system calls of another table, on x86-64

// Of an argument the low 32 bits count, as for the kernel: they are ints.
struct Condition {
  enum Kind { none, is, has } kind = none;  // has: any of the bits
  std::uint32_t argument = 0, value = 0;
};
constexpr Condition argument_is(std::uint32_t argument, std::uint32_t value) {
  return {Condition::is, argument, value};
}
constexpr Condition argument_has(std::uint32_t argument, std::uint32_t bits) {
  return {Condition::has, argument, bits};
}

// The first row that matches a call decides; a call without a row is allowed.
struct Row {
  std::uint32_t call;
  int error;  // 0: allowed
  Condition condition = {}, and_also = {};
};

constexpr std::uint32_t new_namespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr std::uint32_t set_id = S_ISUID | S_ISGID;
constexpr std::uint32_t makes_a_file = O_CREAT | (O_TMPFILE & ~O_DIRECTORY);

// From 424 on a number is the same on every processor, and may be missing in the system's headers.
constexpr Row rows[] = {
    // A network namespace does not hide the files of Unix sockets: a local server or a container engine could
    // be reached through one.
    {SYS_socket, 0, argument_is(0, AF_INET)},
    {SYS_socket, 0, argument_is(0, AF_INET6)},
    {SYS_socket, 0, argument_is(0, AF_NETLINK)},
    {SYS_socket, EACCES},
    {SYS_socketpair, EACCES, argument_has(1, 2)},  // datagrams, which reach any socket's file by sendto()
    {425, ENOSYS},                                 // io_uring_setup: opens sockets, too
    {426, ENOSYS},
    {427, ENOSYS},
    // Terminals.
    {SYS_ioctl, EPERM, argument_is(1, TIOCSTI)},
    {SYS_ioctl, EPERM, argument_is(1, 0x541c)},  // TIOCLINUX
    // Other processes.
    {SYS_ptrace, EPERM},
    {SYS_process_vm_readv, EPERM},
    {SYS_process_vm_writev, EPERM},
    {SYS_kcmp, EPERM},
    {434, ENOSYS},  // pidfd_open
    {438, EPERM},   // pidfd_getfd
    {440, EPERM},   // process_madvise
    {448, EPERM},   // process_mrelease
    // Namespaces and mounts. The flags of clone3 are out of a filter's sight: ENOSYS makes libraries use
    // clone.
    {SYS_clone, EPERM, argument_has(0, new_namespaces)},
    {435, ENOSYS},  // clone3
    {SYS_unshare, EPERM},
    {SYS_setns, EPERM},
    {SYS_chroot, EPERM},
    {SYS_pivot_root, EPERM},
    {SYS_mount, EPERM},
    {SYS_umount2, EPERM},
    {428, EPERM},  // open_tree
    {429, EPERM},  // move_mount
    {430, EPERM},  // fsopen
    {431, EPERM},  // fsconfig
    {432, EPERM},  // fsmount
    {433, EPERM},  // fspick
    {442, EPERM},  // mount_setattr
    {467, EPERM},  // open_tree_attr
    {SYS_swapon, EPERM},
    {SYS_swapoff, EPERM},
    {SYS_quotactl, EPERM},
    {SYS_name_to_handle_at, EPERM},
    {SYS_open_by_handle_at, EPERM},
    {SYS_fanotify_init, EPERM},
// Files that give their owner's rights to whoever runs them. openat2's mode is out of a filter's sight.
#ifdef SYS_open
    {SYS_open, EPERM, argument_has(1, makes_a_file), argument_has(2, set_id)},
    {SYS_creat, EPERM, argument_has(1, set_id)},
    {SYS_mknod, EPERM, argument_has(1, set_id)},
    {SYS_chmod, EPERM, argument_has(1, set_id)},
#endif
    {SYS_openat, EPERM, argument_has(2, makes_a_file), argument_has(3, set_id)},
    {437, ENOSYS},  // openat2
    {SYS_mknodat, EPERM, argument_has(2, set_id)},
    {SYS_fchmod, EPERM, argument_has(1, set_id)},
    {SYS_fchmodat, EPERM, argument_has(2, set_id)},
    {452, EPERM, argument_has(2, set_id)},  // fchmodat2
    // The kernel.
    {SYS_add_key, EPERM},
    {SYS_request_key, EPERM},
    {SYS_keyctl, EPERM},
    {SYS_bpf, EPERM},
    {SYS_perf_event_open, EPERM},
    {SYS_userfaultfd, EPERM},
    {SYS_kexec_load, EPERM},
    {SYS_kexec_file_load, EPERM},
    {SYS_init_module, EPERM},
    {SYS_finit_module, EPERM},
    {SYS_delete_module, EPERM},
    {SYS_syslog, EPERM},
    {SYS_acct, EPERM},
    {SYS_reboot, EPERM},
};

constexpr std::uint32_t answer(int error) {
  return error == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
}

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

sock_filter give(std::uint32_t value) { return BPF_STMT(BPF_RET | BPF_K, value); }

// What was loaded is compared with `value`: if it does not match, `skipped` instructions are left out.
sock_filter unless(std::uint16_t comparison, std::uint32_t value, std::size_t skipped) {
  const auto past = static_cast<std::uint8_t>(skipped);
  return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | BPF_K | comparison), value, 0, past);
}

constexpr std::size_t low_half_of(std::uint32_t argument) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  return offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t);
}

void add(std::vector<sock_filter>& code, const Row& row) {
  constexpr std::size_t of_a_condition = 2, of_the_answer = 1;
  std::size_t left = of_the_answer;
  for (const auto& condition : {row.condition, row.and_also})
    if (condition.kind != Condition::none) left += of_a_condition;
  code.push_back(load(offsetof(seccomp_data, nr)));
  code.push_back(unless(BPF_JEQ, row.call, left));
  for (const auto& condition : {row.condition, row.and_also}) {
    if (condition.kind == Condition::none) continue;
    left -= of_a_condition;
    code.push_back(load(low_half_of(condition.argument)));
    code.push_back(unless(condition.kind == Condition::is ? BPF_JEQ : BPF_JSET, condition.value, left));
  }
  code.push_back(give(answer(row.error)));
}

}  // namespace

SeccompFilter::SeccompFilter(UnixSockets unix_sockets) {
  code_.push_back(load(offsetof(seccomp_data, arch)));
  code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own_table, 1, 0));
  code_.push_back(give(answer(EACCES)));
  code_.push_back(load(offsetof(seccomp_data, nr)));
  code_.push_back(unless(BPF_JGE, x32, 1));
  code_.push_back(give(answer(EACCES)));
  if (unix_sockets == UnixSockets::allowed) add(code_, {SYS_socket, 0, argument_is(0, AF_UNIX)});
  for (const auto& row : rows) add(code_, row);
  code_.push_back(give(answer(0)));
}

SeccompFilter::~SeccompFilter() = default;

bool SeccompFilter::install() const {
  if (own_table == 0) return errno = ENOSYS, false;
  const sock_fprog program{static_cast<unsigned short>(code_.size()), const_cast<sock_filter*>(code_.data())};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace pgadvise
