// The short names of the checks, for our own source files. Not installed, and no header includes
// it: see reweave_check.h.
#pragma once

#include "scheduler/base/reweave_check.h"

#define CHECK(condition) REWEAVE_CHECK(condition)
#define CHECK_MSG(condition, message) REWEAVE_CHECK_MSG(condition, message)
#define DCHECK(condition) REWEAVE_DCHECK(condition)
