#include "runtime/program/descriptor_waits.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <string_view>

#include "runtime/program/control.h"
#include "runtime/program/descriptors.h"
#include "runtime/program/real.h"
#include "runtime/program/system_calls.h"
#include "scheduler/base/internal_check.h"

namespace reweave::program {
namespace {

/// Identities that no object of the program has, and that are the same in every process.
const void* identity(std::size_t index) { return reinterpret_cast<const void*>(8 * (index + 64)); }
constexpr std::size_t kOther = 0, kSockets = 1, kPipes = 2;

int poll_now(pollfd* set, std::size_t count) {
  return static_cast<int>(kernel_call(SYS_poll, word_of(set), static_cast<long>(count), 0));
}

/// Character devices that never make anybody wait, and those that bring random bytes.
FileKind kind_of_device(dev_t device) {
  constexpr unsigned kMemory = 1, kRandom = 8, kUrandom = 9;
  if (major(device) != kMemory) return FileKind::kOther;
  const unsigned which = minor(device);
  return which == kRandom || which == kUrandom ? FileKind::kRandom : FileKind::kPlain;
}

FileKind kind_of(const struct stat& status) {
  switch (status.st_mode & S_IFMT) {
    case S_IFIFO:
      return FileKind::kPipe;
    case S_IFSOCK:
      return FileKind::kSocket;
    case S_IFCHR:
      return kind_of_device(status.st_rdev);
    case 0:  // An event counter and its like have no type.
      return FileKind::kOther;
    default:
      return FileKind::kPlain;
  }
}

bool status_of(int descriptor, struct stat* status) {
  return kernel_call(SYS_fstat, descriptor, word_of(status)) == 0;
}

/// What an epoll descriptor watches, as the kernel tells it; nothing for every other one.
std::vector<int> watched_by(int descriptor) {
  const std::string path = "/proc/self/fdinfo/" + std::to_string(descriptor);
  const long file = kernel_call(SYS_openat, AT_FDCWD, word_of(path.c_str()), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::string text;
  std::array<char, 4096> part;
  long got = 0;
  while ((got = kernel_call(SYS_read, file, word_of(part.data()), part.size())) > 0)
    text.append(part.data(), static_cast<std::size_t>(got));
  kernel_call(SYS_close, file);
  constexpr std::string_view kWord = "\ntfd:";
  std::vector<int> watched;
  for (auto at = text.find(kWord); at != text.npos; at = text.find(kWord, at + 1))
    watched.push_back(std::atoi(text.c_str() + at + kWord.size()));
  return watched;
}

const char* kind_words(int descriptor) {
  struct stat status {};
  if (!status_of(descriptor, &status)) return "which is closed";
  switch (kind_of(status)) {
    case FileKind::kPipe:
      return "a pipe";
    case FileKind::kSocket:
      return "a socket";
    case FileKind::kOther:
      return S_ISCHR(status.st_mode) ? "a terminal or device" : "an event counter or its like";
    case FileKind::kPlain:
    case FileKind::kRandom:
      break;
  }
  return "a file";
}

}  // namespace

DescriptorWaits& descriptor_waits() {
  static DescriptorWaits* const only = new DescriptorWaits;
  return *only;
}

struct DescriptorWaits::Shared {
  std::atomic<bool> input_kept;
};

void DescriptorWaits::note_what_is_open() {
  before_.clear();
  for (int number = 0; number < Descriptors::kHigh; ++number) {
    struct stat status {};
    if (!status_of(number, &status)) continue;
    const FileKind kind = kind_of(status);
    if (kind == FileKind::kPipe || kind == FileKind::kSocket)
      before_.push_back({status.st_dev, status.st_ino, false});
  }
}

void DescriptorWaits::prepare() {
  note_what_is_open();
  struct stat status {};
  if (shared_ != nullptr || !status_of(STDIN_FILENO, &status)) return;
  const FileKind kind = kind_of(status);
  if (kind != FileKind::kPipe && kind != FileKind::kSocket) return;
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const int input = memfd_create("standard input", MFD_CLOEXEC);
  CHECK_MSG(memory != MAP_FAILED && input >= 0, "no memory for the standard input");
  shared_ = new (memory) Shared{};
  input_ = Descriptors::high(input);
  real().close(input);
  input_device_ = status.st_dev;
  input_number_ = status.st_ino;
}

void DescriptorWaits::begin() {
  known_.clear();
  for (const Kept& each : kept_) kernel_call(SYS_close, each.copy);
  kept_.clear();
  if (own_input_ >= 0) kernel_call(SYS_lseek, own_input_, 0, SEEK_SET);
}

void DescriptorWaits::forked() {
  if (own_input_ >= 0) kernel_call(SYS_close, own_input_);
  own_input_ = -1;
}

std::size_t DescriptorWaits::index_of(dev_t device, ino_t number) {
  for (std::size_t i = 0; i < known_.size(); ++i) {
    if (known_[i].number == number && known_[i].device == device) return i;
  }
  known_.push_back({device, number, false});
  return known_.size() - 1;
}

File DescriptorWaits::look_at(int descriptor) {
  struct stat status {};
  if (!status_of(descriptor, &status)) return {};
  File file{.kind = kind_of(status)};
  if (!file.may_wait()) return file;
  if (input_number_ != 0 && status.st_ino == input_number_ && status.st_dev == input_device_) {
    keep_input(descriptor);
    return {};
  }
  file.was_open = std::any_of(before_.begin(), before_.end(), [&](const Known& known) {
    return known.number == status.st_ino && known.device == status.st_dev;
  });
  file.blocking = (kernel_call(SYS_fcntl, descriptor, F_GETFL) & O_NONBLOCK) == 0;
  if (file.kind == FileKind::kPipe) {
    file.object = identity(kPipes + index_of(status.st_dev, status.st_ino));
  } else {
    file.object = identity(file.kind == FileKind::kSocket ? kSockets : kOther);
  }
  return file;
}

void DescriptorWaits::made_here(int descriptor) {
  struct stat status {};
  if (status_of(descriptor, &status)) known_[index_of(status.st_dev, status.st_ino)].here = true;
}

bool DescriptorWaits::is_outside(int descriptor) {
  struct stat status {};
  if (!status_of(descriptor, &status)) return false;
  const FileKind kind = kind_of(status);
  if (kind == FileKind::kOther && !S_ISCHR(status.st_mode)) {
    const std::vector<int> watched = watched_by(descriptor);
    return std::any_of(watched.begin(), watched.end(),
                       [this](int each) { return is_outside(each); });
  }
  if (kind == FileKind::kOther) return true;
  return !known_[index_of(status.st_dev, status.st_ino)].here;
}

/// `descriptor` leads to the standard input, a pipe: from here on it leads to a copy.
void DescriptorWaits::keep_input(int descriptor) {
  const void* const place = control().self().where;
  std::size_t kept = 0;
  while (!shared_->input_kept) {
    std::array<char, 1 << 16> bytes;
    pollfd wanted{descriptor, POLLIN, 0};
    long got = 0;
    if (kernel_call(SYS_poll, word_of(&wanted), 1, kInputQuietMs) == 0) {
      control().note_escape("standard input that did not end, of which nothing came for 5 s",
                            place);
    } else {
      got = kernel_call(SYS_read, descriptor, word_of(bytes.data()), bytes.size());
    }
    if (got > 0) got = kernel_call(SYS_write, input_, word_of(bytes.data()), got);
    kept += got > 0 ? static_cast<std::size_t>(got) : 0;
    if (kept > kInputBytesMax)
      control().note_escape("standard input of more than 256 MiB: the rest was not read", place);
    if (got <= 0 || kept > kInputBytesMax) shared_->input_kept = true;
  }
  if (own_input_ < 0) own_input_ = Descriptors::opened_again(input_);
  if (own_input_ >= 0) kernel_call(SYS_dup3, own_input_, descriptor, 0);
}

DescriptorWaits::Woken DescriptorWaits::wait(std::span<const pollfd> wanted, std::uint64_t deadline,
                                             const void* caller) {
  Control& all = control();
  Thread& me = all.self();
  me.awaited.assign(wanted.begin(), wanted.end());
  if (poll_now(me.awaited.data(), me.awaited.size()) != 0) return Woken::kReady;
  if (deadline != sync::kNever && (deadline <= all.now() || all.time_is_up(deadline, caller)))
    return Woken::kLate;
  while (true) {
    if (all.waiters().of(me.id).kind == WaitKind::kNothing) {
      all.waiters().wait(me.id,
                         {.kind = WaitKind::kInput, .object = &me.awaited, .deadline = deadline});
    }
    all.wait_here(Access::kReadModifyWrite, &me.awaited, caller);
    const bool late = deadline != sync::kNever && all.waiters().timed_out(me.id);
    const bool ready = poll_now(me.awaited.data(), me.awaited.size()) != 0;
    if (!ready && !late && !me.interrupted) continue;
    all.waiters().forget(me.id);
    return ready ? Woken::kReady : late ? Woken::kLate : Woken::kInterrupted;
  }
}

void DescriptorWaits::keep_for_waiters(int first, int last) {
  control().waiters().for_each([&](ThreadId id, const sync::Wait& wait) {
    if (wait.kind != WaitKind::kInput) return;
    for (pollfd& each : control().thread(id).awaited) {
      if (each.fd < first || each.fd > last) continue;
      const long copy = kernel_call(SYS_fcntl, each.fd, F_DUPFD_CLOEXEC, long{Descriptors::kHigh});
      if (copy < 0) continue;
      kept_.push_back({id, static_cast<int>(copy), each.fd});
      each.fd = static_cast<int>(copy);
    }
  });
}

std::size_t DescriptorWaits::kept() const {
  if (kept_.empty()) return 0;
  const ThreadId me = control().self_id();
  return static_cast<std::size_t>(std::count_if(
      kept_.begin(), kept_.end(), [me](const Kept& each) { return each.waiter == me; }));
}

void DescriptorWaits::let_go(std::size_t kept) {
  if (kept_.empty()) return;
  const ThreadId me = control().self_id();
  std::size_t mine = 0;
  std::erase_if(kept_, [&](const Kept& each) {
    if (each.waiter != me || mine++ < kept) return false;
    kernel_call(SYS_close, each.copy);
    return true;
  });
}

void DescriptorWaits::look_again() {
  Control& all = control();
  if (all.waiters().waiting() == 0) return;
  std::vector<ThreadId> waiting;
  asked_.clear();
  all.waiters().for_each([&](ThreadId id, const sync::Wait& wait) {
    if (wait.kind != WaitKind::kInput) return;
    waiting.push_back(id);
    const Thread& thread = all.thread(id);
    asked_.insert(asked_.end(), thread.awaited.begin(), thread.awaited.end());
  });
  if (waiting.empty()) return;
  poll_now(asked_.data(), asked_.size());
  auto at = asked_.begin();
  for (const ThreadId id : waiting) {
    const Thread& thread = all.thread(id);
    const auto end = at + static_cast<std::ptrdiff_t>(thread.awaited.size());
    const bool ready = std::any_of(at, end, [](const pollfd& each) { return each.revents != 0; });
    at = end;
    if (ready) {
      all.waiters().offer(&thread.awaited);
    } else {
      all.waiters().taken(&thread.awaited, WaitKind::kInput);
    }
  }
}

bool DescriptorWaits::anything_from_outside(bool patiently) {
  Control& all = control();
  asked_.clear();
  all.waiters().for_each([&](ThreadId id, const sync::Wait& wait) {
    if (wait.kind != WaitKind::kInput) return;
    for (const pollfd& each : all.thread(id).awaited) {
      if (is_outside(each.fd)) asked_.push_back(each);
    }
  });
  if (asked_.empty()) return false;
  const long ready = kernel_call(SYS_poll, word_of(asked_.data()), static_cast<long>(asked_.size()),
                                 patiently ? kOutsideMs : 0);
  if (ready <= 0) return false;
  all.note_escape("input or output of another process, which no replay repeats", all.self().where);
  look_again();
  return true;
}

std::string DescriptorWaits::words(const Thread& thread) const {
  if (thread.awaited.empty()) return "nothing, for ever";
  std::string words;
  for (const pollfd& each : thread.awaited) {
    if (!words.empty()) words += ", or ";
    const bool reads = (each.events & (POLLIN | POLLPRI)) != 0;
    const bool writes = (each.events & POLLOUT) != 0;
    words += reads && writes ? "input from or room in" : reads ? "input from" : "room in";
    const auto kept = std::find_if(kept_.begin(), kept_.end(),
                                   [&](const Kept& one) { return one.copy == each.fd; });
    const int number = kept == kept_.end() ? each.fd : kept->number;
    words += " descriptor " + std::to_string(number) + ", " + kind_words(each.fd);
    if (kept != kept_.end()) words += " that was closed meanwhile";
  }
  return words;
}

}  // namespace reweave::program
