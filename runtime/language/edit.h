// The few ways in which scenarios are edited; the mutator and the shrinker are made of these.
//
// An *item* is what stands as one thing in a body: an operation, or a block with all that is in it.
// A *body* is a run of items: a function's operations, or one part of a block. Edits keep labels
// and names. They need valid matches and leave invalid ones: call relink() before the next edit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/language/arguments.h"
#include "runtime/language/scenario.h"

namespace reweave::runtime {

/// Operations first to last-1 of a function.
struct OpRange {
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t count() const { return last - first; }
  bool operator==(const OpRange&) const = default;
};

/// The item that begins at `index`, which is not a `then` or `end`.
OpRange item_at(const Function& function, std::size_t index);
/// All bodies, outer ones before inner ones, empty ones too.
std::vector<OpRange> bodies_of(const Function& function);
/// The items of a body, in order.
std::vector<OpRange> items_of(const Function& function, OpRange body);
/// How many blocks are open in front of `index`.
std::size_t depth_at(const Function& function, std::size_t index);
/// How many blocks are nested inside of a run of items.
std::size_t height_of(const Function& function, OpRange items);

/// Deletes whole items.
void erase_items(Function& function, OpRange items);
/// Inserts whole items in front of `at`.
void insert_items(Function& function, std::size_t at, std::span<const Op> items);
/// Deletes a block's head, `then` and `end`, and keeps what is in it.
void unwrap_block(Function& function, std::size_t block);

std::size_t name_count(const Scenario& scenario, NameKind kind);
/// The names of that kind, which is not that of functions: they have their names themselves.
const std::vector<std::string>& names_of(const Scenario& scenario, NameKind kind);
/// Which of them operations refer to. Of functions: which of them main can reach, main included.
std::vector<bool> used_names(const Scenario& scenario, NameKind kind);
/// Makes all operations that refer to `from` refer to `to`.
void redirect_name(Scenario& scenario, NameKind kind, std::size_t from, std::size_t to);
/// Deletes it, with the operations that need it; where it may be left out ("-") it is. The ones
/// after it move up. Main cannot be removed.
void remove_name(Scenario& scenario, NameKind kind, std::size_t index);

/// Sets matches again. Aborts if an edit broke the scenario: that is our bug.
void relink(Scenario& scenario);

}  // namespace reweave::runtime
