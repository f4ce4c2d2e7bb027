// Plain places: stacks of our own with a guard page below each. The fast kind.
//
// thread_local variables, errno and thread ids are shared by all actors; what C++ knows of
// exceptions in flight is kept apart (context.h). Memory is reserved, not committed: what a stack
// never touches costs nothing.
#pragma once

#include "scheduler/machine/machine.h"

namespace reweave {

class PlainStacks final : public Machine {
 public:
  static constexpr std::size_t kStackBytes = std::size_t{8} << 20;

  /// `stack_bytes` of each stack: a multiple of the page size, at least 64 KiB.
  explicit PlainStacks(std::size_t stack_bytes = kStackBytes);
  /// No context of it may be running.
  ~PlainStacks() override;

  const char* name() const override { return "plain"; }

 private:
  void make(Context& context, std::uint32_t number) override;

  std::size_t stack_bytes_;
  std::size_t page_bytes_;
};

}  // namespace reweave
