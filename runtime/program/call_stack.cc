#include "runtime/program/call_stack.h"

#include <unwind.h>

#include <cstring>
#include <utility>

#include "runtime/program/control.h"
#include "runtime/program/sites.h"
#include "scheduler/base/hash.h"

namespace reweave::program {
namespace {

_Unwind_Reason_Code visit(_Unwind_Context* context, void* stack) {
  const auto address = static_cast<std::uintptr_t>(_Unwind_GetIP(context));
  if (address == 0) return _URC_END_OF_STACK;
  const auto* const at = reinterpret_cast<const void*>(address);
  if (!sites().is_ours(at)) static_cast<CallStack*>(stack)->push(at);
  return _URC_NO_REASON;
}

/// What a function that makes a call keeps: the registers that a call preserves, where it is, and
/// its stack.
struct Kept {
  const char* stack = nullptr;
  std::uint64_t hash = 0;
};

_Unwind_Reason_Code visit_first(_Unwind_Context* context, void* result) {
  const auto address = static_cast<std::uintptr_t>(_Unwind_GetIP(context));
  if (address == 0) return _URC_END_OF_STACK;
  if (sites().is_ours(reinterpret_cast<const void*>(address))) return _URC_NO_REASON;
  auto& kept = *static_cast<Kept*>(result);
  kept.stack = reinterpret_cast<const char*>(_Unwind_GetCFA(context));
  kept.hash = mix_hash(kept.hash, address);
#if defined(__x86_64__)
  for (const int preserved : {3, 6, 12, 13, 14, 15}) {  // rbx, rbp, r12 … r15 in DWARF's numbers.
    kept.hash = mix_hash(kept.hash, _Unwind_GetGR(context, preserved));
  }
#endif
  return _URC_END_OF_STACK;
}

}  // namespace

CallStack CallStack::here() {
  const NotTheProgram scope;
  CallStack stack;
  _Unwind_Backtrace(&visit, &stack);
  return stack;
}

const void* CallStack::users(const void* otherwise) const {
  for (const void* address : addresses()) {
    // The call itself, not what follows it: a call may be a function's last instruction.
    if (sites().is_users(static_cast<const char*>(address) - 1)) return address;
  }
  return otherwise;
}

std::uint64_t fingerprint_of_caller() {
  constexpr std::size_t kStackBytesMax = 16 << 10;
  Kept kept;
  {
    const NotTheProgram scope;
    _Unwind_Backtrace(&visit_first, &kept);
  }
  const Context& place = control().donors().place(static_cast<std::uint32_t>(control().self_id()));
  const char* const end = reinterpret_cast<const char*>(place.top);
  std::size_t left =
      kept.stack != nullptr && kept.stack < end ? static_cast<std::size_t>(end - kept.stack) : 0;
  if (left > kStackBytesMax) left = kStackBytesMax;
  for (const char* at = kept.stack; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    kept.hash = mix_hash(kept.hash, word);
  }
  return kept.hash | 1;
}

}  // namespace reweave::program
