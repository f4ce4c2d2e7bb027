#include "runtime/program/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace reweave::program {

bool Arena::open(std::uintptr_t at, std::size_t bytes, bool tells_dead) {
  void* const wanted = reinterpret_cast<void*>(at);
  void* const got = mmap(wanted, bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != wanted) {
    if (got != MAP_FAILED) munmap(got, bytes);
    return false;
  }
  begin_ = static_cast<char*>(got);
  end_ = begin_ + bytes;
  // Programs of much memory touch it anew in each execution: in large pages that is a few faults.
  madvise(begin_, bytes, MADV_HUGEPAGE);
  mark_.bump = begin_;
  if (!tells_dead) return true;
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  // set_alive() changes eight bytes at once, the last of which may lie behind the last bit.
  void* const bits = mmap(nullptr, bytes / 128 + 8, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  void* const kept = mmap(nullptr, bytes / 128, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (bits == MAP_FAILED || kept == MAP_FAILED) return true;  // Then nothing is dead.
  alive_ = static_cast<unsigned char*>(bits);
  kept_ = static_cast<unsigned char*>(kept);
  told_bytes_ = bytes;
  return true;
}

/// Multiples of 16 both.
void Arena::set_alive(const void* from, std::size_t bytes, bool alive) {
  if (told_bytes_ == 0) return;
  if (static_cast<const char*>(from) < kept_to_) kept_changed_ = true;
  auto at = static_cast<std::size_t>(static_cast<const char*>(from) - begin_) >> 4;
  std::size_t count = bytes >> 4;
  constexpr std::size_t kAtOnce = 56;  // And up to seven bits before them: they are in eight bytes.
  const auto mark_some = [&](std::size_t some) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, alive_ + (at >> 3), sizeof bits);
    const std::uint64_t mask = ((std::uint64_t{1} << some) - 1) << (at & 7);
    bits = alive ? bits | mask : bits & ~mask;
    std::memcpy(alive_ + (at >> 3), &bits, sizeof bits);
    at += some;
    count -= some;
  };
  if (count > kAtOnce) {
    mark_some((8 - (at & 7)) & 7);
    const std::size_t whole = count >> 3;
    std::memset(alive_ + (at >> 3), alive ? 0xff : 0, whole);
    at += whole << 3;
    count &= 7;
  }
  mark_some(count);
}

const std::uint64_t* Arena::freed(const void* at) const {
  if (at >= mark_.bump) return nullptr;
  const auto offset = static_cast<std::size_t>(static_cast<const char*>(at) - begin_);
  const char* place = begin_ + (offset & ~std::size_t{15});
  // What a program wrote may look like a header, but then hardly one of a freed block around it.
  for (; place >= begin_ && is_dead(place); place -= sizeof(Header)) {
    const auto* const header = reinterpret_cast<const Header*>(place);
    if (header->state != kFreed || header->size_class >= mark_.free.size()) continue;
    const auto bytes = bytes_of(static_cast<int>(header->size_class));
    const auto* const block = reinterpret_cast<const char*>(header + 1);
    if (static_cast<std::size_t>(static_cast<const char*>(at) - block) < bytes)
      return &header->offset;
  }
  return nullptr;
}

Arena::Mark Arena::mark() {
  kept_to_ = mark_.bump;
  kept_changed_ = false;
  if (told_bytes_ != 0)
    std::memcpy(kept_, alive_, (static_cast<std::size_t>(kept_to_ - begin_) + 127) / 128);
  return mark_;
}

void Arena::begin_anew(std::size_t offset) {
  mark_.free = {};
  mark_.bump = std::max(mark_.bump, begin_ + offset);
}

int Arena::large_class_of(std::size_t bytes) {
  // Quarters of powers of two: 1280, 1536, 1792, 2048, 2560 …
  const auto power =
      static_cast<int>(std::bit_width(bytes - 1)) - 1;  // 2^power <= bytes-1 < 2^(power+1)
  const std::size_t quarter = std::size_t{1} << (power - 2);
  const auto nth = static_cast<int>((bytes - 1 - (std::size_t{1} << power)) / quarter);
  return kSmallClasses + (power - 10) * 4 + nth;
}

std::size_t Arena::bytes_of(int size_class) {
  if (size_class < kSmallClasses) return static_cast<std::size_t>(size_class) * 16;
  const int power = (size_class - kSmallClasses) / 4 + 10;
  const int nth = (size_class - kSmallClasses) % 4;
  return (std::size_t{1} << power) +
         (std::size_t{1} << (power - 2)) * (static_cast<unsigned>(nth) + 1);
}

Arena::Header* Arena::header_of(const void* block) {
  auto* at = const_cast<char*>(static_cast<const char*>(block));
  auto* header = reinterpret_cast<Header*>(at - sizeof(Header));
  if (header->state == kInside) {
    header = reinterpret_cast<Header*>(at - header->offset - sizeof(Header));
  }
  return header;
}

