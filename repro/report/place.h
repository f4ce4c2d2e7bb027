// Where in a file a finding happened: the line of a scenario, or of a program's source.
//
// A message names its places: "at sender.3" is an operation of the scenario, "(slot.cc:9)" a line
// of a source file. Both are read from there, so that every oracle of every kind of subject has
// them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scheduler/finding.h"

namespace reweave::repro {

struct Place {
  std::string file{};
  int line = 0;        // From 1.
  std::string name{};  // "sender.3", or what stands before the line in the message: "Slot::put".
  bool operator==(const Place&) const = default;
};

/// The line on which the operation or function of that name stands in the text of a scenario; 0 if
/// there is none.
int line_of_site(std::string_view text, std::string_view site);

/// The places that the finding's message names, the one to blame first: of a deadlock the first
/// that is named, else the last, which is where it was seen. None twice. `text`: of that file.
std::vector<Place> places_of(const Finding& finding, std::string_view file, std::string_view text);

}  // namespace reweave::repro
