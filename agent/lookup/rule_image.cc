#include "agent/lookup/rule_image.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "agent/lookup/address.h"
#include "agent/lookup/prefix_trie.h"
#include "agent/lookup/rule_fields.h"
#include "agent/lookup/rule_vectors.h"

namespace fwagent::lookup {
namespace {

using policy::Action;
using policy::AddressCondition;
using policy::OrderedRule;
using policy::OrderedRules;
using policy::Prefix;
using policy::RateLimit;
using policy::ValueRange;

static_assert(policy::kMaxOrderedRules == FW_MAX_RULES);

// From this index on, or this prefix inwards, a rule is accepted, or no longer.
struct Turn {
  std::uint32_t at = 0;
  std::uint32_t rule = 0;
  bool on = false;
};

const AddressCondition& ConditionOf(const OrderedRule& rule,
                                    fw_rule_field field) {
  return field == FW_FIELD_SOURCE ? rule.match.conditions().source
                                  : rule.match.conditions().destination;
}

fw_rule_action ActionOf(Action action) {
  switch (action) {
    case Action::kAllow:
    case Action::kPass:
      return FW_RULE_PASS;
    case Action::kReject:
      return FW_RULE_REJECT;
    case Action::kLimit:
      return FW_RULE_LIMIT;
    case Action::kBlock:
    case Action::kDrop:
      break;
  }
  return FW_RULE_DROP;
}

fw_limit LimitOf(const RateLimit& limit) {
  constexpr double kUnitsPerSecond = 1e9 * (1 << FW_LIMIT_SHIFT);
  constexpr double kPriceUnits = 1 << FW_PRICE_SHIFT;
  // policy::RateLimit says how large the amounts can be: nothing here gets out
  // of range, and prices in whole units are right to a thousandth.
  const double one =
      kUnitsPerSecond * limit.seconds / static_cast<double>(limit.amount);
  fw_limit result{};
  result.price = static_cast<__u64>(
      std::llround(limit.of_bytes ? one * kPriceUnits : one));
  result.tolerance =
      static_cast<__u64>(std::llround(one * static_cast<double>(limit.burst)));
  result.of_bytes = limit.of_bytes ? 1 : 0;
  if (limit.scope == RateLimit::Scope::kSource) {
    result.source_bits[FW_FAMILY_IPV4] = 32;
    result.source_bits[FW_FAMILY_IPV6] = 128;
  } else if (limit.scope == RateLimit::Scope::kNetwork) {
    result.source_bits[FW_FAMILY_IPV4] = 24;
    result.source_bits[FW_FAMILY_IPV6] = 64;
  }
  result.block_ticks = static_cast<__u32>(
      limit.block_seconds * 1'000'000'000ull >> FW_TICK_SHIFT);
  return result;
}

class ImageBuilder {
 public:
  ImageBuilder(const OrderedRules& rules, const RuleContext& context)
      : rules_(rules), context_(context) {}

  RuleImage Build() {
    std::array<std::vector<std::uint32_t>, FW_RULE_FIELDS> arrays;
    std::vector<std::pair<fw_trie*, Trie>> tries;
    for (const OrderedRule& rule : rules_.rules) {
      image_.tables.used |= FieldsOf(rule.match.conditions());
    }
    for (int i = FW_RULE_ADDRESSES; i < FW_RULE_FIELDS; ++i) {
      const auto field = static_cast<fw_rule_field>(i);
      if (IsUsed(field)) arrays[static_cast<std::size_t>(i)] = MakeArray(field);
    }
    for (int i = 0; i < FW_RULE_ADDRESSES; ++i) {
      const auto field = static_cast<fw_rule_field>(i);
      if (!IsUsed(field)) continue;
      tries.emplace_back(&image_.tables.tries[FW_FAMILY_IPV4][i],
                         MakeTrie<Address4>(field));
      tries.emplace_back(&image_.tables.tries[FW_FAMILY_IPV6][i],
                         MakeTrie<Address6>(field));
    }
    // Vectors are first: the places of their words count from there.
    Append(vectors_.words());
    image_.tables.rules = Append(MakeRecords());
    image_.tables.seed = context_.seed;
    image_.tables.count = static_cast<__u32>(rules_.rules.size());
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      if (!arrays[i].empty()) {
        image_.tables.arrays[i] = Append(arrays[i]);
      }
    }
    for (auto& [place, trie] : tries) AppendTrie(trie, *place);
    return std::move(image_);
  }

 private:
  // The parts of a trie; without a root one value stands for all addresses.
  struct Trie {
    std::vector<std::uint32_t> root;
    std::vector<fw_trie_node> nodes;
    std::vector<std::uint32_t> values;
    std::uint32_t value = 0;
  };

  bool IsUsed(fw_rule_field field) const {
    return (image_.tables.used >> field & 1) != 0;
  }

  // Puts elements into lines of their own; returns the first line.
  template <typename T>
  std::uint32_t Append(const std::vector<T>& elements) {
    const auto first = static_cast<std::uint32_t>(image_.lines.size());
    const std::size_t bytes = elements.size() * sizeof(T);
    image_.lines.resize(first + (bytes + FW_LINE_BYTES - 1) / FW_LINE_BYTES);
    if (bytes != 0) {
      std::memcpy(image_.lines.data() + first, elements.data(), bytes);
    }
    return first;
  }

  void AppendTrie(const Trie& trie, fw_trie& place) {
    if (trie.root.empty()) {
      place.values = trie.value;
      return;
    }
    place.root = Append(trie.root);
    place.nodes = Append(trie.nodes);
    place.values = Append(trie.values);
  }

  // Which vector each index has.
  std::vector<std::uint32_t> MakeArray(fw_rule_field field) {
    RuleBits bits(rules_.rules.size());
    std::vector<Turn> turns;
    for (std::uint32_t rule = 0; rule < rules_.rules.size(); ++rule) {
      const auto& conditions = rules_.rules[rule].match.conditions();
      if (!Asks(conditions, field)) {
        bits.Set(rule);
        continue;
      }
      for (const ValueRange& range :
           AcceptedBy(conditions, field, context_.interfaces)) {
        turns.push_back({range.first, rule, true});
        turns.push_back({range.last + 1, rule, false});
      }
    }
    // What ends where it begins again goes on.
    std::sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) {
      return std::pair(a.at, a.on) < std::pair(b.at, b.on);
    });
    std::vector<std::uint32_t> places(ValuesOf(field));
    std::uint32_t next = 0;
    for (std::size_t i = 0; next < places.size();) {
      const std::uint32_t end = i < turns.size()
                                    ? turns[i].at
                                    : static_cast<std::uint32_t>(places.size());
      if (end > next) {
        std::fill(places.begin() + next, places.begin() + end,
                  vectors_.Place(bits));
        next = end;
      }
      for (; i < turns.size() && turns[i].at == end; ++i) {
        turns[i].on ? bits.Set(turns[i].rule) : bits.Clear(turns[i].rule);
      }
    }
    return places;
  }

