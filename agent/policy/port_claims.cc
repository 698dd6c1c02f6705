#include "agent/policy/port_claims.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

namespace fwagent::policy {
namespace {

// Of the claims so far, the one that reaches furthest among those that begin at
// a port or before it: a Fenwick tree, by first port, of the greatest last
// ones.
class Reach {
 public:
  struct Furthest {
    std::uint32_t last = 0;  // port; 0: no claim
    std::size_t claim = 0;
  };

  void Add(const PortRange& range, std::size_t claim) {
    tree_.resize(kPorts);
    for (std::size_t i = range.first(); i < tree_.size(); i += LowestBit(i)) {
      if (range.last() > tree_[i].last) tree_[i] = {range.last(), claim};
    }
  }

  Furthest From(std::uint16_t first) const {
    Furthest furthest;
    if (tree_.empty()) return furthest;
    for (std::size_t i = first; i > 0; i -= LowestBit(i)) {
      if (tree_[i].last > furthest.last) furthest = tree_[i];
    }
    return furthest;
  }

 private:
  static constexpr std::size_t kPorts = 65536;

  static std::size_t LowestBit(std::size_t i) { return i & (~i + 1); }

  std::vector<Furthest> tree_;  // of a protocol that is not there, empty
};

int WidthOf(const PortRange& range) { return range.last() - range.first(); }

}  // namespace

std::vector<std::optional<std::size_t>> FindWider(
    const std::vector<PortClaim>& claims) {
  std::vector<std::size_t> order(claims.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // So whatever holds a claim is looked at before it.
  std::stable_sort(order.begin(), order.end(),
                   [&claims](std::size_t a, std::size_t b) {
                     const PortClaim& one = claims[a];
                     const PortClaim& two = claims[b];
                     if (one.until != two.until) return one.until > two.until;
                     return WidthOf(one.range) > WidthOf(two.range);
                   });
  std::vector<std::optional<std::size_t>> wider(claims.size());
  std::array<Reach, kProtocols.size()> reaches;
  for (const std::size_t place : order) {
    const PortRange& range = claims[place].range;
    Reach& reach = reaches[static_cast<std::size_t>(range.protocol())];
    const Reach::Furthest furthest = reach.From(range.first());
    if (furthest.last >= range.last() &&
        claims[furthest.claim].range != range) {
      wider[place] = furthest.claim;
    }
    reach.Add(range, place);
  }
  return wider;
}

}  // namespace fwagent::policy
