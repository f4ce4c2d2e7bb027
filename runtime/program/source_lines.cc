#include "runtime/program/source_lines.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

extern char** environ;

namespace reweave::program {
namespace {

/// The environment of a tool: without what would take it over as well.
std::vector<char*> plain_environment() {
  std::vector<char*> kept;
  for (char** at = environ; *at != nullptr; ++at) {
    if (std::strncmp(*at, "LD_PRELOAD=", 11) == 0 || std::strncmp(*at, "REWEAVE_", 8) == 0)
      continue;
    kept.push_back(*at);
  }
  kept.push_back(nullptr);
  return kept;
}

/// Feeds `input` to a child and reads all it says. False: it could not be started or failed.
bool run_tool(const std::vector<std::string>& words, const std::string& input,
              std::string& output) {
  std::array<int, 2> in{}, out{};
  if (pipe2(in.data(), O_CLOEXEC) != 0) return false;
  if (pipe2(out.data(), O_CLOEXEC) != 0) return close(in[0]), close(in[1]), false;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> environment = plain_environment();
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  if (failed != 0) return close(in[1]), close(out[0]), false;
  fcntl(in[1], F_SETFL, O_NONBLOCK);
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before);
  std::size_t written = 0;
  std::array<char, 16384> buffer;
  int writer = in[1];
  while (true) {
    if (writer >= 0 && written == input.size()) {
      close(writer);
      writer = -1;
    }
    std::array<pollfd, 2> waited{pollfd{out[0], POLLIN, 0}, pollfd{writer, POLLOUT, 0}};
    if (poll(waited.data(), 2, -1) < 0 && errno != EINTR) break;
    if ((waited[1].revents & (POLLOUT | POLLERR)) != 0) {
      const ssize_t sent = write(writer, input.data() + written, input.size() - written);
      if (sent > 0) written += static_cast<std::size_t>(sent);
      if (sent < 0 && errno != EAGAIN) written = input.size();
    }
    if (waited[0].revents == 0) continue;
    const ssize_t got = read(out[0], buffer.data(), buffer.size());
    if (got <= 0) break;
    output.append(buffer.data(), static_cast<std::size_t>(got));
  }
  sigaction(SIGPIPE, &before, nullptr);
  if (writer >= 0) close(writer);
  close(out[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// "0x1139" starts the answer to an address; then come pairs of lines: function, file:line.
std::vector<std::vector<SourceFrame>> parse(std::string_view text) {
  std::vector<std::vector<SourceFrame>> all;
  bool function_is_next = true;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.substr(0, 2) == "0x" && function_is_next) {
      all.emplace_back();
      continue;
    }
    if (all.empty() || line.empty()) continue;
    if (function_is_next) {
      all.back().push_back({line == "??" ? "" : std::string(line), "", 0});
    } else {
      SourceFrame& frame = all.back().back();
      const std::size_t blank = line.find(" (");  // "(discriminator 2)"
      const std::string_view place = line.substr(0, blank);
      const std::size_t colon = place.rfind(':');
      if (colon != std::string_view::npos && place.substr(0, 2) != "??") {
        frame.file = place.substr(0, colon);
        for (const char c : place.substr(colon + 1)) {
          if (c < '0' || c > '9') break;
          frame.line = frame.line * 10 + static_cast<std::uint32_t>(c - '0');
        }
        if (frame.line == 0) frame.file.clear();
      }
    }
    function_is_next = !function_is_next;
  }
  return all;
}

}  // namespace

std::vector<std::vector<SourceFrame>> source_frames(const std::string& file,
                                                    const std::vector<std::uintptr_t>& addresses) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string input;
  for (const std::uintptr_t address : addresses) {
    input += "0x";
    for (int i = 60; i >= 0; i -= 4) input += kDigits[address >> i & 15];
    input += '\n';
  }
  const std::vector<std::vector<std::string>> tools = {
      {"llvm-symbolizer", "--output-style=GNU", "--no-demangle", "-a", "-f", "-i", "-e", file},
      {"llvm-symbolizer-14", "--output-style=GNU", "--no-demangle", "-a", "-f", "-i", "-e", file},
      {"addr2line", "-a", "-f", "-i", "-e", file}};
  for (const auto& tool : tools) {
    std::string output;
    if (!run_tool(tool, input, output)) continue;
    std::vector<std::vector<SourceFrame>> frames = parse(output);
    if (frames.size() == addresses.size()) {
      for (auto& of_one : frames) {
        if (of_one.empty()) of_one.emplace_back();
      }
      return frames;
    }
  }
  return std::vector<std::vector<SourceFrame>>(addresses.size(), std::vector<SourceFrame>(1));
}

}  // namespace reweave::program
