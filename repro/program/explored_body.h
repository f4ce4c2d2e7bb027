// The kind `body`: a function of a process that explores itself, for reweave::check() and
// reweave::fuzz(). Lives in the library alone.
//
//   subject body
//   name Queue.IsFair
//   data 68656c6c6f          # only of reweave::fuzz(): what the body is given, in hexadecimal;
//                            # at most 32 bytes a line
//
// The subject lives in a program that the tool cannot call: REWEAVE_SCHEDULE=FILE has such a file
// repeated there. Guarantee: what is written is read as the same. Cost: data are kept once more.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/program/program_body.h"
#include "scheduler/strategy/strategies.h"
#include "scheduler/subject_kind.h"

namespace reweave::repro {

/// What a body is called with, beside its argument.
using BodyFunction = void (*)(void* argument);

class NamedBody final : public program::BodySubject {
 public:
  NamedBody(std::string name, BodyFunction body, void* argument)
      : BodySubject(body, argument), name_(std::move(name)) {}
  void run(Execution& execution) override;
  void configure(const SettingValues& settings) override;
  std::string text() const override;

  /// What the text has as `data`; the body is given it by other ways.
  void set_data(std::string data) { data_ = std::move(data); }
  const std::string& data() const { return data_; }

 private:
  std::string name_;
  std::string data_;
  bool races_ = false, spurious_ = false;
};

class BodyKind final : public SubjectKind {
 public:
  static constexpr std::size_t kDataBytesMax = std::size_t{1} << 20;

  BodyKind(BodyFunction body, void* argument) : body_(body), argument_(argument) {}
  std::string_view name() const override { return "body"; }
  std::string_view help() const override {
    return "the body of a reweave::check() in a test, or of a reweave::fuzz()";
  }
  std::span<const std::string_view> first_words() const override;
  std::span<const SettingInfo> settings() const override;
  bool is_compiled() const override { return true; }
  std::string_view default_strategy() const override { return kProgramStrategy; }
  Expected<std::unique_ptr<Subject>> read(LineReader& lines) const override;
  std::unique_ptr<NamedBody> make(const std::string& name) const;

 private:
  BodyFunction body_;
  void* argument_;
};

/// Letters that may stand in a file's name and in a `.weave`.
std::string plain_name(std::string_view name);

/// Real threads of this process.
std::size_t thread_count();

}  // namespace reweave::repro
