// The entry points of a target whose input is a file: a row of readers(), whose name is in a file
// that the build makes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/fuzzer_flags.h"
#include "fuzz/readers.h"

extern const char reweave_target[];

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  reweave::fuzz::add_default_flags(argc, argv);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const reweave::fuzz::Reader& reader = reweave::fuzz::find_reader(reweave_target);
  reader.read(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
