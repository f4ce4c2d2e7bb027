// The memory of one execution: an arena that is filled from the front and emptied at once.
//
// Nothing is reused before reset(), so a stale pointer keeps pointing at the header of what died,
// whose generation gives it away. Under ASan a dead object's body is poisoned, its header is not.
// Chunks are kept from one execution to the next: after warm-up an execution allocates nothing from
// the system.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/object/object.h"
#include "scheduler/machine/sanitizer.h"

namespace reweave::runtime {

class Heap {
 public:
  static constexpr std::size_t kChunkBytes = 64u << 10;

  Heap() = default;
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  /// A new object of type T with `extra` bytes behind it, which are not zeroed. Never null.
  template <typename T>
  T* make(ObjectKind kind, std::size_t extra = 0) {
    void* const at = allocate(sizeof(T) + extra);
    T* const object = new (at) T{};
    object->kind = kind;
    object->bytes = static_cast<std::uint32_t>(sizeof(T) + extra);
    ++live_[static_cast<std::size_t>(kind)];
    return object;
  }

  /// Raw memory until reset(), 16-aligned, not zeroed.
  void* allocate(std::size_t bytes) {
    bytes = (bytes + 15) & ~std::size_t{15};
    if (bytes + kRedzone > static_cast<std::size_t>(end_ - next_)) [[unlikely]]
      return allocate_slowly(bytes);
    std::byte* const at = next_;
    next_ += bytes + kRedzone;
    made_ += bytes;
    if constexpr (kRedzone != 0) open(at, bytes);
    return at;
  }

  /// The end of an object's life: a new generation, the body out of reach. Its references must be
  /// gone already.
  void retire(Object* object) {
    REWEAVE_CHECK(!object->dead);
    object->dead = true;
    ++object->generation;
    --live_[static_cast<std::size_t>(object->kind)];
    if constexpr (sanitizer::kAddress) close(object);
  }
  /// A parked frame begins a new life; its memory may be touched again.
  void revive(Object* object) {
    REWEAVE_CHECK(object->dead);
    object->dead = false;
    object->refs = 1;
    ++live_[static_cast<std::size_t>(object->kind)];
    if constexpr (sanitizer::kAddress) {
      open(reinterpret_cast<std::byte*>(object) + sizeof(Object), object->bytes - sizeof(Object));
    }
  }

  /// Empties the arena.
  void reset();

  /// Calls `visit(object)` for every object that was ever made, dead or alive, in order of
  /// creation. Not for heaps that allocate() was used on.
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (std::size_t i = 0; next_ != nullptr && i <= chunk_; ++i) {
      std::byte* at = chunks_[i].memory;
      const std::byte* const end = i == chunk_ ? next_ : chunks_[i].used;
      while (at < end) {
        Object& object = *reinterpret_cast<Object*>(at);
        at += ((object.bytes + std::size_t{15}) & ~std::size_t{15}) + kRedzone;
        visit(object);
      }
    }
  }

  /// A place in the arena, for objects_since().
  struct Mark {
    std::size_t chunk = 0;
    std::byte* at = nullptr;  // Null: the beginning of the chunk.
  };
  /// Calls `visit(object)` for every object made since `mark` was here last, in order of creation,
  /// and moves `mark` behind them. A fresh mark: all since reset().
  template <typename Visit>
  void objects_since(Mark& mark, const Visit& visit) {
    while (next_ != nullptr) {
      std::byte* at = mark.at == nullptr ? chunks_[mark.chunk].memory : mark.at;
      const std::byte* const end = mark.chunk == chunk_ ? next_ : chunks_[mark.chunk].used;
      while (at < end) {
        Object& object = *reinterpret_cast<Object*>(at);
        at += ((object.bytes + std::size_t{15}) & ~std::size_t{15}) + kRedzone;
        visit(object);
      }
      mark.at = at;
      if (mark.chunk == chunk_) return;
      mark = {.chunk = mark.chunk + 1, .at = nullptr};
    }
  }

  /// How many objects are alive, without weak references.
  std::uint32_t live_objects() const {
    std::uint32_t count = 0;
    for (std::size_t kind = 0; kind < static_cast<std::size_t>(ObjectKind::kWeakRef); ++kind)
      count += live_[kind];
    return count;
  }
  /// How many objects of a kind are alive.
  std::uint32_t live(ObjectKind kind) const { return live_[static_cast<std::size_t>(kind)]; }
  std::uint32_t live_things() const {
    std::uint32_t count = 0;
    for (std::size_t kind = 0; kind < live_.size(); ++kind)
      count += is_thing(static_cast<ObjectKind>(kind)) ? live_[kind] : 0;
    return count;
  }
  /// How many chunks were ever taken from the system.
  std::size_t chunk_count() const { return chunks_.size(); }
  std::size_t bytes_used() const;
  /// Bytes handed out since reset(): the same in every build, for redzones and chunks do not count.
  std::uint64_t bytes_made() const { return made_; }

 private:
  static constexpr std::size_t kRedzone = sanitizer::kAddress ? 16 : 0;

  void* allocate_slowly(std::size_t bytes);
  static void open(void* at, std::size_t bytes);
  static void close(Object* object);

  struct Chunk {
    std::byte* memory;
    std::size_t bytes;
    std::byte* used;  // End of what was handed out, once it is no longer being filled.
  };
  std::vector<Chunk> chunks_;
  std::size_t chunk_ = 0;  // The one being filled; chunks_.size() before the first.
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
  std::uint64_t made_ = 0;
  std::array<std::uint32_t, kObjectKindCount> live_{};
};

}  // namespace reweave::runtime
