// Assertions that stay on in every build, under names that nobody else uses: for headers.
//
// Three kinds of trouble have three tools: our own bug is a REWEAVE_CHECK, the world's trouble (a
// file, a flag) is an Expected, the subject's bug is a Finding. A failing check prints the
// expression, the place and a message, then aborts: exit code 70 is given by the command line tool,
// which catches SIGABRT of its own process only to say so.
//
// Headers are installed, and a program that includes them may have a CHECK of its own, as glog and
// abseil do. Source files say CHECK: see check.h.
#pragma once

namespace reweave {

/// Prints one line on standard error and aborts. Never returns, never switches tasks.
[[noreturn]] void check_failed(const char* file, int line, const char* expression,
                               const char* message) noexcept;

}  // namespace reweave

#define REWEAVE_CHECK(condition) REWEAVE_CHECK_MSG(condition, "")
#define REWEAVE_CHECK_MSG(condition, message)                             \
  do {                                                                    \
    if (!(condition)) [[unlikely]]                                        \
      ::reweave::check_failed(__FILE__, __LINE__, #condition, (message)); \
  } while (false)

#ifdef NDEBUG
#define REWEAVE_DCHECK(condition) \
  do {                            \
  } while (false && (condition))
#else
#define REWEAVE_DCHECK(condition) REWEAVE_CHECK(condition)
#endif
