#include "repro/file/writing.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = ".reweave-", kSuffix = ".tmp";
constexpr std::size_t kTrialBytes = 4096;
constexpr mode_t kNewFile = 0666;  // The umask is taken from it.
constexpr mode_t kModeBits = 07777;

/// Success is 0, all else the errno that says why not.
using Trouble = int;

/// A descriptor that is closed.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    (void)shut();
    number_ = other.release();
    return *this;
  }
  ~Descriptor() { (void)shut(); }

  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }
  /// An error of a write may be told only here.
  Trouble shut() {
    const int number = release();
    return number < 0 || close(number) == 0 ? 0 : errno;
  }

 private:
  int number_;
};

Trouble write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t count = write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return EIO;
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

Trouble read_all(int fd, std::string& content) {
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return 0;
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

Trouble flush(int fd) { return fsync(fd) == 0 ? 0 : errno; }

/// 64 bits that nobody knows before: they name temporary files, and reach no output.
std::string unguessable_name() {
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) {
    // A kernel without random numbers: O_EXCL still keeps us from another one's file.
    number = static_cast<std::uint64_t>(getpid());
  }
  return fmt::format("{}{:016x}{}", kPrefix, number, kSuffix);
}

bool is_temporary(std::string_view name) {
  return name.size() == kPrefix.size() + 16 + kSuffix.size() && name.starts_with(kPrefix) &&
         name.ends_with(kSuffix);
}

/// False: somebody else holds it. Where there are no locks, nobody can.
bool lock(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK; }

