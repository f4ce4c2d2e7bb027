// Assertions that stay on in every build.
//
// Three kinds of trouble have three tools: our own bug is a CHECK, the world's trouble (a file, a
// flag) is an Expected, the subject's bug is a Finding. A failing CHECK prints the expression, the
// place and a message, then aborts: exit code 70 is given by the command line tool, which catches
// SIGABRT of its own process only to say so.
#pragma once

namespace reweave {

/// Prints one line on standard error and aborts. Never returns, never switches tasks.
[[noreturn]] void check_failed(const char* file, int line, const char* expression,
                               const char* message) noexcept;

}  // namespace reweave

#define CHECK(condition) CHECK_MSG(condition, "")
#define CHECK_MSG(condition, message)                                     \
  do {                                                                    \
    if (!(condition)) [[unlikely]]                                        \
      ::reweave::check_failed(__FILE__, __LINE__, #condition, (message)); \
  } while (false)

#ifdef NDEBUG
#define DCHECK(condition) \
  do {                    \
  } while (false && (condition))
#else
#define DCHECK(condition) CHECK(condition)
#endif