  template <typename Address>
  void AddTurns(const std::vector<Prefix>& prefixes, std::uint32_t rule,
                bool on,
                std::vector<std::pair<Key<Address>, Turn>>& turns) const {
    for (const Prefix& prefix : prefixes) {
      if (prefix.family() != kFamily<Address>) continue;
      turns.push_back({KeyOf<Address>(prefix), {0, rule, on}});
    }
  }

  template <typename Address>
  Trie MakeTrie(fw_rule_field field) {
    RuleBits outside(rules_.rules.size());
    std::vector<std::pair<Key<Address>, Turn>> turns;
    for (std::uint32_t rule = 0; rule < rules_.rules.size(); ++rule) {
      const AddressCondition& condition =
          ConditionOf(rules_.rules[rule], field);
      if (condition.empty() || condition.negated) outside.Set(rule);
      AddTurns<Address>(condition.prefixes, rule, !condition.negated, turns);
      for (const std::string& name : condition.sets) {
        const auto set = rules_.sets.find(name);
        if (set == rules_.sets.end()) continue;
        AddTurns<Address>(set->second, rule, !condition.negated, turns);
      }
    }
    Trie result;
    result.value = vectors_.Place(outside);
    if (turns.empty()) return result;
    std::sort(turns.begin(), turns.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    const PrefixTrie<Address> trie(ItemsOf<Address>(turns, outside),
                                   result.value);
    result.root = trie.root();
    result.nodes = trie.nodes();
    result.values = trie.values();
    return result;
  }

  // What each prefix says: what the one around it does, and what begins or ends
  // with it.
  template <typename Address>
  std::vector<TrieItem<Address>> ItemsOf(
      const std::vector<std::pair<Key<Address>, Turn>>& turns,
      const RuleBits& outside) {
    struct Open {
      Key<Address> key;
      RuleBits bits;
    };
    std::vector<Open> around;
    std::vector<TrieItem<Address>> items;
    for (std::size_t i = 0; i < turns.size();) {
      const Key<Address>& key = turns[i].first;
      while (!around.empty() && !around.back().key.Holds(key)) {
        around.pop_back();
      }
      Open open{key, around.empty() ? outside : around.back().bits};
      for (; i < turns.size() && turns[i].first == open.key; ++i) {
        const Turn& turn = turns[i].second;
        turn.on ? open.bits.Set(turn.rule) : open.bits.Clear(turn.rule);
      }
      items.push_back({open.key, vectors_.Place(open.bits)});
      around.push_back(std::move(open));
    }
    return items;
  }

  std::vector<fw_rule> MakeRecords() const {
    std::vector<fw_rule> records(rules_.rules.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      const OrderedRule& rule = rules_.rules[i];
      records[i].id = rule.id;
      records[i].until = rule.until;
      records[i].action = ActionOf(rule.action);
      records[i].flags = rule.match.shadow() ? FW_RULE_SHADOW : 0;
      records[i].fields = FieldsOf(rule.match.conditions());
      records[i].counter = context_.counters[i];
      if (rule.match.limit()) records[i].limit = LimitOf(*rule.match.limit());
    }
    return records;
  }

  const OrderedRules& rules_;
  const RuleContext& context_;
  RuleVectors vectors_;
  RuleImage image_;
};

}  // namespace

absl::StatusOr<RuleImage> MakeRuleImage(const OrderedRules& rules,
                                        const RuleContext& context) {
  if (rules.rules.size() > FW_MAX_RULES) {
    return absl::InvalidArgumentError(
        absl::StrCat("there can be at most ", FW_MAX_RULES,
                     " ordered rules, not ", rules.rules.size(),
                     ": put addresses that have the same rule into a set"));
  }
  return ImageBuilder(rules, context).Build();
}

fw_rule_tables MoveTo(fw_rule_tables tables, std::uint32_t first_line) {
  tables.first_line = first_line;
  tables.rules += first_line;
  for (__u32& line : tables.arrays) line += first_line;
  for (auto& of_family : tables.tries) {
    for (fw_trie& trie : of_family) {
      if (trie.root == 0) continue;
      trie.root += first_line;
      trie.nodes += first_line;
      trie.values += first_line;
    }
  }
  return tables;
}

bool AsksForInterfaces(const OrderedRules& rules) {
  return std::any_of(rules.rules.begin(), rules.rules.end(),
                     [](const OrderedRule& rule) {
                       return !rule.match.conditions().interfaces.empty();
                     });
}

}  // namespace fwagent::lookup
