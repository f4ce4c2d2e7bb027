// Words of a scenario's text that are written as they are read, and stand in no other table: those
// of operations are in runtime/vocabulary/, and those of arguments in arguments.h. Cost: none.
#pragma once

#include <string_view>

#include "runtime/language/scenario.h"

namespace reweave::runtime {

/// A word behind a function's name.
struct Expectation {
  std::string_view word;
  bool Function::*flag;
};
inline constexpr Expectation kExpectations[] = {{"daemon", &Function::daemon},
                                                {"raises", &Function::raises}};

/// The word between the two bodies of a block.
inline const char* middle_word(OpCode block) { return block == OpCode::kIfElse ? "else" : "then"; }

}  // namespace reweave::runtime
