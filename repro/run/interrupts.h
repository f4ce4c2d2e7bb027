// Ctrl-C and SIGTERM, while a command works: it ends what it does, tells what was done so far, and
// exits with 128 and the signal, as shells expect it. A limit of time does the same, and exits with
// 124, as `timeout` does.
//
// As long as an object of this class lives, SIGINT, SIGTERM and SIGHUP only leave a note, which
// the command asks for; ignored signals stay ignored (nohup, background jobs). A third signal ends
// the process at once: `timeout` sends one twice. Children that isolate.h makes have the signals'
// usual effect again.
#pragma once

#include <csignal>
#include <cstdint>
#include <functional>
#include <iterator>
#include <string>

namespace reweave::repro {

class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// The first signal that came; 0: none. Of this process, whichever object asks.
  static int signal();
  static bool pending() { return signal() != 0; }
  /// "SIGINT"; "" if none came.
  static std::string name();
  /// For sentences: "SIGINT", or "--seconds 5" if that time was over.
  static std::string cause();
  /// What the process then exits with.
  static int exit_code();
  /// The next object of this class counts as interrupted, by SIGALRM, when it has lived for so
  /// long; 0: never. A second one begins the time anew.
  static void limit_time(std::uint64_t milliseconds);
  static bool time_is_limited();
  /// Of that time, while an object lives: at least 1. For a process that does a part of the work.
  static std::uint64_t milliseconds_left();
  /// For whoever asks again and again whether to go on.
  static std::function<bool()> keep_going() {
    return [] { return !pending(); };
  }

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction old_[std::size(kSignals)]{};
  struct sigaction old_alarm_ {};
  bool limited_ = false;
};

}  // namespace reweave::repro
