#include "repro/program/start_program.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "repro/command/command_line.h"
#include "repro/file/workdir.h"
#include "repro/program/program_file.h"
#include "runtime/program/handover.h"
#include "scheduler/base/internal_check.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;
constexpr int kUsage = 2, kUnavailable = 69, kNotStarted = 127;

/// Says why a command did not come to be in the program: to people and on demand as an object, or
/// to whoever takes the output.
class Failing {
 public:
  Failing(std::span<const std::string> command, std::string* output)
      : command_(command.empty() ? "" : command.front()), output_(output) {
    bool named = false;
    for (const std::string& word : command) {
      wants_json_ = wants_json_ || word == "--format=json" || (named && word == "json");
      named = word == "--format";
    }
  }
  int operator()(const std::string& message, int code = kUsage) const {
    if (output_ != nullptr) {
      *output_ = error_object(command_, message, code);
      return code;
    }
    std::fprintf(stderr, "reweave: %s\n", message.c_str());
    return wants_json_ ? print_error_object(command_, message, code) : code;
  }

 private:
  std::string command_;
  std::string* output_;
  bool wants_json_ = false;
};

/// Why find_program_file() found nothing.
std::string missing_words(const std::vector<std::string>& program,
                          std::span<const std::string> command) {
  const std::string& name = program.front();
  std::error_code error;
  if (fs::is_directory(name, error)) return name + ": this is a folder; name the program in it";
  const std::string words = name + ": there is no such program here";
  if (name.find('/') == std::string::npos) {
    if (!fs::exists(name, error)) return words + " nor on PATH";
    const std::string why = why_not_built(name);
    return words + " nor on PATH; " +
           (why.empty() ? "for the one in this folder say ./" + name : why);
  }
  // Behind `--` it was named by the user; else by a file.
  const auto mark = std::find(command.begin(), command.end(), "--");
  const bool named =
      mark != command.end() && std::equal(mark + 1, command.end(), program.begin(), program.end());
  return named ? words
               : words +
                     "; a command in a repro is relative to the folder from which it was hunted in";
}

std::string packed(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += '\x1f';
    text += word.empty() ? "\x1e" : word;
  }
  return text;
}

std::string own_path() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

struct Pipe {
  int from = -1, to = -1;
  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    from = ends[0], to = ends[1];
    return true;
  }
};

std::string read_all(int descriptor) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(descriptor, buffer, sizeof buffer);
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR)) return text;
  }
}

/// A file without a name that holds the text, and is closed where another program begins. -1: there
/// is none.
int in_memory(const std::string& text) {
  const int file = memfd_create("standard input", MFD_CLOEXEC);
  std::size_t written = 0;
  while (file >= 0 && written < text.size()) {
    const ssize_t count = write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return close(file), -1;
    written += static_cast<std::size_t>(count);
  }
  if (file >= 0) lseek(file, 0, SEEK_SET);
  return file;
}

/// In the child, where the tool has read the standard input: the command has it from `input`, and
/// the program has none, whatever it was, so that each replay is the same.
void hand_over_input(int input) {
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  fcntl(input, F_SETFD, 0);
  setenv(program::kInputVariable, std::to_string(input).c_str(), 1);
}

/// What comes through the pipe: one byte where the program is under control, or all of it.
struct Note {
  static constexpr char kFailed = '?';
  char what = 0;
  int why = 0;  // An errno.
};

/// In the child: becomes the program. `taken_over`: where it says that it is under control; -1:
/// nobody asks.
[[noreturn]] void become(const std::string& file, const ProgramFile& kind,
                         const std::vector<std::string>& program, const std::string& library,
                         const std::string& command, int taken_over) {
  const char* const before = std::getenv("LD_PRELOAD");
  std::string preload = before == nullptr || *before == '\0' ? library : library + ":" + before;
  if (kind.has_address_sanitizer) {
    // AddressSanitizer comes first: it has the heap, and calls us for the rest.
    if (!kind.address_sanitizer_library.empty())
      preload = kind.address_sanitizer_library + ":" + preload;
    const char* const options = std::getenv("ASAN_OPTIONS");
    setenv("ASAN_OPTIONS",
           ((options == nullptr ? "" : options) + std::string(program::kSanitizerOptions)).c_str(),
           1);
  }
  setenv("LD_PRELOAD", preload.c_str(), 1);
  setenv(program::kCommandVariable, command.c_str(), 1);
  setenv(program::kToolVariable, own_path().c_str(), 1);
  // Threads of OpenMP that turn for a while before they wait would turn for nothing: nobody else
  // runs meanwhile.
  setenv("GOMP_SPINCOUNT", "0", /*replace=*/0);
  setenv("KMP_BLOCKTIME", "0", /*replace=*/0);
  // It would compare the processors that it is told of with what it reads of the real ones.
  setenv("KMP_AFFINITY", "disabled", /*replace=*/0);
  if (taken_over >= 0) {
    fcntl(taken_over, F_SETFD, 0);
    setenv(program::kTakenOverVariable, std::to_string(taken_over).c_str(), 1);
  }
  std::vector<char*> argv;
  for (const std::string& word : program) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  // Where code and stacks lie shall be the same each time, for programs to which it matters.
  personality(ADDR_NO_RANDOMIZE);
  execv(file.c_str(), argv.data());
  const Note note{.what = Note::kFailed, .why = errno};
  if (taken_over < 0 || write(taken_over, &note, sizeof note) != sizeof note)
    std::fprintf(stderr, "reweave: %s cannot be started: %s\n", file.c_str(),
                 std::strerror(note.why));
  _exit(kNotStarted);
}

