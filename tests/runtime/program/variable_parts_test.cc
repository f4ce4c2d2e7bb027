// Looks at this very program, which is compiled with debug information.
#include "runtime/program/variable_parts.h"

#include <gtest/gtest.h>
#include <link.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <mutex>

namespace reweave::program {

struct Base {
  long first = 1;
};
struct Node : Base {
  int key = 2;
  Node* next = nullptr;
  struct {
    short low, high;
  } pair{3, 4};
  std::mutex mutex;
};

Node nodes[8];
volatile int grid[4][5];
std::array<int, 6> numbers{1, 2};
std::atomic<int> flags[4];
double plain = 1;
union {
  int a;
  char b[4];
} either;
struct Holder {
  static std::array<Node, 2> kept;
};
std::array<Node, 2> Holder::kept;

namespace {

int bias_of_program(dl_phdr_info* info, std::size_t, void* bias) {
  *static_cast<std::uintptr_t*>(bias) = info->dlpi_addr;
  return 1;  // The program itself comes first.
}

std::optional<std::string> part(const volatile void* variable, const volatile void* at,
                                std::size_t bytes, const char* file = "/proc/self/exe") {
  static std::uintptr_t bias = 0;
  if (bias == 0) dl_iterate_phdr(&bias_of_program, &bias);
  VariableParts parts(file);
  const auto begin = reinterpret_cast<std::uintptr_t>(variable);
  return parts.part(begin - bias, reinterpret_cast<std::uintptr_t>(at) - begin, bytes);
}

TEST(VariableParts, AreNamedDownToWhatIsAccessed) {
  EXPECT_EQ(part(nodes, &nodes[2].key, 4), "[2].key");
  EXPECT_EQ(part(nodes, &nodes[2].next, 8), "[2].next");
  EXPECT_EQ(part(nodes, &nodes[7].first, 8), "[7].first") << "of the base";
  EXPECT_EQ(part(nodes, &nodes[1].pair.high, 2), "[1].pair.high");
  EXPECT_EQ(part(nodes, &nodes[1].pair, 4), "[1].pair") << "both at once";
  EXPECT_EQ(part(const_cast<int*>(&grid[0][0]), &grid[2][3], 4), "[2][3]");
  EXPECT_EQ(part(&plain, &plain, 8), "");
  EXPECT_EQ(part(&Holder::kept, &Holder::kept[1].key, 4), "[1].key") << "a static member";
}

TEST(VariableParts, OfTheLibraryHaveNoNames) {
  EXPECT_EQ(part(&numbers, &numbers[3], 4), "[3]");
  EXPECT_EQ(part(flags, &flags[2], 4), "[2]");
  EXPECT_EQ(part(nodes, &nodes[3].mutex, sizeof(std::mutex)), "[3].mutex");
}

TEST(VariableParts, ThatAreNoneAreOffsets) {
  EXPECT_EQ(part(&plain, reinterpret_cast<char*>(&plain) + 4, 4), "+4");
  EXPECT_EQ(part(nodes, reinterpret_cast<char*>(&nodes[2].key) + 1, 2), "[2].key+1");
  EXPECT_EQ(part(&either, &either.b[1], 1), "+1") << "of a union nobody knows which";
}

TEST(VariableParts, AreNotKnownOfOtherFiles) {
  EXPECT_EQ(part(&plain, &plain, 8, "/nowhere"), std::nullopt);
  EXPECT_EQ(part(&plain, &plain, 8, "/proc/self/maps"), std::nullopt);
  EXPECT_EQ(part(&either, reinterpret_cast<const char*>(&either) + 1'000'000, 4), "+1000000");
}

/// Each byte of the debug information in turn is damaged, and asked for the same all the same.
TEST(VariableParts, OfADamagedFileAreAnythingButACrash) {
  std::ifstream in("/proc/self/exe", std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  const std::string path = testing::TempDir() + "damaged_parts";
  constexpr std::size_t kTries = 40;
  for (std::size_t i = 0; i < kTries; ++i) {
    std::string damaged = whole;
    const std::size_t step = 97 + i * 13;
    for (std::size_t at = damaged.size() / 4 + i; at < damaged.size(); at += step)
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << i % 8));
    std::ofstream(path, std::ios::binary) << damaged;
    (void)part(nodes, &nodes[2].key, 4, path.c_str());
    damaged.resize(whole.size() * i / kTries);
    std::ofstream(path, std::ios::binary) << damaged;
    (void)part(nodes, &nodes[2].key, 4, path.c_str());
  }
  std::remove(path.c_str());
}

}  // namespace
}  // namespace reweave::program
