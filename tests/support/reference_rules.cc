#include "tests/support/reference_rules.h"

#include <algorithm>

namespace fwagent::testing {
namespace {

using policy::Family;
using policy::PacketConditions;
using policy::ValueSet;

constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kIcmp6 = 58;
constexpr std::size_t kFlagsByte = 13;
constexpr std::size_t kFlagsWordEnd = 16;

// What is asked is not there, is there, or cannot be read.
struct Value {
  enum class Kind { kNone, kKnown, kUnknown };
  Kind kind = Kind::kNone;
  std::uint32_t value = 0;
};

Value Known(std::uint32_t value) { return {Value::Kind::kKnown, value}; }
constexpr Value kNotKnown = {Value::Kind::kUnknown, 0};

enum class Answer { kNo, kYes, kUnknown };

Answer Ask(const ValueSet& set, const Value& value) {
  if (set.ranges.empty()) return Answer::kYes;
  if (value.kind == Value::Kind::kNone) return Answer::kNo;
  if (value.kind == Value::Kind::kUnknown) return Answer::kUnknown;
  bool is_in = false;
  for (const policy::ValueRange& range : set.ranges) {
    is_in = is_in || (range.first <= value.value && value.value <= range.last);
  }
  return is_in != set.negated ? Answer::kYes : Answer::kNo;
}

bool Holds(const policy::Prefix& prefix, const Bytes& address) {
  const std::size_t bytes = prefix.family() == Family::kIPv4 ? 4 : 16;
  if (address.size() != bytes) return false;
  for (std::size_t bit = 0; bit < prefix.length(); ++bit) {
    const unsigned mask = 0x80u >> bit % 8;
    if (((prefix.address()[bit / 8] ^ address[bit / 8]) & mask) != 0) {
      return false;
    }
  }
  return true;
}

Answer Ask(const policy::AddressCondition& condition, const Bytes& address) {
  if (condition.prefixes.empty()) return Answer::kYes;
  bool is_in = false;
  for (const policy::Prefix& prefix : condition.prefixes) {
    is_in = is_in || Holds(prefix, address);
  }
  return is_in != condition.negated ? Answer::kYes : Answer::kNo;
}

bool HasPorts(std::uint8_t protocol) {
  return protocol == 6 || protocol == 17 || protocol == 132 ||
         protocol == 136 || protocol == 33;
}

// What is behind the IP header, as far as it can be read.
class Inside {
 public:
  explicit Inside(const RuleFacts& facts)
      : family_(facts.datagram->family), transport_(*facts.transport) {
    const bool is_later = transport_.kind == Transport::Kind::kLaterFragment;
    is_whole_ = transport_.kind == Transport::Kind::kWhole;
    // IPv4 says in every fragment what the datagram holds.
    knows_protocol_ = is_whole_ || (is_later && family_ == Family::kIPv4);
  }

  Value Protocol() const {
    return knows_protocol_ ? Known(transport_.protocol) : kNotKnown;
  }

  Value Port(std::size_t at) const {
    if (!knows_protocol_) return kNotKnown;
    if (!HasPorts(transport_.protocol)) return {};
    const auto port = transport_.payload.U16(at);
    // Both or none: what has four bytes has them.
    const bool is_there = is_whole_ && transport_.payload.U32(0).has_value();
    return is_there ? Known(*port) : kNotKnown;
  }

  Value Icmp(Family family) const {
    if (!knows_protocol_) return kNotKnown;
    const std::uint8_t protocol = family == Family::kIPv4 ? kIcmp : kIcmp6;
    if (family_ != family || transport_.protocol != protocol) return {};
    const bool is_there = is_whole_ && transport_.payload.U32(0).has_value();
    return is_there ? Known(*transport_.payload.U16(0)) : kNotKnown;
  }

  Value Flags() const {
    if (!knows_protocol_) return kNotKnown;
    if (transport_.protocol != kTcp) return {};
    const bool is_there =
        is_whole_ && transport_.payload.size() >= kFlagsWordEnd;
    return is_there ? Known(*transport_.payload.U8(kFlagsByte)) : kNotKnown;
  }

 private:
  const Family family_;
  const Transport& transport_;
  bool is_whole_ = false;
  bool knows_protocol_ = false;
};

Answer Ask(const policy::FlagsCondition& condition, const Value& flags) {
  if (condition.pairs.empty()) return Answer::kYes;
  if (flags.kind == Value::Kind::kNone) return Answer::kNo;
  if (flags.kind == Value::Kind::kUnknown) return Answer::kUnknown;
  bool is_one = false;
  for (const auto& pair : condition.pairs) {
    is_one = is_one || (flags.value & pair.mask) == pair.value;
  }
  return is_one != condition.negated ? Answer::kYes : Answer::kNo;
}

Answer Together(const std::vector<Answer>& answers) {
  const auto has = [&answers](Answer answer) {
    return std::find(answers.begin(), answers.end(), answer) != answers.end();
  };
  if (has(Answer::kNo)) return Answer::kNo;
  return has(Answer::kUnknown) ? Answer::kUnknown : Answer::kYes;
}

Answer Ask(const PacketConditions& conditions, const RuleFacts& facts) {
  const Inside inside(facts);
  return Together(
      {Ask(conditions.source, facts.datagram->source),
       Ask(conditions.destination, facts.datagram->destination),
       Ask(conditions.protocols, inside.Protocol()),
       Ask(conditions.source_ports, inside.Port(0)),
       Ask(conditions.destination_ports, inside.Port(2)),
       Ask(conditions.icmp, inside.Icmp(Family::kIPv4)),
       Ask(conditions.icmpv6, inside.Icmp(Family::kIPv6)),
       Ask(conditions.tcp_flags, inside.Flags()),
       Ask(conditions.vlans, facts.vlan ? Known(*facts.vlan) : Value{}),
       Ask(conditions.lengths, Known(facts.length))});
}

Judgement JudgementOf(policy::Action action) {
  switch (action) {
    case policy::Action::kPass:
      return Passed(FW_REASON_RULE);
    case policy::Action::kReject:
      return {FW_VERDICT_REJECT, FW_REASON_RULE};
    default:
      return Dropped(FW_REASON_RULE);
  }
}

}  // namespace

RuleAnswer JudgeByRules(const std::vector<policy::OrderedRule>& rules,
                        const RuleFacts& facts, policy::Deadline tick) {
  for (const policy::OrderedRule& rule : rules) {
    if (rule.until <= tick || rule.match.shadow()) continue;
    switch (Ask(rule.match.conditions(), facts)) {
      case Answer::kNo:
        break;
      case Answer::kUnknown:
        return {RuleAnswer::Kind::kUndecided, {}};
      case Answer::kYes:
        return {RuleAnswer::Kind::kDecided, JudgementOf(rule.action)};
    }
  }
  return {};
}

}  // namespace fwagent::testing
