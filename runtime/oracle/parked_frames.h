// Parked frames: what lies in either cache of dead frames runs nowhere, refers to nothing, and
// belongs to a code object that still exists.
//
// Rules:
//   parked-frame-runs             in a cache, and alive
//   parked-frame-of-another       the zombie of a code object that it was not made for, or one that
//                                 was given out again meanwhile
//   parked-frame-keeps-caller     it still refers to the frame that called it
//   parked-frame-keeps-reference  its locals still hold a counted reference
//
// Looked at with the structure oracle in every step where that looks, and by the census at the end
// of every execution. Costs a visit to each parked frame; allocates nothing, changes nothing.
#pragma once

#include <string>

#include "runtime/frame/frame.h"

namespace reweave::runtime {

class LedgerNames;

struct ParkedFrameFault {
  const char* rule = nullptr;  // Null: none is broken.
  Frame* frame = nullptr;
  const Object* held = nullptr;  // What it keeps; or null.
};

/// The first rule that a frame in `cache` breaks, of those that were parked in step `since` or
/// later.
ParkedFrameFault look_at_parked_frames(const FrameCache& cache, std::uint64_t since = 0);

/// "the frame that 0.2 parked in step 7 keeps a tasklet", as `names` calls tasklets.
std::string describe(const ParkedFrameFault& fault, const LedgerNames& names);

}  // namespace reweave::runtime
