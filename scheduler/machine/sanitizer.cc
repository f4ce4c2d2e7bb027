#include "scheduler/machine/sanitizer.h"

#if defined(REWEAVE_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>

extern "C" void __asan_get_shadow_mapping(std::size_t* scale, std::size_t* offset);

// Sliced-away frames must stay where they are: the fake stack would take them for dead after a
// throw.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_stack_use_after_return=0"; }

namespace {
reweave::sanitizer::ErrorHook error_hook = nullptr;
}
extern "C" void __asan_on_error();
extern "C" void __asan_on_error() {
  const reweave::sanitizer::ErrorHook hook = error_hook;
  error_hook = nullptr;  // What goes wrong in there is not for it.
  if (hook != nullptr) hook(__asan_get_report_address());
}
#endif

namespace reweave::sanitizer {

#if defined(REWEAVE_ASAN)

void poison(const void* at, std::size_t bytes) { __asan_poison_memory_region(at, bytes); }
void unpoison(const void* at, std::size_t bytes) { __asan_unpoison_memory_region(at, bytes); }

void set_error_hook(ErrorHook hook) { error_hook = hook; }

bool shadow_mapping_is_known() {
  std::size_t scale = 0, offset = 0;
  __asan_get_shadow_mapping(&scale, &offset);
  return scale == 3 && reinterpret_cast<std::uintptr_t>(shadow_of(nullptr)) == offset;
}

void register_root_region(const void* at, std::size_t bytes) {
  __lsan_register_root_region(at, bytes);
}
void unregister_root_region(const void* at, std::size_t bytes) {
  __lsan_unregister_root_region(at, bytes);
}
void start_switch_fiber(void** fake_stack, const void* bottom, std::size_t bytes) {
  __sanitizer_start_switch_fiber(fake_stack, bottom, bytes);
}
void finish_switch_fiber(void* fake_stack, const void** bottom, std::size_t* bytes) {
  __sanitizer_finish_switch_fiber(fake_stack, bottom, bytes);
}
const char* build_name() { return "address"; }

#else

void set_error_hook(ErrorHook) {}
bool shadow_mapping_is_known() { return true; }
void register_root_region(const void*, std::size_t) {}
void unregister_root_region(const void*, std::size_t) {}
void start_switch_fiber(void**, const void*, std::size_t) {}
void finish_switch_fiber(void*, const void**, std::size_t*) {}
const char* build_name() {
#if defined(REWEAVE_TSAN)
  return "thread";
#else
  return "";
#endif
}

#endif

}  // namespace reweave::sanitizer