/// A file in an open folder that has no name, or one that goes away again unless it is renamed.
class Temporary {
 public:
  explicit Temporary(int folder) : folder_(folder) {}
  ~Temporary() { unname(); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  /// Without a name where that is possible.
  Trouble create() {
    file_ = Descriptor(openat(folder_, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, kNewFile));
    if (file_.valid()) {
      // Locked before it has a name, so that nobody takes it for what a dead writer left.
      (void)lock(file_.get());
      return 0;
    }
    // The file system, or a kernel, that has none without a name says so in many ways.
    if (errno == EMFILE || errno == ENFILE || errno == ENOSPC || errno == EROFS) return errno;
    return create_named();
  }

  int get() const { return file_.get(); }

  /// Gives it the name; another file of that name is replaced if `replace`. EEXIST: there is one.
  Trouble name_it(const std::string& name, bool replace) {
    if (name_.empty()) {
      if (!replace) return link_as(name);
      std::string temporary = unguessable_name();
      if (const Trouble trouble = link_as(temporary); trouble != 0) return trouble;
      name_ = std::move(temporary);
    } else if (!replace) {
      if (linkat(folder_, name_.c_str(), folder_, name.c_str(), 0) != 0) return errno;
      unname();
      return 0;
    }
    if (renameat(folder_, name_.c_str(), folder_, name.c_str()) != 0) return errno;
    name_.clear();
    return 0;
  }

  Trouble create_named() {
    constexpr int kTries = 100;
    for (int i = 0; i < kTries; ++i) {
      std::string name = unguessable_name();
      file_ = Descriptor(openat(folder_, name.c_str(),
                                O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kNewFile));
      if (!file_.valid() && errno != EEXIST) return errno;
      if (!file_.valid()) continue;
      // Between its making and its lock another writer may have taken it for a dead one's.
      struct stat about {};
      if (lock(file_.get()) && fstat(file_.get(), &about) == 0 && about.st_nlink > 0) {
        name_ = std::move(name);
        return 0;
      }
      unlinkat(folder_, name.c_str(), 0);
    }
    return EEXIST;
  }

 private:
  Trouble link_as(const std::string& name) {
    const std::string self = fmt::format("/proc/self/fd/{}", file_.get());
    return linkat(AT_FDCWD, self.c_str(), folder_, name.c_str(), AT_SYMLINK_FOLLOW) == 0 ? 0
                                                                                         : errno;
  }
  void unname() {
    if (!name_.empty()) unlinkat(folder_, name_.c_str(), 0);
    name_.clear();
  }

  int folder_;
  Descriptor file_;
  std::string name_;  // "": it has none.
};

/// Removes the temporary files of our user whose writers are dead.
void remove_leftovers(int folder) {
  const int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const list = copy < 0 ? nullptr : fdopendir(copy);
  if (list == nullptr) {
    if (copy >= 0) close(copy);
    return;
  }
  while (const dirent* const entry = readdir(list)) {
    if (!is_temporary(entry->d_name)) continue;
    const Descriptor file(
        openat(folder, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat about {};
    if (file.valid() && fstat(file.get(), &about) == 0 && S_ISREG(about.st_mode) &&
        about.st_uid == geteuid() && flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
      unlinkat(folder, entry->d_name, 0);
    }
  }
  closedir(list);
}

struct Place {
  Descriptor folder;
  std::string name;  // In it.
};

/// Where a file is or would be, once all links are followed.
Trouble find_place(const std::string& path, Place& place) {
  constexpr int kLinksMax = 40;
  fs::path whole(path);
  std::array<char, PATH_MAX> real;
  std::error_code error;
  for (int i = 0; i < kLinksMax && realpath(whole.c_str(), real.data()) == nullptr; ++i) {
    const fs::path led_to = fs::read_symlink(whole, error);
    if (error) break;
    whole = whole.parent_path() / led_to;
  }
  if (realpath(whole.c_str(), real.data()) != nullptr) whole = real.data();
  if (path.empty()) return ENOENT;
  place.name = whole.filename().string();
  if (place.name.empty() || place.name == "." || place.name == "..") return EISDIR;
  const std::string folder = whole.parent_path().empty() ? "." : whole.parent_path().string();
  place.folder = Descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return place.folder.valid() ? 0 : errno;
}

/// What opening the name for writing showed; nothing of it was changed.
struct Target {
  Descriptor file;  // Not valid: there is no such file yet, unless `trouble` says more.
  struct stat about {};
  Trouble trouble = 0;
  bool created = false;  // Behind a link that led nowhere: an empty file is there now.
};

Target open_target(const std::string& path, bool create_behind_link) {
  Target target;
  constexpr int kHow = O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  target.file = Descriptor(open(path.c_str(), kHow));
  if (!target.file.valid()) target.trouble = errno;
  if (target.trouble == ENOENT) {
    target.trouble = 0;
    struct stat link {};
    const bool is_link = lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode);
    if (!is_link || !create_behind_link) return target;
    target.file = Descriptor(open(path.c_str(), kHow | O_CREAT, kNewFile));
    target.created = target.file.valid();
    if (!target.created) target.trouble = errno;
  }
  if (target.file.valid() && fstat(target.file.get(), &target.about) != 0) target.trouble = errno;
  return target;
}

/// The stream of ours that is this very file, as /dev/stdout is.
std::optional<int> own_stream(const Target& target) {
  if (!target.file.valid()) return std::nullopt;
  for (const int stream : {1, 2}) {
    struct stat about {};
    if (fstat(stream, &about) == 0 && about.st_dev == target.about.st_dev &&
        about.st_ino == target.about.st_ino) {
      return stream;
    }
  }
  return std::nullopt;
}

/// Into what is no plain file.
Trouble write_into(Target& target, std::string_view content) {
  const int flags = fcntl(target.file.get(), F_GETFL);
  if (flags >= 0) (void)fcntl(target.file.get(), F_SETFL, flags & ~O_NONBLOCK);
  const Trouble trouble = write_all(target.file.get(), content);
  return trouble != 0 ? trouble : target.file.shut();
}

Trouble write_at_start(int fd, std::string_view content) {
  if (lseek(fd, 0, SEEK_SET) < 0) return errno;
  if (const Trouble trouble = write_all(fd, content); trouble != 0) return trouble;
  return ftruncate(fd, static_cast<off_t>(content.size())) == 0 ? flush(fd) : errno;
}

/// A file that has to stay the same one; what it held is put back if that fails.
Trouble write_in_place(const Place& place, std::string_view content) {
  Descriptor file(openat(place.folder.get(), place.name.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid()) return errno;
  std::string old;
  if (const Trouble trouble = read_all(file.get(), old); trouble != 0) return trouble;
  const Trouble trouble = write_at_start(file.get(), content);
  if (trouble != 0) (void)write_at_start(file.get(), old);
  const Trouble closed = file.shut();
  return trouble != 0 ? trouble : closed;
}

Trouble fill(Temporary& temporary, std::string_view content) {
  const Trouble trouble = write_all(temporary.get(), content);
  return trouble != 0 ? trouble : flush(temporary.get());
}

/// `old`: what is there already, or null. `named`: not without a name, which needs /proc.
Trouble write_whole(const Place& place, const struct stat* old, std::string_view content,
                    bool named) {
  Temporary temporary(place.folder.get());
  Trouble trouble = named ? temporary.create_named() : temporary.create();
  // Whoever may write a file need not be allowed to make another one beside it.
  if (old != nullptr && (trouble == EACCES || trouble == EPERM))
    return write_in_place(place, content);
  if (trouble != 0) return trouble;
  if (old != nullptr) {
    const bool same_owner = fchown(temporary.get(), old->st_uid, old->st_gid) == 0;
    if (!same_owner) return write_in_place(place, content);
    if (fchmod(temporary.get(), old->st_mode & kModeBits) != 0) return errno;
  }
  if (trouble = fill(temporary, content); trouble != 0) return trouble;
  trouble = temporary.name_it(place.name, /*replace=*/old != nullptr);
  // Somebody wrote it meanwhile: the later one stays.
  if (trouble == EEXIST) trouble = temporary.name_it(place.name, /*replace=*/true);
  if (trouble != 0 && !named) return write_whole(place, old, content, /*named=*/true);
  return trouble;
}

Trouble write_plain(const std::string& path, Target& target, std::string_view content) {
  Place place;
  if (const Trouble trouble = find_place(path, place); trouble != 0) return trouble;
  const bool exists = target.file.valid();
  if (exists) {
    // The links may have been changed since the file was opened.
    struct stat found {};
    if (fstatat(place.folder.get(), place.name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0)
      return errno == ENOENT ? ESTALE : errno;
    if (found.st_dev != target.about.st_dev || found.st_ino != target.about.st_ino) return ESTALE;
  }
  const bool has_names = exists && target.about.st_nlink > 1;
  const Trouble trouble =
      has_names ? write_in_place(place, content)
                : write_whole(place, exists ? &target.about : nullptr, content, /*named=*/false);
  if (trouble != 0 && target.created) unlinkat(place.folder.get(), place.name.c_str(), 0);
  remove_leftovers(place.folder.get());
  return trouble;
}

Error cannot_write(const std::string& path, Trouble trouble) {
  const char* const why = trouble == ENXIO    ? "nobody reads this pipe"
                          : trouble == ELOOP  ? "a link in its path leads in circles"
                          : trouble == ESTALE ? "somebody else replaces it all the time"
                                              : std::strerror(trouble);
  return Error{fmt::format("{}: cannot be written: {}", path, why)};
}

/// Makes a file in an open folder, writes it and takes it away.
Trouble try_folder(int folder) {
  Temporary temporary(folder);
  const Trouble trouble = temporary.create();
  return trouble != 0 ? trouble : fill(temporary, std::string(kTrialBytes, '\0'));
}

}  // namespace

namespace {

Trouble try_to_write(const std::string& path, std::string_view content) {
  Target target = open_target(path, /*create_behind_link=*/true);
  if (target.trouble != 0) return target.trouble;
  const std::optional<int> stream = own_stream(target);
  const bool plain = !target.file.valid() || S_ISREG(target.about.st_mode);
  if (stream) return write_all(*stream, content);
  return plain ? write_plain(path, target, content) : write_into(target, content);
}

}  // namespace

Status write_file(const std::string& path, std::string_view content) {
  // Between a look and the next another process may have replaced the file, as shards do that write
  // the same report.
  constexpr int kTries = 100;
  Trouble trouble = ESTALE;
  for (int i = 0; i < kTries && trouble == ESTALE; ++i) trouble = try_to_write(path, content);
  if (trouble != 0) return cannot_write(path, trouble);
  return ok();
}

Status try_to_write_file(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) {
    // Opening a pipe would already tell its reader something.
    const Trouble trouble = S_ISDIR(about.st_mode)            ? EISDIR
                            : access(path.c_str(), W_OK) == 0 ? 0
                                                              : errno;
    if (trouble != 0) return cannot_write(path, trouble);
    return ok();
  }
  const Target target = open_target(path, /*create_behind_link=*/false);
  Trouble trouble = target.trouble;
  Place place;
  if (trouble == 0) trouble = find_place(path, place);
  if (trouble == 0) {
    remove_leftovers(place.folder.get());
    trouble = try_folder(place.folder.get());
    if (target.file.valid() && (trouble == EACCES || trouble == EPERM)) trouble = 0;  // In place.
  }
  if (trouble != 0) return cannot_write(path, trouble);
  return ok();
}

Status try_to_write_folder(const std::string& folder) {
  fs::path above = folder.empty() ? fs::path(".") : fs::path(folder);
  std::error_code error;
  while (!fs::exists(above, error) && !error) {
    above = above.has_parent_path() && above.parent_path() != above ? above.parent_path()
                                                                    : fs::path(".");
  }
  const Descriptor open_folder(open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Trouble trouble = open_folder.valid() ? 0 : errno;
  if (trouble == 0) {
    remove_leftovers(open_folder.get());
    trouble = try_folder(open_folder.get());
  }
  // Without descriptors nothing works, wherever it is: whoever needs more will say so.
  if (trouble == 0 || trouble == EMFILE || trouble == ENFILE) return ok();
  return Error{fmt::format("{}: no file can be written there: {}; name another folder by --output",
                           folder, std::strerror(trouble))};
}

}  // namespace reweave::repro
