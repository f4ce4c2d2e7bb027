// The dangling-stack oracle: a pointer into the C stack of a tasklet that is suspended was used.
//
// Such an address is valid in the tasklet that runs now, so no other oracle sees the use. A build
// with stack windows (stack/window.h) does: there AddressSanitizer ends the process at the use, and
// before it does the finding is reported: `dangling-stack used OPERATION`.
#pragma once

#include "runtime/stack/slice.h"
#include "runtime/vocabulary/settings.h"

namespace reweave::runtime {

/// Defects that no other oracle sees, and no other build.
inline DefectSet defects_for_windows() { return DefectSet().add(Defect::kWaitNoteOnStack); }

/// Where the defect is at work in this build, the process ends.
inline bool ends_the_process(Defect defect) {
  return kStackWindows && defects_for_windows().has(defect);
}

/// This build shows what these defects do.
inline bool shows_in_this_build(DefectSet defects) {
  return kStackWindows || !defects.intersects(defects_for_windows());
}

}  // namespace reweave::runtime
