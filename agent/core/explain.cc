#include "agent/core/explain.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "agent/core/steps.h"

namespace fwagent::core {
namespace {

using policy::PacketFacts;
using policy::PortRange;
using policy::Prefix;
using policy::Reason;
using policy::Rule;

Stage StageOfSource(bool allows) {
  return allows ? Stage::kAllowedSource : Stage::kBlockedSource;
}

bool Holds(const Prefix& prefix, const Prefix& host) {
  return prefix.family() == host.family() &&
         host.Shortened(prefix.length()) == prefix;
}

bool Holds(const PortRange& range, const PacketFacts& facts) {
  return facts.port_host.has_value() && facts.protocol == range.protocol() &&
         range.first() <= *facts.port_host && *facts.port_host <= range.last();
}

// Whether a rule matches such packets, and on what stage.
std::optional<Stage> StageOf(const Rule& rule, const PacketFacts& facts) {
  if (const auto* prefix = std::get_if<Prefix>(&rule.match)) {
    if (!facts.source.has_value() || !Holds(*prefix, *facts.source)) {
      return std::nullopt;
    }
    return StageOfSource(rule.action == policy::Action::kAllow);
  }
  const auto* range = std::get_if<PortRange>(&rule.match);
  if (range == nullptr || !Holds(*range, facts)) return std::nullopt;
  return Stage::kBlockedPort;
}

// Gathers what is said of one packet after a change.
class Statements {
 public:
  Statements(const PacketFacts& facts, const PlannedChange& change,
             policy::Deadline now)
      : facts_(facts), change_(change), now_(now) {
    for (const Step& step : change.steps) {
      if (const auto id = RemovedBy(step)) removed_.insert(*id);
    }
  }

  void AddRules() {
    for (const Step& step : change_.steps) {
      if (step.adds()) Add(step.rule);
    }
    if (facts_.source.has_value()) AddPresentSources(*facts_.source);
    if (facts_.port_host.has_value()) AddPresentPorts();
    if (facts_.source.has_value()) AddOrdered();
  }

  void AddSets() {
    if (!facts_.source.has_value()) return;
    for (const auto& set : SetsAfter(change_.set_steps, change_.sets)) {
      if (!ClaimsSources(*set)) continue;
      for (const policy::SetEntry& entry :
           EntriesAfter(change_.set_steps, *set, *facts_.source)) {
        if (entry.until <= now_) continue;
        found_.push_back(
            {StageOfSource(set->info.action == policy::SetAction::kAllow),
             SetHit{set->info, entry}});
      }
    }
  }

  std::vector<Statement> Take() && { return std::move(found_); }

 private:
  // Of a source or a port.
  void Add(const Rule& rule) {
    if (policy::HasEnded(rule, now_)) return;
    if (const auto stage = StageOf(rule, facts_)) {
      found_.push_back({*stage, rule});
    }
  }

  void AddPresentSources(const Prefix& host) {
    for (int length = 0; length <= host.length(); ++length) {
      const Prefix prefix = host.Shortened(static_cast<std::uint8_t>(length));
      for (const Rule* rule : change_.rules.HoldersOf(prefix)) {
        if (!removed_.contains(rule->id)) Add(*rule);
      }
    }
  }

  void AddPresentPorts() {
    for (const auto& [range, port_rule] : change_.rules.port_rules()) {
      if (!Holds(range, facts_) || removed_.contains(port_rule.id)) continue;
      const auto found = change_.rules.rules().find(port_rule.id);
      if (found != change_.rules.rules().end()) Add(found->second);
    }
  }

  // Those that only count, or only slow down, say nothing of one packet.
  void AddOrdered() {
    const auto sets = SetsAfter(change_.set_steps, change_.sets);
    const auto is_in_set = [&](const std::string& name, const Prefix& host) {
      return std::any_of(sets.begin(), sets.end(), [&](const auto& set) {
        return set->info.name == name &&
               !EntriesAfter(change_.set_steps, *set, host).empty();
      });
    };
    const auto add = [&](const Rule& rule) {
      const auto* match = std::get_if<policy::PacketMatch>(&rule.match);
      if (match == nullptr || match->shadow() || match->limit().has_value() ||
          policy::HasEnded(rule, now_)) {
        return;
      }
      if (policy::Holds(match->conditions(), facts_, is_in_set)) {
        found_.push_back({Stage::kOrdered, rule});
      }
    };
    for (const Step& step : change_.steps) {
      if (step.adds()) add(step.rule);
    }
    for (const Rule* rule : change_.rules.Ordered()) {
      if (!removed_.contains(rule->id)) add(*rule);
    }
  }

  const PacketFacts& facts_;
  const PlannedChange& change_;
  const policy::Deadline now_;
  absl::flat_hash_set<policy::RuleId> removed_;
  std::vector<Statement> found_;
};

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
  if (const auto* match = std::get_if<policy::PacketMatch>(&rule.match)) {
    // What is new comes behind what has its order already.
    return {statement.stage, static_cast<int>(match->order()), 0, 0,
            rule.id == 0 ? ~policy::RuleId{0} : rule.id};
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
    case Reason::kRule:
      return Stage::kOrdered;
    case Reason::kPortBlocked:
      return Stage::kBlockedPort;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::vector<Statement> StatementsOn(const PacketFacts& facts,
                                    const policy::RuleSet& rules,
                                    const policy::SetTable& sets,
                                    policy::Deadline now) {
  return StatementsAfter(facts, {{}, {}, rules, sets}, now);
}

std::vector<Statement> StatementsAfter(const PacketFacts& facts,
                                       const PlannedChange& change,
                                       policy::Deadline now) {
  Statements gathered(facts, change, now);
  gathered.AddRules();
  gathered.AddSets();
  std::vector<Statement> statements = std::move(gathered).Take();
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
