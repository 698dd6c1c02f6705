// A rule: one match, and what is known of it.
#ifndef FWAGENT_AGENT_POLICY_RULE_H_
#define FWAGENT_AGENT_POLICY_RULE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/policy/deadline.h"
#include "agent/policy/packet_match.h"
#include "agent/policy/port_range.h"
#include "agent/policy/prefix.h"

namespace fwagent::policy {

// Never given twice while the store lives, from 1 on; 0 is no rule.
using RuleId = std::uint64_t;

// What a rule is about: source addresses, destination ports, or, of an ordered
// rule, whatever it asks of a packet.
using Match = std::variant<Prefix, PortRange, PacketMatch>;

// For absl's containers: Debian's Abseil does not hash std::variant.
struct MatchHash {
  std::size_t operator()(const Match& match) const {
    return std::visit([](const auto& one) { return absl::HashOf(one); }, match);
  }
};

// "source 192.0.2.0/24", "port 443/tcp", "order 10: from 192.0.2.0/24".
std::string MatchToString(const Match& match);

// Sources are blocked or allowed, ports blocked. The other actions are those of
// ordered rules.
enum class Action : std::uint8_t {
  kBlock = 1,
  kAllow = 2,
  kDrop = 3,
  kPass = 4,
  kReject = 5,  // drop, and answer that it was
  kLimit = 6,   // drop what comes too fast
};

// "block", "allow", "drop", "pass", "reject", "limit".
const char* ActionName(Action action);
inline constexpr std::array<Action, 6> kActions = {
    Action::kBlock, Action::kAllow,  Action::kDrop,
    Action::kPass,  Action::kReject, Action::kLimit};

// Whether there are rules with this match and this action.
bool GoTogether(const Match& match, Action action);

// Who holds the rules of a host's shell, and those that were made before rules
// had owners or that are read back from the kernel.
inline constexpr char kDefaultOwner[] = "cli";

// What makes a rule this one and no other: several owners can say the same.
struct RuleKey {
  Match match = Prefix();
  Action action = Action::kBlock;
  std::string owner = kDefaultOwner;

  bool operator==(const RuleKey&) const = default;
};

// For absl's containers.
struct RuleKeyHash {
  std::size_t operator()(const RuleKey& key) const {
    return absl::HashOf(MatchHash()(key.match), key.action, key.owner);
  }
};

struct Rule {
  RuleId id = 0;
  Match match = Prefix();
  Action action = Action::kBlock;
  std::string owner = kDefaultOwner;
  std::string comment;
  absl::Time create_time;  // wall clock, whole microseconds
  Deadline until = kForever;
  // `until` on the wall clock as it was when this was written, in whole
  // microseconds; of a rule that ends.
  absl::Time expire_time = absl::InfiniteFuture();

  bool operator==(const Rule&) const = default;
};

inline RuleKey KeyOf(const Rule& rule) {
  return {rule.match, rule.action, rule.owner};
}
// Whether two rules say the same, perhaps for different owners.
inline bool SayTheSame(const Rule& a, const Rule& b) {
  return a.match == b.match && a.action == b.action;
}

inline bool Ends(const Rule& rule) { return rule.until != kForever; }
inline bool HasEnded(const Rule& rule, Deadline now) {
  return rule.until <= now;
}

inline constexpr std::size_t kMaxOwnerBytes = 64;

// INVALID_ARGUMENT unless it is 1 to 64 letters, digits, dots, dashes,
// underscores, colons, slashes and at signs, the first one a letter or a digit.
absl::Status ValidateOwner(std::string_view owner);

inline constexpr std::size_t kMaxCommentBytes = 256;

// INVALID_ARGUMENT for a comment that is too long, not UTF-8, or has control
// characters in it.
absl::Status ValidateComment(std::string_view comment);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_RULE_H_
