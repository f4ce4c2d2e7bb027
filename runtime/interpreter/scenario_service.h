// The locks of a scenario, each with a condition, as the interpreter keeps them. They are the
// program's, not a thread's, and need no declaration: `lock 0` takes the first.
#pragma once

#include <array>

#include "runtime/language/arguments.h"
#include "runtime/service/condition.h"

namespace reweave::runtime {

struct NumberedLock {
  Lock lock;
  Condition condition{lock};
};

class ServiceState {
 public:
  NumberedLock& at(std::int32_t number) {
    used_ = true;
    return locks_[static_cast<std::size_t>(number)];
  }
  /// All free, nobody waits. Costs nothing if none was used.
  void reset() {
    if (!used_) return;
    used_ = false;
    for (NumberedLock& each : locks_) {
      each.lock.reset();
      each.condition.reset();
    }
  }

 private:
  bool used_ = false;
  std::array<NumberedLock, kLocksMax> locks_{
      {{Lock{0}}, {Lock{1}}, {Lock{2}}, {Lock{3}}, {Lock{4}}, {Lock{5}}, {Lock{6}}, {Lock{7}}}};
};
static_assert(kLocksMax == 8, "each lock is given its number here");

}  // namespace reweave::runtime
