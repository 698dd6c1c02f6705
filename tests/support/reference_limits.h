// What docs/rules.md says of limits, and of counting, told in the plainest way:
// how much of each burst was used.
#ifndef FWAGENT_TESTS_SUPPORT_REFERENCE_LIMITS_H_
#define FWAGENT_TESTS_SUPPORT_REFERENCE_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "agent/policy/ordered_rules.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

// What rules keep of the packets that they were asked about.
class ReferenceLimits {
 public:
  struct Hits {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;  // of IP packets
    bool operator==(const Hits&) const = default;
  };
  // How many packets the program under test says a rule counted. Asked only
  // where it depends on the moment whether a packet was within its limit.
  using Witness = std::function<std::uint64_t(policy::RuleId)>;

  void SetWitness(Witness witness) { witness_ = std::move(witness); }

  // These are the rules now; what was kept of others is gone, and what they
  // had does not pass on to later ones.
  void SetRules(const std::vector<policy::OrderedRule>& rules);
  // Full buckets for all sources and networks.
  void ForgetSources();
  std::size_t source_bucket_count() const { return of_sources_.size(); }

  // Whether a packet that matches this rule, whose action is a limit, comes too
  // fast. One that does not takes of the bucket.
  bool Exceeds(const policy::OrderedRule& rule, const Bytes& source,
               std::uint32_t length, std::chrono::nanoseconds now);

  void Count(policy::RuleId rule, std::uint32_t length);
  // In order of id; those that counted nothing too.
  const std::map<policy::RuleId, Hits>& hits() const { return hits_; }

 private:
  struct Bucket {
    double taken = 0;  // packets or bytes, without what came back meanwhile
    std::chrono::nanoseconds since = {};
    // Longer than any test lasts.
    bool is_blocked = false;
  };
  Bucket& BucketOf(const policy::OrderedRule& rule, const Bytes& source);
  bool IsTooMuch(const policy::OrderedRule& rule, const Bucket& bucket,
                 double cost, std::chrono::nanoseconds now) const;

  Witness witness_;
  std::map<policy::RuleId, Hits> hits_;
  std::map<policy::RuleId, Bucket> of_rules_;
  // By rule, and the address of the source or network.
  std::map<std::pair<policy::RuleId, Bytes>, Bucket> of_sources_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_REFERENCE_LIMITS_H_
