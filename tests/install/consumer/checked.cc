// A stranger's test of their own threads: what is wrong is found, what is right passes.
#include <reweave/check.h>

#include <atomic>
#include <cstdio>
#include <thread>

namespace {

template <typename Counter>
reweave::CheckResult count(const char* name) {
  return reweave::check(
      [] {
        Counter counter{0};
        std::thread a([&] { ++counter; }), b([&] { ++counter; });
        a.join();
        b.join();
        if (counter != 2) reweave::fail("an addition was lost");
      },
      {.name = name});
}

}  // namespace

int main() {
  const reweave::CheckResult wrong = count<int>("plain"), right = count<std::atomic<int>>("atomic");
  if (!wrong.passed && right.passed && !wrong.schedule.empty()) return 0;
  std::printf("%s\n%s\n", wrong.report.c_str(), right.report.c_str());
  return 1;
}
