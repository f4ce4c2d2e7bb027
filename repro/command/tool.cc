// The tool `reweave` knows tasklets.

#include "runtime/interpreter/tasklet_kind.h"

namespace {
const reweave::RegisteredKind tasklets(reweave::runtime::tasklet_kind());
}  // namespace
