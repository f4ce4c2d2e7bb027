#include "repro/file/workdir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/repro/testing.h"

namespace reweave::repro {
namespace {

using testing::HasSubstr;

std::size_t files_in(const std::string& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

TEST(Workdir, SameContentIsOneFileAndNothingElseIsLeft) {
  const TemporaryFolder folder;
  const Workdir workdir(folder.path("deep/er"));
  const std::string first = *workdir.write_repro("crash", "content");
  EXPECT_EQ(*workdir.write_repro("crash", "content"), first);
  EXPECT_NE(*workdir.write_repro("crash", "other"), first);
  EXPECT_EQ(files_in(workdir.root()), 2u);
  EXPECT_EQ(*read_file(first), "content");
  EXPECT_EQ(first, workdir.repro_path("crash", "content"));
}

// Golden: repros made by any build have these names.
TEST(Workdir, NamesAreTheSameInEveryBuild) {
  EXPECT_EQ(content_name(""), "2d06800538d394c2");
  EXPECT_EQ(content_name("weave 1\n"), content_name(std::string("weave 1\n")));
}

TEST(Files, WritingReplacesTheWholeFile) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "a long old content");
  ASSERT_TRUE(write_file(path, "new").has_value());
  EXPECT_EQ(*read_file(path), "new");
  EXPECT_EQ(files_in(folder.root()), 1u);
}

TEST(Files, TroubleIsNamed) {
  const TemporaryFolder folder;
  EXPECT_THAT(read_file(folder.path("none")).error().message, HasSubstr("No such file"));
  EXPECT_THAT(read_file(folder.root()).error().message, HasSubstr("not a plain file"));
  EXPECT_THAT(read_file("/dev/zero").error().message, HasSubstr("not a plain file"));
  EXPECT_THAT(read_file(folder.write("big", std::string(100, 'x')), 99).error().message,
              HasSubstr("99 bytes"));
  EXPECT_EQ(read_file(folder.write("exact", std::string(99, 'x')), 99)->size(), 99u);
  EXPECT_THAT(write_file(folder.path("no/such/folder"), "x").error().message,
              HasSubstr("cannot be written"));
  const Workdir blocked(folder.write("file", "x") + "/below");
  EXPECT_THAT(blocked.write_repro("crash", "x").error().message, HasSubstr("--output"));
}

TEST(Files, AFullDiskIsAnErrorAndLeavesNothingBehind) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  EXPECT_FALSE(write_file("/dev/full/x", "content").has_value());
}

}  // namespace
}  // namespace reweave::repro
