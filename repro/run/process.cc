#include "repro/run/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "repro/report/printable.h"

namespace reweave::repro {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void exec_child(const std::vector<std::string>& argv, const ProcessOptions& options,
                             int output, int error_pipe) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  for (const std::string& variable : options.environment)
    putenv(const_cast<char*>(variable.c_str()));
  if (options.capture) {
    setpgid(0, 0);
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(output, 1);
    dup2(output, 2);
  }
  signal(SIGPIPE, SIG_DFL);
  signal(SIGABRT, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  execvp(words[0], words.data());
  const int why = errno;
  [[maybe_unused]] const ssize_t written = write(error_pipe, &why, sizeof why);
  _exit(127);
}

/// Whether somebody wants it to go on; it is told once that nobody does.
class Patience {
 public:
  Patience(pid_t child, const ProcessOptions& options)
      : to_(options.capture ? -child : child), keep_going_(options.keep_going) {}

  void ask() {
    if (told_ || !keep_going_ || keep_going_()) return;
    told_ = true;
    kill(to_, SIGTERM);
  }
  /// For so long nobody is asked.
  int milliseconds() const { return keep_going_ ? 20 : std::numeric_limits<int>::max(); }

 private:
  pid_t to_;  // With its process group, if it has one of its own.
  const std::function<bool()>& keep_going_;
  bool told_ = false;
};

// Reads until the end of the stream or the deadline; false: the deadline came first.
bool drain(int fd, std::string& output, Clock::time_point deadline, Patience& patience) {
  std::array<char, 4096> buffer;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    patience.ask();
    pollfd waiting{fd, POLLIN, 0};
    const auto longest = std::min<std::int64_t>(left, patience.milliseconds());
    if (poll(&waiting, 1, static_cast<int>(longest)) <= 0) continue;
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    const std::size_t room = ProcessResult::kOutputBytesMax - output.size();
    output.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  }
}

// Its status, when it has ended.
int wait_for(pid_t child, const ProcessOptions& options, Patience& patience) {
  int status = 0;
  for (;;) {
    patience.ask();
    const pid_t waited = waitpid(child, &status, options.keep_going ? WNOHANG : 0);
    if (waited == child || (waited < 0 && errno != EINTR)) return status;
    if (waited == 0) poll(nullptr, 0, patience.milliseconds());
  }
}

/// "$(printf 'two\012lines')"
std::string printed_by_shell(std::string_view word) {
  std::string text = "\"$(printf '";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= ' ' && byte < 0x7f && c != '%' && c != '\\' && c != '\'' && c != '-';
    if (plain) {
      text += c;
      continue;
    }
    text += '\\';
    for (const int shift : {6, 3, 0}) text += static_cast<char>('0' + (byte >> shift & 7));
  }
  return text + "')\"";
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& argv, const ProcessOptions& options) {
  ProcessResult result;
  std::array<int, 2> output{-1, -1};
  std::array<int, 2> trouble{-1, -1};
  if (pipe2(output.data(), O_CLOEXEC) != 0 || pipe2(trouble.data(), O_CLOEXEC) != 0) {
    result.code = errno;
    return result;
  }
  const auto deadline = Clock::now() + std::chrono::milliseconds(options.timeout_ms);
  const pid_t child = fork();
  if (child == 0) exec_child(argv, options, output[1], trouble[1]);
  close(output[1]);
  close(trouble[1]);
  // The pipe ends when the child has become the other program, or says why it could not. A signal
  // that comes before would be lost.
  int why = child < 0 ? errno : 0;
  ssize_t told = -1;
  while (child > 0 && (told = read(trouble[0], &why, sizeof why)) < 0 && errno == EINTR) {
  }
  if (child > 0 && told != sizeof why) why = 0;
  bool timed_out = false;
  Patience patience(child, options);
  if (child > 0 && options.capture) {
    timed_out = !drain(output[0], result.output, deadline, patience);
    if (timed_out) kill(-child, SIGKILL);
  }
  int status = 0;
  if (child > 0) status = wait_for(child, options, patience);
  close(output[0]);
  close(trouble[0]);
  if (why != 0) {
    result.code = why;
  } else if (timed_out) {
    result.end = ProcessResult::End::kTimedOut;
  } else if (WIFSIGNALED(status)) {
    result.end = ProcessResult::End::kSignalled;
    result.code = WTERMSIG(status);
  } else {
    result.end = ProcessResult::End::kExited;
    result.code = WEXITSTATUS(status);
  }
  return result;
}

std::string find_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t colon = rest.find(':');
    std::string candidate(rest.substr(0, colon));
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
    candidate += '/';
    candidate += name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return "";
}

std::string shell_word(std::string_view word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-./:=,+@%") == std::string_view::npos;
  if (plain) return std::string(word);
  // What a terminal would obey is written as numbers; a newline at the end would be lost by that.
  if (printable(word) != word && word.back() != '\n') return printed_by_shell(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') quoted += "'\\'";
    quoted += c;
  }
  return quoted + "'";
}

std::string shell_file(std::string_view name) {
  const bool is_like_a_flag = name.size() > 1 && name[0] == '-';
  return shell_word(is_like_a_flag ? "./" + std::string(name) : std::string(name));
}

}  // namespace reweave::repro
