// What source rules mean, worked out in the plainest way: what tables that
// answer the same question quickly are compared with.
#ifndef FWAGENT_TESTS_SUPPORT_SOURCE_MEANING_H_
#define FWAGENT_TESTS_SUPPORT_SOURCE_MEANING_H_

#include <vector>

#include "agent/policy/prefix.h"
#include "agent/policy/source_rule.h"

namespace fwagent::testing {

// What the rules say together of one address, given as a host prefix. No prefix
// may come twice.
policy::SourceMeaning MeaningOf(const std::vector<policy::SourceRule>& rules,
                                const policy::Prefix& host);

// The addresses at which the meaning of the rules can change: the first and the
// last one of each prefix and those just outside, as host prefixes.
std::vector<policy::Prefix> BoundaryHosts(
    const std::vector<policy::SourceRule>& rules);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_SOURCE_MEANING_H_
