#include "agent/core/explain.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace fwagent::core {
namespace {

using policy::PortRange;
using policy::Prefix;
using policy::Reason;
using policy::Rule;

Stage StageOfSource(bool allows) {
  return allows ? Stage::kAllowedSource : Stage::kBlockedSource;
}

void AddRulesOn(const Prefix& host, const policy::RuleSet& rules,
                policy::Deadline now, std::vector<Statement>& statements) {
  for (int length = 0; length <= host.length(); ++length) {
    const Prefix prefix = host.Shortened(static_cast<std::uint8_t>(length));
    for (const Rule* rule : rules.HoldersOf(prefix)) {
      if (policy::HasEnded(*rule, now)) continue;
      statements.push_back(
          {StageOfSource(rule->action == policy::Action::kAllow), *rule});
    }
  }
}

void AddEntriesOn(const Prefix& host, const policy::SetTable& sets,
                  policy::Deadline now, std::vector<Statement>& statements) {
  for (const auto& [name, set] : sets) {
    const bool allows = set->info.action == policy::SourceVerdict::kAllow;
    for (const policy::SetEntry& entry : set->entries.Holding(host)) {
      if (entry.until <= now) continue;
      statements.push_back({StageOfSource(allows), SetHit{set->info, entry}});
    }
  }
}

void AddPortRules(policy::Protocol protocol, std::uint16_t port,
                  const policy::RuleSet& rules, policy::Deadline now,
                  std::vector<Statement>& statements) {
  for (const auto& [range, port_rule] : rules.port_rules()) {
    if (range.protocol() != protocol) continue;
    if (port < range.first() || range.last() < port) continue;
    const auto found = rules.rules().find(port_rule.id);
    if (found == rules.rules().end()) continue;
    if (policy::HasEnded(found->second, now)) continue;
    statements.push_back({Stage::kBlockedPort, found->second});
  }
}

// What policy::Narrow, policy::SourceClaims and policy::CompilePortTable make
// of several that match: the first in this order stands for them. Of addresses
// the longest prefix goes first, of ports what ends last.
using Rank = std::tuple<Stage, int, policy::Deadline, int, policy::RuleId>;

Rank RankOfSource(Stage stage, const Prefix& prefix, policy::Deadline until,
                  policy::RuleId id) {
  return {stage, -prefix.length(), policy::kForever - until, 0, id};
}

Rank RankOf(const Statement& statement) {
  if (const auto* hit = std::get_if<SetHit>(&statement.by)) {
    return RankOfSource(statement.stage, hit->entry.prefix, hit->entry.until,
                        hit->set.id);
  }
  const auto& rule = std::get<Rule>(statement.by);
  if (const auto* prefix = std::get_if<Prefix>(&rule.match)) {
    return RankOfSource(statement.stage, *prefix, rule.until, rule.id);
  }
  const auto& range = std::get<PortRange>(rule.match);
  return {statement.stage, 0, policy::kForever - rule.until,
          range.last() - range.first(), rule.id};
}

std::optional<Stage> StageThatDecided(Reason reason) {
  switch (reason) {
    case Reason::kSourceAllowed:
      return Stage::kAllowedSource;
    case Reason::kSourceBlocked:
      return Stage::kBlockedSource;
    case Reason::kPortBlocked:
      return Stage::kBlockedPort;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::vector<Statement> StatementsOn(const policy::PacketFacts& facts,
                                    const policy::RuleSet& rules,
                                    const policy::SetTable& sets,
                                    policy::Deadline now) {
  std::vector<Statement> statements;
  if (facts.source.has_value()) {
    AddRulesOn(*facts.source, rules, now, statements);
    AddEntriesOn(*facts.source, sets, now, statements);
  }
  if (facts.port_host.has_value()) {
    AddPortRules(*facts.protocol, *facts.port_host, rules, now, statements);
  }
  std::sort(statements.begin(), statements.end(),
            [](const Statement& a, const Statement& b) {
              return RankOf(a) < RankOf(b);
            });
  return statements;
}

Explanation Explain(dataplane::Judgement judgement,
                    std::vector<Statement> statements) {
  Explanation explanation;
  const auto stage = StageThatDecided(judgement.reason);
  const auto decided = std::find_if(
      statements.begin(), statements.end(),
      [&stage](const Statement& one) { return one.stage == stage; });
  if (decided != statements.end()) {
    explanation.decided_by = std::move(*decided);
    statements.erase(decided);
  }
  explanation.judgement = std::move(judgement);
  explanation.shadowed = std::move(statements);
  return explanation;
}

}  // namespace fwagent::core
