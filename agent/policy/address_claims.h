// Blocks and allows of addresses: which of them lie inside which.
#ifndef FWAGENT_AGENT_POLICY_ADDRESS_CLAIMS_H_
#define FWAGENT_AGENT_POLICY_ADDRESS_CLAIMS_H_

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "agent/policy/prefix.h"

namespace fwagent::policy {

struct AddressClaim {
  Prefix prefix;
  bool allows = false;
  absl::Time until = absl::InfiniteFuture();
};

// Sorts the claims once; what is asked then takes no more than a search.
class AddressClaims {
 public:
  // Claims are known by their places in this vector.
  explicit AddressClaims(const std::vector<AddressClaim>& claims);

  // The claim of this kind that ends last, among those of prefixes that hold
  // all of this one; of equal ends the one with the longest prefix. nullopt
  // when none lasts until then.
  std::optional<std::size_t> Over(const Prefix& prefix, bool allows,
                                  absl::Time until) const;
  // The same for the prefix of a claim, among prefixes that are shorter.
  std::optional<std::size_t> Around(std::size_t claim, bool allows,
                                    absl::Time until) const;

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  struct Best {
    std::size_t claim = kNone;
    absl::Time until = absl::InfinitePast();
  };
  // A prefix, once, with the claims that hold all of it.
  struct Node {
    Prefix prefix;
    std::size_t parent = kNone;  // the next shorter prefix that holds this one
    std::array<Best, 2> best;    // of blocks, of allows
  };

  void AddNode(const Prefix& prefix);
  // Of the longest prefix that holds this one; kNone: there is none.
  std::size_t NodeOver(const Prefix& prefix) const;
  std::optional<std::size_t> Find(std::size_t node, bool allows,
                                  absl::Time until) const;

  std::vector<Node> nodes_;           // by family, address and length
  std::vector<std::size_t> node_of_;  // by claim
};

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_ADDRESS_CLAIMS_H_
