// `reweave version`: what it takes to say which build did something.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "repro/command/command_line.h"
#include "repro/file/weave_file.h"
#include "repro/report/version.h"

namespace reweave::repro {

int run_version(const Arguments& arguments, Kinds) {
  CommandLine line("version", "Version and build.", "  reweave version", "0 always");
  line.add_output_flags({"text", "json"});
  if (!line.parse(arguments)) return line.exit_code();
  if (line.format() == Format::kJson) {
    const nlohmann::ordered_json json = {{"schema", Report::kSchema},
                                         {"version", kVersion},
                                         {"build", build_name()},
                                         {"weave_format", WeaveFile::kVersion}};
    return print_and_return(json.dump() + "\n", kExitClean);
  }
  return print_and_return(fmt::format("reweave {} ({}), reads and writes `weave {}`\n", kVersion,
                                      build_name(), WeaveFile::kVersion),
                          kExitClean);
}

}  // namespace reweave::repro
