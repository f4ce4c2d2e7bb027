// Does each input take the same edges each time, as often, whatever the process ran before?
//
//   TARGET_stability FOLDER [INPUTS]     the inputs of a folder, and so many more (default: 2000)
//
// AFL++ says how stable a target is by running an input several times when it is new, and keeps
// quiet of which edges differ. Here each input is run some times in a row, and once more when all
// others have run; each edge that is not passed the same number of times, as AFL++ counts in
// classes, is printed with the place where it is: an address for addr2line or llvm-symbolizer, or a
// counter of features. Exit code 0: none; 1: there are some; 2: bad arguments.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

extern "C" {
int LLVMFuzzerInitialize(int* argc, char*** argv);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t size_max,
                                    unsigned seed);
extern const char __executable_start;  // By the linker.
}

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kInputBytesMax = 4096;
constexpr int kTimes = 8;  // As AFL++ runs a new input.

/// An edge is known by the place of its call, or by its guard. In a table of fixed size, for what
/// counts runs on the stacks of tasklets, too.
constexpr std::size_t kEdgesMax = std::size_t{1} << 16;
struct Edge {
  std::uintptr_t place = 0;  // 0: this row is free.
  std::uint32_t passed = 0;  // In this execution.
  bool is_unstable = false;
};
Edge edges[kEdgesMax];
bool full = false;
constexpr std::size_t kFeaturesMax = 4096;  // No code is at so low an address.

void pass(std::uintptr_t place) {
  std::size_t row = place * 0x9e3779b97f4a7c15u >> 48;
  for (std::size_t tries = 0; tries < kEdgesMax; ++tries, row = (row + 1) % kEdgesMax) {
    if (edges[row].place == 0) edges[row].place = place;
    if (edges[row].place != place) continue;
    ++edges[row].passed;
    return;
  }
  full = true;
}

/// AFL++'s classes of counts.
std::uint8_t class_of(std::uint32_t count) {
  if (count <= 3) return static_cast<std::uint8_t>(count);
  return count <= 7 ? 4 : count <= 15 ? 5 : count <= 31 ? 6 : count <= 127 ? 7 : 8;
}

/// The edges that one execution passes, in the order of their rows, with the class of each.
using Passed = std::vector<std::pair<std::size_t, std::uint8_t>>;
Passed run(const Bytes& input) {
  for (Edge& edge : edges) edge.passed = 0;
  LLVMFuzzerTestOneInput(input.data(), input.size());
  Passed passed;
  for (std::size_t row = 0; row < kEdgesMax; ++row) {
    if (edges[row].passed != 0) passed.emplace_back(row, class_of(edges[row].passed));
  }
  return passed;
}

void compare(const Passed& first, const Passed& later) {
  Passed different;
  std::set_symmetric_difference(first.begin(), first.end(), later.begin(), later.end(),
                                std::back_inserter(different));
  for (const auto& edge : different) edges[edge.first].is_unstable = true;
}

/// Those of the folder in the order of their names, and what the mutator makes of them.
std::vector<Bytes> inputs_of(const char* folder, unsigned made) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  for (unsigned seed = 1; seed <= made; ++seed) {
    Bytes input = inputs.empty() ? Bytes() : inputs[seed * 7919u % inputs.size()];
    const std::size_t size = std::min(input.size(), kInputBytesMax);
    input.resize(kInputBytesMax);
    input.resize(LLVMFuzzerCustomMutator(input.data(), size, input.size(), seed));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

int tell() {
  std::size_t seen = 0, unstable = 0;
  for (const Edge& edge : edges) {
    seen += edge.place != 0 ? 1 : 0;
    if (!edge.is_unstable) continue;
    ++unstable;
    if (edge.place <= kFeaturesMax) {
      std::printf("unstable: feature %zu\n", static_cast<std::size_t>(edge.place));
    } else {
      std::printf("unstable: edge at 0x%zx\n",
                  static_cast<std::size_t>(edge.place -
                                           reinterpret_cast<std::uintptr_t>(&__executable_start)));
    }
  }
  std::printf("%zu of %zu edges are not passed alike each time\n", unstable, seen);
  if (full) std::printf("there are more edges than this program counts\n");
  return unstable == 0 && !full ? 0 : 1;
}

}  // namespace

extern "C" void __sanitizer_cov_trace_pc() {
  pass(reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)));
}

// The harness numbers its features by these.
extern "C" void __sanitizer_cov_trace_pc_guard(std::uint32_t* guard) { pass(*guard); }

extern "C" void __sanitizer_cov_trace_pc_guard_init(std::uint32_t* begin, std::uint32_t* end) {
  static std::uint32_t number = 0;
  for (; begin != end && number < kFeaturesMax; ++begin) *begin = ++number;
}

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: %s FOLDER [INPUTS]\n", argv[0]);
    return 2;
  }
  LLVMFuzzerInitialize(&argc, &argv);
  const int made = argc > 2 ? std::atoi(argv[2]) : 2000;
  const std::vector<Bytes> inputs = inputs_of(argv[1], static_cast<unsigned>(std::max(made, 0)));
  std::vector<Passed> firsts;
  for (const Bytes& input : inputs) {
    firsts.push_back(run(input));
    for (int time = 1; time < kTimes; ++time) compare(firsts.back(), run(input));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) compare(firsts[i], run(inputs[i]));
  std::printf("%zu inputs, each %d times\n", inputs.size(), kTimes + 1);
  return tell();
}
