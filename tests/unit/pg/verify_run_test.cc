// A run's mark is read back only as it was written.
#include "pg/verify/verify_run.h"

#include <gtest/gtest.h>

namespace pgadvise::pg {
namespace {

TEST(VerifyRun, ReadsItsMarkBack) {
  const auto run = new_verify_run();
  EXPECT_NE(run.id, new_verify_run().id);
  EXPECT_EQ(run, read_mark(mark(run)));
  EXPECT_EQ(run.id, run_of_index(index_name(run, 12)));
  EXPECT_LE(index_name(run, 999999999).size(), 63u);
  EXPECT_EQ(run,
            run_of_build(statement_mark(run) + "CREATE INDEX " + index_name(run, 1) + " ON public.t (a)"));
  EXPECT_GT(lock_number(run.id), 0);
}

TEST(VerifyRun, TakesNothingElseForAMark) {
  const auto run = new_verify_run();
  const auto text = mark(run);
  for (const std::string& other :
       {text + " ", " " + text, text + "\n", text + text, text.substr(1), std::string(),
        text.substr(0, text.size() - 1), text + std::string(1'000'000, 'x')})
    EXPECT_FALSE(read_mark(other)) << other.substr(0, 300);
  EXPECT_FALSE(read_mark(std::string(text).replace(text.find(run.id), 16, "0123456789ABCDEF")));
  EXPECT_FALSE(read_mark(std::string(text).replace(text.find(run.id), 16, "'; DROP TABLE t;")));
  for (const char* name :
       {"", "pgadvise_verify_", "pgadvise_verify_0123456789abcdef", "pgadvise_verify_0123456789abcdef_",
        "pgadvise_verify_0123456789abcdef_1x", "pgadvise_verify_0123456789abcdeg_1",
        "xpgadvise_verify_0123456789abcdef_1", "pgadvise_verify_0123456789abcdef_1234567890"})
    EXPECT_EQ("", run_of_index(name)) << name;
  auto other = run;
  other.id = "0123456789abcdef";
  for (const std::string& statement :
       {statement_mark(other) + "CREATE INDEX " + index_name(run, 1) + " ON t (a)",
        "CREATE INDEX " + index_name(run, 1), statement_mark(run) + "SELECT 1",
        statement_mark(run) + "SELECT 1 */ CREATE INDEX " + index_name(run, 1),
        " " + statement_mark(run) + "CREATE INDEX " + index_name(run, 1)})
    EXPECT_FALSE(run_of_build(statement)) << statement;
}

TEST(VerifyRun, KnowsWhetherItsProcessRuns) {
  auto run = new_verify_run();
  if (run.process_start == "0") GTEST_SKIP() << "no /proc";
  EXPECT_EQ(ProcessState::alive, process_of(run));
  run.process_start += "1";
  EXPECT_EQ(ProcessState::gone, process_of(run)) << "another process has its number by now";
  run.machine = "00000000000000ff";
  EXPECT_EQ(ProcessState::unknown, process_of(run)) << "another machine";
}

}  // namespace
}  // namespace pgadvise::pg
