// A file system of SQLite that kills its process at one of its writes.
#pragma once

#include <csignal>
#include <cstddef>

#include <sqlite3.h>

namespace pgadvise::testing_support {

// The changes of files that SQLite makes: writes, truncations, syncs, deletions.
class KillingVfs {
 public:
  // Makes this the file system of the databases that the process opens from now on. The process kills itself
  // (SIGKILL) instead of the change number `point`, from 0; -1: never. With `halfway` a write that it kills
  // is made by half. Counts the changes in `made`. Only for a process of its own: nothing undoes this.
  static void install(int point, bool halfway, int* made) {
    State& state = own();
    state = {.inner = sqlite3_vfs_find(nullptr), .point = point, .halfway = halfway, .made = made};
    static sqlite3_vfs vfs;
    vfs = *state.inner;
    vfs.zName = "killing";
    vfs.pNext = nullptr;
    vfs.szOsFile = static_cast<int>(sizeof(File)) + state.inner->szOsFile;
    vfs.xOpen = open;
    vfs.xDelete = [](sqlite3_vfs*, const char* name, int sync) {
      change();
      return own().inner->xDelete(own().inner, name, sync);
    };
    sqlite3_vfs_register(&vfs, 1);
  }

 private:
  struct State {
    sqlite3_vfs* inner = nullptr;
    int point = -1;
    bool halfway = false;
    int* made = nullptr;
  };
  // Followed by the file of the inner file system.
  struct alignas(16) File {
    sqlite3_file base;
    sqlite3_file* inner() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };

  static State& own() {
    static State state;
    return state;
  }
  static bool last() { return *own().made == own().point; }
  static void change() {
    if (last()) ::raise(SIGKILL);
    ++*own().made;
  }
  static sqlite3_file* inner_of(sqlite3_file* file) { return reinterpret_cast<File*>(file)->inner(); }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    file->pMethods = nullptr;
    const int code = own().inner->xOpen(own().inner, name, inner_of(file), flags, out_flags);
    if (inner_of(file)->pMethods) file->pMethods = &methods();
    return code;
  }

  static int write(sqlite3_file* file, const void* data, int bytes, sqlite3_int64 at) {
    sqlite3_file* inner = inner_of(file);
    if (last() && own().halfway) (void)inner->pMethods->xWrite(inner, data, bytes / 2, at);
    change();
    return inner->pMethods->xWrite(inner, data, bytes, at);
  }

  template <auto method, class... Arguments>
  static auto pass(sqlite3_file* file, Arguments... arguments) {
    sqlite3_file* inner = inner_of(file);
    return (inner->pMethods->*method)(inner, arguments...);
  }

  template <auto method, class... Arguments>
  static int changing(sqlite3_file* file, Arguments... arguments) {
    change();
    return pass<method>(file, arguments...);
  }

  static const sqlite3_io_methods& methods() {
    using M = sqlite3_io_methods;
    static const M all{.iVersion = 2,
                       .xClose = pass<&M::xClose>,
                       .xRead = pass<&M::xRead, void*, int, sqlite3_int64>,
                       .xWrite = write,
                       .xTruncate = changing<&M::xTruncate, sqlite3_int64>,
                       .xSync = changing<&M::xSync, int>,
                       .xFileSize = pass<&M::xFileSize, sqlite3_int64*>,
                       .xLock = pass<&M::xLock, int>,
                       .xUnlock = pass<&M::xUnlock, int>,
                       .xCheckReservedLock = pass<&M::xCheckReservedLock, int*>,
                       .xFileControl = pass<&M::xFileControl, int, void*>,
                       .xSectorSize = pass<&M::xSectorSize>,
                       .xDeviceCharacteristics = pass<&M::xDeviceCharacteristics>,
                       .xShmMap = pass<&M::xShmMap, int, int, int, void volatile**>,
                       .xShmLock = pass<&M::xShmLock, int, int, int>,
                       .xShmBarrier = pass<&M::xShmBarrier>,
                       .xShmUnmap = pass<&M::xShmUnmap, int>,
                       .xFetch = nullptr,
                       .xUnfetch = nullptr};
    return all;
  }
};

}  // namespace pgadvise::testing_support