void* Arena::allocate(std::size_t bytes) {
  if (bytes > static_cast<std::size_t>(end_ - begin_)) return nullptr;
  const int size_class = class_of(bytes == 0 ? 1 : bytes);
  void*& free = mark_.free[static_cast<std::size_t>(size_class)];
  const bool spares = mark_.bump < spare_to_ && bytes <= kSmallMax;
  if (free != nullptr && !spares) {
    void* const block = free;
    free = *static_cast<void**>(block);
    reinterpret_cast<Header*>(static_cast<char*>(block) - sizeof(Header))->state = kUsed;
    set_alive(block, bytes_of(size_class), /*alive=*/true);
    return block;
  }
  const std::size_t whole = sizeof(Header) + bytes_of(size_class);
  if (whole > static_cast<std::size_t>(end_ - mark_.bump)) return nullptr;
  auto* const header = reinterpret_cast<Header*>(mark_.bump);
  mark_.bump += whole;
  header->size_class = static_cast<std::uint32_t>(size_class);
  header->state = kUsed;
  header->offset = 0;
  set_alive(header + 1, bytes_of(size_class), /*alive=*/true);
  return header + 1;
}

void* Arena::allocate_cleared(std::size_t bytes) {
  const char* const fresh = mark_.bump;
  void* const block = allocate(bytes);
  if (block != nullptr && static_cast<const char*>(block) < fresh) std::memset(block, 0, bytes);
  return block;
}

void* Arena::allocate_aligned(std::size_t alignment, std::size_t bytes) {
  if (alignment <= kAlignment) return allocate(bytes);
  const std::size_t more = bytes_for_alignment(alignment);
  if (bytes > SIZE_MAX - more) return nullptr;
  auto* const block = static_cast<char*>(allocate(bytes + more));
  if (block == nullptr) return nullptr;
  const auto from = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t to = (from + alignment - 1) & ~(alignment - 1);
  if (to == from) return block;
  // There is room for a header before it: blocks are aligned to 16 and so is `to`.
  auto* const inside = reinterpret_cast<Header*>(to) - 1;
  inside->state = kInside;
  inside->offset = to - from;
  return reinterpret_cast<void*>(to);
}

bool Arena::release(void* block, std::uint64_t note) {
  Header* const header = header_of(block);
  if (header->state != kUsed) return false;
  header->state = kFreed;
  header->offset = note;
  void* const whole = header + 1;
  void*& free = mark_.free[header->size_class];
  *static_cast<void**>(whole) = free;
  free = whole;
  // Who still uses it shall notice, whether somebody else gets it or not.
  constexpr std::size_t kSpoiledMax = 1024;
  const std::size_t bytes = bytes_of(static_cast<int>(header->size_class));
  set_alive(whole, bytes, /*alive=*/false);
  std::memset(static_cast<char*>(whole) + sizeof free, kSpoiled,
              std::min(bytes, kSpoiledMax) - sizeof free);
  return true;
}

std::size_t Arena::usable_bytes(const void* block) {
  const Header* const header = header_of(block);
  const auto* const whole = reinterpret_cast<const char*>(header + 1);
  return bytes_of(static_cast<int>(header->size_class)) -
         static_cast<std::size_t>(static_cast<const char*>(block) - whole);
}

void Arena::reset(const Mark& mark) {
  if (told_bytes_ != 0) {
    const auto low = static_cast<std::size_t>(mark.bump - begin_) / 128;
    const auto high = (static_cast<std::size_t>(mark_.bump - begin_) + 127) / 128;
    std::memset(alive_ + low, 0, high - low);
    // The byte at the border, and what was freed or given out again below it.
    const std::size_t kept = (static_cast<std::size_t>(mark.bump - begin_) + 127) / 128;
    const std::size_t first = kept_changed_ ? 0 : low;
    std::memcpy(alive_ + first, kept_ + first, kept - first);
    kept_changed_ = false;
  }
  // More than 1 MiB is cheaper to give back, in whole large pages.
  constexpr std::size_t kCleared = std::size_t{1} << 20, kLargePage = std::size_t{2} << 20;
  const auto from = reinterpret_cast<std::uintptr_t>(mark.bump);
  const auto used_end = reinterpret_cast<std::uintptr_t>(mark_.bump);
  const std::uintptr_t given_back = (from + kCleared + kLargePage - 1) & ~(kLargePage - 1);
  std::memset(mark.bump, 0, std::min(used_end, given_back) - from);
  if (used_end > given_back)
    madvise(reinterpret_cast<void*>(given_back), used_end - given_back, MADV_DONTNEED);
  mark_ = mark;
  spare_to_ = nullptr;
}

}  // namespace reweave::program
