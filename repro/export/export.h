// A repro as something else: a script for the real Stackless Python, a test in C++, a picture in
// the language of another program.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "repro/explain/explanation.h"
#include "repro/file/weave_file.h"
#include "scheduler/base/expected.h"

namespace reweave::repro {

/// What runs an exported script.
enum class PythonOf : std::uint8_t { kStackless, kGreenlet };

/// A stand-alone script in Python that performs the scenario on Stackless Python 3.7, or on
/// greenlet with as much of Stackless as greenlet_prelude.py builds on it, and prints its trace as
/// one object of JSON: events as the recorded cases have them (corpora/conformance). The answers of
/// a schedule cannot be given there, so it is the ordinary execution. An error names the operations
/// that there is nothing for.
Expected<std::string> export_python(const WeaveFile& file, PythonOf of);

/// A test of GoogleTest that replays the text of the repro through the library.
std::string export_gtest(const WeaveFile& file, std::string_view name);

/// The same of a program: a file that is compiled and linked together with the program's own, by
/// reweave-c++ with -Wl,--wrap=main, and that replays the schedule on its main() (reweave/check.h).
/// An error says that it is no program, or that it has no verdict. `source`: the file that is
/// written; its name is the test's.
Expected<std::string> export_cpp(const WeaveFile& file, const std::string& source);

/// The explained rows as a graph for Graphviz: a rank for each row, arrows for what is handed over.
std::string export_dot(const Explanation& told);

}  // namespace reweave::repro
