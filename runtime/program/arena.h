// Memory that is put back: one region at a fixed address that the program's malloc gives out.
//
// Problem: an execution that is abandoned leaves its heap behind, and the next one must find the
// heap of before. Idea: a bump pointer and free lists by size, in a region at the same address in
// every process; to put it back is to reset the bump pointer and the heads of the lists, which also
// makes addresses repeat, so that a program that orders by address replays exactly. What was
// allocated before the snapshot is copied back by the snapshot (snapshot.h).
//
// Guarantee: memory given out after a reset is zero up to its first use, whatever the execution
// before left there. Cost: about 3 ns for a pair of malloc and free; 16 bytes a block; sizes are
// rounded up to 16 bytes, above 1 KiB to a quarter of a power of two.
//
// Beside it lies a bit for each 16 bytes: whether they are in a block that is in use. So a use of
// what was freed, of what lies between two blocks, or of what was never given out, is known by one
// look, without a sanitizer.
//
// A small block that was freed is the next one of its size to be given out, unless the caller asks
// for that to wait (spare_freed()), so that who still uses it is seen.
//
// Not thread-safe: callers outside an execution hold a lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace reweave::program {

class Arena {
 private:
  struct Header {
    std::uint32_t size_class = 0;
    std::uint32_t state = 0;
    // From the start of the block to an aligned address inside it; of a freed one, its note.
    std::uint64_t offset = 0;
  };

 public:
  static constexpr std::size_t kAlignment = 16;
  /// What the beginning of a freed block is filled with: no pointer, no small number.
  static constexpr unsigned char kSpoiled = 0xdb;

  /// Where the arena stands; what reset() goes back to.
  struct Mark {
    char* bump = nullptr;
    std::array<void*, 192> free{};
  };

  /// Maps `bytes` of address space at `at`; nothing is used yet. `tells_dead`: is_dead() will be
  /// asked. False: the place is taken.
  bool open(std::uintptr_t at, std::size_t bytes, bool tells_dead = false);
  bool is_open() const { return begin_ != nullptr; }

  /// At least `bytes`, aligned to 16, zero where it was never used. Null: the arena is full.
  void* allocate(std::size_t bytes);
  /// allocate(bytes) would give out a small block that was freed before.
  bool would_reuse(std::size_t bytes) const {
    return bytes <= kSmallMax && mark_.bump >= spare_to_ &&
           mark_.free[static_cast<std::size_t>(class_of(bytes == 0 ? 1 : bytes))] != nullptr;
  }
  /// From now on no small block is, until `bytes` of fresh memory are used up, or to reset().
  void spare_freed(std::size_t bytes) { spare_to_ = mark_.bump + bytes; }
  /// The same, zero altogether: memory that was never used is not touched.
  void* allocate_cleared(std::size_t bytes);
  /// `alignment` is a power of two.
  void* allocate_aligned(std::size_t alignment, std::size_t bytes);
  /// `block` came from here and was not freed. `note`: what freed() tells of it. False: it was
  /// freed before, or is no block: nothing happened.
  bool release(void* block, std::uint64_t note = 0);
  /// `at` lies in the arena, but in no block that is in use.
  bool is_dead(const void* at) const {
    const auto offset = static_cast<std::size_t>(static_cast<const char*>(at) - begin_);
    return offset < told_bytes_ && (alive_[offset >> 7] >> (offset >> 4 & 7) & 1) == 0;
  }
  /// What is_dead() looks at: a bit for 16 bytes, from begin() on; and of how many bytes it tells.
  const unsigned char* alive_bits() const { return alive_; }
  std::size_t told_bytes() const { return told_bytes_; }
  /// The note of the freed block in which `at` lies; null: it lies in none.
  const std::uint64_t* freed(const void* at) const;
  /// How much more allocate_aligned() takes for it.
  static constexpr std::size_t bytes_for_alignment(std::size_t alignment) {
    return alignment <= kAlignment ? 0 : alignment + sizeof(Header);
  }
  /// How many bytes of `block` may be used.
  static std::size_t usable_bytes(const void* block);

  bool owns(const void* at) const {
    return static_cast<const char*>(at) >= begin_ && static_cast<const char*>(at) < end_;
  }
  char* begin() const { return begin_; }
  /// What lies below was given out at least once since the last reset.
  char* bump() const { return mark_.bump; }

  Mark mark();
  /// What was freed is not given out again, and what comes next lies at or above `offset` from the
  /// beginning: so its addresses do not depend on what was allocated and freed before.
  void begin_anew(std::size_t offset);
  /// Everything allocated after `mark` is gone; the bytes above it are zero again.
  void reset(const Mark& mark);

 private:
  static constexpr std::uint32_t kUsed = 0x5eed5eed, kFreed = 0xf4eef4ee, kInside = 0x1145ade0;
  static constexpr int kSmallClasses = 65;  // 0, 16, 32 … 1024 bytes.
  static constexpr std::size_t kSmallMax = 1024;

  void set_alive(const void* from, std::size_t bytes, bool alive);
  static int class_of(std::size_t bytes) {
    return bytes <= kSmallMax ? static_cast<int>((bytes + 15) / 16) : large_class_of(bytes);
  }
  static int large_class_of(std::size_t bytes);
  static std::size_t bytes_of(int size_class);
  static Header* header_of(const void* block);

  Mark mark_;
  char* begin_ = nullptr;
  char* end_ = nullptr;
  unsigned char* alive_ = nullptr;  // A bit for 16 bytes.
  std::size_t told_bytes_ = 0;      // All of it, or 0.
  char* kept_to_ = nullptr;         // Below the last mark() …
  unsigned char* kept_ = nullptr;   // … the bits as they were then, …
  bool kept_changed_ = false;       // … if they are other ones now.
  char* spare_to_ = nullptr;        // While the bump pointer is below, freed blocks are spared.
};

}  // namespace reweave::program
