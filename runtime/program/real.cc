#include "runtime/program/real.h"

#include <dlfcn.h>

namespace reweave::program {

RealFunctions real_functions;
bool real_functions_found = false;

void find_real_functions() {
  real_functions_found = true;
#define REAL(name, result, parameters) \
  real_functions.name = reinterpret_cast<result(*) parameters>(dlsym(RTLD_NEXT, #name));
#include "runtime/program/real.def"
#undef REAL
}

}  // namespace reweave::program
