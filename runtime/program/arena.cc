#include "runtime/program/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace reweave::program {

bool Arena::open(std::uintptr_t at, std::size_t bytes) {
  void* const wanted = reinterpret_cast<void*>(at);
  void* const got = mmap(wanted, bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != wanted) {
    if (got != MAP_FAILED) munmap(got, bytes);
    return false;
  }
  begin_ = static_cast<char*>(got);
  end_ = begin_ + bytes;
  mark_.bump = begin_;
  return true;
}

int Arena::class_of(std::size_t bytes) {
  if (bytes <= 1024) return static_cast<int>((bytes + 15) / 16);
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
  if (free != nullptr) {
    void* const block = free;
    free = *static_cast<void**>(block);
    reinterpret_cast<Header*>(static_cast<char*>(block) - sizeof(Header))->state = kUsed;
    return block;
  }
  const std::size_t whole = sizeof(Header) + bytes_of(size_class);
  if (whole > static_cast<std::size_t>(end_ - mark_.bump)) return nullptr;
  auto* const header = reinterpret_cast<Header*>(mark_.bump);
  mark_.bump += whole;
  header->size_class = static_cast<std::uint32_t>(size_class);
  header->state = kUsed;
  header->offset = 0;
  return header + 1;
}

void* Arena::allocate_aligned(std::size_t alignment, std::size_t bytes) {
  if (alignment <= kAlignment) return allocate(bytes);
  if (bytes > SIZE_MAX - alignment - sizeof(Header)) return nullptr;
  auto* const block = static_cast<char*>(allocate(bytes + alignment + sizeof(Header)));
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

bool Arena::release(void* block) {
  Header* const header = header_of(block);
  if (header->state != kUsed) return false;
  header->state = kFreed;
  void* const whole = header + 1;
  void*& free = mark_.free[header->size_class];
  *static_cast<void**>(whole) = free;
  free = whole;
  // Who still uses it shall notice, whether somebody else gets it or not.
  constexpr std::size_t kSpoiledMax = 1024;
  const std::size_t bytes = bytes_of(static_cast<int>(header->size_class));
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
  constexpr std::size_t kCleared = std::size_t{1} << 20;  // More is cheaper to give back.
  const auto used = static_cast<std::size_t>(mark_.bump - mark.bump);
  if (used <= kCleared) {
    std::memset(mark.bump, 0, used);
  } else {
    std::memset(mark.bump, 0, kCleared);
    madvise(reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(mark.bump) + kCleared) &
                                    ~std::uintptr_t{4095}),
            used - kCleared + 4096, MADV_DONTNEED);
  }
  mark_ = mark;
}

}  // namespace reweave::program
