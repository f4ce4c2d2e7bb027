#include "scheduler/search/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "scheduler/machine/crash_words.h"

#include "scheduler/base/internal_check.h"

namespace reweave {
namespace {

std::string signal_name(int number) {
  const char* name = sigabbrev_np(number);
  return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(number);
}

bool is_limited(int resource) {
  rlimit limit{};
  return getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) == 0 &&
         limit.rlim_cur != RLIM_INFINITY;
}

}  // namespace

void refused(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

Pipe::Pipe() {
  if (pipe2(ends_.data(), O_CLOEXEC) != 0) refused("the system gives no pipe for a child");
  CHECK(fcntl(ends_[0], F_SETFL, O_NONBLOCK) == 0);
  // A subject that opens files gets the lowest numbers, the same here and in a child.
  constexpr int kHigh = 500;
  for (int& end : ends_) {
    const int high = fcntl(end, F_DUPFD_CLOEXEC, kHigh);
    if (high >= 0) close(std::exchange(end, high));
  }
}

Pipe::~Pipe() {
  close_write_end();
  if (ends_[0] >= 0) close(ends_[0]);
}

void Pipe::close_write_end() {
  if (ends_[1] >= 0) close(ends_[1]);
  ends_[1] = -1;
}

void Pipe::wait(int ms, Tail& tail) {
  pollfd waited{ends_[0], POLLIN, 0};  // A negative descriptor is ignored: then this just sleeps.
  if (poll(&waited, 1, ended() ? 1 : ms) > 0) drain(tail);
}

void Pipe::drain(Tail& tail) {
  std::array<char, 4096> buffer;
  while (!ended()) {
    const ssize_t bytes = read(ends_[0], buffer.data(), buffer.size());
    if (bytes > 0) {
      tail.add({buffer.data(), static_cast<std::size_t>(bytes)});
    } else if (bytes < 0 && errno == EINTR) {
      continue;
    } else if (bytes < 0 && errno == EAGAIN) {
      return;
    } else {
      close(ends_[0]);
      ends_[0] = -1;
    }
  }
}

void become_child(const Pipe& pipe, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // It died before we asked to be told.
  dup2(pipe.write_end(), STDERR_FILENO);
  // Where a program takes the dumps (a `core_pattern` with a pipe), a limit of 0 does not keep it
  // from being started at each crash; 1 byte does, and is too little for a file.
  const rlimit no_core{1, 1};
  setrlimit(RLIMIT_CORE, &no_core);
  // A handler of the parent must not speak for its child.
  for (const int number : {SIGABRT, SIGXFSZ, SIGALRM, SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction old {};
    const bool ignored = sigaction(number, nullptr, &old) == 0 && old.sa_handler == SIG_IGN;
    if (!ignored || number == SIGXFSZ) signal(number, SIG_DFL);
  }
}

bool lacked_memory(std::string_view standard_error) {
  for (const std::string_view words : {": no memory for ", ": the system gives no "}) {
    const std::size_t check = standard_error.rfind(": CHECK failed: ");
    if (check != std::string_view::npos &&
        standard_error.find(words, check) != std::string_view::npos) {
      return true;
    }
  }
  return standard_error.find("'std::bad_alloc'") != std::string_view::npos &&
         (is_limited(RLIMIT_AS) || is_limited(RLIMIT_DATA));
}

Finding death(int status, const std::string& standard_error, std::uint64_t step) {
  const bool by_signal = WIFSIGNALED(status);
  const std::string how =
      by_signal ? signal_name(WTERMSIG(status)) : "exit " + std::to_string(WEXITSTATUS(status));
  const std::string kind = error_kind(standard_error);
  Finding finding;
  finding.kind = FindingKind::kCrash;
  finding.oracle = "process";
  finding.step = step;
  finding.signature = "crash: " + (kind.empty() ? how : kind);
  finding.message = "The process " + std::string(by_signal ? "was ended by " : "left with ") + how +
                    " during step " + std::to_string(step) + ".";
  if (!standard_error.empty()) finding.message += " It wrote:\n" + standard_error;
  while (finding.message.back() == '\n') finding.message.pop_back();
  return finding;
}

Finding hang(std::uint64_t ms, std::uint64_t step) {
  Finding finding;
  finding.kind = FindingKind::kHang;
  finding.oracle = "process";
  finding.step = step;
  finding.signature = "hang";
  finding.message = "No step was begun for " + std::to_string(ms) + " ms after step " +
                    std::to_string(step) + "; the process was ended.";
  return finding;
}

bool speaks_and_ends(pid_t child, int& status) {
  constexpr int kTries = 150, kMsEach = 20;
  if (kill(child, SIGXCPU) != 0) return false;
  for (int i = 0; i < kTries; ++i) {
    if (waitpid(child, &status, WNOHANG) == child) return true;
    poll(nullptr, 0, kMsEach);
  }
  return false;
}

}  // namespace reweave
