#include "runtime/program/user_frames.h"

#include <unwind.h>

#include <array>
#include <utility>

#include "runtime/program/donors.h"
#include "runtime/program/sites.h"

namespace reweave::program {
namespace {

enum class Whose : std::uint8_t {
  kLibrary,
  kInlined,  // A library's function in a module of the user.
  kUser,
};

/// What is known of a call: how much stack its function has there.
struct Frame {
  std::uintptr_t address = 0;  // 0: this entry is free.
  std::uint32_t bytes = 0;     // 0: nobody called it.
  Whose whose = Whose::kLibrary;
};

constexpr std::size_t kFrameBits = 13, kFramesMax = std::size_t{1} << kFrameBits;
constexpr std::size_t kDepthMax = 128;
constinit std::array<Frame, kFramesMax> frames{};
constinit std::size_t frames_used = 0;

std::size_t place_of(std::uintptr_t address) {
  std::size_t at = address * 0x9e3779b97f4a7c15u >> (64 - kFrameBits);
  while (frames[at].address != 0 && frames[at].address != address) at = (at + 1) % kFramesMax;
  return at;
}

const Frame* known(std::uintptr_t address) {
  const Frame& frame = frames[place_of(address)];
  return frame.address == 0 ? nullptr : &frame;
}

void learn(std::uintptr_t address, std::uint32_t bytes) {
  if (frames_used > kFramesMax / 2) {
    frames.fill({});
    frames_used = 0;
  }
  Frame& frame = frames[place_of(address)];
  if (frame.address == 0) ++frames_used;
  const auto* const call = reinterpret_cast<const void*>(address - 1);
  const Whose whose = !sites().is_in_users_module(call) ? Whose::kLibrary
                      : sites().is_in_library(call)     ? Whose::kInlined
                                                        : Whose::kUser;
  frame = {address, bytes, whose};
}

/// The frames from the one that `wanted` returns to, as the unwinder sees them.
struct Unwound {
  std::uintptr_t wanted = 0;
  std::uintptr_t address = 0, stack = 0;  // Of the frame before; address 0: none yet.
  std::size_t depth = 0;
};

_Unwind_Reason_Code visit(_Unwind_Context* context, void* result) {
  auto& unwound = *static_cast<Unwound*>(result);
  const auto address = static_cast<std::uintptr_t>(_Unwind_GetIP(context));
  const auto stack = static_cast<std::uintptr_t>(_Unwind_GetCFA(context));
  if (unwound.address == 0 && address != unwound.wanted) return _URC_NO_REASON;
  if (unwound.address != 0)
    learn(unwound.address, address == 0 ? 0 : static_cast<std::uint32_t>(stack - unwound.stack));
  unwound.address = address;
  unwound.stack = stack;
  return address == 0 || ++unwound.depth > kDepthMax ? _URC_END_OF_STACK : _URC_NO_REASON;
}

void learn_frames_from(std::uintptr_t address) {
  // The unwinder calls once-flags, locks and malloc at times: those calls are not the program's.
  const NotTheProgram scope;
  Unwound unwound{.wanted = address};
  _Unwind_Backtrace(&visit, &unwound);
  // The outermost one, unless there are more than are looked at.
  if (unwound.address != 0 && unwound.depth <= kDepthMax && known(unwound.address) == nullptr)
    learn(unwound.address, 0);
  if (known(address) == nullptr) learn(address, 0);
}

/// Calls `visit_frame(address, whose)` for each frame, innermost first, until it returns true.
/// False: it came to a call that is not known, perhaps because it followed the stack wrongly: a
/// function of the user may have stack that is no constant.
template <typename Visit>
bool walk(Call call, const Visit& visit_frame) {
  auto address = reinterpret_cast<std::uintptr_t>(call.address);
  auto stack = reinterpret_cast<std::uintptr_t>(call.stack);
  for (std::size_t depth = 0; depth < kDepthMax && address != 0; ++depth) {
    const Frame* const frame = known(address);
    if (frame == nullptr) return false;
    if (visit_frame(reinterpret_cast<const void*>(address), frame->whose)) return true;
    if (frame->bytes == 0) return true;
    stack += frame->bytes;
    if ((stack - Donors::kStacksAt) % Donors::kStackStride >= Donors::kStackBytes) return false;
    address = *reinterpret_cast<const std::uintptr_t*>(stack - sizeof(void*));
    if (address == 0) return false;  // No frame says that it is the outermost one: wrong.
  }
  return true;
}

}  // namespace

const void* users_call_slowly(Call call) {
  if (globals.raw_sites) return call.address;
  const void* users = nullptr;
  const void* inlined = nullptr;
  for (int attempt = 0; attempt < 2; ++attempt) {
    users = nullptr;
    inlined = kNoUsersCall;
    const bool followed = walk(call, [&](const void* address, Whose whose) {
      if (whose == Whose::kUser) users = address;
      if (whose == Whose::kInlined && inlined == kNoUsersCall) inlined = address;
      return users != nullptr;
    });
    if (followed) break;
    learn_frames_from(reinterpret_cast<std::uintptr_t>(call.address));
  }
  return users != nullptr ? users : inlined;
}

std::size_t users_calls(Call call, std::span<const void*> calls) {
  std::size_t count = 0;
  for (int attempt = 0; attempt < 2; ++attempt) {
    count = 0;
    const bool followed = walk(call, [&](const void* address, Whose whose) {
      if (whose != Whose::kLibrary) calls[count++] = address;
      return count == calls.size();
    });
    if (followed) break;
    learn_frames_from(reinterpret_cast<std::uintptr_t>(call.address));
  }
  return count;
}

}  // namespace reweave::program
