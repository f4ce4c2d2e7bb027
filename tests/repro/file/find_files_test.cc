#include "repro/file/find_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/repro/testing.h"

namespace reweave::repro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(FindFiles, FindsReprosAtAnyDepthInOrder) {
  const TemporaryFolder folder;
  folder.write("b.weave", "");
  folder.write("a/deep/c.weave", "");
  folder.write("a/notes.txt", "");
  std::filesystem::create_directories(folder.path("d.weave"));
  std::filesystem::create_directory_symlink(folder.root(), folder.path("a/round"));
  const FoundFiles found = find_weave_files(folder.root());
  EXPECT_THAT(found.files, ElementsAre(folder.path("a/deep/c.weave"), folder.path("b.weave")));
  EXPECT_THAT(found.troubles, IsEmpty());
}

TEST(FindFiles, TellsWhichFolderCannotBeRead) {
  const TemporaryFolder folder;
  folder.write("closed/bad.weave", "");
  folder.write("good.weave", "");
  ASSERT_EQ(chmod(folder.root().c_str(), 0755), 0);
  ASSERT_EQ(chmod(folder.path("closed").c_str(), 0), 0);
  {
    const AnybodyElse user;
    const FoundFiles found = find_weave_files(folder.root());
    EXPECT_THAT(found.files, ElementsAre(folder.path("good.weave")));
    ASSERT_EQ(found.troubles.size(), 1u);
    EXPECT_EQ(found.troubles[0].folder, folder.path("closed"));
    EXPECT_THAT(found.troubles[0].message, HasSubstr("closed: cannot be read: Permission denied"));
  }
  chmod(folder.path("closed").c_str(), 0700);
}

}  // namespace
}  // namespace reweave::repro
