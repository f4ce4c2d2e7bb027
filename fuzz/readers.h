// The readers that have a fuzz target: whatever bytes a file has, each answers with a value or with
// one error that names a place, in bounded time and memory; and what it accepts is written in a
// form that it reads again as the same.
//
// A reader that breaks its promise ends the process (endings.h).
#pragma once

#include <string_view>
#include <vector>

namespace reweave::fuzz {

struct Reader {
  std::string_view name;  // Of the target, and of its folder in corpora/fuzz/.
  std::string_view help;  // One line, without a full stop.
  void (*read)(std::string_view text);
};

/// All of them; lives for ever.
const std::vector<Reader>& readers();
/// The one of that name, which there is.
const Reader& find_reader(std::string_view name);

}  // namespace reweave::fuzz
