#include "runtime/program/stable_address.h"

#include <vector>

#include "runtime/program/control.h"

namespace reweave::program {
namespace {

// Above every address that a process has: what is counted from something never meets what is not.
constexpr std::uintptr_t kModules = std::uintptr_t{1} << 56, kThreadLocal = std::uintptr_t{2} << 56,
                         kCallers = std::uintptr_t{3} << 56, kThreads = std::uintptr_t{4} << 56,
                         kOwn = std::uintptr_t{5} << 56;
// So far from what it is counted from something may lie.
constexpr std::uintptr_t kThreadLocalBytes = std::uintptr_t{1} << 20,
                         kFramesBytes = std::uintptr_t{8} << 20;

struct Places {
  std::vector<ModulePlace> modules;
  std::uintptr_t callers_frame = 0;
};
Places& places() {
  static Places* const all = new Places;
  return *all;
}

bool is_near(std::uintptr_t address, std::uintptr_t origin, std::uintptr_t bytes) {
  return origin != 0 && address - (origin - bytes) < 2 * bytes;
}

}  // namespace

void set_module_places(std::span<const ModulePlace> modules) {
  places().modules.assign(modules.begin(), modules.end());
}

void set_callers_frame(const void* frame) {
  // What is in a word stays in a word.
  places().callers_frame = reinterpret_cast<std::uintptr_t>(frame) & ~std::uintptr_t{15};
}

std::uintptr_t stable_address_slowly(std::uintptr_t address) {
  if (own_heap().owns(reinterpret_cast<const void*>(address))) {
    const std::optional<std::uint32_t> thread =
        control().thread_that_holds(reinterpret_cast<const void*>(address));
    return thread ? kThreads + std::uintptr_t{8} * *thread : kOwn;
  }
  const Places& all = places();
  for (const ModulePlace& module : all.modules) {
    if (address - module.begin < module.bytes)
      return kModules + module.number + (address - module.begin);
  }
  if (is_near(address, globals.main_thread, kThreadLocalBytes))
    return kThreadLocal + (address - globals.main_thread);
  if (is_near(address, all.callers_frame, kFramesBytes))
    return kCallers + (address - all.callers_frame);
  return address;
}

}  // namespace reweave::program
