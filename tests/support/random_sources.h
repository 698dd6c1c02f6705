// Source rules at random, of the kind that tables get wrong.
#ifndef FWAGENT_TESTS_SUPPORT_RANDOM_SOURCES_H_
#define FWAGENT_TESTS_SUPPORT_RANDOM_SOURCES_H_

#include <cstdint>
#include <random>
#include <vector>

#include "agent/policy/prefix.h"
#include "agent/policy/source_rule.h"

namespace fwagent::testing {

// How many in a hundred rules do not just block.
struct RuleMix {
  unsigned allows = 0;
  unsigned classes = 0;  // members of a class as well, or nothing else
  unsigned timed = 0;    // end, at one of a few times
};

// The same numbers for the same seed. Prefixes lie around a few addresses, so
// that they meet each other, and prefer the lengths at which tables change.
class RandomSources {
 public:
  explicit RandomSources(std::uint64_t seed, int places);

  policy::Prefix NextPrefix();
  // Another id each time.
  policy::SourceRule NextRule(const RuleMix& mix);
  policy::SourceRule RuleFor(const policy::Prefix& prefix, const RuleMix& mix);

  // Below `bound`.
  std::uint64_t Below(std::uint64_t bound) { return random_() % bound; }

 private:
  using Bytes = std::vector<std::uint8_t>;

  Bytes RandomBytes(policy::Family family);
  // Other bits from one of them on.
  void ChangeTail(Bytes& address, unsigned from_bit);
  // Never, for ever, or between.
  policy::Deadline RandomDeadline();
  unsigned NextLength(policy::Family family);

  std::mt19937_64 random_;
  std::vector<Bytes> places_;
  policy::RuleId last_id_ = 0;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_RANDOM_SOURCES_H_
