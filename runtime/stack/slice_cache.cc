// Buffers for slices, kept by size.
#include <cstdlib>

#include "runtime/stack/slice.h"
#include "scheduler/base/internal_check.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave::runtime {
namespace {

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

}  // namespace

SliceCache::~SliceCache() {
  clear();
  if constexpr (kStackWindows) free_windows();
}

void SliceCache::set_enabled(bool enabled) {
  enabled_ = enabled;
  if (!enabled) clear();
}

void SliceCache::clear() {
  for (std::size_t size_class = 0; size_class < kClasses; ++size_class) {
    while (FreeBuffer* buffer = free_[size_class]) {
      free_[size_class] = buffer->next;
      free_buffer(reinterpret_cast<std::byte*>(buffer), size_class * kClassBytes);
    }
  }
  counts_.cached = 0;
}

void SliceCache::free_buffer(std::byte* buffer, std::size_t capacity) {
  counts_.bytes -= capacity;
  std::free(buffer);
}

void SliceCache::reserve(Slice& slice, std::size_t bytes) {
  if (slice.capacity >= bytes && slice.buffer != nullptr) return;
  release(slice);
  const std::size_t capacity = round_up(bytes == 0 ? 1 : bytes, kClassBytes);
  const std::size_t size_class = capacity / kClassBytes;
  if (size_class < kClasses && free_[size_class] != nullptr) {
    slice.buffer = reinterpret_cast<std::byte*>(free_[size_class]);
    free_[size_class] = free_[size_class]->next;
    sanitizer::unpoison(slice.buffer, capacity);
    --counts_.cached;
    ++counts_.reuses;
  } else {
    // The shadow's copy lies behind the bytes; a block more on either side takes the overshoot of
    // the block copies.
    const std::size_t shadow = sanitizer::kAddress ? capacity / 8 : 0;
    slice.buffer = static_cast<std::byte*>(
        std::aligned_alloc(kSliceBlock, round_up(capacity + shadow + kSliceBlock, kSliceBlock)));
    CHECK_MSG(slice.buffer != nullptr, "no memory for a stack slice");
    ++counts_.allocations;
    counts_.bytes += capacity;
  }
  slice.capacity = capacity;
  slice.top = slice.buffer + capacity;
  slice.shadow =
      sanitizer::kAddress ? reinterpret_cast<std::uint8_t*>(slice.top) + capacity / 8 : nullptr;
}

void SliceCache::release(Slice& slice) {
  if constexpr (kStackWindows) {
    if (slice.window != nullptr) give_back(slice.window);
  }
  if (slice.buffer != nullptr) {
    const std::size_t size_class = slice.capacity / kClassBytes;
    if (enabled_ && size_class < kClasses) {
      if (counts_.cached == kCachedMax) clear();
      auto* buffer = reinterpret_cast<FreeBuffer*>(slice.buffer);
      buffer->next = free_[size_class];
      free_[size_class] = buffer;
      ++counts_.cached;
      // Out of LeakSanitizer's sight: what only an old copy of a stack points to is leaked.
      sanitizer::poison(buffer + 1, slice.capacity - sizeof *buffer);
    } else {
      free_buffer(slice.buffer, slice.capacity);
    }
  }
  slice = Slice{};
}

}  // namespace reweave::runtime
