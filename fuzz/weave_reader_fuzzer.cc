// The reader of `.weave` files must survive anything: it answers with a file or with one error, and
// what it accepts it writes in a form that it reads again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fuzz/fuzzer_flags.h"
#include "repro/file/weave_file.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  reweave::fuzz::add_default_flags(argc, argv);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = reweave::repro::read_weave(text, "input");
  if (!file) {
    // "input:LINE: …" or, where the file as a whole is refused, "input: …".
    if (std::string_view(file.error().message).substr(0, 6) != "input:") std::abort();
    return 0;
  }
  const std::string written = reweave::repro::write_weave(*file);
  const auto again = reweave::repro::read_weave(written, "written");
  if (!again) {
    std::fprintf(stderr, "what was written is refused: %s\n", again.error().message.c_str());
    std::abort();
  }
  if (reweave::repro::write_weave(*again) != written) std::abort();
  return 0;
}
