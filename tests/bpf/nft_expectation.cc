#include "tests/bpf/nft_expectation.h"

#include <algorithm>

namespace fwagent::testing {
namespace {

using End = FrameOutline::End;
using Verdict = Expectation::Verdict;
using policy::Family;

constexpr std::chrono::seconds kFragmentLife(2);
// The filter may read a coarser clock.
constexpr std::chrono::milliseconds kClockSlack(50);

bool HasSourcesOf(const ReferenceRules& rules, Family family) {
  return std::any_of(
      rules.sources.begin(), rules.sources.end(),
      [&](const auto& rule) { return rule.prefix.family() == family; });
}

bool HasPorts(const ReferenceRules& rules) { return !rules.ports.empty(); }

bool HasPortsOf(const ReferenceRules& rules, std::uint8_t ip_protocol) {
  return std::any_of(
      rules.ports.begin(), rules.ports.end(),
      [&](const auto& ports) { return ports.ip_protocol == ip_protocol; });
}

// The class of a frame that cannot be read as far as a rule needs: we drop it.
// In the order of the frame's layers: what is found out before the source
// address is known is dropped even when that is allowed.
const char* Unreadable(const FrameOutline& outline, NftVerdict plain,
                       const ReferenceRules& rules) {
  const bool any_rule = !rules.sources.empty() || HasPorts(rules);
  const bool is_undecided = plain == NftVerdict::kPassed;
  const auto if_needed = [](bool is_needed, const char* name) {
    return is_needed ? name : nullptr;
  };
  switch (outline.end) {
    case End::kCutInLink:
      return if_needed(any_rule, nft_class::kCutInTag);
    case End::kTooManyTags:
      return if_needed(any_rule, nft_class::kTooManyTags);
    case End::kBadIPv4:
      return if_needed(HasSourcesOf(rules, Family::kIPv4) || HasPorts(rules),
                       nft_class::kBadIPv4);
    case End::kBadIPv6:
      return if_needed(HasSourcesOf(rules, Family::kIPv6) || HasPorts(rules),
                       nft_class::kBadIPv6);
    case End::kCutInExtension:
      return if_needed(is_undecided && HasPorts(rules),
                       nft_class::kCutInExtension);
    case End::kTooManyExtensions:
      return if_needed(is_undecided && HasPorts(rules),
                       nft_class::kTooManyExtensions);
    case End::kCutBeforePort:
      return if_needed(is_undecided && HasPortsOf(rules, outline.protocol),
                       nft_class::kCutBeforePort);
    case End::kRewritesTcp:
      return if_needed(is_undecided && HasPortsOf(rules, outline.protocol),
                       nft_class::kRewritesTcp);
    case End::kWhole:
    case End::kNotIp:
    case End::kLaterFragment:
      return nullptr;
  }
  return nullptr;
}

}  // namespace

Expectation NftExpectations::Next(const FrameOutline& outline, NftVerdict plain,
                                  const ReferenceRules& rules,
                                  const Moments& when) {
  const bool is_later = IsLaterFragment(outline);
  // It has no port: nftables took something else for one.
  const bool is_no_port = is_later && plain == NftVerdict::kPortBlocked;
  if (is_no_port) plain = NftVerdict::kPassed;
  Expectation expected = {Verdict::kPass};
  if (IsDrop(plain)) {
    expected.verdict = Verdict::kDrop;
  } else if (const char* const name = Unreadable(outline, plain, rules)) {
    expected = {Verdict::kDrop, name};
  } else if (outline.end == End::kLaterFragment &&
             plain == NftVerdict::kPassed && HasPorts(rules)) {
    expected = OfLaterFragment(outline, when);
  }
  const bool gets_to_ports =
      plain == NftVerdict::kPassed || plain == NftVerdict::kPortBlocked;
  const bool is_first = outline.datagram && !is_later;
  if (is_first && HasPorts(rules) && gets_to_ports) {
    first_fragments_[*outline.datagram] = {expected.verdict == Verdict::kDrop,
                                           when};
  }
  if (is_no_port && expected.verdict == Verdict::kPass) {
    expected.otherwise = kTakenForPort;
  }
  return expected;
}

Expectation NftExpectations::OfLaterFragment(const FrameOutline& outline,
                                             const Moments& when) const {
  const auto first = first_fragments_.find(*outline.datagram);
  if (first == first_fragments_.end() || !first->second.is_dropped) {
    return {Verdict::kPass};
  }
  const Moments& then = first->second.when;
  if (when.end - then.begin < kFragmentLife - kClockSlack) {
    return {Verdict::kDrop, nft_class::kOfDroppedDatagram};
  }
  if (when.begin - then.end > kFragmentLife + kClockSlack) {
    return {Verdict::kPass};
  }
  return {Verdict::kEither, nft_class::kOfDroppedDatagram};
}

const char* WhatHidesFromNft(const FrameOutline& outline) {
  if (outline.tags > 1) return "behind two tags or more";
  if (!outline.opaque.empty()) {
    return "behind an authentication, mobility, HIP or Shim6 header";
  }
  return "bytes behind the datagram";
}

bool IsLostBeforeNft(const Bytes& frame, const FrameOutline& outline) {
  return outline.tags > 0 && frame.size() < 14 + 4 + 2;
}

}  // namespace fwagent::testing
