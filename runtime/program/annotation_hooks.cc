// What a program tells a race detector itself: the annotations of <sanitizer/tsan_interface.h> and
// of dynamic_annotations.h, which libraries with locks of their own use.
//
// They say what orders accesses, and where a race is meant. None of them is a point.

#include <cstdint>

#include "runtime/program/control.h"

namespace {

using namespace reweave;           // NOLINT: of this file alone.
using namespace reweave::program;  // NOLINT

constexpr unsigned kReadLock = 1u << 3, kTryLockFailed = 1u << 5;

// What atomic operations on the same variable order is another matter, and readers are in no order
// among themselves (see Control::took()): odd addresses near it stand for these.
const char* place_of(const volatile void* lock, bool readers) {
  return static_cast<const char*>(const_cast<const void*>(lock)) + (readers ? 5 : 3);
}
void took(const volatile void* lock, bool reads) {
  if (!is_controlled()) return;
  control().take_over(place_of(lock, false));
  if (!reads) control().take_over(place_of(lock, true));
}
void gives_back(const volatile void* lock, bool reads) {
  if (is_controlled()) control().give(place_of(lock, reads));
}
void ignore_races(int more) {
  if (is_controlled()) control().ignore_races(more);
}

}  // namespace

// NOLINTBEGIN(bugprone-easily-swappable-parameters): others have chosen them.
REWEAVE_STAND_IN void __tsan_acquire(void* object) { took(object, /*reads=*/true); }
REWEAVE_STAND_IN void __tsan_release(void* object) { gives_back(object, /*reads=*/false); }

REWEAVE_STAND_IN void __tsan_mutex_create(void*, unsigned) {}
REWEAVE_STAND_IN void __tsan_mutex_destroy(void*, unsigned) {}
REWEAVE_STAND_IN void __tsan_mutex_pre_lock(void*, unsigned) {}
REWEAVE_STAND_IN void __tsan_mutex_post_lock(void* lock, unsigned flags, int) {
  if ((flags & kTryLockFailed) == 0) took(lock, (flags & kReadLock) != 0);
}
REWEAVE_STAND_IN int __tsan_mutex_pre_unlock(void* lock, unsigned flags) {
  gives_back(lock, (flags & kReadLock) != 0);
  return 0;
}
REWEAVE_STAND_IN void __tsan_mutex_post_unlock(void*, unsigned) {}
REWEAVE_STAND_IN void __tsan_mutex_pre_signal(void*, unsigned) {}
REWEAVE_STAND_IN void __tsan_mutex_post_signal(void*, unsigned) {}
REWEAVE_STAND_IN void __tsan_mutex_pre_divert(void*, unsigned) {}
REWEAVE_STAND_IN void __tsan_mutex_post_divert(void*, unsigned) {}

// A fiber is part of the thread that runs it.
REWEAVE_STAND_IN void* __tsan_get_current_fiber() {
  static char only;
  return &only;
}
REWEAVE_STAND_IN void* __tsan_create_fiber(unsigned) { return __tsan_get_current_fiber(); }
REWEAVE_STAND_IN void __tsan_destroy_fiber(void*) {}
REWEAVE_STAND_IN void __tsan_switch_to_fiber(void*, unsigned) {}
REWEAVE_STAND_IN void __tsan_set_fiber_name(void*, const char*) {}

REWEAVE_STAND_IN void __tsan_ignore_thread_begin() { ignore_races(1); }
REWEAVE_STAND_IN void __tsan_ignore_thread_end() { ignore_races(-1); }

using Line = int;
REWEAVE_STAND_IN void AnnotateHappensBefore(const char*, Line, const volatile void* object) {
  gives_back(object, /*reads=*/false);
}
REWEAVE_STAND_IN void AnnotateHappensAfter(const char*, Line, const volatile void* object) {
  took(object, /*reads=*/true);
}
REWEAVE_STAND_IN void AnnotateRWLockCreate(const char*, Line, const volatile void*) {}
REWEAVE_STAND_IN void AnnotateRWLockCreateStatic(const char*, Line, const volatile void*) {}
REWEAVE_STAND_IN void AnnotateRWLockDestroy(const char*, Line, const volatile void*) {}
REWEAVE_STAND_IN void AnnotateRWLockAcquired(const char*, Line, const volatile void* lock,
                                             long writes) {
  took(lock, writes == 0);
}
REWEAVE_STAND_IN void AnnotateRWLockReleased(const char*, Line, const volatile void* lock,
                                             long writes) {
  gives_back(lock, writes == 0);
}
REWEAVE_STAND_IN void AnnotateIgnoreReadsBegin(const char*, Line) { ignore_races(1); }
REWEAVE_STAND_IN void AnnotateIgnoreReadsEnd(const char*, Line) { ignore_races(-1); }
REWEAVE_STAND_IN void AnnotateIgnoreWritesBegin(const char*, Line) { ignore_races(1); }
REWEAVE_STAND_IN void AnnotateIgnoreWritesEnd(const char*, Line) { ignore_races(-1); }
REWEAVE_STAND_IN void AnnotateIgnoreSyncBegin(const char*, Line) {}
REWEAVE_STAND_IN void AnnotateIgnoreSyncEnd(const char*, Line) {}
REWEAVE_STAND_IN void AnnotateBenignRace(const char*, Line, const volatile void* address,
                                         const char*) {
  if (is_controlled()) control().allow_races(const_cast<const void*>(address), 1);
}
REWEAVE_STAND_IN void AnnotateBenignRaceSized(const char*, Line, const volatile void* address,
                                              unsigned long bytes, const char*) {
  if (is_controlled()) control().allow_races(const_cast<const void*>(address), bytes);
}
REWEAVE_STAND_IN void AnnotateThreadName(const char*, Line, const char*) {}
REWEAVE_STAND_IN void AnnotateEnableRaceDetection(const char*, Line, int) {}
REWEAVE_STAND_IN void AnnotateNewMemory(const char*, Line, const volatile void* address,
                                        unsigned long bytes) {
  if (is_controlled()) control().forget_memory(const_cast<const void*>(address), bytes);
}
REWEAVE_STAND_IN void AnnotateMemoryIsInitialized(const char*, Line, const volatile void*,
                                                  unsigned long) {}
REWEAVE_STAND_IN void AnnotateMemoryIsUninitialized(const char*, Line, const volatile void*,
                                                    unsigned long) {}
REWEAVE_STAND_IN void AnnotateFlushState(const char*, Line) {}
REWEAVE_STAND_IN void AnnotateNoOp(const char*, Line, const volatile void*) {}
REWEAVE_STAND_IN int RunningOnValgrind() { return 0; }
// NOLINTEND(bugprone-easily-swappable-parameters)
