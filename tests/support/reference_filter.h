// What docs/packets.md says, told in the plainest way: shares nothing with the
// program in bpf/ but the numbers of verdicts and reasons.
#ifndef FWAGENT_TESTS_SUPPORT_REFERENCE_FILTER_H_
#define FWAGENT_TESTS_SUPPORT_REFERENCE_FILTER_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/policy/failsafe.h"
#include "agent/policy/ordered_rules.h"
#include "agent/policy/source_rule.h"
#include "tests/support/judgement.h"
#include "tests/support/packet.h"
#include "tests/support/reference_datagram.h"
#include "tests/support/reference_essential.h"
#include "tests/support/reference_limits.h"
#include "tests/support/reference_rules.h"

namespace fwagent::testing {

struct ReferenceRules {
  std::vector<policy::SourceRule> sources = {};
  // Blocked destination ports, both ends included.
  struct Ports {
    std::uint8_t ip_protocol;
    std::uint16_t first;
    std::uint16_t last;
    policy::Deadline until = policy::kForever;
    bool operator==(const Ports&) const = default;
  };
  std::vector<Ports> ports = {};
  // Of the rules, the older ones first, which have the lower ids.
  policy::OrderedRules ordered = {};
  // The name of the interface that packets come in by.
  std::string interface = "eth0";
};

// Judges the packets of one interface.
class ReferenceFilter {
 public:
  enum class Malformed { kAuto, kPass, kDrop };
  struct Options {
    Malformed malformed = Malformed::kAuto;
    // Whether UDP-Lite and DCCP have ports.
    bool knows_udp_lite_and_dccp = false;
    // Whether later fragments follow the first one; else all of them pass.
    bool follows_fragments = false;
    bool drops_undecided_fragments = false;
    // What no rule says anything of.
    bool drops_by_default = false;
    // And what of that passes.
    Essentials essentials = {};
    // Nothing is dropped, only counted.
    bool is_shadow = false;
    std::vector<policy::FailsafeEntry> failsafe = {};
    // The present tick. What has ended says nothing, but what cannot be read
    // may be needed for it.
    policy::Deadline tick = 1;
  };

  // Without rules.
  explicit ReferenceFilter(const Options& options) : options_(options) {}

  // In the place of those that were there; what is known of fragments stays,
  // and so does what rules that are still there keep of packets.
  void SetRules(ReferenceRules rules);

  // `now`, on any clock that does not go back, matters only to fragments and
  // limits.
  Judgement Judge(const Bytes& frame, std::chrono::nanoseconds now = {});
  // The same as if no limit were exceeded. With a later fragment this changes
  // nothing.
  Judgement JudgeWithoutLimits(const Bytes& frame,
                               std::chrono::nanoseconds now);

  ReferenceLimits& limits() { return limits_; }
  const ReferenceLimits& limits() const { return limits_; }

 private:
  // What is known besides the datagram.
  struct Around {
    std::uint32_t length = 0;
    std::optional<std::uint32_t> vlan = {};
    std::chrono::nanoseconds now = {};
    ReferenceLimits* limits = nullptr;
  };
  Judgement CarryOut(Judgement judgement) const;
  Judgement JudgeFrame(const Bytes& frame, Around around);
  Judgement JudgeIp(const ByteReader& ip, policy::Family family, Around around);
  Judgement JudgeDatagram(const Datagram& datagram, const Around& around);
  Judgement JudgeBehindAddresses(const Datagram& datagram,
                                 const Around& around);
  // By ordered rules, then by ports.
  Judgement JudgeOne(const Datagram& datagram, const Transport& transport,
                     const RuleAnswer& answer) const;
  Judgement JudgeTransport(policy::Family family,
                           const Transport& transport) const;
  Judgement JudgeByDefault(policy::Family family,
                           const Transport& transport) const;
  Judgement JudgeMalformed(fw_reason reason, bool is_needed) const;

  Judgement JudgeLaterFragment(const FragmentOf& fragment,
                               std::chrono::nanoseconds now) const;
  void RememberFirstFragment(const FragmentOf& fragment, fw_verdict verdict,
                             std::chrono::nanoseconds now);

  bool HasPorts(std::uint8_t ip_protocol) const;
  bool SourceIs(policy::SourceVerdict verdict, const Bytes& source) const;
  bool HasSourcesOf(policy::Family family) const;
  bool HasAnyRule() const;
  bool HasOrdered() const { return !rules_.ordered.rules.empty(); }
  // Whether it matters what the port of a packet is.
  bool AsksForAnyPort() const {
    return options_.drops_by_default || !rules_.ports.empty();
  }
  bool AsksForPortsOf(std::uint8_t ip_protocol) const;
  bool BlocksPort(std::uint8_t ip_protocol, std::uint16_t port) const;

  // What became of the first fragment of a datagram, and when it came.
  struct FirstFragment {
    fw_verdict verdict;
    std::chrono::nanoseconds when;
  };

  Options options_;
  ReferenceRules rules_;
  ReferenceLimits limits_;
  std::map<FragmentOf::Key, FirstFragment> first_fragments_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_REFERENCE_FILTER_H_
