// The other direction: what the engine says, as messages.
#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "agent/service/convert.h"
#include "agent/service/convert_time.h"

namespace fwagent::service {
namespace {

using policy::PortRange;
using policy::Prefix;

// Outcomes go out by their numbers.
#define FW_SAME_NUMBER(wire, ours) \
  static_assert(static_cast<int>(v1::wire) == static_cast<int>(policy::ours))
FW_SAME_NUMBER(VERDICT_PASS, Verdict::kPass);
FW_SAME_NUMBER(VERDICT_DROP, Verdict::kDrop);
FW_SAME_NUMBER(VERDICT_REJECT, Verdict::kReject);
FW_SAME_NUMBER(REASON_NO_MATCH, Reason::kNoMatch);
FW_SAME_NUMBER(REASON_NOT_IP, Reason::kNotIp);
FW_SAME_NUMBER(REASON_SOURCE_BLOCKED, Reason::kSourceBlocked);
FW_SAME_NUMBER(REASON_PORT_BLOCKED, Reason::kPortBlocked);
FW_SAME_NUMBER(REASON_MALFORMED_IP, Reason::kMalformedIp);
FW_SAME_NUMBER(REASON_MALFORMED_TRANSPORT, Reason::kMalformedTransport);
FW_SAME_NUMBER(REASON_TOO_DEEP, Reason::kTooDeep);
FW_SAME_NUMBER(REASON_FRAGMENT, Reason::kFragment);
FW_SAME_NUMBER(REASON_NEIGHBOR_DISCOVERY, Reason::kNeighborDiscovery);
FW_SAME_NUMBER(REASON_SOURCE_ALLOWED, Reason::kSourceAllowed);
FW_SAME_NUMBER(REASON_DEFAULT, Reason::kDefault);
FW_SAME_NUMBER(REASON_ESSENTIAL, Reason::kEssential);
FW_SAME_NUMBER(REASON_RULE, Reason::kRule);
FW_SAME_NUMBER(REASON_LIMIT, Reason::kLimit);
FW_SAME_NUMBER(REASON_FAILSAFE, Reason::kFailsafe);
#undef FW_SAME_NUMBER

v1::AttachMode ToProto(dataplane::AttachMode mode) {
  switch (mode) {
    case dataplane::AttachMode::kNone:
      return v1::ATTACH_MODE_UNSPECIFIED;
    case dataplane::AttachMode::kNative:
      return v1::ATTACH_MODE_NATIVE;
    case dataplane::AttachMode::kGeneric:
      return v1::ATTACH_MODE_GENERIC;
  }
  return v1::ATTACH_MODE_UNSPECIFIED;
}

}  // namespace

v1::Verdict ToProto(policy::Verdict verdict) {
  // 0 is nobody's on the wire.
  if (verdict == policy::Verdict::kShadowed) return v1::VERDICT_WOULD_DROP;
  return static_cast<v1::Verdict>(verdict);
}

v1::Protocol ToProto(policy::Protocol protocol) {
  switch (protocol) {
    case policy::Protocol::kTcp:
      return v1::PROTOCOL_TCP;
    case policy::Protocol::kUdp:
      return v1::PROTOCOL_UDP;
    case policy::Protocol::kSctp:
      return v1::PROTOCOL_SCTP;
    case policy::Protocol::kUdpLite:
      return v1::PROTOCOL_UDPLITE;
    case policy::Protocol::kDccp:
      return v1::PROTOCOL_DCCP;
  }
  return v1::PROTOCOL_UNSPECIFIED;
}

v1::RuleAction ToProto(policy::Action action) {
  switch (action) {
    case policy::Action::kDrop:
      return v1::RULE_ACTION_DROP;
    case policy::Action::kPass:
      return v1::RULE_ACTION_PASS;
    case policy::Action::kReject:
      return v1::RULE_ACTION_REJECT;
    case policy::Action::kLimit:
      return v1::RULE_ACTION_LIMIT;
    case policy::Action::kBlock:
    case policy::Action::kAllow:
      break;
  }
  return v1::RULE_ACTION_UNSPECIFIED;
}

v1::Rule ToProto(const policy::Rule& rule) {
  v1::Rule wire;
  wire.set_id(rule.id);
  wire.set_comment(rule.comment);
  wire.set_owner(rule.owner);
  // A rule that was only validated was never created.
  if (rule.id != 0) *wire.mutable_create_time() = ToTimestamp(rule.create_time);
  if (policy::Ends(rule)) {
    *wire.mutable_expire_time() = ToTimestamp(rule.expire_time);
  }
  if (const auto* prefix = std::get_if<Prefix>(&rule.match)) {
    auto* source = rule.action == policy::Action::kAllow
                       ? wire.mutable_source_allow()->mutable_source()
                       : wire.mutable_source_block()->mutable_source();
    source->set_text(prefix->ToString());
  } else if (const auto* packets =
                 std::get_if<policy::PacketMatch>(&rule.match)) {
    auto* filter = wire.mutable_filter();
    filter->set_order(packets->order());
    filter->set_action(ToProto(rule.action));
    filter->set_match(packets->text());
  } else {
    const auto& range = std::get<PortRange>(rule.match);
    auto* block = wire.mutable_port_block();
    block->set_protocol(ToProto(range.protocol()));
    block->mutable_ports()->set_first(range.first());
    block->mutable_ports()->set_last(range.last());
  }
  return wire;
}

v1::ListRulesResponse ToProto(const core::RulePage& page) {
  v1::ListRulesResponse wire;
  for (const policy::Rule& rule : page.rules) {
    *wire.add_rules() = ToProto(rule);
  }
  if (!page.last) {
    wire.set_next_page_token(absl::StrCat(page.rules.back().id));
  }
  wire.set_total_size(page.total);
  wire.set_generation(page.generation);
  return wire;
}

std::optional<v1::RuleHits> HitsOf(const std::vector<dataplane::RuleHits>& hits,
                                   policy::RuleId id) {
  const auto found = std::lower_bound(
      hits.begin(), hits.end(), id,
      [](const auto& one, policy::RuleId wanted) { return one.rule < wanted; });
  if (found == hits.end() || found->rule != id) return std::nullopt;
  v1::RuleHits wire;
  wire.set_packets(found->count.packets);
  wire.set_bytes(found->count.bytes);
  return wire;
}

void AddHits(const std::vector<dataplane::RuleHits>& hits,
             v1::ListRulesResponse& page) {
  for (v1::Rule& rule : *page.mutable_rules()) {
    if (!rule.has_filter()) continue;
    if (auto found = HitsOf(hits, rule.id())) {
      *rule.mutable_hits() = *std::move(found);
    }
  }
}

v1::InterfaceStats ToProto(const policy::InterfaceCounters& counters) {
  v1::InterfaceStats wire;
  wire.set_name(counters.interface);
  wire.mutable_counters()->Reserve(policy::kOutcomes.size());
  for (std::size_t i = 0; i < policy::kOutcomes.size(); ++i) {
    const auto [verdict, reason] = policy::kOutcomes[i];
    auto* counter = wire.add_counters();
    counter->set_verdict(ToProto(verdict));
    counter->set_reason(static_cast<v1::Reason>(reason));
    counter->set_packets(counters.by_outcome[i].packets);
    counter->set_bytes(counters.by_outcome[i].bytes);
  }
  return wire;
}

v1::InterfaceStatus ToProto(const core::InterfaceReport& report) {
  const dataplane::InterfaceState& state = report.state;
  v1::InterfaceStatus wire;
  wire.set_name(state.name);
  wire.set_ifindex(state.ifindex);
  wire.set_attached(state.attached());
  wire.set_mode(ToProto(state.mode));
  wire.set_detail(state.detail);
  wire.set_repairs(report.repairs);
  wire.set_drops_by_default(state.packets.default_verdict ==
                            dataplane::DefaultVerdict::kDrop);
  for (const dataplane::Essential& essential : dataplane::kEssentials) {
    if ((state.packets.essential & essential.bit) != 0) {
      wire.add_essential(essential.name);
    }
  }
  wire.set_shadow(state.packets.shadow);
  return wire;
}

v1::PolicyFile ToProto(const PolicyFileReport& report) {
  v1::PolicyFile wire;
  wire.set_path(report.path);
  for (const std::string& owner : report.owners) wire.add_owners(owner);
  if (report.applied != absl::InfinitePast()) {
    *wire.mutable_applied_time() = ToTimestamp(report.applied);
  }
  wire.set_generation(report.generation);
  wire.set_trouble(report.trouble);
  return wire;
}

v1::TableUsage ToProto(const core::TableUsage& usage) {
  v1::TableUsage wire;
  wire.set_name(usage.name);
  wire.set_entries(usage.entries);
  wire.set_capacity(usage.capacity);
  wire.set_memory_bytes(usage.memory_bytes);
  return wire;
}

v1::RecoverResponse ToProto(const core::RecoveryResult& result) {
  v1::RecoverResponse wire;
  wire.set_rule_count(result.rules);
  wire.set_set_count(result.sets);
  const std::int64_t micros = absl::ToUnixMicros(result.as_of);
  wire.mutable_as_of_time()->set_seconds(micros / 1'000'000);
  wire.mutable_as_of_time()->set_nanos(
      static_cast<std::int32_t>(micros % 1'000'000 * 1000));
  wire.set_generation(result.generation);
  return wire;
}

}  // namespace fwagent::service
