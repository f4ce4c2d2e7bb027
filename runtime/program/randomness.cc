#include "runtime/program/randomness.h"

#include <errno.h>
#include <sys/types.h>

#include <cstdint>
#include <cstring>

#include "runtime/program/control.h"
#include "runtime/program/real.h"
#include "scheduler/base/prng.h"

namespace reweave::program {
namespace {

constinit std::uint64_t drawn = 0;  // How many numbers this execution was given.

std::uint64_t next_number() {
  Prng prng(0x5eedu + ++drawn);
  return prng.next();
}

}  // namespace

void begin_randomness() { drawn = 0; }

long fill_with_fixed_bytes(void* at, std::size_t bytes) {
  auto* to = static_cast<char*>(at);
  for (std::size_t left = bytes; left > 0;) {
    const std::uint64_t number = next_number();
    const std::size_t part = left < sizeof number ? left : sizeof number;
    std::memcpy(to, &number, part);
    to += part;
    left -= part;
  }
  return static_cast<long>(bytes);
}

}  // namespace reweave::program

using namespace reweave::program;  // NOLINT: the functions below are in no namespace.

REWEAVE_STAND_IN ssize_t getrandom(void* at, size_t bytes, unsigned flags) {
  if (!is_controlled()) return real().getrandom(at, bytes, flags);
  return fill_with_fixed_bytes(at, bytes);
}
REWEAVE_STAND_IN int getentropy(void* at, size_t bytes) {
  if (!is_controlled()) return real().getentropy(at, bytes);
  fill_with_fixed_bytes(at, bytes);
  return 0;
}
REWEAVE_STAND_IN std::uint32_t arc4random() {
  std::uint32_t number = 0;
  if (is_controlled()) {
    fill_with_fixed_bytes(&number, sizeof number);
  } else {
    (void)!real().getrandom(&number, sizeof number, 0);
  }
  return number;
}
REWEAVE_STAND_IN void arc4random_buf(void* at, size_t bytes) {
  if (is_controlled()) {
    fill_with_fixed_bytes(at, bytes);
  } else {
    (void)!real().getrandom(at, bytes, 0);
  }
}

// std::random_device of libstdc++, which would execute rdrand: its members, by their linker names.
// _M_getval() returns a number; the others find a source, and there is nothing to find.
REWEAVE_STAND_IN std::uint32_t _ZNSt13random_device9_M_getvalEv(void* device) {
  (void)device;
  return arc4random();
}
REWEAVE_STAND_IN double _ZNKSt13random_device13_M_getentropyEv(const void*) { return 32.0; }
REWEAVE_STAND_IN void _ZNSt13random_device7_M_finiEv(void*) {}
REWEAVE_STAND_IN void
_ZNSt13random_device7_M_initERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE(void* device,
                                                                                    const void*) {
  std::memset(device, 0, 8);
}
REWEAVE_STAND_IN void _ZNSt13random_device7_M_initEPKcm(void* device, const char*, std::size_t) {
  std::memset(device, 0, 8);
}
