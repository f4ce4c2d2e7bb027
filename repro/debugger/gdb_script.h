// The commands of gdb: reweave.py, which the tool carries.
#pragma once

#include <string_view>

namespace reweave::repro {

std::string_view gdb_script();

}  // namespace reweave::repro
