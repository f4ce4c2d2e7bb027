#include "runtime/program/program_process.h"

#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <stdio_ext.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <utility>

#include "runtime/program/control.h"
#include "runtime/program/descriptor_waits.h"
#include "runtime/program/engine_notes.h"
#include "runtime/program/exits.h"
#include "runtime/program/globals.h"
#include "runtime/program/mappings.h"
#include "runtime/program/program_signals.h"
#include "runtime/program/real.h"
#include "runtime/program/refusal.h"
#include "runtime/program/signals.h"
#include "runtime/program/stable_address.h"
#include "runtime/program/system_calls.h"
#include "scheduler/base/internal_check.h"

namespace reweave::program {
namespace {

constexpr std::size_t kHeapBytes = std::size_t{1} << 36;

constinit Arena program_heap_object, own_heap_object;

/// What a fuzzed body may change of the frames that called it. It is kept apart from the snapshot,
/// since an engine calls from here and there, and to take a new snapshot costs more than a body.
class CallersFrames {
 public:
  /// Keeps what lies at `stack`, of a stack that ends at `end`.
  void keep(char* stack, const char* end) {
    at_ = stack;
    bytes_ = std::min(copy_.size(), static_cast<std::size_t>(end - stack));
    std::memcpy(copy_.data(), at_, bytes_);
  }
  void put_back() { std::memcpy(at_, copy_.data(), bytes_); }

 private:
  char* at_ = nullptr;
  std::size_t bytes_ = 0;
  std::array<char, 4096> copy_{};
};
CallersFrames& callers_frames() {
  static CallersFrames* const only = new CallersFrames;
  return *only;
}

}  // namespace

void open_heaps() {
  if (own_heap_object.is_open()) return;
  // The explorer's own may lie anywhere, but the program's addresses should repeat.
  std::uintptr_t own = kOwnHeapAt, of_program = kProgramHeapAt;
  for (int i = 0; i < 16 && !own_heap_object.open(own, kHeapBytes); ++i) own += kHeapBytes;
  for (int i = 0; i < 8 && !program_heap_object.open(of_program, kHeapBytes, true); ++i)
    of_program += kHeapBytes;
  if (!own_heap_object.is_open() || !program_heap_object.is_open())
    refused("the system gives no address space for a heap: raise the limit (ulimit -v unlimited)");
}

Arena& program_heap() { return program_heap_object; }
Arena& own_heap() { return own_heap_object; }

Process& process() {
  static Process* const only = new Process;
  return *only;
}

void Process::prepare_once() {
  sites().find_modules();
  if (prepared_once_) return;
  prepared_once_ = true;
  control().donors().grow(8);
  listen_to_sanitizers();
  (void)CallStack::here();  // What the unwinder does once is done before the snapshot.
  pthread_atfork(nullptr, nullptr, [] {
    process().forked_ = true;
    refuse_as_child();
    control().forget_sharing();
    forget_dispatch();
    descriptor_waits().forked();
  });
  descriptor_waits().prepare();
  if (const int home = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC); home >= 0) {
    home_ = Descriptors::high(home);
    close(home);
  }
  mask_ = umask(0);
  umask(mask_);
}

namespace {
/// libc would ask in every execution what kind of file standard output is.
void give_output_a_buffer() {
  static std::array<char, 4096> buffer;
  if (__fbufsize(stdout) == 0) setvbuf(stdout, buffer.data(), _IOFBF, buffer.size());
}
}  // namespace

void Process::prepare(char** arguments) {
  prepare_once();
  give_output_a_buffer();
  program_signals().keep();
  handle_signals();
  std::fflush(nullptr);
  constexpr unsigned long kAsk = 0xffffffff;
  if ((personality(kAsk) & ADDR_NO_RANDOMIZE) == 0) {
    control().note_escape(
        "addresses: this system does not let their randomization be switched off (personality)",
        nullptr);
  }
  arguments_ = arguments;
  stack_ = {};
  take_snapshot();
  capture_output();
}

void Process::prepare_body(char* stack) {
  prepare_once();
  program_signals().keep();
  handle_signals();
  std::fflush(nullptr);
  take_stack(stack);
  take_snapshot();
  capture_output();
}

void Process::prepare_fuzzed(char* stack) {
  // So far from its beginning the heap is the bodies' alone: more than any engine has allocated
  // before it calls the first one.
  constexpr std::size_t kBodiesFrom = std::size_t{4} << 20;
  const bool first = !std::exchange(fuzzed_, true);
  if (first) {
    prepare_once();
    pass_signals_on();
    leave_exit_handlers();
    program_signals().keep();
    take_stack(stack);
    stack_ = stack_.last(1);  // Where it ends.
    snapshot_.leave_out(notes_of_engine());
    take_snapshot();
  }
  callers_frames().keep(stack, &stack_.back());
  handle_signals();
  std::fflush(nullptr);
  if (!globals.under_address_sanitizer) program_heap_object.begin_anew(kBodiesFrom);
  snapshot_.renew();
  if (first) return capture_output();
  lend_own_output(false);
  show_own_output();
}

