// What switch_*.S finds on a stack that it comes back to; laid out by hand where a stack begins
// that nobody has left yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace reweave::runtime {

struct Registers {
#if defined(__aarch64__)
  std::uint64_t frame_pointer, link, others[18], fpcr, padding;
  static constexpr std::size_t kBytes = 176;
  void set(void (*entry)()) { link = reinterpret_cast<std::uint64_t>(entry); }
#else
  std::uint32_t mxcsr;
  std::uint16_t x87, padding;
  std::uint64_t registers[6], entry;
  static constexpr std::size_t kBytes = 64;
  void set(void (*function)()) {
    mxcsr = 0x1f80;  // The ABI's defaults at process start.
    x87 = 0x037f;
    entry = reinterpret_cast<std::uint64_t>(function);
  }
#endif
};
static_assert(sizeof(Registers) == Registers::kBytes);

/// Lays out a stack that ends at `top`, so that a switch to the returned stack pointer calls
/// `entry`, which must never return.
inline void* lay_out_stack(std::byte* top, void (*entry)()) {
  // Aligned as a call leaves it: the entry finds its return address' place at the top.
  std::byte* const sp = top - 64 - 8 - sizeof(Registers);
  auto* const registers =
      reinterpret_cast<Registers*>(reinterpret_cast<std::uintptr_t>(sp) / 16 * 16
#if !defined(__aarch64__)
                                   + 8
#endif
      );
  std::memset(static_cast<void*>(registers), 0, sizeof *registers);
  registers->set(entry);
  return registers;
}

}  // namespace reweave::runtime
