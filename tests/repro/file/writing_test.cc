#include "repro/file/writing.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include "tests/repro/testing.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

struct stat about(const std::string& path) {
  struct stat result {};
  EXPECT_EQ(lstat(path.c_str(), &result), 0) << path;
  return result;
}

TEST(Writing, FollowsLinksAndLeavesThem) {
  const TemporaryFolder folder;
  const std::string target = folder.write("deep/target", "old");
  fs::create_symlink("deep/target", folder.path("link"));
  fs::create_symlink("link", folder.path("second"));
  ASSERT_TRUE(write_file(folder.path("second"), "new").has_value());
  EXPECT_EQ(*read_file(target), "new");
  EXPECT_TRUE(fs::is_symlink(folder.path("link")));
  EXPECT_TRUE(fs::is_symlink(folder.path("second")));
}

TEST(Writing, MakesTheFileThatALinkLeadsTo) {
  const TemporaryFolder folder;
  fs::create_directory(folder.path("deep"));
  fs::create_symlink("deep/new", folder.path("link"));
  EXPECT_TRUE(try_to_write_file(folder.path("link")).has_value());
  EXPECT_FALSE(fs::exists(folder.path("deep/new")));
  ASSERT_TRUE(write_file(folder.path("link"), "content").has_value());
  EXPECT_EQ(*read_file(folder.path("deep/new")), "content");
  EXPECT_TRUE(fs::is_symlink(folder.path("link")));
  fs::create_symlink("nowhere/x", folder.path("lost"));
  EXPECT_FALSE(try_to_write_file(folder.path("lost")).has_value());
  EXPECT_FALSE(write_file(folder.path("lost"), "content").has_value());
}

TEST(Writing, WritesIntoAPipeAndDoesNotReplaceIt) {
  const TemporaryFolder folder;
  const std::string pipe = folder.path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(write_file(pipe, "x").error().message, HasSubstr("nobody reads this pipe"));
  const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_TRUE(try_to_write_file(pipe).has_value());
  ASSERT_TRUE(write_file(pipe, "content").has_value());
  std::array<char, 16> buffer{};
  EXPECT_EQ(read(reader, buffer.data(), buffer.size()), 7);
  close(reader);
  EXPECT_TRUE(S_ISFIFO(about(pipe).st_mode));
}

TEST(Writing, WritesIntoADeviceAndDoesNotReplaceIt) {
  const TemporaryFolder folder;
  const std::string null = folder.path("null");
  if (mknod(null.c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0)
    GTEST_SKIP() << "no device can be made here";
  if (!write_file(null, "content").has_value()) GTEST_SKIP() << "devices do not work here";
  EXPECT_TRUE(try_to_write_file(null).has_value());
  EXPECT_TRUE(S_ISCHR(about(null).st_mode));
}

TEST(Writing, KeepsModeOwnerAndNames) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "a long old content");
  ASSERT_EQ(chmod(file.c_str(), 0640), 0);
  ASSERT_TRUE(geteuid() != 0 || chown(file.c_str(), 1234, 4321) == 0);
  const struct stat before = about(file);
  ASSERT_TRUE(write_file(file, "new").has_value());
  EXPECT_EQ(about(file).st_mode, before.st_mode);
  EXPECT_EQ(about(file).st_uid, before.st_uid);
  EXPECT_EQ(about(file).st_gid, before.st_gid);
  fs::create_hard_link(file, folder.path("other"));
  ASSERT_TRUE(write_file(file, "newer").has_value());
  EXPECT_EQ(*read_file(folder.path("other")), "newer");
  EXPECT_EQ(names_in(folder.root()), (std::vector<std::string>{"file", "other"}));
}

TEST(Writing, TakesEveryLegalName) {
  const TemporaryFolder folder;
  const std::string longest = folder.path(std::string(255, 'x'));
  EXPECT_TRUE(try_to_write_file(longest).has_value());
  ASSERT_TRUE(write_file(longest, "1").has_value());
  ASSERT_TRUE(write_file(longest, "2").has_value());
  EXPECT_EQ(*read_file(longest), "2");
  EXPECT_FALSE(try_to_write_file(longest + "x").has_value());
  EXPECT_EQ(names_in(folder.root()).size(), 1u);
}

