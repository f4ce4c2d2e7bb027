// What a step that is still to come would touch, and which two steps depend on each other.
//
// Two steps of different actors that do not conflict can change places, and nobody sees a
// difference. So a strategy that knows what every actor is about to do can aim at the order of
// those that do conflict: POS draws new priorities there, SURW takes one object and looks at
// nothing else, partial-order reduction reverses conflicts and only them. All they need of a step
// is the object and the kind of access.
//
// A step has one object: the one that it is about. What else it touches on the way (a value that
// dies, a callback that runs) is not said. For sampling that is a hint, and a wrong one costs
// nothing but luck; a search that leaves out orders must not prune where a subject says too little,
// which is what Access::kUnknown is for.
#pragma once

#include <cstdint>

namespace reweave {

/// Where it is asked. Numbers belong to the subject, which also names them; the same site has one
/// number in every execution of one subject.
enum class SiteId : std::uint32_t {};

/// What can be touched, from 1; 0 is no object. The subject numbers its objects by what is the same
/// in every build: in order of declaration, of creation or of first touch, never by an address.
enum class ObjectId : std::uint32_t {};

/// How a step touches its object. 8 bits wide: it goes into packed forms.
enum class Access : std::uint8_t {
  kNone,  // Nothing that another actor could see.
  kRead,
  kWrite,
  kReadModifyWrite,
  kAcquire,  // Takes what only so many can have; it may have to wait.
  kRelease,  // Gives it back, or lets somebody go on.
  kUnknown,  // Nobody has said: it may touch anything.
};
inline constexpr int kAccessCount = 7;
/// "none", "read", "write", "modify", "acquire", "release", "unknown". Never null.
const char* access_name(Access access);

/// True if the object may be another one afterwards.
constexpr bool changes(Access access) { return access != Access::kNone && access != Access::kRead; }

/// What an actor would do if it ran now, or if it could.
struct PendingStep {
  ObjectId object{};
  Access access = Access::kUnknown;
  SiteId site{};

  /// Somebody has said what it touches.
  constexpr bool known() const { return access != Access::kUnknown; }
  bool operator==(const PendingStep&) const = default;
};

/// True unless the steps, of two actors, can change places unseen: they touch different objects, or
/// neither changes the one that both touch. A step of which nothing is known conflicts with every
/// other.
constexpr bool conflicts(const PendingStep& a, const PendingStep& b) {
  if (a.access == Access::kNone || b.access == Access::kNone) return false;
  if (!a.known() || !b.known()) return true;
  return a.object == b.object && (changes(a.access) || changes(b.access));
}

}  // namespace reweave
