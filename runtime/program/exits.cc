#include "runtime/program/exits.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <unwind.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>
#include <typeinfo>
#include <utility>

#include "runtime/program/program_process.h"
#include "runtime/program/real.h"

extern "C" void __cxa_finalize(void* module);

namespace reweave::program {
namespace {

constexpr std::size_t kKeysMax = 1024;  // PTHREAD_KEYS_MAX of glibc.

struct Key {
  bool used = false;
  void (*destructor)(void*) = nullptr;
  bool stays = false;  // From one execution to the next: so does whoever made it only once.
};
/// Keys belong to the process. Outside of an execution only the main thread has values here.
struct Keys {
  std::array<Key, kKeysMax> keys{};
  std::size_t count = 0;  // None above is used.
  std::vector<void*> main_values;
};
Keys& keys() {
  static Keys* const only = new Keys;
  return *only;
}
Keys& kept_keys() {
  static Keys* const only = new Keys;
  return *only;
}

/// Of a real thread beside the main one, where a program is not under control.
thread_local std::vector<void*>* values_of_real_thread = nullptr;

/// Calls the destructors of what `values` has, which may give it something again.
void run_key_destructors(std::vector<void*>& values) {
  for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS; ++round) {
    bool again = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      void* const value = std::exchange(values[i], nullptr);
      if (value == nullptr || !keys().keys[i].used || keys().keys[i].destructor == nullptr)
        continue;
      keys().keys[i].destructor(value);
      again = true;
    }
    if (!again) return;
  }
}

void end_real_thread(void* values) {
  run_key_destructors(*static_cast<std::vector<void*>*>(values));
  delete static_cast<std::vector<void*>*>(values);
  values_of_real_thread = nullptr;
}

/// By a key of libc a real thread tells that it ends.
void tell_of_end_of_real_thread() {
  static std::atomic<std::uint64_t> made = 0;  // The key + 1.
  std::uint64_t known = made;
  pthread_key_t key = 0;
  if (known == 0 && real().pthread_key_create(&key, &end_real_thread) == 0) {
    // Another thread may be as far: then there is a key too many.
    if (made.compare_exchange_strong(known, std::uint64_t{key} + 1)) known = std::uint64_t{key} + 1;
  }
  if (known != 0)
    real().pthread_setspecific(static_cast<pthread_key_t>(known - 1), values_of_real_thread);
}

std::vector<void*>& values_of_caller() {
  if (is_controlled()) return control().self().key_values;
  const auto pointer = reinterpret_cast<std::uintptr_t>(thread_pointer());
  // A sanitizer is there before us, and has a value for the main thread.
  if (globals.main_thread == 0) globals.main_thread = pointer;
  if (pointer == globals.main_thread) return keys().main_values;
  if (values_of_real_thread == nullptr) {
    values_of_real_thread = new std::vector<void*>;
    tell_of_end_of_real_thread();
  }
  return *values_of_real_thread;
}

/// What anybody kept under a key that was deleted is not there under the next one.
void forget_values(std::size_t key) {
  const auto forget_in = [key](std::vector<void*>& values) {
    if (key < values.size()) values[key] = nullptr;
  };
  forget_in(values_of_caller());
  if (!is_controlled()) return;
  for (std::size_t i = 0; i < control().thread_count(); ++i)
    forget_in(control().thread(ThreadId{static_cast<std::uint32_t>(i)}).key_values);
}

/// The C++ library's way to end: for an exception, or because something was left undone.
[[noreturn]] void fail_for_terminate() {
  const CallStack stack = CallStack::here();
  // The program's C++ library knows it, not the one inside of ours.
  using CurrentType = const std::type_info* (*)();
  const auto current_type =
      reinterpret_cast<CurrentType>(dlsym(RTLD_DEFAULT, "__cxa_current_exception_type"));
  const std::type_info* const type = current_type == nullptr ? nullptr : current_type();
  if (type == nullptr) {
    control().fail(FindingKind::kAssertion, "terminate",
                   "The program came to std::terminate(), as where a std::thread is destroyed that "
                   "nobody joined",
                   stack);
  }
  int status = 0;
  char* const readable = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  const std::string name = readable == nullptr ? type->name() : readable;
  std::free(readable);
  control().fail(FindingKind::kUncaught, name,
                 "Nobody caught an exception, " + name + ", or it left a noexcept function", stack);
}

}  // namespace

