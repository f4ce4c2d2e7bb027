#include "runtime/program/start.h"

#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/program/control.h"
#include "runtime/program/handover.h"
#include "runtime/program/program_process.h"
#include "runtime/program/real.h"
#include "runtime/program/system_calls.h"

extern char** environ;

namespace reweave::program {
namespace {

using Main = int (*)(int, char**, char**);
using StartMain = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);

struct Start {
  Main main = nullptr;
  int argument_count = 0;
  char** arguments = nullptr;
  std::string command;
  std::vector<std::string> words;
  std::string tool = "reweave";
  std::optional<std::string> input;
  bool before_main = false;
};
Start& start() {
  static Start* const only = new Start;
  return *only;
}
CommandLine command_line_function = nullptr;

/// The value of a variable in `environment`; null if it is not there.
const char* value_of(char** environment, const char* name) {
  const std::size_t length = std::strlen(name);
  for (char** at = environment; *at != nullptr; ++at) {
    if (std::strncmp(*at, name, length) == 0 && (*at)[length] == '=') return *at + length + 1;
  }
  return nullptr;
}

/// Processes that this one starts are none of ours.
void remove_variable(const char* name) {
  const std::size_t length = std::strlen(name);
  char** to = environ;
  for (char** from = environ; *from != nullptr; ++from) {
    if (std::strncmp(*from, name, length) == 0 && (*from)[length] == '=') continue;
    *to++ = *from;
  }
  *to = nullptr;
}

/// The program sees its own ASAN_OPTIONS.
void hide_sanitizer_options() {
  for (char** at = environ; *at != nullptr; ++at) {
    if (std::strncmp(*at, "ASAN_OPTIONS=", 13) != 0) continue;
    char* const ours = std::strstr(*at, kSanitizerOptions);
    if (ours != nullptr) *ours = '\0';
  }
}

void take_input() {
  const char* const descriptor = value_of(environ, kInputVariable);
  if (descriptor == nullptr) return;
  const int number = std::atoi(descriptor);
  std::string& text = start().input.emplace();
  char buffer[4096];
  for (ssize_t got; (got = real().read(number, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  real().close(number);
}

/// Runs in place of main.
int explore_main(int count, char** arguments, char**) {
  globals.program_allocates = false;
  Start& all = start();
  all.before_main = false;
  all.argument_count = count;
  all.arguments = arguments;
  for (int i = 0; i < count; ++i) all.words.emplace_back(arguments[i]);
  say_taken_over();
  take_input();
  if (const char* const tool = value_of(environ, kToolVariable)) all.tool = tool;
  for (const char* const name :
       {kCommandVariable, kToolVariable, kTakenOverVariable, kInputVariable})
    remove_variable(name);
  remove_variable("LD_PRELOAD");
  hide_sanitizer_options();
  process().prepare(arguments);
  const int code = command_line_function(unpack_words(all.command));
  std::fflush(nullptr);
  real()._exit(code);
  return code;
}

/// Before anything else of this process: what the hooks look at.
[[gnu::constructor]] void begin_library() {
  globals.main_thread = reinterpret_cast<std::uintptr_t>(thread_pointer());
  globals.under_address_sanitizer = is_address_sanitizer_here();
  find_real_functions();
  fill_system_call_table();
}

}  // namespace

void set_command_line(CommandLine command_line) { command_line_function = command_line; }

std::vector<std::string> unpack_words(const std::string& packed) {
  std::vector<std::string> words(1);
  for (const char c : packed) {
    if (c == '\x1f') {
      words.emplace_back();
    } else if (c != '\x1e') {
      words.back() += c;
    }
  }
  return words;
}

void run_main(void*) {
  const Start& all = start();
  const int code = all.main(all.argument_count, all.arguments, environ);
  // A place in main: return addresses lie behind their calls.
  const auto* const place = reinterpret_cast<const char*>(all.main) + 1;
  control().main_returned(code, place);
}

void say_taken_over() {
  const char* const descriptor = value_of(environ, kTakenOverVariable);
  if (descriptor == nullptr) return;
  // By the kernel: a refusal comes before the real functions are known.
  const int number = std::atoi(descriptor);
  kernel_call(SYS_write, number, word_of("!"), 1L);
  kernel_call(SYS_close, number);
}

bool is_before_main() { return start().before_main; }
const std::vector<std::string>& program_words() { return start().words; }
const std::optional<std::string>& handed_input() { return start().input; }
const std::string& tool_path() { return start().tool; }

}  // namespace reweave::program

using namespace reweave;           // NOLINT: the functions below are in no namespace.
using namespace reweave::program;  // NOLINT

REWEAVE_STAND_IN int __libc_start_main(Main main, int count, char** arguments, void (*init)(),
                                       void (*fini)(), void (*loader_fini)(), void* stack_end) {
  const auto next = reinterpret_cast<StartMain>(dlsym(RTLD_NEXT, "__libc_start_main"));
  const char* const command = value_of(arguments + count + 1, kCommandVariable);
  if (command == nullptr) return next(main, count, arguments, init, fini, loader_fini, stack_end);
  start().main = main;
  start().command = command;
  start().before_main = true;
  // Without the dynamic linker's own exit handler: exit handlers run in every execution.
  return next(&explore_main, count, arguments, init, fini, nullptr, stack_end);
}
