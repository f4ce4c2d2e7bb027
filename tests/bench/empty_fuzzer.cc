// A target that does nothing: what libFuzzer itself costs, to put beside the figures of others.
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t*, std::size_t) { return 0; }
