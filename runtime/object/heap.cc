#include "runtime/object/heap.h"

#include <cstdlib>

#include "scheduler/base/internal_check.h"

namespace reweave::runtime {

const char* object_kind_name(ObjectKind kind) {
  static constexpr std::array<const char*, kObjectKindCount> kNames = {
      "none",      "value", "exception",       "frame",         "tasklet",   "channel",
      "pair",      "cell",  "tuple",           "function",      "generator", "record",
      "reference", "dict",  "table of a dict", "weak reference"};
  return kNames[static_cast<std::size_t>(kind)];
}

Heap::~Heap() {
  for (const Chunk& chunk : chunks_) {
    sanitizer::unpoison(chunk.memory, chunk.bytes);
    std::free(chunk.memory);
  }
}

void Heap::open(void* at, std::size_t bytes) { sanitizer::unpoison(at, bytes); }

void Heap::close(Object* object) {
  sanitizer::poison(reinterpret_cast<std::byte*>(object) + sizeof(Object),
                    object->bytes - sizeof(Object));
}

void* Heap::allocate_slowly(std::size_t bytes) {
  const std::size_t wanted = bytes + kRedzone;
  std::size_t candidate = next_ == nullptr ? 0 : chunk_ + 1;
  while (candidate < chunks_.size() && chunks_[candidate].bytes < wanted) ++candidate;
  if (candidate == chunks_.size()) {
    const std::size_t size = wanted > kChunkBytes ? wanted : kChunkBytes;
    auto* memory = static_cast<std::byte*>(std::aligned_alloc(64, (size + 63) / 64 * 64));
    CHECK_MSG(memory != nullptr, "no memory for the execution's arena");
    sanitizer::poison(memory, size);
    chunks_.push_back({memory, size, memory});
  }
  if (next_ != nullptr) {
    chunks_[chunk_].used = next_;
    // Those that were too small are empty.
    for (std::size_t i = chunk_ + 1; i < candidate; ++i) chunks_[i].used = chunks_[i].memory;
  }
  chunk_ = candidate;
  next_ = chunks_[chunk_].memory;
  end_ = next_ + chunks_[chunk_].bytes;
  return allocate(bytes);
}

void Heap::reset() {
  if (next_ != nullptr) {
    if constexpr (sanitizer::kAddress) {
      // Behind what was handed out everything is poisoned still.
      for (std::size_t i = 0; i < chunk_; ++i)
        sanitizer::poison(chunks_[i].memory, chunks_[i].bytes);
      sanitizer::poison(chunks_[chunk_].memory,
                        static_cast<std::size_t>(next_ - chunks_[chunk_].memory));
    }
    chunk_ = 0;
    next_ = chunks_[0].memory;
    end_ = next_ + chunks_[0].bytes;
  }
  live_.fill(0);
  made_ = 0;
}

std::size_t Heap::bytes_used() const {
  std::size_t bytes = 0;
  if (next_ == nullptr) return 0;
  for (std::size_t i = 0; i < chunk_; ++i) bytes += chunks_[i].bytes;
  return bytes + static_cast<std::size_t>(next_ - chunks_[chunk_].memory);
}

}  // namespace reweave::runtime
