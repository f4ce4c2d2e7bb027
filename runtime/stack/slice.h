// Slicing the machine stack: many tasklets share one stack, and the part that belongs to a
// suspended one is copied away.
//
//   high   frames of the host     never copied
//          ------ base ------     fixed, 128-aligned: every slice begins here
//          frames of the          the slice of the running tasklet, which is copied away when it
//          running tasklet        is suspended
//   low    ------- sp -------     where its slice ends
//
// switch_slices() saves the running part in one slice and puts another one back at the very
// addresses it came from, so every pointer inside it stays good. A fresh slice has nothing to put
// back: it starts a function at the base.
//
// What travels with a slice: callee-saved registers, MXCSR and x87 control word (FPCR on AArch64),
// the two words that libstdc++ keeps for exceptions in flight, and under AddressSanitizer the
// shadow of the bytes, so that redzones stay exact. A fresh slice starts with the defaults of all
// of these.
//
// Cost: one copy out and one copy in of (base - sp) bytes, nothing else that grows; no malloc per
// switch, because buffers come from a SliceCache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace reweave::runtime {

/// What a fresh slice runs, at the base of the stack. Must never return.
using SliceEntry = void (*)(void* argument);

/// In a build with windows (REWEAVE_STACK_WINDOWS) nothing is copied; see window.h.
#if defined(REWEAVE_STACK_WINDOWS)
inline constexpr bool kStackWindows = true;
#else
inline constexpr bool kStackWindows = false;
#endif
struct StackWindow;

/// A saved part of the machine stack. The first three fields are known to the assembly; their order
/// is fixed.
struct Slice {
  void* sp = nullptr;        // Where the stack pointer was; null: fresh.
  std::byte* top = nullptr;  // End of the copy: *(top - n) is the copy of *(base - n). 64-aligned.
  std::size_t capacity = 0;  // Usable bytes below `top`.
  std::byte* buffer =
      nullptr;  // What the allocator gave; null: none yet. Owned by the cache that made it.
  std::uint8_t* shadow =
      nullptr;  // ASan only: end of the shadow's copy; one byte for eight of the stack.
  StackWindow* window =
      nullptr;  // Windows only: where it is suspended; null: it runs, or is the host.
};

/// Slices are copied in blocks of this many bytes, downwards from the base.
inline constexpr std::size_t kSliceBlock = 128;

/// Buffers for slices, kept by size so that a switch never calls malloc once the program has warmed
/// up.
///
/// Like Stackless's own cache it keeps a limited number of free buffers and throws all of them away
/// when one more would exceed it. Not thread-safe: one for each runtime. Buffers are ordinary
/// malloc memory, so LeakSanitizer looks into them.
class SliceCache {
 public:
  static constexpr std::size_t kClassBytes = 512, kClasses = 129, kCachedMax = 100;

  SliceCache() = default;
  ~SliceCache();
  SliceCache(const SliceCache&) = delete;
  SliceCache& operator=(const SliceCache&) = delete;

  /// Gives `slice` a buffer of at least `bytes`; its old content is lost. Aborts when the system
  /// has no memory.
  void reserve(Slice& slice, std::size_t bytes);
  /// Takes the buffer back; the slice is then as new.
  void release(Slice& slice);

  struct Counts {
    std::uint64_t allocations = 0;  // Calls of malloc so far.
    std::uint64_t reuses = 0;       // Buffers handed out again.
    std::size_t cached = 0;         // Free buffers held now.
    std::size_t bytes = 0;          // Bytes of all buffers that exist.
  };
  const Counts& counts() const { return counts_; }
  /// Off: every buffer is allocated and freed. A setting for measuring, and for finding stale
  /// contents under ASan.
  void set_enabled(bool enabled);

  /// Windows only: one for a fresh slice, and back.
  StackWindow* take_window();
  void give_back(StackWindow* window);

 private:
  struct FreeBuffer {
    FreeBuffer* next;
  };
  void free_windows();
  void free_buffer(std::byte* buffer, std::size_t capacity);
  void clear();

  std::array<FreeBuffer*, kClasses> free_{};
  Counts counts_;
  bool enabled_ = true;
  StackWindow* free_windows_ = nullptr;
};

/// A machine stack that is sliced. `entry` and `argument` are what every fresh slice on it runs.
struct SliceStack {
  SliceCache* cache = nullptr;  // Must outlive the stack's use.
  SliceEntry entry = nullptr;
  void* argument = nullptr;
  std::byte* base = nullptr;  // Set by enter_sliced().
  /// Lowest address that the side which switched away last may have used.
  std::byte* leaver_low = nullptr;
  void* exceptions = nullptr;  // What libstdc++ keeps for this OS thread. Set by enter_sliced().
  std::uint64_t switches = 0;  // How often switch_slices() ran.
  std::uint64_t bytes_copied = 0;  // Bytes of slices saved so far.
  // Windows only.
  StackWindow* window = nullptr;      // The one that runs; null: the host does.
  StackWindow* left = nullptr;        // The one that was left last; null: the host.
  bool left_for_good = false;         // It was abandoned.
  const void* host_bottom = nullptr;  // What AddressSanitizer has to be told of the host's stack.
  std::size_t host_bytes = 0;
};

/// Runs the stack's entry on a fresh slice below the caller's frame, and returns when somebody
/// switches to `host`. Sets `stack.base`. `host` needs no buffer and must stay where it is until
/// then. Not re-entrant for one stack.
void enter_sliced(SliceStack& stack, Slice& host);

/// Leaves the running slice for `to`. `from`: where the running part is saved; null: it is
/// abandoned, without running any destructor on it. Returns when somebody switches to `from`; never
/// if it is null. `to` fresh: the stack's entry is called. Switches tasks.
void switch_slices(SliceStack& stack, Slice* from, Slice& to);

/// Bytes between the base and the caller's frame; 0 above the base.
std::size_t sliced_depth(const SliceStack& stack);

}  // namespace reweave::runtime
