// Our rules in the language of nftables.
#ifndef FWAGENT_TESTS_SUPPORT_NFT_RULESET_H_
#define FWAGENT_TESTS_SUPPORT_NFT_RULESET_H_

#include <string>

#include "tests/support/reference_filter.h"

namespace fwagent::testing {

// Devices that a frame is sent out of, to tell what became of it.
struct NftExits {
  std::string passed;
  std::string allowed;         // for its source
  std::string source_blocked;  // dropped
  std::string port_blocked;    // dropped
};

// Input for nft(8): in the place of what was there, one chain that judges what
// comes in at `device`, before the host's own IP sees it.
std::string NftRuleset(const ReferenceRules& rules, const std::string& device,
                       const NftExits& exits);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_NFT_RULESET_H_
