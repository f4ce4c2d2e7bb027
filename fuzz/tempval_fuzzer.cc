// Looks for values that are lost, doubled or swapped on their way from a sender to a receiver.
#include "fuzz/scenario_target.h"

REWEAVE_SCENARIO_TARGET("tempval")
