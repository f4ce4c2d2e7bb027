#include "repro/report/version.h"

#include "scheduler/machine/sanitizer.h"

namespace reweave::repro {

std::string build_name() {
#if defined(__clang__)
  std::string name = "clang " __clang_version__;
#else
  std::string name = "gcc " __VERSION__;
#endif
  name = name.substr(0, name.find_last_not_of(' ') + 1);
#if defined(__x86_64__)
  name += ", x86_64";
#elif defined(__aarch64__)
  name += ", aarch64";
#endif
  return name;
}

}  // namespace reweave::repro
