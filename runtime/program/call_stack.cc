#include "runtime/program/call_stack.h"

#include <unwind.h>

#include <utility>

#include "runtime/program/globals.h"
#include "runtime/program/sites.h"

namespace reweave::program {
namespace {

/// The unwinder calls once-flags, locks and malloc at times: those calls are not the program's.
class NotTheProgram {
 public:
  NotTheProgram() : running_(std::exchange(globals.running, 0)) {}
  ~NotTheProgram() { globals.running = running_; }
  NotTheProgram(const NotTheProgram&) = delete;
  NotTheProgram& operator=(const NotTheProgram&) = delete;

 private:
  std::uint32_t running_;
};

_Unwind_Reason_Code visit(_Unwind_Context* context, void* stack) {
  const auto address = static_cast<std::uintptr_t>(_Unwind_GetIP(context));
  if (address == 0) return _URC_END_OF_STACK;
  const auto* const at = reinterpret_cast<const void*>(address);
  if (!sites().is_ours(at)) static_cast<CallStack*>(stack)->push(at);
  return _URC_NO_REASON;
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

}  // namespace reweave::program
