// A process that is killed (SIGKILL) at each of the changes of files that an upload makes: the SQLite store
// shows all or nothing of the upload, and the repeated upload leaves what one upload leaves.
#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "store/open.h"
#include "support/child.h"
#include "support/killing_vfs.h"
#include "support/run.h"
#include "support/sqlite_rows.h"
#include "support/store_cases.h"

namespace pgadvise::store {
namespace {

namespace fs = std::filesystem;
using testing_support::Folder;
using testing_support::KillingVfs;

Address address_of(const std::string& path) {
  Address out;
  out.path = path;
  return out;
}

// Opens the store, or creates it, and uploads.
bool upload(const std::string& path) {
  auto to = open(address_of(path), true);
  return to && (*to)->put(everything(), monday + 30 * day);
}

class KilledUpload : public testing::Test {
 protected:
  // A folder with the store before the upload, or with none.
  void begin(const Folder& folder) const {
    if (!before_.empty()) fs::copy_file(before_, folder.path("store.db"));
  }

  // What is stored after the kill and a restart.
  static std::string after(const Folder& folder) {
    EXPECT_TRUE(open(address_of(folder.path("store.db")), true).has_value());
    return rows_in(folder.path("store.db"));
  }

  // The process ends instead of change `point`, or in the middle of it. Returns false if there is no such
  // change.
  bool kill_at(int point, bool halfway) {
    const Folder folder;
    begin(folder);
    const testing_support::SharedNumber made;
    const int status = testing_support::in_child([&] {
      KillingVfs::install(point, halfway, &*made);
      return upload(folder.path("store.db")) ? 0 : 1;
    });
    if (!testing_support::was_killed(status)) {
      EXPECT_EQ(status, 0) << "the upload fails";
      return false;
    }
    EXPECT_EQ(*made, point);
    const std::string found = after(folder);
    EXPECT_TRUE(found == nothing_ || found == all_) << "change " << point << ": " << found;
    (found == nothing_ ? with_nothing_ : with_all_) += 1;
    EXPECT_TRUE(upload(folder.path("store.db"))) << "change " << point;
    EXPECT_EQ(rows_in(folder.path("store.db")), all_) << "change " << point;
    return true;
  }

  // Every change, or evenly chosen ones if the upload makes more than `most`.
  void kill_at_each(int most) {
    const Folder empty, folder;
    begin(empty);
    nothing_ = after(empty);
    begin(folder);
    const testing_support::SharedNumber made;
    ASSERT_EQ(testing_support::in_child([&] {
                KillingVfs::install(-1, false, &*made);
                return upload(folder.path("store.db")) ? 0 : 1;
              }),
              0);
    all_ = rows_in(folder.path("store.db"));
    ASSERT_NE(all_, nothing_);
    for (const std::string table : store_tables)
      ASSERT_NE(("\n" + all_).find("\n" + table + "|"), std::string::npos) << "everything() lacks " << table;
    const int step = std::max(1, (*made + most - 1) / most);
    // In turn before a change and in its middle. A page in the log is two writes: its header, its content.
    for (int point = 0, round = 0; point < *made && !HasFailure(); point += step, ++round)
      EXPECT_TRUE(kill_at(point, round / 2 % 2 == 1)) << "change " << point << " of " << *made;
    EXPECT_GE(with_nothing_, 20);
    EXPECT_GE(with_all_, 5) << "changes behind the commit";
  }

  std::string before_;  // the file of a store; "": none
  std::string nothing_, all_;
  int with_nothing_ = 0, with_all_ = 0;
};

TEST_F(KilledUpload, LeavesAllOrNothing) {
  const Folder folder;
  before_ = folder.path("before.db");
  put_all(**open(address_of(before_), true), {run_of(monday, {finding("01")}), log_of("a", monday, 5)});
  kill_at_each(200);
}

TEST_F(KilledUpload, ThatCreatesTheStoreLeavesAllOrNothing) { kill_at_each(100); }

}  // namespace
}  // namespace pgadvise::store
