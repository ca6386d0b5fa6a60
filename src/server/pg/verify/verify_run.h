// The marks of a run of `advise --verify` on its indexes, and whether the marking process is still alive. The
// mark is one line: the comment of each index, and a comment before each CREATE INDEX. Everybody who can read
// the catalog can read it; `machine` is a hash.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgadvise::pg {

struct VerifyRun {
  std::string id;  // 16 lower-case hex digits, random
  long process = 0;
  std::string process_start;  // clock ticks after boot (/proc/PID/stat); "0": unknown
  std::string machine;        // hash of boot id and PID namespace, 16 hex digits; zeros: unknown
  std::string host;           // for messages; [A-Za-z0-9._-], at most 64
  std::string started;        // 2026-11-22T12:00:00Z
  bool operator==(const VerifyRun&) const = default;
};

// Creates a run of this process with a new id.
VerifyRun new_verify_run();

std::string mark(const VerifyRun& run);
// Parses exactly the text that mark() writes; nullopt for any other text, also with additions.
std::optional<VerifyRun> read_mark(std::string_view text);

// "pgadvise_verify_<id>_<number>".
std::string index_name(const VerifyRun& run, int number);
// The run's id in a name of index_name()'s form; "" for other names.
std::string run_of_index(std::string_view name);

// "/* <mark> */ ", to put before a statement; and its inverse for a statement in pg_stat_activity that builds
// an index of that run.
std::string statement_mark(const VerifyRun& run);
std::optional<VerifyRun> run_of_build(std::string_view statement);

// The session of an active run holds the advisory lock (lock_class, lock_number(id)) of the database.
constexpr int lock_class = 0x70676176;
int lock_number(std::string_view id);

// `unknown`: another machine or PID namespace, or a system without /proc.
enum class ProcessState { alive, gone, unknown };
ProcessState process_of(const VerifyRun& run);

}  // namespace pgadvise::pg
