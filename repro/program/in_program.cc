// What runs in a program under control in place of its main: the command line of the tool, which
// knows one kind of subject there, this program.

#include <string>
#include <vector>

#include "repro/command/run_command.h"
#include "runtime/program/program_body.h"
#include "runtime/program/start.h"

namespace {

int run_here(const std::vector<std::string>& words) {
  static const reweave::program::ProgramKind kind(&reweave::program::make_running_program);
  static constexpr const reweave::SubjectKind* kKinds[] = {&kind};
  std::vector<std::string> all = words;
  all.insert(all.begin(), reweave::program::tool_path());
  std::vector<char*> argv;
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  return reweave::repro::run_command(static_cast<int>(all.size()), argv.data(), kKinds);
}

[[gnu::constructor]] void use_this() { reweave::program::set_command_line(&run_here); }

}  // namespace
