#include "runtime/program/refusal.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "runtime/program/start.h"
#include "runtime/program/system_calls.h"
#include "scheduler/base/internal_check.h"

namespace reweave::program {
namespace {

bool is_child = false;

void write_words(const char* words) {
  kernel_call(SYS_write, STDERR_FILENO, word_of(words), static_cast<long>(std::strlen(words)));
}

}  // namespace

void refused(const char* what) {
  if (is_child) check_failed(__FILE__, __LINE__, "refused", what);
  for (const char* const words : {"reweave: ", what, "\n"}) write_words(words);
  say_taken_over();
  constexpr long kUnavailable = 69;
  for (;;) kernel_call(SYS_exit_group, kUnavailable);
}

void refuse_as_child() { is_child = true; }

}  // namespace reweave::program
