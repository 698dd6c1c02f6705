// What an ordered rule asks of a packet.
#ifndef FWAGENT_AGENT_POLICY_PACKET_MATCH_H_
#define FWAGENT_AGENT_POLICY_PACKET_MATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/policy/prefix.h"
#include "agent/policy/value_set.h"

namespace fwagent::policy {

// Addresses inside one of these prefixes, or of the entries of these sets; or,
// negated, inside none of them. Prefixes and names are in order, each once.
struct AddressCondition {
  std::vector<Prefix> prefixes;
  std::vector<std::string> sets;
  bool negated = false;

  bool operator==(const AddressCondition&) const = default;
  bool empty() const { return prefixes.empty() && sets.empty(); }
};

// Of the flags in `mask` those in `value` are set and no other; one of several
// such pairs, or, negated, none of them.
struct FlagsCondition {
  struct Pair {
    std::uint8_t value = 0;
    std::uint8_t mask = 0;

    auto operator<=>(const Pair&) const = default;
  };
  std::vector<Pair> pairs;
  bool negated = false;

  bool operator==(const FlagsCondition&) const = default;
  bool empty() const { return pairs.empty(); }
  bool Accepts(std::uint8_t flags) const;
};

// Names of interfaces, or patterns of names.
struct NamesCondition {
  std::vector<std::string> names;
  bool negated = false;

  bool operator==(const NamesCondition&) const = default;
  bool empty() const { return names.empty(); }
  bool Accepts(absl::string_view name) const;
};

// How fast packets may come that match. What the kernel's side can hold bounds
// the amounts.
struct RateLimit {
  static constexpr std::uint64_t kMostPackets = 100'000'000;      // a second
  static constexpr std::uint64_t kMostBytes = 1'000'000'000'000;  // likewise
  static constexpr std::uint64_t kLeastBytes = 64;                // likewise
  static constexpr std::uint64_t kLeastBurstBytes = 1'500;
  static constexpr std::uint64_t kLongestBurst = 30 * 86'400;  // seconds

  enum class Scope : std::uint8_t {
    kRule,     // all of them together
    kSource,   // those of each source address
    kNetwork,  // those of each /24, or /64
  };
  std::uint64_t amount = 0;   // of packets or bytes
  std::uint32_t seconds = 1;  // in so many
  bool of_bytes = false;
  std::uint64_t burst = 0;  // so much may come at once
  Scope scope = Scope::kRule;
  // A source that comes too fast is blocked so long; 0: only what is too much.
  std::uint32_t block_seconds = 0;

  bool operator==(const RateLimit&) const = default;
};

// All conditions must hold. A condition on something that a packet does not
// have, such as the ports of ICMP, does not hold, negated or not.
struct PacketConditions {
  AddressCondition source;
  AddressCondition destination;
  ValueSet protocols;  // of IP
  ValueSet source_ports;
  ValueSet destination_ports;
  ValueSet icmp;  // type << 8 | code
  ValueSet icmpv6;
  FlagsCondition tcp_flags;
  ValueSet vlans;
  ValueSet lengths;  // of the IP packet, in bytes
  NamesCondition interfaces;

  bool operator==(const PacketConditions&) const = default;
};

// The place of a rule where none was asked for.
inline constexpr std::uint32_t kDefaultOrder = 1000;
inline constexpr std::uint32_t kMaxOrder = 1'000'000'000;

// Cheap to copy. Equal when they mean the same and were said alike.
class PacketMatch {
 public:
  // From words such as "from 10.0.0.0/8,@office to any proto tcp dport
  // 22,80-90 flags S/SA": docs/rules.md has all of them. INVALID_ARGUMENT says
  // which word is wrong, and what would be right.
  static absl::StatusOr<PacketMatch> Parse(absl::string_view text,
                                           std::uint32_t order);

  // Rules are judged in this order; of equal ones, the older first.
  std::uint32_t order() const { return order_; }
  const PacketConditions& conditions() const { return content_->conditions; }
  const std::optional<RateLimit>& limit() const { return content_->limit; }
  // Judged and counted, but not carried out.
  bool shadow() const { return content_->shadow; }
  // The same in canonical words, which Parse reads; "any" when it asks nothing.
  const std::string& text() const { return content_->text; }
  // "order 1000: from 10.0.0.0/8".
  std::string ToString() const;

  bool operator==(const PacketMatch& other) const {
    return order_ == other.order_ && text() == other.text();
  }

  template <typename H>
  friend H AbslHashValue(H h, const PacketMatch& match) {
    return H::combine(std::move(h), match.order_, match.text());
  }

 private:
  friend class PacketMatchReader;

  struct Content {
    PacketConditions conditions;
    std::optional<RateLimit> limit;
    bool shadow = false;
    std::string text;
  };

  PacketMatch(std::uint32_t order, std::shared_ptr<const Content> content)
      : order_(order), content_(std::move(content)) {}

  std::uint32_t order_;
  std::shared_ptr<const Content> content_;
};

inline constexpr std::size_t kMaxMatchBytes = 4096;

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_PACKET_MATCH_H_