const std::vector<void*>& initial_key_values() { return kept_keys().main_values; }
void keep_keys() { kept_keys() = keys(); }
void put_back_keys() {
  const std::size_t used = keys().count > kept_keys().count ? keys().count : kept_keys().count;
  std::size_t count = kept_keys().count;
  for (std::size_t i = 0; i < used; ++i) {
    if (keys().keys[i].stays) {
      count = std::max(count, i + 1);
    } else {
      keys().keys[i] = kept_keys().keys[i];
    }
  }
  keys().count = count;
}

void run_key_destructors(Thread& thread) { run_key_destructors(thread.key_values); }

namespace {
bool leaves_exit_handlers = false;
}  // namespace

void leave_exit_handlers() { leaves_exit_handlers = true; }

void run_exit_handlers() {
  if (leaves_exit_handlers) return;
  // Under AddressSanitizer libc's list of them is not put back, nor is what static objects own.
  if (!globals.under_address_sanitizer) __cxa_finalize(nullptr);
}

namespace {
std::vector<std::uint64_t*>& made_statics() {
  static auto* const only = new std::vector<std::uint64_t*>;
  return *only;
}
}  // namespace

void note_made_static(void* guard) {
  if (globals.under_address_sanitizer && globals.running != 0)
    made_statics().push_back(static_cast<std::uint64_t*>(guard));
}
void unmake_statics() {
  for (std::uint64_t* const guard : made_statics()) *guard = 0;
  made_statics().clear();
}

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

// Keys are this library's altogether: libc would keep the values of keys from 32 on in memory that
// is put back.
REWEAVE_STAND_IN int pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) {
  Keys& all = keys();
  for (std::size_t i = 0; i < kKeysMax; ++i) {
    if (all.keys[i].used) continue;
    // Under AddressSanitizer the data of libraries is not put back, nor that they have made a key.
    const bool stays = globals.under_address_sanitizer && globals.running != 0 &&
                       !sites().is_in_users_module(REWEAVE_RAW_CALLER);
    all.keys[i] = {true, destructor, stays};
    if (i >= all.count) all.count = i + 1;
    forget_values(i);
    *key = static_cast<pthread_key_t>(i);
    return 0;
  }
  return EAGAIN;
}

REWEAVE_STAND_IN int pthread_key_delete(pthread_key_t key) {
  if (key >= kKeysMax || !keys().keys[key].used) return EINVAL;
  keys().keys[key] = {};
  return 0;
}

REWEAVE_STAND_IN void* pthread_getspecific(pthread_key_t key) {
  const std::vector<void*>& values = values_of_caller();
  return key < values.size() ? values[key] : nullptr;
}

REWEAVE_STAND_IN int pthread_setspecific(pthread_key_t key, const void* value) {
  if (key >= kKeysMax || !keys().keys[key].used) return EINVAL;
  std::vector<void*>& values = values_of_caller();
  if (values.size() <= key) values.resize(key + 1);
  values[key] = const_cast<void*>(value);
  return 0;
}

REWEAVE_STAND_IN int tss_create(tss_t* key, tss_dtor_t destructor) {
  return pthread_key_create(key, destructor) == 0 ? thrd_success : thrd_error;
}
REWEAVE_STAND_IN void tss_delete(tss_t key) { pthread_key_delete(key); }
REWEAVE_STAND_IN void* tss_get(tss_t key) { return pthread_getspecific(key); }
REWEAVE_STAND_IN int tss_set(tss_t key, void* value) {
  return pthread_setspecific(key, value) == 0 ? thrd_success : thrd_error;
}

// Destructors of thread_local objects.
namespace {
int remember_exit(void (*call)(void*), void* object, void* module) {
  if (!is_controlled()) {
    static const auto next = reinterpret_cast<int (*)(void (*)(void*), void*, void*)>(
        dlsym(RTLD_NEXT, "__cxa_thread_atexit_impl"));
    return next(call, object, module);
  }
  control().self().exits.push_back({call, object});
  return 0;
}
}  // namespace
REWEAVE_STAND_IN int __cxa_thread_atexit(void (*call)(void*), void* object, void* module) {
  return remember_exit(call, object, module);
}
REWEAVE_STAND_IN int __cxa_thread_atexit_impl(void (*call)(void*), void* object, void* module) {
  return remember_exit(call, object, module);
}

