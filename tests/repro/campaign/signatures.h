// A scenario with several bugs, the first of which would hide the others, and what a report lists.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace reweave::repro {

/// Each of two values may be lost, and who waits for one may wait for ever.
inline constexpr const char* kManyBugs = R"(weave 1
settings
  defects post-switch-clear,spill-drops-tempval
end
channel c
channel d
slot s
slot t
function main
  pref c 1
  pref d 1
  spawn receiver -
  spawn other -
  spawn sender s
  spawn sendery t
  weakref s callback
  weakref t callback
  drop s
  drop t
  runall
end
function receiver
  hcall receive
end
function receive
  recv c
end
function other
  hcall receivey
end
function receivey
  recv d
end
function sender
  send c
end
function sendery
  send d
end
function callback
  sched
end
)";

inline std::set<std::string> signatures_of(const nlohmann::json& report) {
  std::set<std::string> all;
  for (const nlohmann::json& row : report.at("signatures")) all.insert(row.at("signature"));
  return all;
}

}  // namespace reweave::repro
