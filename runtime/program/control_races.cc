// The part of Control that knows what orders accesses: atomics, locks, and what a program says of
// races itself. The clocks are in races.h.

#include <dlfcn.h>

#include "runtime/program/control.h"
#include "runtime/program/program_process.h"

namespace reweave::program {

void Control::order(Access access, const void* address, std::uint32_t bytes, Order order,
                    Call call) {
  if (!active_ || !finds_races_) return;
  look_for_race(access, address, bytes, /*is_atomic=*/true, call);
  const std::uint32_t me = engine_.current();
  if (access == Access::kRead) return races_.load(me, address, order);
  if (access == Access::kWrite) return races_.store(me, address, order);
  races_.exchange(me, address, order);
}

void Control::look_for_race(Access access, const void* address, std::uint32_t bytes, bool is_atomic,
                            Call call) {
  // What lies in a library that does not tell of its accesses has locks that it does not tell of.
  if (!active_ || !finds_races_ || ending_ || !process().is_programs_own(address)) return;
  if (self().ignores_races > 0) return;
  const Races::Access mine{address, bytes, site_of(users_call(call)), access != Access::kRead,
                           is_atomic};
  RacingAccess other;
  if (races_.access(engine_.current(), mine, &other)) [[unlikely]]
    fail_for_race(mine, other, call);
}

void Control::look_for_races(bool wanted) {
  static const bool openmp = dlopen("libgomp.so.1", RTLD_NOLOAD | RTLD_LAZY) != nullptr ||
                             dlopen("libomp.so.5", RTLD_NOLOAD | RTLD_LAZY) != nullptr;
  finds_races_ = wanted && !openmp && !globals.under_address_sanitizer;
  if (wanted && openmp)
    note_escape("data races: OpenMP orders threads in ways that are not seen", nullptr);
}

// Readers are in no order among themselves: what they leave for the next writer has a place of its
// own.

void Control::took(const void* lock, const void* caller, bool shared) {
  self().held.push_back({lock, caller, shared});
  if (history_.on()) history_.note_took(engine_.current(), lock, shared);
  take_over(lock);
  if (!shared) take_over(static_cast<const char*>(lock) + 1);
}

void Control::counted(const void* lock) {
  if (history_.on()) history_.note_again(engine_.current(), lock);
}

void Control::took_one(const void* semaphore) {
  if (history_.on()) history_.note_took(engine_.current(), semaphore, /*shared=*/true);
  take_over(semaphore);
}

void Control::gave_back(const void* lock) {
  if (history_.on()) history_.note_gave(engine_.current(), lock);
  auto& held = self().held;
  for (std::size_t i = held.size(); i-- > 0;) {
    if (held[i].lock != lock) continue;
    give(static_cast<const char*>(lock) + (held[i].shared ? 1 : 0));
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
}

}  // namespace reweave::program
