#include "runtime/program/sanitizer_reports.h"

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <map>

#include "runtime/program/control.h"
#include "runtime/program/program_process.h"
#include "runtime/program/snapshot.h"
#include "scheduler/machine/crash_words.h"

extern "C" {
#define WEAK __attribute__((weak))
WEAK void __asan_set_error_report_callback(void (*)(const char*));
WEAK int __asan_report_present();
WEAK const char* __asan_get_report_description();
WEAK void* __asan_get_report_address();
WEAK int __asan_get_report_access_type();
WEAK std::size_t __asan_get_report_access_size();
WEAK std::size_t __asan_get_alloc_stack(void*, void**, std::size_t, int*);
WEAK std::size_t __asan_get_free_stack(void*, void**, std::size_t, int*);
WEAK void __asan_unpoison_memory_region(const volatile void*, std::size_t);
WEAK void __sanitizer_start_switch_fiber(void**, const void*, std::size_t);
WEAK void __sanitizer_finish_switch_fiber(void*, const void**, std::size_t*);
WEAK int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                   void (*)(const volatile void*));
WEAK void __sanitizer_set_death_callback(void (*)());
WEAK void __ubsan_handle_add_overflow();
WEAK void __ubsan_handle_type_mismatch_v1();
WEAK void __ubsan_handle_pointer_overflow();
}

namespace reweave::program {
namespace {

using Malloc = void* (*)(std::size_t);
using Free = void (*)(void*);
Malloc allocate = nullptr;  // The program's.
Free release = nullptr;

/// Blocks that were allocated before the first execution.
struct Early {
  std::map<const void*, std::size_t> blocks;
  bool listening = true;
  bool gave_back = false;
};
Early& early() {
  static Early* const only = new Early;
  return *only;
}

void on_malloc(const volatile void* block, std::size_t bytes) {
  if (early().listening) early().blocks[const_cast<const void*>(block)] = bytes;
}
void on_free(const volatile void* block) {
  if (globals.running == 0 && !early().listening) return;
  const auto at = early().blocks.find(const_cast<const void*>(block));
  if (at == early().blocks.end()) return;
  if (early().listening) {
    early().blocks.erase(at);
  } else {
    early().gave_back = true;
  }
}

CallStack stack_of(std::size_t (*ask)(void*, void**, std::size_t, int*), void* address,
                   int* thread) {
  std::array<void*, CallStack::kDepthMax> calls{};
  CallStack stack;
  *thread = -1;
  if (ask == nullptr || address == nullptr) return stack;
  const std::size_t depth = ask(address, calls.data(), calls.size(), thread);
  for (std::size_t i = 0; i < depth && i < calls.size(); ++i) {
    if (!sites().is_ours(calls[i])) stack.push(calls[i]);
  }
  if (depth == 0) *thread = -1;
  return stack;
}

/// What the report says of the place, without its addresses and numbers of threads.
std::string where_words(const char* report) {
  const char* const found = std::strstr(report, "is located ");
  if (found == nullptr) return "";
  std::string line(found, std::strcspn(found, "\n"));
  std::string words;
  for (std::size_t begin = 0; begin < line.size();) {
    std::size_t end = line.find(' ', begin);
    if (end == std::string::npos) end = line.size();
    const std::string word = line.substr(begin, end - begin);
    begin = end + 1;
    if (word.find("0x") != std::string::npos) continue;
    const bool is_thread = word.size() > 1 && word[0] == 'T' && word[1] >= '0' && word[1] <= '9';
    if (is_thread && words.ends_with("of thread")) {
      words.resize(words.size() - 10);
      words += " of a thread";
      continue;
    }
    words += (words.empty() ? "" : " ") + word;
  }
  return words;
}

void on_error(const char* report) {
  if (!is_controlled()) return;  // Not the program's: it says so itself, and ends.
  const char* const description = __asan_get_report_description();
  const std::string word =
      description == nullptr || *description == '\0' ? "memory error" : description;
  std::string message = "AddressSanitizer: " + word;
  const std::size_t bytes = __asan_get_report_access_size();
  if (bytes != 0) {
    message += std::string(": ") + (__asan_get_report_access_type() != 0 ? "a write" : "a read") +
               " of " + std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  }
  void* const address = __asan_get_report_address();
  MemoryStory story;
  story.allocated = stack_of(__asan_get_alloc_stack, address, &story.allocated_by);
  story.freed = stack_of(__asan_get_free_stack, address, &story.freed_by);
  story.where = where_words(report);
  control().fail_in_sanitizer(word, message, CallStack::here(), story);
}

/// A sanitizer ends the process without another word: UndefinedBehaviorSanitizer, if it was told
/// not to go on.
void on_death() {
  if (!is_controlled()) return;
  // It may fail on the way to its report, and knows all of it by then.
  if (__asan_report_present != nullptr && __asan_report_present() != 0)
    return on_error(process().output(kOutputSearched).c_str());
  const std::string line = undefined_behaviour_in(process().output(kOutputSearched));
  const std::string what = line.empty() ? "ended by its sanitizer" : error_kind(line);
  const std::string message = line.empty() ? "The sanitizer of the program ended it"
                                           : "UndefinedBehaviorSanitizer: " + line;
  control().fail_in_sanitizer(what, message, CallStack::here(), {});
}

}  // namespace

void listen_to_sanitizers() {
  // Seen from here malloc is ours.
  if (void* const program = dlopen(nullptr, RTLD_NOW | RTLD_NOLOAD)) {
    allocate = reinterpret_cast<Malloc>(dlsym(program, "malloc"));
    release = reinterpret_cast<Free>(dlsym(program, "free"));
  }
  if (__asan_set_error_report_callback != nullptr) __asan_set_error_report_callback(&on_error);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(&on_death);
}

int sanitizer_number() {
  if (__asan_get_alloc_stack == nullptr || allocate == nullptr || release == nullptr) return -1;
  void* const block = allocate(1);
  void* call = nullptr;
  int number = -1;
  __asan_get_alloc_stack(block, &call, 1, &number);
  release(block);
  return number;
}

void enter_stack(const void* begin, std::size_t bytes) {
  if (__sanitizer_start_switch_fiber == nullptr) return;
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, begin, bytes);
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
}

