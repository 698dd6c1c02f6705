// Whether one ordered rule asks for all that another one asks for.
#ifndef FWAGENT_AGENT_POLICY_MATCH_COVER_H_
#define FWAGENT_AGENT_POLICY_MATCH_COVER_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

#include "absl/numeric/int128.h"
#include "agent/policy/packet_match.h"
#include "agent/policy/spans.h"

namespace fwagent::policy {

// Between which values each condition of a rule accepts something: enough to
// tell most rules apart, in one cache line.
struct alignas(64) MatchOutline {
  static constexpr std::size_t kNumbers = 7;
  static constexpr std::size_t kSides = 2;

  // Of addresses the leading bits, those of IPv4 before those of IPv6.
  std::array<std::uint64_t, kSides> lowest_address;
  std::array<std::uint64_t, kSides> highest_address;
  std::array<std::uint16_t, kNumbers> lowest;
  std::array<std::uint16_t, kNumbers> highest;
  std::uint16_t fields = 0;  // a bit for each condition that there is
};

// False only when `outer` certainly does not cover `inner`.
bool MayCover(const MatchOutline& outer, const MatchOutline& inner);

// A rule's conditions, laid out for being compared with those of many others.
class MatchShape {
 public:
  explicit MatchShape(const PacketMatch& match);

  // Whether every packet that `inner` matches is matched by this as well,
  // whatever is in the sets that they name. False also when it cannot be told.
  // A packet some parts of which cannot be read may match by its other parts;
  // that holds of those too.
  bool Covers(const MatchShape& inner) const;

  const MatchOutline& outline() const { return outline_; }
  // About how many comparisons it takes to say whether something covers it.
  std::size_t effort() const;

 private:
  struct Addresses {
    Spans<std::uint32_t> v4;
    Spans<absl::uint128> v6;
  };
  using Numbers = std::array<Spans<std::uint32_t>, MatchOutline::kNumbers>;

  static Addresses AddressesOf(const AddressCondition& condition);
  static bool AreWithin(const Addresses& inner, const Addresses& outer);

  void AddField(std::size_t field);
  void AddNumbers(std::size_t which, const ValueSet& values,
                  std::uint32_t largest);
  void AddSide(std::size_t which, const AddressCondition& condition);
  void AddRest();
  bool NumbersCover(const MatchShape& inner) const;
  bool SidesCover(const MatchShape& inner) const;
  bool Has(std::size_t field) const { return outline_.fields >> field & 1; }

  MatchOutline outline_;
  PacketMatch match_;
  Numbers numbers_;
  std::array<Addresses, MatchOutline::kSides> sides_;
  std::bitset<256> flags_;
};

// Whether every packet that `inner` matches is matched by `outer` as well.
bool Covers(const PacketMatch& outer, const PacketMatch& inner);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_MATCH_COVER_H_
