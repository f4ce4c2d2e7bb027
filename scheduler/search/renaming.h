// What the names of an old schedule are called in a subject that was edited since.
//
// A site is a function and a place in it ("deposit+3#1", "receiver.4"), an actor "the n-th child of
// its creator" ("0.2.1"). A line that is put in moves all behind it, a function that gets another
// name takes its places along, an actor made earlier moves its younger siblings. So whoever finds
// out what one name is called now tells it here, and others are translated likewise: lines and
// siblings by as much as the nearest one before them, functions as a whole. Of what nothing is
// known the name stays.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace reweave {

/// A site's name in its parts.
struct SiteParts {
  std::string stem;    // "deposit", "receiver".
  char separator = 0;  // '+' or '.', or 0 where there is no line.
  std::int64_t line = 0;
  std::string rest;  // "#1", or what else there is of it.
  static SiteParts of(std::string_view name);
  std::string name() const;
};

class Renaming {
 public:
  std::string site(std::string_view old_name) const;
  std::string actor(std::string_view old_path) const;

  void learn_site(std::string_view old_name, std::string_view name);
  void learn_actor(std::string_view old_path, std::string_view path);

  /// From that actor on its siblings are called by a number that is so much higher. Nothing is
  /// learnt where `old_path` is no path, or its number would be below 1.
  void move_siblings(std::string_view old_path, std::int64_t by);

  /// That function is known to have another name now.
  bool renames(std::string_view old_stem) const;

 private:
  using Shifts = std::map<std::int64_t, std::int64_t>;  // From an old number on: so much more.
  struct Function {
    std::string name;
    Shifts lines;
  };
  std::map<std::string, Function, std::less<>> functions_;  // By their old names.
  std::map<std::string, Shifts, std::less<>> children_;     // By the old path of their creator.
  std::map<std::string, std::string, std::less<>> others_;  // Actors that another one creates now.
};

}  // namespace reweave