void forget_frames(const void* begin, const void* end) {
  if (__asan_unpoison_memory_region == nullptr || begin >= end) return;
  __asan_unpoison_memory_region(begin, static_cast<std::size_t>(static_cast<const char*>(end) -
                                                                static_cast<const char*>(begin)));
}

bool is_undefined_behaviour_sanitizer_here() {
  return __ubsan_handle_add_overflow != nullptr || __ubsan_handle_type_mismatch_v1 != nullptr ||
         __ubsan_handle_pointer_overflow != nullptr;
}

std::string undefined_behaviour_in(const std::string& output) {
  constexpr std::string_view kMark = ": runtime error: ";
  const std::size_t at = output.find(kMark);
  if (at == std::string::npos) return "";
  const std::size_t line = output.rfind('\n', at) + 1;  // npos + 1 is 0.
  return output.substr(line, output.find('\n', at) - line);
}

void keep_early_blocks(Snapshot& snapshot) {
  constexpr std::size_t kBytesMax = std::size_t{1} << 20;
  early().listening = false;
  early().gave_back = false;
  for (const auto& [block, bytes] : early().blocks) {
    if (bytes <= kBytesMax) snapshot.keep(const_cast<void*>(block), bytes);
  }
}

bool gave_back_early_block() { return early().gave_back; }

namespace {

/// From the very beginning: static initialization allocates.
[[gnu::constructor]] void listen_to_heap() {
  if (__sanitizer_install_malloc_and_free_hooks != nullptr)
    __sanitizer_install_malloc_and_free_hooks(&on_malloc, &on_free);
}

}  // namespace

}  // namespace reweave::program
