// The real functions behind the stand-ins, found once, before anything is controlled.
//
// dlsym(RTLD_NEXT) at first use would lock and allocate in the middle of an execution, so the table
// is filled when the library is loaded, or at the first call of a stand-in, whichever comes first.
// A name that this libc does not have is null.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/types.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>

namespace reweave::program {

struct RealFunctions {
#define REAL(name, result, parameters) result(*name) parameters = nullptr;
#include "runtime/program/real.def"
#undef REAL
};

extern RealFunctions real_functions;
extern bool real_functions_found;
void find_real_functions();

/// Lives for ever.
inline const RealFunctions& real() {
  if (!real_functions_found) [[unlikely]]
    find_real_functions();
  return real_functions;
}

}  // namespace reweave::program
