// Libraries that a program loads while it runs.
//
// What a library's own initialization does is not undone when the program's memory is put back: it
// would have to be loaded anew in each execution. So it is loaded before the first one. An
// execution in the ordinary order, whose outcome nobody is told, finds what dlopen() is called for;
// each library is then loaded at home and is part of the program from there on. One that only
// another order asks for is loaded where it is asked for, and its variables are put back to what
// they are then.
//
// dlclose() does nothing.
#pragma once

#include <string>
#include <vector>

namespace reweave::program {

class Modules {
 public:
  /// True: something of the program may call dlopen(), so that a rehearsal is worth it.
  static bool are_loaded_by_program();

  /// Between begin and end of a rehearsal the first library that is not there yet ends the
  /// execution.
  void begin_rehearsal() { rehearses_ = true; }
  /// True: a library was asked for, and has been loaded, or cannot be; rehearse again.
  bool end_rehearsal();

  /// dlopen() of a thread under control. May end the execution.
  void* open(const char* path, int flags);

 private:
  static constexpr std::size_t kModulesMax = 256;
  struct Wanted {
    std::string path;
    int flags = 0;
  };
  bool rehearses_ = false;
  std::vector<Wanted> tried_;  // The last one is the one that ended the rehearsal.
  bool ended_ = false;
};

/// The only one.
Modules& modules();

}  // namespace reweave::program
