#include "agent/policy/rule_set.h"

#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace fwagent::policy {

absl::Status RuleSet::Add(Rule rule) {
  if (const RuleId holder = IdOf(rule.match); holder != 0) {
    return absl::AlreadyExistsError(absl::StrCat(
        MatchToString(rule.match), " is blocked already, by rule ", holder));
  }
  if (by_id_.contains(rule.id)) {
    return absl::AlreadyExistsError(
        absl::StrCat("rule ", rule.id, " is there already"));
  }
  if (const auto* prefix = std::get_if<Prefix>(&rule.match)) {
    by_source_.emplace(*prefix, rule.id);
    ++source_count_[static_cast<std::size_t>(prefix->family())];
  } else {
    by_ports_.emplace(std::get<PortRange>(rule.match),
                      PortRule(rule.id, rule.until));
  }
  if (Ends(rule)) by_end_.emplace(rule.until, rule.id);
  by_id_.emplace(rule.id, std::move(rule));
  return absl::OkStatus();
}

absl::Status RuleSet::Remove(const Match& match) {
  const RuleId id = IdOf(match);
  if (id == 0) {
    return absl::NotFoundError(
        absl::StrCat(MatchToString(match), " is not blocked"));
  }
  // `match` may be part of the rule that goes, which is therefore erased last.
  if (const auto* prefix = std::get_if<Prefix>(&match)) {
    by_source_.erase(*prefix);
    --source_count_[static_cast<std::size_t>(prefix->family())];
  } else {
    by_ports_.erase(std::get<PortRange>(match));
  }
  const auto rule = by_id_.find(id);
  by_end_.erase({rule->second.until, id});
  by_id_.erase(rule);
  return absl::OkStatus();
}

const Rule* RuleSet::Find(const Match& match) const {
  const auto found = by_id_.find(IdOf(match));
  return found == by_id_.end() ? nullptr : &found->second;
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

std::vector<SourceRule> RuleSet::SourceRules() const {
  std::vector<SourceRule> rules;
  rules.reserve(by_source_.size());
  for (const auto& [id, rule] : by_id_) {
    const auto* prefix = std::get_if<Prefix>(&rule.match);
    if (prefix == nullptr) continue;
    rules.push_back({.prefix = *prefix, .id = id, .until = rule.until});
  }
  return rules;
}

std::size_t RuleSet::SourceCount(Family family) const {
  return source_count_[static_cast<std::size_t>(family)];
}

RuleId RuleSet::IdOf(const Match& match) const {
  if (const auto* prefix = std::get_if<Prefix>(&match)) {
    const auto found = by_source_.find(*prefix);
    return found == by_source_.end() ? 0 : found->second;
  }
  const auto found = by_ports_.find(std::get<PortRange>(match));
  return found == by_ports_.end() ? 0 : found->second.id;
}

}  // namespace fwagent::policy