// As shards of a campaign do that confirm the same repro.
TEST(Writing, OfSeveralAtOnceOneStaysAndNobodyFails) {
  const TemporaryFolder folder;
  const std::string path = folder.path("report.txt");
  std::atomic<int> failures{0};
  std::vector<std::thread> writers;
  for (char letter : {'a', 'b', 'c', 'd'}) {
    writers.emplace_back([&, letter] {
      for (int i = 0; i < 200; ++i)
        if (!write_file(path, std::string(5'000, letter))) ++failures;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failures, 0);
  const std::string content = *read_file(path);
  ASSERT_EQ(content.size(), 5'000u);
  EXPECT_EQ(content, std::string(5'000, content.front()));
}

TEST(Writing, RemovesWhatADeadWriterLeftAndNothingElse) {
  const TemporaryFolder folder;
  folder.write(".reweave-0123456789abcdef.tmp", "left behind");
  const std::string held = folder.write(".reweave-fedcba9876543210.tmp", "being written");
  folder.write(".reweave-mine.tmp", "of a person");
  const int other = open(held.c_str(), O_RDONLY);
  ASSERT_EQ(flock(other, LOCK_EX), 0);
  ASSERT_TRUE(write_file(folder.path("file"), "content").has_value());
  EXPECT_EQ(names_in(folder.root()), (std::vector<std::string>{".reweave-fedcba9876543210.tmp",
                                                               ".reweave-mine.tmp", "file"}));
  close(other);
}

/// A limit on the size of files stands for a full disk.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() { setrlimit(RLIMIT_FSIZE, &old_); }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit old_{};
};

TEST(Writing, LeavesTheOldFileWhereTheNewOneDoesNotFit) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "old content");
  const std::string one = folder.write("one", "of two names");
  fs::create_hard_link(one, folder.path("two"));
  fs::create_symlink("nowhere", folder.path("link"));
  {
    const FileLimit limit(1000);
    const std::string large(100'000, 'x');
    for (const char* name : {"file", "one", "link", "fresh"})
      EXPECT_FALSE(write_file(folder.path(name), large).has_value()) << name;
    EXPECT_FALSE(try_to_write_file(file).has_value());
    EXPECT_FALSE(try_to_write_folder(folder.path("new/folder")).has_value());
  }
  EXPECT_EQ(*read_file(file), "old content");
  EXPECT_EQ(*read_file(one), "of two names");
  EXPECT_EQ(names_in(folder.root()), (std::vector<std::string>{"file", "link", "one", "two"}));
}

TEST(Writing, SaysBeforehandWhatCannotBeWritten) {
  const TemporaryFolder folder;
  EXPECT_TRUE(try_to_write_folder(folder.path("not/yet/there")).has_value());
  EXPECT_TRUE(try_to_write_file(folder.path("fresh")).has_value());
  const std::string file = folder.write("file", "x");
  EXPECT_TRUE(try_to_write_file(file).has_value());
  EXPECT_EQ(names_in(folder.root()), (std::vector<std::string>{"file"}));
  EXPECT_THAT(try_to_write_folder(file + "/below").error().message, HasSubstr("--output"));
  EXPECT_THAT(try_to_write_file(folder.path("no/such")).error().message, HasSubstr("No such file"));
  EXPECT_THAT(try_to_write_file(folder.root()).error().message, HasSubstr("directory"));
  EXPECT_THAT(try_to_write_file("").error().message, HasSubstr("No such file"));
}

TEST(Writing, RefusesAWriteProtectedFile) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "old");
  ASSERT_EQ(chmod(folder.root().c_str(), 0777), 0);
  ASSERT_EQ(chmod(file.c_str(), 0444), 0);
  const AnybodyElse user;  // Root may write everything.
  EXPECT_THAT(write_file(file, "new").error().message, HasSubstr("Permission denied"));
  EXPECT_THAT(try_to_write_file(file).error().message, HasSubstr("Permission denied"));
}

TEST(Writing, KeepsTheOwnerOfAnothersFileByWritingInPlace) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make files of others";
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "old");
  ASSERT_EQ(chmod(folder.root().c_str(), 0777), 0);
  ASSERT_EQ(chmod(file.c_str(), 0666), 0);
  {
    const AnybodyElse user;
    EXPECT_TRUE(write_file(file, "new").has_value());
  }
  EXPECT_EQ(*read_file(file), "new");
  EXPECT_EQ(about(file).st_uid, 0u);
}

}  // namespace
}  // namespace reweave::repro
