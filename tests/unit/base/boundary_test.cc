#include "base/files/boundary.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "support/temp_tree.h"

namespace pgadvise {
namespace {

using testing_support::TempTree;
namespace fs = std::filesystem;

std::string real(const std::string& path) { return fs::canonical(path).generic_string(); }

TEST(Boundary, IsTheWorkTreeElseTheFolder) {
  const TempTree tree{{"repo/.git/HEAD", ""},
                      {"repo/a/b/x.sql", ""},
                      {"repo/sub/.git", "gitdir: /"},
                      {"repo/sub/y.sql", ""},
                      {"plain/z.sql", ""}};
  EXPECT_EQ(boundary_of(tree.path("repo/a/b/x.sql")), real(tree.path("repo")));
  EXPECT_EQ(boundary_of(tree.path("repo/a")), real(tree.path("repo")));
  EXPECT_EQ(boundary_of(tree.path("repo/sub/y.sql")), real(tree.path("repo/sub")))
      << "a worktree's or submodule's .git is a file, and is not read";
  EXPECT_EQ(boundary_of(tree.path("plain/z.sql")), real(tree.path("plain")));
  EXPECT_EQ(work_tree_of(tree.path("plain/z.sql")), "");
  EXPECT_EQ(boundary_of(tree.path("plain/missing.sql")), real(tree.path("plain")));
  EXPECT_EQ(boundary_of(tree.path("missing/x.sql")), "");
}

TEST(Boundary, HoldsWhatLiesBelowItWithLinksResolved) {
  const TempTree tree{
      {"repo/.git/HEAD", ""}, {"repo/a/x.sql", ""}, {"repository/x.sql", ""}, {"out/x.sql", ""}};
  const std::string root = real(tree.path("repo"));
  fs::create_directory_symlink("../out", tree.path("repo/link"));
  fs::create_directory_symlink("a", tree.path("repo/within"));
  fs::create_symlink("circle", tree.path("repo/circle"));
  fs::create_symlink("../out/new", tree.path("repo/dangling"));
  fs::create_symlink("a/new", tree.path("repo/own"));
  for (const char* path :
       {"repo", "repo/", "repo/a/x.sql", "repo/a/../a", "repo/missing", "repo/within/x.sql", "repo/own"})
    EXPECT_TRUE(lies_within(tree.path(path), root)) << path;
  for (const char* path : {"out/x.sql", "repository/x.sql", "repo/link", "repo/link/x.sql",
                           "repo/link/missing", "repo/../out", "repo/circle", "repo/dangling", "."})
    EXPECT_FALSE(lies_within(tree.path(path), root)) << path;
  EXPECT_FALSE(lies_within("/etc/passwd", root));
  EXPECT_FALSE(lies_within(tree.path("repo/a"), "")) << "no boundary is known";
  EXPECT_FALSE(lies_within(tree.path("repo/a") + std::string("\0/x", 3), root))
      << "the kernel would see another path";
  EXPECT_TRUE(lies_within("/etc/passwd", "/"));
}

TEST(Boundary, ALinkOutOfAFolderIsFound) {
  const TempTree tree{{"repo/.git/HEAD", ""}, {"repo/logs/deep/a.log", ""}, {"out/x.sql", ""}};
  const std::string root = real(tree.path("repo"));
  fs::create_symlink("a.log", tree.path("repo/logs/deep/current.log"));
  EXPECT_EQ(link_out_of(tree.path("repo"), root), "");
  fs::create_symlink("../../../out/x.sql", tree.path("repo/logs/deep/x.log"));
  EXPECT_EQ(link_out_of(tree.path("repo"), root), tree.path("repo/logs/deep/x.log"));
}

TEST(Boundary, AFileThatLinksLeadToIsOutside) {
  const TempTree tree{{"repo/.git/HEAD", ""},
                      {"repo/db/a.sql", ""},
                      {"other/.git/HEAD", ""},
                      {"other/x.sql", ""},
                      {"plain/a.sql", ""}};
  fs::create_symlink("../../other/x.sql", tree.path("repo/db/link.sql"));
  fs::create_symlink("a.sql", tree.path("repo/db/same.sql"));
  fs::create_directory_symlink("../other", tree.path("repo/folder"));
  fs::create_symlink("../other/x.sql", tree.path("plain/link.sql"));
  fs::create_directory_symlink("repo", tree.path("way"));
  for (const char* path : {"repo/db/link.sql", "repo/folder/x.sql", "repo/folder/missing.sql",
                           "plain/link.sql", "way/db/link.sql"})
    EXPECT_TRUE(leads_outside(tree.path(path))) << path;
  EXPECT_TRUE(leaves_repository(tree.path("repo/folder/x.sql")));
  EXPECT_FALSE(leaves_repository(tree.path("repo/db/same.sql")));
  EXPECT_FALSE(leaves_repository(tree.path("plain/link.sql"))) << "no repository";
  for (const char* path : {"repo/db/a.sql", "repo/db/same.sql", "other/x.sql", "plain/a.sql", "way/db/a.sql",
                           "repo/db/missing.sql", "repo/missing/a.sql", "plain/missing.sql", "repo/db"})
    EXPECT_FALSE(leads_outside(tree.path(path))) << path;
}

}  // namespace
}  // namespace pgadvise
