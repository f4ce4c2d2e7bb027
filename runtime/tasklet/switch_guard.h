// Why the running tasklet may not be switched away: the switch trap, which the program sets, and
// callbacks, which the runtime runs in the middle of an operation.
#pragma once

namespace reweave::runtime {

struct Code;
struct Tasklet;

/// What runs before each channel operation, or each switch. Installed with code null: it is only
/// logged.
struct Callback {
  bool installed = false;
  Code* code = nullptr;
};

struct SwitchGuard {
  int trap = 0;                       // switch_trap(); every switch is refused while it is above 0.
  bool callback_running = false;      // A channel or schedule callback (Stackless: schedlock).
  bool in_schedule_callback = false;  // No switch is possible then; the real thing dies of it.
  bool reserved = false;              // There is memory for the next switch: it was asked for.
  Tasklet* switching_to = nullptr;    // While the schedule callback runs: who runs next.

  bool refuses() const { return trap > 0 || in_schedule_callback; }
};

}  // namespace reweave::runtime