/// Is a debugger watching this process? Then the program takes its place, so that it is watched.
bool is_watched() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("TracerPid:", 0) == 0)
      return line.find_first_of("123456789") != std::string::npos;
  }
  return false;
}

/// While the program does its part of the command, whoever asks us to end means that part, which
/// tells what was done. A terminal's Ctrl-C goes to both of us anyway; everything else is passed on
/// once, so that the program does not take it for impatience, and the third request ends both.
class PassingOn {
 public:
  PassingOn() {
    child_ = 0;
    count_ = 0;
    struct sigaction passing {};
    passing.sa_sigaction = pass_on;
    passing.sa_flags = SA_SIGINFO | SA_RESTART;
    for (std::size_t i = 0; i < std::size(kSignals); ++i) {
      sigaction(kSignals[i], nullptr, &old_[i]);
      if (old_[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &passing, nullptr);
    }
  }
  ~PassingOn() {
    for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &old_[i], nullptr);
  }
  PassingOn(const PassingOn&) = delete;
  PassingOn& operator=(const PassingOn&) = delete;

  /// fork(), after which no signal is lost.
  pid_t start() {
    sigset_t these, before;
    sigemptyset(&these);
    for (const int number : kSignals) sigaddset(&these, number);
    sigprocmask(SIG_BLOCK, &these, &before);
    const pid_t child = fork();
    if (child > 0) child_ = child;
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return child;
  }

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

  static void pass_on(int number, siginfo_t* about, void*) {
    constexpr int kPatience = 3;
    if (child_ <= 0) return;
    count_ = count_ + 1;
    const bool by_terminal = about->si_code == SI_KERNEL;
    if (count_ == 1 && !by_terminal) kill(child_, number);
    if (count_ < kPatience) return;
    kill(child_, SIGKILL);
    _exit(128 + number);
  }

  static inline volatile pid_t child_ = 0;
  static inline volatile std::sig_atomic_t count_ = 0;
  struct sigaction old_[3]{};
};

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string program_library() {
  constexpr const char* kName = "libreweave_program.so";
  if (const char* const named = std::getenv("REWEAVE_PROGRAM_LIBRARY")) return named;
  const fs::path folder = fs::path(own_path()).parent_path();
  for (const char* const place : {".", "../lib", "../lib/x86_64-linux-gnu", "../lib64"}) {
    std::error_code error;
    const fs::path file = fs::weakly_canonical(folder / place / kName, error);
    if (!error && fs::exists(file, error)) return file.string();
  }
  return "";
}

std::string find_program_file(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), F_OK) == 0 ? name : "";
  const char* const path = std::getenv("PATH");
  std::string folders = path == nullptr ? "/usr/bin:/bin" : path;
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string file = (fs::path(folders.substr(begin, end - begin)) / name).string();
    std::error_code error;
    if (access(file.c_str(), X_OK) == 0 && !fs::is_directory(file, error)) return file;
    begin = end + 1;
  }
  return "";
}

int start_program(const std::vector<std::string>& program, std::span<const std::string> command,
                  std::string* output) {
  const Failing fail(command, output);
  const std::string& name = program.front();
  const std::string library = program_library();
  if (library.empty() || access(library.c_str(), R_OK) != 0) {
    return fail(
        "libreweave_program.so is not beside this program nor in ../lib; say where it is: "
        "REWEAVE_PROGRAM_LIBRARY=FILE",
        kUnavailable);
  }
  const std::string file = find_program_file(name);
  if (file.empty()) return fail(missing_words(program, command));
  const ProgramFile kind = read_program_file(file);
  if (!kind.obstacle.empty()) return fail(file + ": " + kind.obstacle);
  Pipe taken_over, captured;
  if (!taken_over.open() || (output != nullptr && !captured.open()))
    return fail(std::string("no pipe to the program: ") + std::strerror(errno), kUnavailable);
  const std::optional<std::string>& input_text = read_standard_input();
  const int input = input_text ? in_memory(*input_text) : -1;
  if (input_text && input < 0)
    return fail(std::string("no memory for the input: ") + std::strerror(errno), kUnavailable);
  const std::string words = packed(command);
  std::fflush(nullptr);
  std::optional<PassingOn> passing_on;
  const bool watched = is_watched();
  if (!watched) passing_on.emplace();
  const pid_t child = watched ? 0 : passing_on->start();
  if (child == 0) {
    passing_on.reset();
    // Nobody waits for a program whose tool was killed: it ends in order.
    if (!watched) prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (output != nullptr) dup2(captured.to, STDOUT_FILENO);
    if (input >= 0) hand_over_input(input);
    become(file, kind, program, library, words, watched ? -1 : taken_over.to);
  }
  close(taken_over.to);
  if (input >= 0) close(input);
  if (output != nullptr) {
    close(captured.to);
    *output = read_all(captured.from);
    close(captured.from);
  }
  const int code =
      child < 0
          ? fail(std::string("no process for the program: ") + std::strerror(errno), kUnavailable)
          : wait_for(child);
  passing_on.reset();
  Note note;
  const bool began = read(taken_over.from, &note, sizeof note) >= 1;
  close(taken_over.from);
  if (began && note.what == Note::kFailed)
    return fail(file + ": cannot be started: " + std::strerror(note.why));
  if (child > 0 && !began && code != kNotStarted) {
    return fail(file + ": the program ran, but not under control: it did not load " + library +
                    " (exit code " + std::to_string(code) + ")",
                kUsage);
  }
  return child > 0 && code == kNotStarted && !began ? kUsage : code;
}

}  // namespace reweave::repro
