#include "scheduler/machine/machine.h"

#include "scheduler/base/internal_check.h"

namespace reweave {

Machine::Machine(SwitchFunction function, bool looks_each_time)
    : switch_(function),
      looks_each_time_(looks_each_time),
      contexts_(std::make_unique<Context[]>(kPlacesMax)) {}

Machine::~Machine() = default;

void Machine::look_where_it_is() {
  if (home_.thread_pointer != thread_pointer()) become_home(home_);
}

void Machine::grow(std::uint32_t count) {
  CHECK(count <= kPlacesMax);
  for (; places_ < count; ++places_) {
    contexts_[places_] = Context{};
    make(contexts_[places_], places_);
  }
}

}  // namespace reweave
