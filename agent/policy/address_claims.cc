#include "agent/policy/address_claims.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <tuple>

namespace fwagent::policy {
namespace {

// A prefix comes before those that lie in it.
bool IsBefore(const Prefix& a, const Prefix& b) {
  const auto key = [](const Prefix& prefix) {
    return std::tuple(prefix.family(), prefix.address(), prefix.length());
  };
  return key(a) < key(b);
}

bool HoldsAll(const Prefix& outer, const Prefix& inner) {
  return outer.family() == inner.family() && outer.length() <= inner.length() &&
         inner.Shortened(outer.length()) == outer;
}

}  // namespace

AddressClaims::AddressClaims(const std::vector<AddressClaim>& claims) {
  std::vector<std::size_t> order(claims.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&claims](std::size_t a, std::size_t b) {
                     return IsBefore(claims[a].prefix, claims[b].prefix);
                   });
  for (const std::size_t place : order) {
    const AddressClaim& claim = claims[place];
    if (nodes_.empty() || nodes_.back().prefix != claim.prefix) {
      AddNode(claim.prefix);
    }
    Best& best = nodes_.back().best[claim.allows ? 1 : 0];
    const bool is_inherited =
        best.claim == kNone || claims[best.claim].prefix != claim.prefix;
    if (is_inherited ? claim.until >= best.until : claim.until > best.until) {
      best = {place, claim.until};
    }
  }
}

void AddressClaims::AddNode(const Prefix& prefix) {
  // What holds it is the node before or holds that one as well.
  std::size_t parent = nodes_.empty() ? kNone : nodes_.size() - 1;
  while (parent != kNone && !HoldsAll(nodes_[parent].prefix, prefix)) {
    parent = nodes_[parent].parent;
  }
  Node node{.prefix = prefix, .parent = parent, .best = {}};
  if (parent != kNone) node.best = nodes_[parent].best;
  nodes_.push_back(node);
}

std::size_t AddressClaims::NodeOver(const Prefix& prefix) const {
  const auto behind = std::upper_bound(nodes_.begin(), nodes_.end(), prefix,
                                       [](const Prefix& p, const Node& node) {
                                         return IsBefore(p, node.prefix);
                                       });
  if (behind == nodes_.begin()) return kNone;
  auto node = static_cast<std::size_t>(behind - nodes_.begin()) - 1;
  while (node != kNone && !HoldsAll(nodes_[node].prefix, prefix)) {
    node = nodes_[node].parent;
  }
  return node;
}

std::optional<std::size_t> AddressClaims::Find(std::size_t node, bool allows,
                                               absl::Time until) const {
  if (node == kNone) return std::nullopt;
  const Best& best = nodes_[node].best[allows ? 1 : 0];
  if (best.claim == kNone || best.until < until) return std::nullopt;
  return best.claim;
}

std::optional<std::size_t> AddressClaims::Over(const Prefix& prefix,
                                               bool allows,
                                               absl::Time until) const {
  return Find(NodeOver(prefix), allows, until);
}

std::optional<std::size_t> AddressClaims::Around(const Prefix& prefix,
                                                 bool allows,
                                                 absl::Time until) const {
  std::size_t node = NodeOver(prefix);
  if (node != kNone && nodes_[node].prefix == prefix) {
    node = nodes_[node].parent;
  }
  return Find(node, allows, until);
}

}  // namespace fwagent::policy
