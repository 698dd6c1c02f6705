#include "tests/support/reference_filter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tests/support/reference_failsafe.h"
#include "tests/support/reference_prefix.h"

namespace fwagent::testing {
namespace {

using policy::Family;
using policy::SourceRule;
using policy::SourceVerdict;
using std::chrono::nanoseconds;

constexpr std::uint16_t kIPv4Type = 0x0800;
constexpr std::uint16_t kIPv6Type = 0x86dd;
constexpr int kMaxTags = 16;

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kDccp = 33;
constexpr std::uint8_t kSctp = 132;
constexpr std::uint8_t kUdpLite = 136;

constexpr nanoseconds kFragmentLife = std::chrono::seconds(2);

bool IsTag(std::uint16_t type) { return type == 0x8100 || type == 0x88a8; }

}  // namespace

void ReferenceFilter::SetRules(ReferenceRules rules) {
  rules_ = std::move(rules);
  Sort(rules_.ordered.rules);
  limits_.SetRules(rules_.ordered.rules);
}

Judgement ReferenceFilter::Judge(const Bytes& frame, nanoseconds now) {
  return CarryOut(JudgeFrame(frame, {.now = now, .limits = &limits_}));
}

Judgement ReferenceFilter::JudgeWithoutLimits(const Bytes& frame,
                                              nanoseconds now) {
  return CarryOut(JudgeFrame(frame, {.now = now}));
}

// Where the policy is only tried, nothing is.
Judgement ReferenceFilter::CarryOut(Judgement judgement) const {
  if (options_.is_shadow && judgement.verdict != FW_VERDICT_PASS) {
    judgement.verdict = FW_VERDICT_SHADOWED;
  }
  return judgement;
}

Judgement ReferenceFilter::JudgeFrame(const Bytes& frame, Around around) {
  const ByteReader bytes(frame);
  std::size_t at = 12;
  std::optional<std::uint16_t> type = bytes.U16(at);
  for (int tags = 0; type && IsTag(*type); ++tags) {
    if (tags == kMaxTags) {
      return JudgeMalformed(FW_REASON_TOO_DEEP, HasAnyRule());
    }
    at += 4;
    type = bytes.U16(at);
  }
  if (!type) return JudgeMalformed(FW_REASON_MALFORMED_IP, HasAnyRule());
  if (*type != kIPv4Type && *type != kIPv6Type) {
    return Passed(FW_REASON_NOT_IP);
  }
  if (at != 12) around.vlan = *bytes.U16(14) & 0xfffu;
  const Family family = *type == kIPv4Type ? Family::kIPv4 : Family::kIPv6;
  return JudgeIp(bytes.From(at + 2), family, around);
}

Judgement ReferenceFilter::JudgeIp(const ByteReader& ip, Family family,
                                   Around around) {
  const bool is_ipv4 = family == Family::kIPv4;
  const auto datagram = is_ipv4 ? ReadIPv4(ip) : ReadIPv6(ip);
  if (!datagram) {
    return JudgeMalformed(FW_REASON_MALFORMED_IP, HasOrdered() ||
                                                      HasSourcesOf(family) ||
                                                      AsksForAnyPort());
  }
  around.length = is_ipv4 ? *ip.U16(2) : *ip.U16(4) + 40u;
  // A jumbogram, of which the header does not say how long it is.
  if (!is_ipv4 && *ip.U16(4) == 0 && *ip.U8(6) == 0) around.length = 65535;
  around.length = std::min(around.length, 65535u);
  const Judgement judgement = JudgeDatagram(*datagram, around);
  const bool is_saved = judgement.verdict != FW_VERDICT_PASS &&
                        IsFailsafe(options_.failsafe, *datagram);
  return is_saved ? Passed(FW_REASON_FAILSAFE) : judgement;
}

Judgement ReferenceFilter::JudgeDatagram(const Datagram& datagram,
                                         const Around& around) {
  if (options_.essentials.neighbor_discovery && IsNeighborDiscovery(datagram)) {
    return Passed(FW_REASON_NEIGHBOR_DISCOVERY);
  }
  if (SourceIs(SourceVerdict::kAllow, datagram.source)) {
    return Passed(FW_REASON_SOURCE_ALLOWED);
  }
  if (SourceIs(SourceVerdict::kBlock, datagram.source)) {
    return Dropped(FW_REASON_SOURCE_BLOCKED);
  }
  return JudgeBehindAddresses(datagram, around);
}

Judgement ReferenceFilter::JudgeBehindAddresses(const Datagram& datagram,
                                                const Around& around) {
  const Transport transport = ReadTransport(datagram);
  const RuleAnswer answer = JudgeByRules(rules_.ordered,
                                         {.datagram = &datagram,
                                          .transport = &transport,
                                          .length = around.length,
                                          .vlan = around.vlan,
                                          .interface = rules_.interface,
                                          .now = around.now},
                                         options_.tick, around.limits);
  if (transport.kind == Transport::Kind::kLaterFragment) {
    if (answer.kind == RuleAnswer::Kind::kDecided) return answer.judgement;
    // RFC 3128: such a fragment can rewrite the flags of the first one.
    if (datagram.family == Family::kIPv4 && transport.protocol == kTcp &&
        transport.fragment->offset == 1) {
      return JudgeMalformed(
          FW_REASON_MALFORMED_TRANSPORT,
          answer.kind == RuleAnswer::Kind::kUndecided || AsksForPortsOf(kTcp));
    }
    return JudgeLaterFragment(*transport.fragment, around.now);
  }
  const Judgement judgement = JudgeOne(datagram, transport, answer);
  if (transport.fragment && transport.fragment->IsFirst()) {
    RememberFirstFragment(*transport.fragment,
                          judgement.verdict == FW_VERDICT_REJECT
                              ? FW_VERDICT_DROP
                              : judgement.verdict,
                          around.now);
  }
  return judgement;
}

Judgement ReferenceFilter::JudgeOne(const Datagram& datagram,
                                    const Transport& transport,
                                    const RuleAnswer& answer) const {
  switch (answer.kind) {
    case RuleAnswer::Kind::kDecided:
      return answer.judgement;
    case RuleAnswer::Kind::kUndecided:
      return JudgeMalformed(transport.kind == Transport::Kind::kTooDeep
                                ? FW_REASON_TOO_DEEP
                                : FW_REASON_MALFORMED_TRANSPORT,
                            true);
    case RuleAnswer::Kind::kSilent:
      break;
  }
  return JudgeTransport(datagram.family, transport);
}

Judgement ReferenceFilter::JudgeTransport(Family family,
                                          const Transport& transport) const {
  if (transport.kind == Transport::Kind::kTooDeep) {
    return JudgeMalformed(FW_REASON_TOO_DEEP, AsksForAnyPort());
  }
  if (transport.kind == Transport::Kind::kCut) {
    return JudgeMalformed(FW_REASON_MALFORMED_TRANSPORT, AsksForAnyPort());
  }
  if (!HasPorts(transport.protocol)) return JudgeByDefault(family, transport);
  const auto port = transport.payload.U16(2);
  if (!port) {
    return JudgeMalformed(FW_REASON_MALFORMED_TRANSPORT,
                          AsksForPortsOf(transport.protocol));
  }
  if (BlocksPort(transport.protocol, *port)) {
    return Dropped(FW_REASON_PORT_BLOCKED);
  }
  return JudgeByDefault(family, transport);
}

Judgement ReferenceFilter::JudgeByDefault(Family family,
                                          const Transport& transport) const {
  if (!options_.drops_by_default) return Passed(FW_REASON_NO_MATCH);
  return IsEssential(options_.essentials, family, transport)
             ? Passed(FW_REASON_ESSENTIAL)
             : Dropped(FW_REASON_DEFAULT);
}

Judgement ReferenceFilter::JudgeMalformed(fw_reason reason,
                                          bool is_needed) const {
  switch (options_.malformed) {
    case Malformed::kDrop:
      return Dropped(reason);
    case Malformed::kPass:
      if (reason == FW_REASON_MALFORMED_IP) return Passed(reason);
      break;
    case Malformed::kAuto:
      break;
  }
  return is_needed ? Dropped(reason) : Passed(reason);
}

Judgement ReferenceFilter::JudgeLaterFragment(const FragmentOf& fragment,
                                              nanoseconds now) const {
  if (!options_.follows_fragments || (!HasOrdered() && !AsksForAnyPort())) {
    return Passed(FW_REASON_FRAGMENT);
  }
  const auto first = first_fragments_.find(fragment.key);
  if (first == first_fragments_.end() ||
      now - first->second.when >= kFragmentLife) {
    const bool drops =
        options_.drops_undecided_fragments || options_.drops_by_default;
    return drops ? Dropped(FW_REASON_FRAGMENT) : Passed(FW_REASON_FRAGMENT);
  }
  return {first->second.verdict, FW_REASON_FRAGMENT};
}

// That the memory has an end is not told here: who asks about more datagrams
// than it holds, asks too much of a plain reference.
void ReferenceFilter::RememberFirstFragment(const FragmentOf& fragment,
                                            fw_verdict verdict,
                                            nanoseconds now) {
  if (!options_.follows_fragments || (!HasOrdered() && !AsksForAnyPort())) {
    return;
  }
  first_fragments_[fragment.key] = {.verdict = verdict, .when = now};
}

bool ReferenceFilter::HasAnyRule() const {
  return HasOrdered() || AsksForAnyPort() || HasSourcesOf(Family::kIPv4) ||
         HasSourcesOf(Family::kIPv6);
}

bool ReferenceFilter::HasPorts(std::uint8_t ip_protocol) const {
  switch (ip_protocol) {
    case kTcp:
    case kUdp:
    case kSctp:
      return true;
    case kUdpLite:
    case kDccp:
      return options_.knows_udp_lite_and_dccp;
    default:
      return false;
  }
}

bool ReferenceFilter::SourceIs(SourceVerdict verdict,
                               const Bytes& source) const {
  return std::any_of(
      rules_.sources.begin(), rules_.sources.end(),
      [&](const SourceRule& rule) {
        const bool is_behind_an_allow = verdict == SourceVerdict::kBlock &&
                                        options_.tick < rule.block_until;
        const bool is_so =
            rule.verdict == verdict && options_.tick < rule.until;
        return (is_so || is_behind_an_allow) && Holds(rule.prefix, source);
      });
}

bool ReferenceFilter::HasSourcesOf(Family family) const {
  return std::any_of(
      rules_.sources.begin(), rules_.sources.end(),
      [&](const SourceRule& rule) { return rule.prefix.family() == family; });
}

bool ReferenceFilter::AsksForPortsOf(std::uint8_t ip_protocol) const {
  if (options_.drops_by_default) return true;
  return std::any_of(rules_.ports.begin(), rules_.ports.end(),
                     [&](const ReferenceRules::Ports& ports) {
                       return ports.ip_protocol == ip_protocol;
                     });
}

bool ReferenceFilter::BlocksPort(std::uint8_t ip_protocol,
                                 std::uint16_t port) const {
  return std::any_of(rules_.ports.begin(), rules_.ports.end(),
                     [&](const ReferenceRules::Ports& ports) {
                       return ports.ip_protocol == ip_protocol &&
                              ports.first <= port && port <= ports.last &&
                              options_.tick < ports.until;
                     });
}

}  // namespace fwagent::testing
