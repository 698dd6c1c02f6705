#include "agent/policy/rule_set.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace fwagent::policy {
namespace {

// True: it is the first one.
template <typename Ids>
bool Insert(RuleId id, Ids& ids) {
  ids.insert(std::lower_bound(ids.begin(), ids.end(), id), id);
  return ids.size() == 1;
}

// True: there is none left.
template <typename Ids>
bool Erase(RuleId id, Ids& ids) {
  ids.erase(std::find(ids.begin(), ids.end(), id));
  return ids.empty();
}

}  // namespace

void RuleSet::AddMatch(const Rule& rule) {
  if (const auto* prefix = std::get_if<Prefix>(&rule.match)) {
    if (Insert(rule.id, by_source_[*prefix])) {
      ++source_count_[static_cast<std::size_t>(prefix->family())];
    }
  } else if (const auto* packets = std::get_if<PacketMatch>(&rule.match)) {
    Insert(rule.id, by_packets_[*packets]);
    ordered_.emplace(packets->order(), rule.id);
  } else {
    by_ports_.emplace(std::get<PortRange>(rule.match),
                      PortRule(rule.id, rule.until));
  }
}

void RuleSet::RemoveMatch(const Rule& rule) {
  if (const auto* prefix = std::get_if<Prefix>(&rule.match)) {
    const auto place = by_source_.find(*prefix);
    if (!Erase(rule.id, place->second)) return;
    --source_count_[static_cast<std::size_t>(prefix->family())];
    by_source_.erase(place);
  } else if (const auto* packets = std::get_if<PacketMatch>(&rule.match)) {
    const auto place = by_packets_.find(*packets);
    ordered_.erase({packets->order(), rule.id});
    if (Erase(rule.id, place->second)) by_packets_.erase(place);
  } else {
    ErasePortRule(std::get<PortRange>(rule.match), rule.id, by_ports_);
  }
}

std::vector<const Rule*> RuleSet::ToRules(const Ids& ids) const {
  std::vector<const Rule*> rules;
  for (const RuleId id : ids) rules.push_back(&by_id_.find(id)->second);
  return rules;
}

std::vector<const Rule*> RuleSet::Ordered() const {
  std::vector<const Rule*> rules;
  rules.reserve(ordered_.size());
  for (const auto& [order, id] : ordered_) {
    rules.push_back(&by_id_.find(id)->second);
  }
  return rules;
}

absl::Status RuleSet::Add(Rule rule) {
  if (const Rule* holder = Find(KeyOf(rule)); holder != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat(
        "rule ", holder->id, " of ", rule.owner, " says ",
        ActionName(rule.action), " ", MatchToString(rule.match), " already"));
  }
  if (by_id_.contains(rule.id)) {
    return absl::AlreadyExistsError(
        absl::StrCat("rule ", rule.id, " is there already"));
  }
  AddMatch(rule);
  if (Ends(rule)) by_end_.emplace(rule.until, rule.id);
  by_id_.emplace(rule.id, std::move(rule));
  return absl::OkStatus();
}

absl::Status RuleSet::Remove(RuleId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) {
    return absl::NotFoundError(absl::StrCat("there is no rule ", id));
  }
  const Rule& rule = found->second;
  RemoveMatch(rule);
  by_end_.erase({rule.until, id});
  by_id_.erase(found);
  return absl::OkStatus();
}

const Rule* RuleSet::Find(const RuleKey& key) const {
  for (const Rule* rule : HoldersOf(key.match)) {
    if (rule->action == key.action && rule->owner == key.owner) return rule;
  }
  return nullptr;
}

std::vector<const Rule*> RuleSet::HoldersOf(const Match& match) const {
  if (const auto* prefix = std::get_if<Prefix>(&match)) {
    const auto found = by_source_.find(*prefix);
    return found == by_source_.end() ? std::vector<const Rule*>()
                                     : ToRules(found->second);
  }
  if (const auto* packets = std::get_if<PacketMatch>(&match)) {
    const auto found = by_packets_.find(*packets);
    return found == by_packets_.end() ? std::vector<const Rule*>()
                                      : ToRules(found->second);
  }
  std::vector<const Rule*> holders;
  const auto [first, last] = by_ports_.equal_range(std::get<PortRange>(match));
  for (auto rule = first; rule != last; ++rule) {
    holders.push_back(&by_id_.find(rule->second.id)->second);
  }
  std::sort(holders.begin(), holders.end(),
            [](const Rule* a, const Rule* b) { return a->id < b->id; });
  return holders;
}

std::vector<Rule> RuleSet::Page(RuleId after, std::size_t limit,
                                Deadline now) const {
  std::vector<Rule> page;
  for (auto rule = by_id_.upper_bound(after);
       rule != by_id_.end() && page.size() < limit; ++rule) {
    if (!HasEnded(rule->second, now)) page.push_back(rule->second);
  }
  return page;
}

Deadline RuleSet::NextDeadline() const {
  return by_end_.empty() ? kForever : by_end_.begin()->first;
}

std::size_t RuleSet::EndedCount(Deadline now) const {
  // Ids are above 0, so this is before the first that has not ended.
  return static_cast<std::size_t>(
      std::distance(by_end_.begin(), by_end_.lower_bound({now + 1, 0})));
}

std::size_t RuleSet::SourceCount(Family family) const {
  return source_count_[static_cast<std::size_t>(family)];
}

}  // namespace fwagent::policy
