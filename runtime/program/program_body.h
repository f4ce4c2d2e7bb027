// A body under control as a subject of the scheduler: what explore(), record(), shrink() and all
// commands work on.
#pragma once

#include <string>
#include <vector>

#include "scheduler/subject.h"

namespace reweave::program {

/// Runs `body(argument)` in each execution. The process must be prepared (program_process.h).
class BodySubject : public Subject {
 public:
  BodySubject(void (*body)(void*), void* argument) : body_(body), argument_(argument) {}

  void run(Execution& execution) override;
  std::string site_name(SiteId site) const override;
  std::optional<SiteId> find_site(std::string_view name) const override;
  std::string describe(const Event& event) const override;
  std::string text() const override { return {}; }
  std::vector<std::string> escapes() const override;

 private:
  void (*body_)(void*);
  void* argument_;
  mutable std::uint32_t shown_ = 0;  // Whose step was described last.
  mutable bool raw_sites_ = false;   // Somebody asked for a site as old schedules have them.
};

}  // namespace reweave::program
