// System calls of a program under control, whichever way they are made.
//
// Most are made by functions of libc that this library defines anew (the files *_stand_ins.cc).
// The others come from within libc (stdio, the lock of a FILE), from libraries that execute the
// instruction themselves (OpenMP) and from assembly of the program. While a program runs the kernel
// hands those back by SIGSYS (system call user dispatch, Linux 5.11, x86-64). Both ways end in
// system_call(), which looks into one table: a call that would make the only OS thread wait waits
// in virtual time, one that would leave the process is refused by name, and all others are done.
//
// Where the kernel has no such dispatch only functions of libc are seen. Cost: nothing where the
// program makes no system call; one that is handed back costs as much as about ten others.
#pragma once

#include <sys/syscall.h>

#include <array>
#include <cstdint>

#include "runtime/program/globals.h"

namespace reweave::program {

/// What a call was given, in the order of the kernel.
using CallWords = std::array<long, 6>;

/// The kernel does it, on this OS thread: its result, or an error number below 0.
inline long kernel_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                        long f = 0) {
#if defined(__x86_64__)
  long result;
  register long fourth __asm__("r10") = d;
  register long fifth __asm__("r8") = e;
  register long sixth __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
#else
  register long result __asm__("x0") = a;
  register long second __asm__("x1") = b;
  register long third __asm__("x2") = c;
  register long fourth __asm__("x3") = d;
  register long fifth __asm__("x4") = e;
  register long sixth __asm__("x5") = f;
  register long call __asm__("x8") = number;
  __asm__ volatile("svc 0"
                   : "+r"(result)
                   : "r"(second), "r"(third), "r"(fourth), "r"(fifth), "r"(sixth), "r"(call)
                   : "memory");
  return result;
#endif
}
inline long kernel_call(long number, const CallWords& words) {
  return kernel_call(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

/// A pointer as a word of a call, and back.
inline long word_of(const void* at) { return reinterpret_cast<long>(at); }
template <typename T>
T* pointer_in(long word) {
  return reinterpret_cast<T*>(word);
}

/// Does the call on behalf of a virtual thread; the result as that of kernel_call(). `caller` is
/// where the program, or libc, makes it. May switch.
long system_call(long number, const CallWords& words, const void* caller);
/// As libc's functions tell it: errno and -1.
long as_libc_tells(long result);

/// What a function of libc does that only passes its arguments on: on behalf of a virtual thread,
/// or as the kernel does it where the program is not under control. May switch.
template <typename... Arguments>
long call_kernel(long number, const void* caller, Arguments... arguments) {
  const CallWords words = {(long)arguments...};
  return as_libc_tells(is_controlled() ? system_call(number, words, caller)
                                       : kernel_call(number, words));
}

/// Stands in for one system call. May switch.
using SystemCall = long (*)(const CallWords& words, const void* caller);
void stand_in_for(long number, SystemCall function);
/// Each topic's own; called once, before anything is controlled.
void stand_in_for_descriptor_calls();
void stand_in_for_socket_calls();
void stand_in_for_poll_calls();
void stand_in_for_file_lock_calls();
void stand_in_for_thread_calls();
void stand_in_for_process_calls();
void stand_in_for_machine_calls();
void stand_in_for_time_calls();
void stand_in_for_signal_calls();
void stand_in_for_memory_calls();
void fill_system_call_table();

/// From here on the kernel hands back what is called outside of this library, while
/// Globals::dispatch says so. To be called in each process that explores; twice is once.
void begin_dispatch();
/// This process was forked from one that did.
void forget_dispatch();

/// While it lives all system calls of this OS thread go to the kernel: for what makes threads and
/// processes inside of libc.
class Undispatched {
 public:
  Undispatched();
  ~Undispatched();
  Undispatched(const Undispatched&) = delete;
  Undispatched& operator=(const Undispatched&) = delete;

 private:
  std::uint8_t before_;
};

}  // namespace reweave::program
