// How often this program has asked the system's allocator for memory: malloc and its kin, and so
// operator new, also from within libraries.
#pragma once

#include <cstdint>

namespace reweave::bench {

/// So far, in the whole process. Never goes down.
std::uint64_t allocation_count();

}  // namespace reweave::bench
