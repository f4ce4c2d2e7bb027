// Hunts in the programs of tests/repro/programs, which CMake has built.
#pragma once

#include "tests/repro/cli.h"

namespace reweave::repro {

class Programs : public Cli {
 protected:
  static std::string program(const std::string& name) {
    return std::string(REWEAVE_PROGRAMS) + "/hunted_" + name;
  }
  nlohmann::json hunt(const std::string& name, int expected_code,
                      const Words& arguments = {}) const {
    Words words = {"hunt", "--output", path("found"), "--", program(name)};
    words.insert(words.end(), arguments.begin(), arguments.end());
    return run_json(words, expected_code);
  }
};

}  // namespace reweave::repro
