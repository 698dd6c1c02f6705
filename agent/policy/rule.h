// A rule: one match, and what is known of it.
#ifndef FWAGENT_AGENT_POLICY_RULE_H_
#define FWAGENT_AGENT_POLICY_RULE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/policy/deadline.h"
#include "agent/policy/port_range.h"
#include "agent/policy/prefix.h"

namespace fwagent::policy {

// Never given twice while the store lives, from 1 on; 0 is no rule.
using RuleId = std::uint64_t;

// What a rule blocks: source addresses, or destination ports.
using Match = std::variant<Prefix, PortRange>;

// For absl's containers: Debian's Abseil does not hash std::variant.
struct MatchHash {
  std::size_t operator()(const Match& match) const {
    return std::visit([](const auto& one) { return absl::HashOf(one); }, match);
  }
};

// "source 192.0.2.0/24", "port 443/tcp".
std::string MatchToString(const Match& match);

struct Rule {
  RuleId id = 0;
  Match match = Prefix();
  std::string comment;
  absl::Time create_time;  // wall clock, whole microseconds
  Deadline until = kForever;
  // `until` on the wall clock as it was when this was written, in whole
  // microseconds; of a rule that ends.
  absl::Time expire_time = absl::InfiniteFuture();

  bool operator==(const Rule&) const = default;
};

inline bool Ends(const Rule& rule) { return rule.until != kForever; }
inline bool HasEnded(const Rule& rule, Deadline now) {
  return rule.until <= now;
}

inline constexpr std::size_t kMaxCommentBytes = 256;

// INVALID_ARGUMENT for a comment that is too long, not UTF-8, or has control
// characters in it.
absl::Status ValidateComment(std::string_view comment);

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_RULE_H_
