// The user's own call that led to a stand-in: std::mutex::lock called pthread_mutex_lock, but the
// user called std::mutex::lock.
//
// A call is known by its return address. Where that lies in code of the user it is the one, which
// costs a few instructions to see: code of the C++ library that was compiled into the program has
// its bits in Globals::library_code. Else the frames of libraries are passed over, up to the first
// one of the user; failing that, to the first one in a module of the user (what the user wrote may
// be inlined there); failing that, kNoUsersCall.
//
// How many bytes of stack a library's function has at a call is a constant of that call, so that it
// is asked of the unwinder once and then known: about 5 ns a frame. Nothing is allocated.
//
// Which frames are the user's is told by the names in the symbol table alone, never by debug
// information: so a place is the same whatever tools are installed.
#pragma once

#include <cstdint>
#include <span>

#include "runtime/program/globals.h"

/// Where a hook or stand-in was called, as it stands.
#define REWEAVE_RAW_CALLER __builtin_return_address(0)
/// The same, for hooks of accesses; the second one with the hook's name.
#define REWEAVE_CALL \
  ::reweave::program::Call { __builtin_return_address(0), __builtin_dwarf_cfa() }
#define REWEAVE_NAMED_CALL \
  ::reweave::program::Call { __builtin_return_address(0), __builtin_dwarf_cfa(), __func__ }
/// The user's own call that led to a stand-in, which is named for whoever traces. For the function
/// itself, not for what it calls.
#define REWEAVE_CALLER                            \
  (::reweave::program::globals.called = __func__, \
   ::reweave::program::users_call({__builtin_return_address(0), __builtin_dwarf_cfa()}))

namespace reweave::program {

/// A call of this library: the return address, and the stack where it is returned to.
struct Call {
  const void* address = nullptr;
  const void* stack = nullptr;
  const char* name = nullptr;  // Of the hook that was called, where somebody may ask for it.
};

/// No code of the user led here.
inline constexpr char kNoUsersCallPlace = 0;
inline constexpr const void* kNoUsersCall = &kNoUsersCallPlace;

inline bool is_in_library_code(std::uintptr_t offset) {
  return globals.library_code != nullptr &&
         (globals.library_code[offset / 64] >> (offset % 64) & 1) != 0;
}

const void* users_call_slowly(Call call);
/// The return address of the user's call, or kNoUsersCall. While no execution runs, or with
/// Globals::raw_sites, the call's own.
inline const void* users_call(Call call) {
  if (globals.running == 0) return call.address;
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(call.address) - globals.code_begin;
  if (offset < globals.code_bytes && !is_in_library_code(offset - 1)) [[likely]]
    return call.address;
  return users_call_slowly(call);
}

/// The calls of the user that led to `call`, innermost first, without those of libraries. Returns
/// how many were written to `calls`.
std::size_t users_calls(Call call, std::span<const void*> calls);

}  // namespace reweave::program