REWEAVE_STAND_IN void exit(int code) {
  if (is_controlled()) control().end_process(code, /*with_handlers=*/true, REWEAVE_CALLER);
  real().exit(code);
  __builtin_unreachable();
}
REWEAVE_STAND_IN void _exit(int code) {
  if (is_controlled()) control().end_process(code, /*with_handlers=*/false, REWEAVE_CALLER);
  real()._exit(code);
  __builtin_unreachable();
}
REWEAVE_STAND_IN void _Exit(int code) {
  if (is_controlled()) control().end_process(code, /*with_handlers=*/false, REWEAVE_CALLER);
  real()._Exit(code);
  __builtin_unreachable();
}
REWEAVE_STAND_IN void quick_exit(int code) {
  if (is_controlled()) control().end_process(code, /*with_handlers=*/false, REWEAVE_CALLER);
  real().quick_exit(code);
  __builtin_unreachable();
}
REWEAVE_STAND_IN void abort() {
  if (is_controlled() && sites().is_ours(REWEAVE_RAW_CALLER)) process().leave();  // Our own CHECK.
  if (is_controlled() && sites().is_in_cxx_library(REWEAVE_RAW_CALLER)) fail_for_terminate();
  if (is_controlled()) {
    control().fail(FindingKind::kAssertion, "abort", "The program called abort()",
                   CallStack::here());
  }
  real().abort();
  __builtin_unreachable();
}
REWEAVE_STAND_IN void __assert_fail(const char* expression, const char* file, unsigned line,
                                    const char* function) noexcept {
  (void)file;
  (void)line;
  if (is_controlled()) {
    control().fail(FindingKind::kAssertion, "assert",
                   "The assertion \"" + std::string(expression) + "\" does not hold",
                   CallStack::here());
  }
  using Fail = void (*)(const char*, const char*, unsigned, const char*);
  reinterpret_cast<Fail>(dlsym(RTLD_NEXT, "__assert_fail"))(expression, file, line, function);
  __builtin_unreachable();
}

namespace {
/// What a forced unwinding does at each frame: what C wants done there is jumped to, as it lies in
/// that frame; at the end of the stack the thread is over.
_Unwind_Reason_Code stop_unwinding(int, _Unwind_Action actions, _Unwind_Exception_Class,
                                   _Unwind_Exception*, _Unwind_Context* context, void* result) {
  auto& cleanups = control().self().cleanups;
  const bool over = (actions & _UA_END_OF_STACK) != 0;
  const auto frame_end = static_cast<std::uintptr_t>(_Unwind_GetCFA(context));
  if (!cleanups.empty() &&
      (over || reinterpret_cast<std::uintptr_t>(cleanups.back()) < frame_end)) {
    void* const place = cleanups.back();
    cleanups.pop_back();
    control().self().result = result;
    siglongjmp(static_cast<__jmp_buf_tag*>(place), 1);
  }
  if (over) control().end_thread(result);
  return _URC_NO_REASON;
}

/// Somebody caught what unwinds the thread, and kept it.
void complain_of_catching(_Unwind_Reason_Code, _Unwind_Exception*) {
  if (!is_controlled()) return;
  control().fail(FindingKind::kAssertion, "exception not rethrown",
                 "A catch (...) kept what unwinds a thread that was cancelled or called "
                 "pthread_exit(): by glibc the process is aborted there",
                 CallStack::here());
}

/// Frames of C++ want their destructors called, by the unwinder that the program uses.
[[noreturn]] void unwind_to_end(void* result) {
  using Force = _Unwind_Reason_Code (*)(_Unwind_Exception*, _Unwind_Stop_Fn, void*);
  static const auto force = reinterpret_cast<Force>(dlsym(RTLD_DEFAULT, "_Unwind_ForcedUnwind"));
  if (force != nullptr) {
    auto* const exception = new _Unwind_Exception{};
    exception->exception_cleanup = &complain_of_catching;
    force(exception, &stop_unwinding, result);
  }
  control().end_thread(result);
}
}  // namespace

REWEAVE_STAND_IN void pthread_exit(void* result) {
  if (!is_controlled()) {
    real().pthread_exit(result);
    __builtin_unreachable();
  }
  control().self().cancel_off = true;
  unwind_to_end(result);
}
/// What a function that pthread_cleanup_push() jumped into calls when it has cleaned up.
REWEAVE_STAND_IN void __pthread_unwind_next(__pthread_unwind_buf_t* place) {
  if (!is_controlled()) {
    real().__pthread_unwind_next(place);
    __builtin_unreachable();
  }
  unwind_to_end(control().self().result);
}
