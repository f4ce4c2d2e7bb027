// What the tests of this folder share: a folder that goes away, programs put on PATH, and two
// scenarios.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "repro/file/tasklet_file.h"
#include "repro/file/workdir.h"

namespace reweave::repro {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "reweave-test-XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  const std::string& root() const { return path_; }

  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& content,
                    bool executable = false) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << content;
    if (executable) chmod(path(name).c_str(), 0755);
    return path(name);
  }

 private:
  std::string path_;
};

/// Sets a variable of the environment and puts the old value back.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = getenv(name)) old_ = old;
    setenv(name, value.c_str(), 1);
  }
  ~ScopedVariable() { setenv(name_, old_.c_str(), 1); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
  std::string old_;
};

/// Whoever may do everything is a user for a while, so that permissions count.
class AnybodyElse {
 public:
  AnybodyElse() {
    if (is_root_ && seteuid(kNobody) != 0) ADD_FAILURE() << "root cannot become a user";
  }
  ~AnybodyElse() {
    if (is_root_ && seteuid(0) != 0) ADD_FAILURE() << "a user cannot become root again";
  }
  AnybodyElse(const AnybodyElse&) = delete;
  AnybodyElse& operator=(const AnybodyElse&) = delete;

 private:
  static constexpr uid_t kNobody = 65534;
  const bool is_root_ = geteuid() == 0;
};

inline WeaveFile parse(const std::string& text) {
  Expected<WeaveFile> file = read_weave(text, "test.weave");
  EXPECT_TRUE(file.has_value()) << (file ? "" : file.error().message);
  return file ? *file : WeaveFile{};
}

/// D1's program: a callback that switches while a value waits in the tempval of the tasklet that
/// runs it.
inline constexpr const char* kLostValue = R"(weave 1
settings
  defects post-switch-clear
end
channel c
slot s
function main
  pref c 1
  spawn receiver -
  spawn sender s
  weakref s callback
  drop s
  runall
end
function receiver
  hcall receive
end
function receive
  recv c
end
function sender
  send c
end
function callback
  sched
end
)";

/// Nothing can go wrong here.
inline constexpr const char* kClean = R"(weave 1
channel c
function main
  spawn sender -
  recv c
end
function sender
  send c
end
)";

/// A program that kills its process.
inline constexpr const char* kCrash = R"(weave 1
function main
  canary crash
end
)";

}  // namespace reweave::repro
