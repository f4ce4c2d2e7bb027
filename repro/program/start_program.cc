#include "repro/program/start_program.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/personality.h>
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

#include "runtime/program/handover.h"
#include "scheduler/base/check.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;
constexpr int kUsage = 2, kUnavailable = 69, kNotStarted = 127;

int fail(const std::string& message, int code = kUsage) {
  std::fprintf(stderr, "reweave: %s\n", message.c_str());
  return code;
}

/// The file that a shell would run; "" if there is none.
std::string find_file(const std::string& name) {
  if (name.find('/') != std::string::npos) return access(name.c_str(), F_OK) == 0 ? name : "";
  const char* const path = std::getenv("PATH");
  std::string folders = path == nullptr ? "/usr/bin:/bin" : path;
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string file = (fs::path(folders.substr(begin, end - begin)) / name).string();
    if (access(file.c_str(), X_OK) == 0) return file;
    begin = end + 1;
  }
  return "";
}

/// Why a file cannot be controlled; "" if it can, as far as the file tells.
std::string obstacle(const std::string& file) {
  std::error_code error;
  if (fs::is_directory(file, error)) return "this is a folder";
  if (access(file.c_str(), X_OK) != 0) return "this file may not be executed";
  std::ifstream in(file, std::ios::binary);
  Elf64_Ehdr header{};
  in.read(reinterpret_cast<char*>(&header), sizeof header);
  if (in.gcount() >= 2 && std::memcmp(&header, "#!", 2) == 0)
    return "this is a script; name the program that it starts";
  if (in.gcount() != sizeof header || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return "this is no program";
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64)
    return "this program is for another kind of machine: x86-64 alone is supported";
  bool dynamic = false;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    in.seekg(static_cast<std::streamoff>(header.e_phoff) + i * header.e_phentsize);
    if (!in.read(reinterpret_cast<char*>(&segment), sizeof segment)) break;
    dynamic = dynamic || segment.p_type == PT_INTERP;
  }
  if (!dynamic) return "this program is linked statically: link it without -static";
  struct stat status {};
  if (stat(file.c_str(), &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)) != 0 &&
      geteuid() != 0) {
    return "this program runs with other rights than yours, so no library can be put into it";
  }
  return "";
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

/// In the child: becomes the program. `taken_over`: where it says that it is under control; -1:
/// nobody asks.
[[noreturn]] void become(const std::string& file, const std::vector<std::string>& program,
                         const std::string& library, const std::string& command, int taken_over) {
  const char* const before = std::getenv("LD_PRELOAD");
  const std::string preload =
      before == nullptr || *before == '\0' ? library : library + ":" + before;
  setenv("LD_PRELOAD", preload.c_str(), 1);
  setenv(program::kCommandVariable, command.c_str(), 1);
  setenv(program::kToolVariable, own_path().c_str(), 1);
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
  std::fprintf(stderr, "reweave: %s cannot be started: %s\n", file.c_str(), std::strerror(errno));
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

int start_program(const std::vector<std::string>& program, std::span<const std::string> command,
                  std::string* output) {
  const std::string& name = program.front();
  const std::string library = program_library();
  if (library.empty() || access(library.c_str(), R_OK) != 0) {
    return fail(
        "libreweave_program.so is not beside this program nor in ../lib; say where it is: "
        "REWEAVE_PROGRAM_LIBRARY=FILE",
        kUnavailable);
  }
  const std::string file = find_file(name);
  if (file.empty()) {
    return fail(
        name + ": there is no such program here" +
        (name.find('/') == std::string::npos
             ? " nor on PATH; for one in this folder say ./" + name
             : "; a command in a repro is relative to the folder from which it was hunted in"));
  }
  if (const std::string why = obstacle(file); !why.empty()) return fail(file + ": " + why);
  Pipe taken_over, captured;
  if (!taken_over.open() || (output != nullptr && !captured.open()))
    return fail(std::string("no pipe to the program: ") + std::strerror(errno), kUnavailable);
  const std::string words = packed(command);
  std::fflush(nullptr);
  // Ctrl-C goes to both; the program's part of the command tells what was done.
  const auto on_interrupt = std::signal(SIGINT, SIG_IGN);
  const bool watched = is_watched();
  const pid_t child = watched ? 0 : fork();
  if (child == 0) {
    std::signal(SIGINT, on_interrupt);
    if (output != nullptr) dup2(captured.to, STDOUT_FILENO);
    become(file, program, library, words, watched ? -1 : taken_over.to);
  }
  close(taken_over.to);
  if (output != nullptr) {
    close(captured.to);
    *output = read_all(captured.from);
    close(captured.from);
  }
  const int code =
      child < 0
          ? fail(std::string("no process for the program: ") + std::strerror(errno), kUnavailable)
          : wait_for(child);
  std::signal(SIGINT, on_interrupt);
  char byte = 0;
  const bool began = read(taken_over.from, &byte, 1) == 1;
  close(taken_over.from);
  if (child > 0 && !began && code != kNotStarted) {
    return fail(file + ": the program ran, but not under control: it did not load " + library +
                    " (exit code " + std::to_string(code) + ")",
                kUsage);
  }
  return child > 0 && code == kNotStarted && !began ? kUsage : code;
}

}  // namespace reweave::repro
