// A body under control as a subject of the scheduler: what explore(), record(), shrink() and all
// commands work on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/program/kind/program_kind.h"
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

 private:
  void (*body_)(void*);
  void* argument_;
};

/// The program of this process, whose main is the body: what MakeSubject makes here.
class RunningProgram final : public ProgramSubject {
 public:
  explicit RunningProgram(std::vector<std::string> words);

  void run(Execution& execution) override { body_.run(execution); }
  std::string site_name(SiteId site) const override { return body_.site_name(site); }
  std::optional<SiteId> find_site(std::string_view name) const override {
    return body_.find_site(name);
  }
  std::string describe(const Event& event) const override { return body_.describe(event); }
  std::vector<std::string> escapes() const override;

 private:
  BodySubject body_;
};
std::unique_ptr<Subject> make_running_program(std::vector<std::string> words);

}  // namespace reweave::program
