#include "repro/campaign/children.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

namespace reweave::repro {
namespace {

[[noreturn]] void become(const std::vector<std::string>& argv, int output, int errors,
                         pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // It died before we asked to be told.
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, 0);
  dup2(output, 1);
  dup2(errors, 2);
  for (const int number : {SIGPIPE, SIGABRT, SIGXFSZ, SIGINT, SIGTERM, SIGHUP})
    signal(number, SIG_DFL);
  execvp(words[0], words.data());
  std::fprintf(stderr, "%s: cannot be started: %s\n", words[0], std::strerror(errno));
  _exit(127);
}

/// Takes what is there; closes the stream at its end.
void drain(int& fd, std::string& text) {
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      close(std::exchange(fd, -1));
      return;
    }
    const std::size_t room = Children::kOutputBytesMax - text.size();
    text.append(buffer.data(), std::min(room, static_cast<std::size_t>(count)));
  }
}

}  // namespace

Children::~Children() { kill_all(); }

Status Children::start(std::uint64_t tag, const std::vector<std::string>& argv) {
  std::array<int, 2> output{-1, -1}, errors{-1, -1};
  const auto refused = [&](const char* what) {
    const int why = errno;
    for (const int fd : {output[0], output[1], errors[0], errors[1]}) {
      if (fd >= 0) close(fd);
    }
    return Error{fmt::format("the system gives no {}: {}", what, std::strerror(why))};
  };
  if (pipe2(output.data(), O_CLOEXEC) != 0 || pipe2(errors.data(), O_CLOEXEC) != 0)
    return refused("pipe");
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return refused("process");
  if (child == 0) become(argv, output[1], errors[1], parent);
  setpgid(child, child);  // Whoever is the first: then a signal to the group reaches it.
  close(output[1]);
  close(errors[1]);
  for (const int fd : {output[0], errors[0]}) fcntl(fd, F_SETFL, O_NONBLOCK);
  running_.push_back({.tag = tag, .pid = child, .output = output[0], .errors = errors[0]});
  return ok();
}

std::optional<Children::Ended> Children::wait(int ms) {
  if (std::optional<Ended> ended = take_ended()) return ended;
  std::vector<pollfd> waited;
  for (const Running& child : running_) {
    for (const int fd : {child.output, child.errors}) {
      if (fd >= 0) waited.push_back({fd, POLLIN, 0});
    }
  }
  // Where all streams are closed, but a process still is at its end, this just sleeps.
  const bool closing = std::any_of(running_.begin(), running_.end(),
                                   [](const Running& child) { return child.is_silent(); });
  if (poll(waited.data(), waited.size(), closing ? std::min(ms, 5) : ms) > 0) {
    for (Running& child : running_) {
      if (child.output >= 0) drain(child.output, child.output_text);
      if (child.errors >= 0) drain(child.errors, child.errors_text);
    }
  }
  return take_ended();
}

std::optional<Children::Ended> Children::take_ended() {
  for (auto child = running_.begin(); child != running_.end(); ++child) {
    if (!child->is_silent()) continue;
    int status = 0;
    const pid_t waited = waitpid(child->pid, &status, WNOHANG);
    if (waited == 0 || (waited < 0 && errno == EINTR)) continue;
    Ended ended{.tag = child->tag,
                .exited = WIFEXITED(status),
                .code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
                .output = std::move(child->output_text),
                .errors = std::move(child->errors_text)};
    running_.erase(child);
    return ended;
  }
  return std::nullopt;
}

void Children::ask_to_end() {
  for (const Running& child : running_) kill(-child.pid, SIGTERM);
}

void Children::kill_all() {
  for (Running& child : running_) {
    kill(-child.pid, SIGKILL);
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    for (const int fd : {child.output, child.errors}) {
      if (fd >= 0) close(fd);
    }
  }
  running_.clear();
}

}  // namespace reweave::repro
