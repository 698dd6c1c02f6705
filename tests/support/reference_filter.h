// What docs/packets.md says, told in the plainest way: shares nothing with the
// program in bpf/ but the numbers of verdicts and reasons.
#ifndef FWAGENT_TESTS_SUPPORT_REFERENCE_FILTER_H_
#define FWAGENT_TESTS_SUPPORT_REFERENCE_FILTER_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "agent/policy/ordered_rules.h"
#include "agent/policy/source_rule.h"
#include "tests/support/judgement.h"
#include "tests/support/packet.h"
#include "tests/support/reference_datagram.h"
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
  // In their order; their ids are their places, from 1 on.
  std::vector<policy::OrderedRule> ordered = {};
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
    // The present tick. What has ended says nothing, but what cannot be read
    // may be needed for it.
    policy::Deadline tick = 1;
  };

  // Without rules.
  explicit ReferenceFilter(const Options& options) : options_(options) {}

  // In the place of those that were there; what is known of fragments stays.
  void SetRules(ReferenceRules rules) { rules_ = std::move(rules); }

  // `now`, on any clock that does not go back, matters only to fragments.
  // Judging a later fragment changes nothing.
  Judgement Judge(const Bytes& frame, std::chrono::nanoseconds now = {});

 private:
  // What is known from below the datagram.
  struct Below {
    std::uint32_t length = 0;
    std::optional<std::uint32_t> vlan = {};
  };
  Judgement JudgeDatagram(const Datagram& datagram, const Below& below,
                          std::chrono::nanoseconds now);
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
  bool HasOrdered() const { return !rules_.ordered.empty(); }
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
  std::map<FragmentOf::Key, FirstFragment> first_fragments_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_REFERENCE_FILTER_H_
