#include "tests/support/reference_rules.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string_view>
#include <vector>

#include "tests/support/reference_prefix.h"

namespace fwagent::testing {
namespace {

using policy::Family;
using policy::OrderedRule;
using policy::PacketConditions;
using policy::ValueSet;
using SetContents = std::map<std::string, std::vector<policy::Prefix>>;

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

Answer Ask(const policy::AddressCondition& condition, const SetContents& sets,
           const Bytes& address) {
  if (condition.empty()) return Answer::kYes;
  const auto holds = [&address](const policy::Prefix& prefix) {
    return Holds(prefix, address);
  };
  bool is_in =
      std::any_of(condition.prefixes.begin(), condition.prefixes.end(), holds);
  for (const std::string& name : condition.sets) {
    const auto set = sets.find(name);
    if (set == sets.end()) continue;
    is_in = is_in || std::any_of(set->second.begin(), set->second.end(), holds);
  }
  return is_in != condition.negated ? Answer::kYes : Answer::kNo;
}

bool Fits(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    return Fits(pattern.substr(1), name) ||
           (!name.empty() && Fits(pattern, name.substr(1)));
  }
  return !name.empty() && (pattern[0] == '?' || pattern[0] == name[0]) &&
         Fits(pattern.substr(1), name.substr(1));
}

Answer Ask(const policy::NamesCondition& condition, std::string_view name) {
  if (condition.empty()) return Answer::kYes;
  bool is_one = false;
  for (const std::string& pattern : condition.names) {
    const bool is_pattern = pattern.find_first_of("*?") != std::string::npos;
    // What a host says to itself is judged only where it is asked for by name.
    if (is_pattern && name == "lo") continue;
    is_one = is_one || Fits(pattern, name);
  }
  return is_one != condition.negated ? Answer::kYes : Answer::kNo;
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

Answer Together(std::initializer_list<Answer> answers) {
  const auto has = [&answers](Answer answer) {
    return std::find(answers.begin(), answers.end(), answer) != answers.end();
  };
  if (has(Answer::kNo)) return Answer::kNo;
  return has(Answer::kUnknown) ? Answer::kUnknown : Answer::kYes;
}

Answer Ask(const PacketConditions& conditions, const SetContents& sets,
           const RuleFacts& facts) {
  const Inside inside(facts);
  return Together(
      {Ask(conditions.source, sets, facts.datagram->source),
       Ask(conditions.destination, sets, facts.datagram->destination),
       Ask(conditions.protocols, inside.Protocol()),
       Ask(conditions.source_ports, inside.Port(0)),
       Ask(conditions.destination_ports, inside.Port(2)),
       Ask(conditions.icmp, inside.Icmp(Family::kIPv4)),
       Ask(conditions.icmpv6, inside.Icmp(Family::kIPv6)),
       Ask(conditions.tcp_flags, inside.Flags()),
       Ask(conditions.vlans, facts.vlan ? Known(*facts.vlan) : Value{}),
       Ask(conditions.lengths, Known(facts.length)),
       Ask(conditions.interfaces, facts.interface)});
}

Judgement JudgementOf(policy::Action action) {
  switch (action) {
    case policy::Action::kPass:
      return Passed(FW_REASON_RULE);
    case policy::Action::kReject:
      return {FW_VERDICT_REJECT, FW_REASON_RULE};
    case policy::Action::kLimit:
      return Dropped(FW_REASON_LIMIT);
    default:
      return Dropped(FW_REASON_RULE);
  }
}

// Whether a rule that matches has something to say of this packet; a limit has
// of those that come too fast. Also in shadow, it is counted then.
bool Speaks(const OrderedRule& rule, const RuleFacts& facts,
            ReferenceLimits* limits) {
  if (limits == nullptr) return rule.action != policy::Action::kLimit;
  if (rule.action == policy::Action::kLimit &&
      !limits->Exceeds(rule, facts.datagram->source, facts.length, facts.now)) {
    return false;
  }
  limits->Count(rule.id, facts.length);
  return true;
}

}  // namespace

void Sort(std::vector<OrderedRule>& rules) {
  std::sort(rules.begin(), rules.end(),
            [](const OrderedRule& a, const OrderedRule& b) {
              if (a.match.order() == b.match.order()) return a.id < b.id;
              return a.match.order() < b.match.order();
            });
}

RuleAnswer JudgeByRules(const policy::OrderedRules& rules,
                        const RuleFacts& facts, policy::Deadline tick,
                        ReferenceLimits* limits) {
  for (const OrderedRule& rule : rules.rules) {
    if (rule.until <= tick) continue;
    switch (Ask(rule.match.conditions(), rules.sets, facts)) {
      case Answer::kNo:
        break;
      case Answer::kUnknown:
        if (rule.match.shadow()) break;
        return {RuleAnswer::Kind::kUndecided, {}};
      case Answer::kYes:
        if (!Speaks(rule, facts, limits) || rule.match.shadow()) break;
        return {RuleAnswer::Kind::kDecided, JudgementOf(rule.action)};
    }
  }
  return {};
}

}  // namespace fwagent::testing
