// The smallest frame and the fewest rules that still show a mismatch.
#ifndef FWAGENT_TESTS_SUPPORT_FRAME_SHRINKER_H_
#define FWAGENT_TESTS_SUPPORT_FRAME_SHRINKER_H_

#include <functional>

#include "tests/support/packet.h"
#include "tests/support/reference_filter.h"

namespace fwagent::testing {

using Mismatches = std::function<bool(const ReferenceRules&, const Bytes&)>;

// Takes rules away, then bytes, then sets bytes to zero, as long as
// `mismatches` holds of what is left. It held at the beginning.
void Shrink(const Mismatches& mismatches, ReferenceRules& rules, Bytes& frame);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_FRAME_SHRINKER_H_
