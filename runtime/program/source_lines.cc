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
#include <map>
#include <string_view>
#include <utility>

#include "runtime/program/descriptors.h"

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

/// What is asked after all addresses: nothing is there, and its answer says that all were given.
constexpr std::string_view kLast = "0xfffffffffffffff0";

/// A tool that was started for one file, and goes on as long as this process.
class Tool {
 public:
  explicit Tool(std::vector<std::string> words) : words_(std::move(words)) {}

  /// What it says of the addresses in `input`, one a line. False: it could not be started, or
  /// ended.
  bool ask(const std::string& input, std::string& output) {
    // What a parent started answers the parent.
    if (owner_ != getpid() && !start()) return false;
    if (!converse(input + std::string(kLast) + "\n", output)) return stop();
    output.resize(output.rfind(kLast));
    return true;
  }

 private:
  bool start() {
    owner_ = getpid();
    in_ = out_ = -1;
    std::array<int, 2> in{}, out{};
    if (pipe2(in.data(), O_CLOEXEC) != 0) return false;
    if (pipe2(out.data(), O_CLOEXEC) != 0) return close(in[0]), close(in[1]), false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::vector<char*> arguments;
    for (const std::string& word : words_) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    std::vector<char*> environment = plain_environment();
    const int failed = posix_spawnp(&child_, arguments[0], &actions, nullptr, arguments.data(),
                                    environment.data());
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    if (failed == 0) {
      in_ = Descriptors::high(in[1]);
      out_ = Descriptors::high(out[0]);
      fcntl(in_, F_SETFL, O_NONBLOCK);
    }
    close(in[1]);
    close(out[0]);
    return failed == 0;
  }

  bool stop() {
    if (in_ < 0) return false;
    close(in_);
    close(out_);
    in_ = out_ = -1;
    while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
    return false;
  }

  static bool is_answered(const std::string& output) {
    const std::size_t last = output.rfind(kLast);
    if (last == std::string::npos) return false;
    // Behind it come two lines that say that nothing is there.
    const std::size_t first = output.find('\n', last);
    const std::size_t second = first == std::string::npos ? first : output.find('\n', first + 1);
    return second != std::string::npos && output.find('\n', second + 1) != std::string::npos;
  }

  bool converse(const std::string& input, std::string& output) {
    if (in_ < 0) return false;
    struct sigaction ignore {
    }, before{};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, &before);
    std::size_t written = 0;
    std::array<char, 16384> buffer;
    bool alive = true;
    while (alive && !is_answered(output)) {
      std::array<pollfd, 2> waited{pollfd{out_, POLLIN, 0},
                                   pollfd{written < input.size() ? in_ : -1, POLLOUT, 0}};
      if (poll(waited.data(), 2, -1) < 0 && errno != EINTR) break;
      if ((waited[1].revents & (POLLOUT | POLLERR)) != 0) {
        const ssize_t sent = write(in_, input.data() + written, input.size() - written);
        if (sent > 0) written += static_cast<std::size_t>(sent);
        alive = sent > 0 || errno == EAGAIN;
      }
      if (waited[0].revents == 0) continue;
      const ssize_t got = read(out_, buffer.data(), buffer.size());
      alive = got > 0;
      if (alive) output.append(buffer.data(), static_cast<std::size_t>(got));
    }
    sigaction(SIGPIPE, &before, nullptr);
    return alive;
  }

  std::vector<std::string> words_;
  pid_t owner_ = 0, child_ = 0;
  int in_ = -1, out_ = -1;
};

/// The tools for a file, the best first.
std::vector<Tool>& tools_of(const std::string& file) {
  static std::map<std::string, std::vector<Tool>>* const all =
      new std::map<std::string, std::vector<Tool>>;
  const auto known = all->find(file);
  if (known != all->end()) return known->second;
  std::vector<Tool>& tools = (*all)[file];
  for (const char* const name : {"llvm-symbolizer", "llvm-symbolizer-14"})
    tools.emplace_back(std::vector<std::string>{name, "--output-style=GNU", "--no-demangle", "-a",
                                                "-f", "-i", "-e", file});
  tools.emplace_back(std::vector<std::string>{"addr2line", "-a", "-f", "-i", "-e", file});
  return tools;
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
  for (Tool& tool : tools_of(file)) {
    std::string output;
    if (!tool.ask(input, output)) continue;
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
