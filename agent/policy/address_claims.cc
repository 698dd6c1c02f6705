#include "agent/policy/address_claims.h"

#include <algorithm>
#include <utility>

namespace fwagent::policy {
namespace {

// A prefix comes before those that lie in it.
bool IsBefore(const Prefix& a, const Prefix& b) {
  if (a.family() != b.family()) return a.family() < b.family();
  if (a.address() != b.address()) return a.address() < b.address();
  return a.length() < b.length();
}

bool HoldsAll(const Prefix& outer, const Prefix& inner) {
  return outer.family() == inner.family() && outer.length() <= inner.length() &&
         inner.Shortened(outer.length()) == outer;
}

}  // namespace

AddressClaims::AddressClaims(const std::vector<AddressClaim>& claims)
    : node_of_(claims.size()) {
  // With copies of the prefixes: to look each of them up takes longer.
  std::vector<std::pair<Prefix, std::size_t>> order;
  order.reserve(claims.size());
  for (const AddressClaim& claim : claims) {
    order.emplace_back(claim.prefix, order.size());
  }
  std::stable_sort(
      order.begin(), order.end(),
      [](const auto& a, const auto& b) { return IsBefore(a.first, b.first); });
  for (const auto& [prefix, place] : order) {
    if (nodes_.empty() || nodes_.back().prefix != prefix) AddNode(prefix);
    node_of_[place] = nodes_.size() - 1;
    const AddressClaim& claim = claims[place];
    Best& best = nodes_.back().best[claim.allows ? 1 : 0];
    const bool is_inherited =
        best.claim == kNone || claims[best.claim].prefix != prefix;
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

std::optional<std::size_t> AddressClaims::Around(std::size_t claim, bool allows,
                                                 absl::Time until) const {
  return Find(nodes_[node_of_[claim]].parent, allows, until);
}

}  // namespace fwagent::policy