/// What lies above `stack` on this thread is kept.
void Process::take_stack(char* stack) {
  pthread_attr_t attributes;
  void* begin = nullptr;
  std::size_t bytes = 0;
  CHECK_MSG(pthread_getattr_np(pthread_self(), &attributes) == 0 &&
                pthread_attr_getstack(&attributes, &begin, &bytes) == 0,
            "the main thread's stack is not known");
  pthread_attr_destroy(&attributes);
  char* const end = static_cast<char*>(begin) + bytes;
  CHECK(stack < end);
  arguments_ = nullptr;
  set_callers_frame(stack);
  stack_ = {stack, static_cast<std::size_t>(end - stack)};
}

void Process::take_snapshot() {
  keep_keys();
  snapshot_.take(globals.under_address_sanitizer ? nullptr : &program_heap_object, arguments_,
                 stack_);
}

void Process::load(const char* path, int flags) {
  globals.program_allocates = true;
  void* const loaded = real().dlopen(path, flags);
  globals.program_allocates = false;
  if (loaded == nullptr) return;
  sites().find_modules();
  take_snapshot();
}

void Process::keep_new_modules() {
  sites().find_modules();
  snapshot_.keep_new_modules();
}

void Process::lend_own_output(bool lend) {
  real().dup2(lend ? real_output_ : captured_, STDOUT_FILENO);
  real().dup2(lend ? real_errors_ : captured_, STDERR_FILENO);
}

void Process::release() {
  std::fflush(nullptr);
  lend_own_output(true);
  stdout->_fileno = STDOUT_FILENO;
  stderr->_fileno = STDERR_FILENO;
  give_back_signals();
}

void Process::capture_output() {
  if (captured_ >= 0) close(captured_);
  if (real_output_ >= 0) close(real_output_);
  if (real_errors_ >= 0) close(real_errors_);
  const int captured = memfd_create("reweave output", MFD_CLOEXEC);
  if (captured < 0) refused("the system gives no file for the program's output");
  captured_ = Descriptors::high(captured);
  close(captured);
  // A forked process still has the descriptors of its parent, except those that somebody changed: a
  // child reports to a pipe.
  real_output_ = Descriptors::high(forked_ ? STDERR_FILENO : STDOUT_FILENO);
  real_errors_ = Descriptors::high(STDERR_FILENO);
  real().dup2(captured_, STDOUT_FILENO);
  real().dup2(captured_, STDERR_FILENO);
  if (std::exchange(forked_, false)) Descriptors::part_from_siblings();
  descriptors_.take();
  show_own_output();
}

/// The explorer's standard streams write to the real descriptors.
void Process::show_own_output() {
  stdout->_fileno = real_output_;
  stderr->_fileno = real_errors_;
}

void Process::enter() {
  if (forked_) capture_output();
  begin_dispatch();
  if (globals.called_kernel && lseek(captured_, 0, SEEK_CUR) != 0) {
    (void)!ftruncate(captured_, 0);
    lseek(captured_, 0, SEEK_SET);
  }
  std::fflush(stdout);
  stdout->_fileno = STDOUT_FILENO;
  stderr->_fileno = STDERR_FILENO;
  globals.program_allocates = true;
  globals.called_kernel = !globals.sees_all_calls;
  globals.running = 1;
  globals.dispatch = 1;
}

void Process::leave() {
  globals.dispatch = 0;
  globals.running = 0;
  globals.alone_max = UINT64_MAX;
  globals.program_allocates = false;
  show_own_output();
}

void Process::put_back(std::uint32_t threads) {
  mappings().put_back();
  snapshot_.put_back();
  if (fuzzed_) callers_frames().put_back();
  uselocale(LC_GLOBAL_LOCALE);  // libc's thread_local pointers into what setlocale() loaded.
  if (globals.called_kernel) descriptors_.put_back();
  if (std::exchange(moved_, false)) {
    umask(mask_);
    if (home_ >= 0) (void)!fchdir(home_);
  }
  show_own_output();
  put_back_keys();
  Donors& donors = control().donors();
  for (std::uint32_t i = 0; i < threads; ++i) {
    donors.clear_stack(i);
    if (i != 0) snapshot_.renew_thread(donors.thread_pointer_of(i));
  }
}

std::string Process::output(std::size_t bytes_max) const {
  const off_t end = lseek(captured_, 0, SEEK_END);
  if (end <= 0) return "";
  const auto whole = static_cast<std::size_t>(end);
  const std::size_t bytes = whole < bytes_max ? whole : bytes_max;
  std::string text(bytes, '\0');
  const ssize_t got = pread(captured_, text.data(), bytes, end - static_cast<off_t>(bytes));
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

bool Process::is_programs_own(const void* address) const {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  return at - globals.data_begin < globals.data_bytes || program_heap_object.owns(address) ||
         Donors::is_on_stack(address);
}

void Process::flush_output() {
  struct stat status {};
  if (__fpending(stdout) != 0 && kernel_call(SYS_fstat, STDOUT_FILENO, word_of(&status)) == 0 &&
      S_ISREG(status.st_mode)) {
    // Nobody has to look at what is most common.
    const Undispatched scope;
    globals.called_kernel = true;
    fflush_unlocked(stdout);
  }
  // As exit() does it: a stream that a thread holds is not waited for. It changes the streams,
  // which are not put back under AddressSanitizer.
  if (globals.under_address_sanitizer) {
    std::fflush(nullptr);
  } else {
    fcloseall();
  }
}

}  // namespace reweave::program
