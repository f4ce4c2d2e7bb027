#include "scheduler/machine/borrowed_threads.h"

#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "scheduler/base/internal_check.h"
#include "scheduler/machine/sanitizer.h"

extern "C" [[noreturn]] void reweave_park(const int* never);

namespace reweave {
namespace {

const int kNever = 0;

// How many times this process is the child of a fork.
std::uint32_t generation = 0;

void count_fork() { ++generation; }

/// What a thread tells of itself before it parks.
struct Note {
  std::atomic<std::uint32_t> written{0};
  void* thread_pointer = nullptr;
  std::byte* frame = nullptr;
};

REWEAVE_UNINSTRUMENTED void* lend(void* argument) {
  auto* const note = static_cast<Note*>(argument);
  note->thread_pointer = thread_pointer();
  note->frame = static_cast<std::byte*>(__builtin_frame_address(0));
  note->written.store(1, std::memory_order_release);
  syscall(SYS_futex, &note->written, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  reweave_park(&kNever);
}

}  // namespace

BorrowedThreads::BorrowedThreads(Create create, std::size_t stack_bytes)
    : Machine(borrowed_switch(), /*looks_each_time=*/true),
      create_(create),
      stack_bytes_(stack_bytes) {
  static const int registered = pthread_atfork(nullptr, nullptr, &count_fork);
  CHECK(registered == 0);
  generation_ = generation;
}

void BorrowedThreads::look_where_it_is() {
  Machine::look_where_it_is();
  if (generation_ == generation) return;
  generation_ = generation;
  forget_places();
}

void BorrowedThreads::make(Context& context, std::uint32_t number) {
  Note note;
  pthread_attr_t attributes;
  CHECK(pthread_attr_init(&attributes) == 0);
  CHECK(pthread_attr_setstacksize(&attributes, stack_bytes_) == 0);
  sigset_t all, before;
  sigfillset(&all);
  CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);  // The new thread inherits it.
  pthread_t thread;
  CHECK_MSG(create_(&thread, &attributes, &lend, &note) == 0,
            "the system gives no thread to borrow");
  while (note.written.load(std::memory_order_acquire) == 0) {
    syscall(SYS_futex, &note.written, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
  }
  CHECK(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
  CHECK(pthread_attr_destroy(&attributes) == 0);
  // Below whatever the parked thread still has on its stack, the kernel's entry included.
  constexpr std::size_t kOwnBytes = 1024;
  std::byte* const top = note.frame - kOwnBytes - stagger_bytes(number);
  context.top = top - reinterpret_cast<std::uintptr_t>(top) % 64;
  context.thread_pointer = note.thread_pointer;
}

}  // namespace reweave
