#include "fuzz/fuzzer_flags.h"

#include <array>
#include <string_view>
#include <vector>

namespace reweave::fuzz {
namespace {

#ifdef REWEAVE_LIBFUZZER
// Not constant, as no argument is.
std::array<char, 12> entropic = {"-entropic=0"};
#endif

}  // namespace

void add_default_flags([[maybe_unused]] int* argc, [[maybe_unused]] char*** argv) {
#ifdef REWEAVE_LIBFUZZER
  static std::vector<char*> arguments;
  constexpr std::string_view kName = "-entropic=";
  arguments.assign(*argv, *argv + *argc);
  for (const std::string_view argument : arguments) {
    if (argument.substr(0, kName.size()) == kName) return;
  }
  arguments.push_back(entropic.data());
  *argc = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  *argv = arguments.data();
#endif
}

}  // namespace reweave::fuzz
