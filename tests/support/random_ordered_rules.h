// Ordered rules at random for frames at random: all that docs/rules.md says.
#ifndef FWAGENT_TESTS_SUPPORT_RANDOM_ORDERED_RULES_H_
#define FWAGENT_TESTS_SUPPORT_RANDOM_ORDERED_RULES_H_

#include <string>

#include "tests/support/dice.h"
#include "tests/support/reference_filter.h"

namespace fwagent::testing {

// Some rules come, go, or do both, sets that they name change, the interface
// gets another name; or no rule is left, and then perhaps none comes. Rules
// that stay keep their ids, and no other rule ever gets the id of one that was
// there: `last_id` is the highest so far. Limits give nothing back for hours,
// but for those of bytes, which give as little as there can be.
void ChangeOrderedAtRandom(Dice& dice, policy::RuleId& last_id,
                           ReferenceRules& rules);

// What a rule may ask, in words that seldom are canonical; without an action.
std::string RandomConditions(Dice& dice);
// "rate 1/day burst 3 per source block 2h".
std::string RandomLimit(Dice& dice);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_RANDOM_ORDERED_RULES_H_
