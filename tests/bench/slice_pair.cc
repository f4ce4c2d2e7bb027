#include "tests/bench/slice_pair.h"

#include <algorithm>
#include <boost/context/fiber.hpp>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "scheduler/base/internal_check.h"

namespace reweave::bench {
namespace {

// The compiler must take the memory for read and written.
void touch(void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

}  // namespace

SlicePair::SlicePair(std::size_t depth_bytes) {
  stack_.cache = &cache_;
  stack_.entry = &SlicePair::entry;
  stack_.argument = this;
  run(1);  // Says how deep it is without padding.
  if (depth_bytes > depth_bytes_) padding_bytes_ = (depth_bytes - depth_bytes_) / 16 * 16;
  run(1);
}

SlicePair::~SlicePair() {
  cache_.release(first_);
  cache_.release(second_);
}

void SlicePair::run(std::uint64_t turns) {
  turns_ = turns;
  entered_ = false;
  runtime::enter_sliced(stack_, host_);
}

// The first fresh slice makes the second one, and leaves for the host when the turns are over. The
// second is then abandoned; nothing that has a destructor lives on it.
void SlicePair::entry(void* pair) {
  auto* const self = static_cast<SlicePair*>(pair);
  const bool first = !self->entered_;
  self->entered_ = true;
  self->grow_and_turn(first);
}

void SlicePair::grow_and_turn(bool first) {
  if (padding_bytes_ > 0) {
    void* const padding = __builtin_alloca(padding_bytes_);
    touch(padding);
    turn(first);
    touch(padding);  // So that it is still there while this one waits.
  }
  turn(first);
}

void SlicePair::turn(bool first) {
  if (!first) {
    for (;;) runtime::switch_slices(stack_, &second_, first_);
  }
  runtime::Slice fresh;
  runtime::switch_slices(stack_, &first_, fresh);
  for (std::uint64_t i = 0; i < turns_; ++i) runtime::switch_slices(stack_, &first_, second_);
  depth_bytes_ = static_cast<std::size_t>(stack_.base - static_cast<std::byte*>(second_.sp));
  runtime::switch_slices(stack_, nullptr, host_);
}

void PlainCopies::Free::operator()(std::byte* memory) const { std::free(memory); }

PlainCopies::Memory PlainCopies::make(std::size_t bytes) {
  const std::size_t blocks = (bytes + 127) / 128;
  auto* const memory = static_cast<std::byte*>(std::aligned_alloc(128, blocks * 128));
  CHECK_MSG(memory != nullptr, "no memory for a copy");
  std::memset(memory, 1, bytes);
  return Memory(memory);
}

PlainCopies::PlainCopies(std::size_t bytes)
    : bytes_(bytes), area_(make(bytes)), first_(make(bytes)), second_(make(bytes)) {}

void PlainCopies::run(std::uint64_t turns) {
  const auto exchange = [this](std::byte* out, std::byte* in) {
    std::memcpy(out, area_.get(), bytes_);
    touch(out);
    std::memcpy(area_.get(), in, bytes_);
    touch(area_.get());
  };
  for (std::uint64_t i = 0; i < turns; ++i) {
    exchange(first_.get(), second_.get());
    exchange(second_.get(), first_.get());
  }
}

void BoostPair::run(std::uint64_t turns) {
  using boost::context::fiber;
  bool over = false;  // It returns by itself: none is destroyed while it is suspended.
  fiber other([&over](fiber&& back) {
    while (!over) back = std::move(back).resume();
    return std::move(back);
  });
  for (std::uint64_t i = 0; i < turns; ++i) other = std::move(other).resume();
  over = true;
  other = std::move(other).resume();
}

}  // namespace reweave::bench
