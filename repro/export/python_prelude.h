// What an exported script begins with: stackless_prelude.py, which the tool carries.
#pragma once

#include <string_view>

namespace reweave::repro {

std::string_view python_prelude();
/// What comes before it where there is greenlet alone, in place of `import stackless`.
std::string_view greenlet_prelude();

}  // namespace reweave::repro
