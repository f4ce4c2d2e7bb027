#include "runtime/program/program_body.h"

#include <algorithm>

#include "runtime/program/control.h"
#include "runtime/program/names.h"
#include "runtime/program/sites.h"

namespace reweave::program {

void BodySubject::run(Execution& execution) {
  globals.raw_sites = raw_sites_;
  control().run(execution, body_, argument_);
}

std::string BodySubject::site_name(SiteId site) const {
  globals.raw_sites = raw_sites_;
  return sites().name(static_cast<std::uint32_t>(site));
}

std::optional<SiteId> BodySubject::find_site(std::string_view name) const {
  const std::optional<std::uint32_t> site = sites().find(name, &raw_sites_);
  return site ? std::optional(SiteId{*site}) : std::nullopt;
}

std::string BodySubject::describe(const Event& event) const {
  Control& all = control();
  if (event.kind == kBeginNote) return "";
  if (event.kind == kToldNote) return "FINDING " + all.told();
  const std::uint64_t index =
      static_cast<std::uint32_t>(event.args[0]) | static_cast<std::uint64_t>(event.args[1]) << 31;
  if (index < all.history().dropped()) return "";
  const Step& step = all.history().step(index);
  const std::string words = step_words(all, step);
  if (words.empty()) return "";
  const bool switched = shown_ != step.thread && index != 0;
  shown_ = step.thread;
  std::string line = (switched ? "> " : "  ") + thread_name(all.thread(ThreadId{step.thread}));
  line.resize(std::max<std::size_t>(line.size() + 1, 16), ' ');
  line += words;
  if (step.caller == nullptr || step.caller == kNoUsersCall) return line;
  // Whoever reads it back knows a place by two blanks.
  line.resize(std::max<std::size_t>(line.size() + 2, 56), ' ');
  return line + place_words(step.caller);
}

std::vector<std::string> BodySubject::escapes() const {
  std::vector<std::string> escapes = control().escapes();
  if (!control().sees_accesses()) {
    escapes.push_back(
        "accesses to memory: nothing here was compiled by reweave-c++ or reweave-cc, so that only "
        "calls of the thread library were tried");
  }
  return escapes;
}

}  // namespace reweave::program
