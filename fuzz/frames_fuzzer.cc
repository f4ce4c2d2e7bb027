// Looks for frames that are used after they were released, parked or given to another call.
#include "fuzz/scenario_target.h"

REWEAVE_SCENARIO_TARGET("frames")
