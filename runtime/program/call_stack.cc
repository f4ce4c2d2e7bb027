#include "runtime/program/call_stack.h"

#include <unwind.h>

#include "runtime/program/sites.h"


namespace reweave::program {
namespace {

_Unwind_Reason_Code visit(_Unwind_Context* context, void* stack) {
  const auto address = static_cast<std::uintptr_t>(_Unwind_GetIP(context));
  if (address == 0) return _URC_END_OF_STACK;
  const auto* const at = reinterpret_cast<const void*>(address);
  if (!sites().is_ours(at)) static_cast<CallStack*>(stack)->push(at);
  return _URC_NO_REASON;
}

}  // namespace

CallStack CallStack::here() {
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

}  // namespace reweave::program
