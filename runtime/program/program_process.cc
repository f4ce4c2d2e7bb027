#include "runtime/program/program_process.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>

#include "runtime/program/control.h"
#include "runtime/program/exits.h"
#include "runtime/program/globals.h"
#include "runtime/program/real.h"
#include "runtime/program/signals.h"
#include "scheduler/base/check.h"

namespace reweave::program {
namespace {

constexpr std::uintptr_t kProgramHeapAt = 0x210000000000u, kOwnHeapAt = 0x2a0000000000u;
constexpr std::size_t kHeapBytes = std::size_t{1} << 36;

constinit Arena program_heap_object, own_heap_object;

}  // namespace

void open_heaps() {
  if (own_heap_object.is_open()) return;
  // The explorer's own may lie anywhere, but the program's addresses should repeat.
  std::uintptr_t own = kOwnHeapAt, of_program = kProgramHeapAt;
  for (int i = 0; i < 16 && !own_heap_object.open(own, kHeapBytes); ++i) own += kHeapBytes;
  for (int i = 0; i < 8 && !program_heap_object.open(of_program, kHeapBytes); ++i)
    of_program += kHeapBytes;
  CHECK_MSG(own_heap_object.is_open(), "no address space for a heap");
  CHECK_MSG(program_heap_object.is_open(), "no address space for the program's heap");
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
  (void)CallStack::here();  // What the unwinder does once is done before the snapshot.
  pthread_atfork(nullptr, nullptr, [] { process().forked_ = true; });
}

void Process::prepare(char** arguments) {
  prepare_once();
  handle_signals();
  std::fflush(nullptr);
  keep_keys();
  snapshot_.take(globals.under_address_sanitizer ? nullptr : &program_heap_object, arguments);
  capture_output();
}

void Process::prepare_body(char* stack) {
  prepare_once();
  handle_signals();
  std::fflush(nullptr);
  keep_keys();
  pthread_attr_t attributes;
  void* begin = nullptr;
  std::size_t bytes = 0;
  CHECK_MSG(pthread_getattr_np(pthread_self(), &attributes) == 0 &&
                pthread_attr_getstack(&attributes, &begin, &bytes) == 0,
            "the main thread's stack is not known");
  pthread_attr_destroy(&attributes);
  char* const end = static_cast<char*>(begin) + bytes;
  CHECK(stack < end);
  snapshot_.take(globals.under_address_sanitizer ? nullptr : &program_heap_object, nullptr,
                 {stack, static_cast<std::size_t>(end - stack)});
  capture_output();
}

void Process::release() {
  std::fflush(nullptr);
  real().dup2(real_output_, STDOUT_FILENO);
  real().dup2(real_errors_, STDERR_FILENO);
  stdout->_fileno = STDOUT_FILENO;
  stderr->_fileno = STDERR_FILENO;
  give_back_signals();
}

void Process::capture_output() {
  if (captured_ >= 0) close(captured_);
  if (real_output_ >= 0) close(real_output_);
  if (real_errors_ >= 0) close(real_errors_);
  const int captured = memfd_create("reweave output", MFD_CLOEXEC);
  CHECK_MSG(captured >= 0, "no file for the program's output");
  captured_ = Descriptors::high(captured);
  close(captured);
  // A forked process still has the descriptors of its parent, except those that somebody changed: a
  // child reports to a pipe.
  real_output_ = Descriptors::high(forked_ ? STDERR_FILENO : STDOUT_FILENO);
  real_errors_ = Descriptors::high(STDERR_FILENO);
  real().dup2(captured_, STDOUT_FILENO);
  real().dup2(captured_, STDERR_FILENO);
  forked_ = false;
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
  if (lseek(captured_, 0, SEEK_CUR) != 0) {
    (void)!ftruncate(captured_, 0);
    lseek(captured_, 0, SEEK_SET);
  }
  std::fflush(stdout);
  stdout->_fileno = STDOUT_FILENO;
  stderr->_fileno = STDERR_FILENO;
  globals.program_allocates = true;
  globals.running = 1;
}

void Process::leave() {
  globals.running = 0;
  globals.watch = 0;
  globals.alone_max = UINT64_MAX;
  globals.program_allocates = false;
  show_own_output();
}

void Process::put_back(std::uint32_t threads) {
  snapshot_.put_back();
  descriptors_.put_back();
  show_own_output();
  put_back_keys();
  for (std::uint32_t i = 1; i < threads; ++i) {
    snapshot_.renew_thread(control().donors().thread_pointer_of(i));
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

void Process::flush_output() { std::fflush(nullptr); }

}  // namespace reweave::program
