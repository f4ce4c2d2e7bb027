// What people use today, to compare our hard switch with: greenlet, as Debian packages it, driven
// from C.
//
// Two greenlets switch to each other by PyGreenlet_Switch() in a C loop; no Python code runs, so it
// is greenlet's own switch that is measured, with its bookkeeping of the interpreter's state.
// Without python3-dev and python3-greenlet at build time there is nothing to compare with.
#pragma once

#include <cstdint>

namespace reweave::bench {

class GreenletLoad {
 public:
  static constexpr std::uint64_t kBatch = 1000;

  /// True if this program was built with it.
  static bool available();
  /// What to do if it was not: a sentence.
  static const char* advice();

  /// Starts Python, once for the process. Aborts if greenlet cannot be imported, or is not built
  /// in.
  GreenletLoad();
  ~GreenletLoad();
  GreenletLoad(const GreenletLoad&) = delete;
  GreenletLoad& operator=(const GreenletLoad&) = delete;

  /// kBatch switches.
  void run();

 private:
  struct Pair;
  [[maybe_unused]] Pair* pair_ = nullptr;  // Unused where greenlet is not built in.
};

}  // namespace reweave::bench
