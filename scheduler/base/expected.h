// Expected<T>: a value, or an Error that says what is wrong with the world.
//
// Used for what a user can cause and mend: files, flags, formats. An Error's text is a whole
// sentence for a person: what happened, with which value, what to do next. It is never used for our
// own bugs (CHECK) nor for the subject's (Finding).
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "scheduler/base/reweave_check.h"

namespace reweave {

struct Error {
  std::string message;  // One sentence or more, no trailing newline.
};

template <typename T>
class [[nodiscard]] Expected {
 public:
  Expected(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
  Expected(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit by design

  explicit operator bool() const { return state_.index() == 0; }
  bool has_value() const { return state_.index() == 0; }

  /// The value. Aborts when there is none: test first.
  T& value() & {
    REWEAVE_CHECK_MSG(has_value(), "Expected holds an error");
    return std::get<0>(state_);
  }
  const T& value() const& {
    REWEAVE_CHECK_MSG(has_value(), "Expected holds an error");
    return std::get<0>(state_);
  }
  T&& value() && {
    REWEAVE_CHECK_MSG(has_value(), "Expected holds an error");
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// The error. Aborts when there is a value.
  const Error& error() const {
    REWEAVE_CHECK_MSG(!has_value(), "Expected holds a value");
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
using Status = Expected<std::monostate>;
inline Status ok() { return std::monostate{}; }

}  // namespace reweave
