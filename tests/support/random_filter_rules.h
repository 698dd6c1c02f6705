// Rules at random for frames at random.
#ifndef FWAGENT_TESTS_SUPPORT_RANDOM_FILTER_RULES_H_
#define FWAGENT_TESTS_SUPPORT_RANDOM_FILTER_RULES_H_

#include "tests/support/dice.h"
#include "tests/support/reference_filter.h"

namespace fwagent::testing {

// Changes one kind of them: the sources of a family, or the ports of one of
// `protocols`. There is a handful of each kind, around what RandomFrames uses,
// or none, so that what is missing in a frame is not always needed. Now and
// then all others go. No prefix is there twice. Ordered rules stay: see
// random_ordered_rules.h.
void ChangeAtRandom(Dice& dice, const Bytes& protocols, ReferenceRules& rules);

// Gives some of the rules an end: at tick 1, which is past wherever packets
// are, or in years.
void EndAtRandom(Dice& dice, ReferenceRules& rules);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_RANDOM_FILTER_RULES_H_
