#include "agent/core/desired_plan.h"

#include <map>
#include <string>
#include <utility>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "agent/core/desired_sets.h"
#include "agent/core/expiry.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

using policy::PacketMatch;
using policy::Rule;
using policy::RuleId;
using policy::RuleKey;
using policy::RuleKeyHash;

constexpr char kFieldUrl[] = "fwagent.desired";

// An end that was written down and read again.
constexpr absl::Duration kSameEnd = absl::Seconds(2);

absl::Status About(absl::Status status, std::string field) {
  if (!status.ok()) status.SetPayload(kFieldUrl, absl::Cord(field));
  return status;
}

bool EndTogether(const Rule& a, const Rule& b) {
  if (!policy::Ends(a) || !policy::Ends(b)) {
    return policy::Ends(a) == policy::Ends(b);
  }
  const absl::Duration between = a.expire_time - b.expire_time;
  return -kSameEnd < between && between < kSameEnd;
}

const PacketMatch* OrderedMatch(const Rule& rule) {
  return std::get_if<PacketMatch>(&rule.match);
}

// An ordered rule but for its place.
using Words = std::pair<std::string, policy::Action>;

Words WordsOf(const Rule& rule) {
  return {OrderedMatch(rule)->text(), rule.action};
}

// A rule that is wanted, and the one that is there in its place, if any.
struct Pair {
  Rule wanted;
  const Rule* present = nullptr;
};

// The rules of one owner.
class RulesOfOwner {
 public:
  RulesOfOwner(const std::string& owner, const policy::RuleSet& rules,
               const Moment& now)
      : owner_(owner), rules_(rules), now_(now) {}

  absl::Status Want(const DesiredRule& wanted) {
    Rule rule{.match = wanted.match,
              .action = wanted.action,
              .owner = owner_,
              .comment = wanted.comment,
              .create_time = {}};
    if (wanted.until.has_value()) {
      if (*wanted.until <= now_.wall) return absl::OkStatus();
      FW_RETURN_IF_ERROR(SetEnding(*wanted.until, now_, rule));
    }
    const auto [place, is_new] =
        places_.emplace(policy::KeyOf(rule), pairs_.size());
    if (!is_new) {
      Rule& first = pairs_[place->second].wanted;
      if (first.until < rule.until) {
        first.until = rule.until;
        first.expire_time = rule.expire_time;
      }
      return absl::OkStatus();
    }
    Pair pair{.wanted = std::move(rule), .present = nullptr};
    pair.present = rules_.Find(policy::KeyOf(pair.wanted));
    if (pair.present != nullptr) taken_.insert(pair.present->id);
    pairs_.push_back(std::move(pair));
    return absl::OkStatus();
  }

  // What leads there. Every rule that is wanted has been named.
  void AddSteps(std::vector<Step>& steps) && {
    FindMoved();
    std::uint32_t order = 0;
    RuleId last = 0;
    for (Pair& pair : pairs_) {
      bool is_new = !Stays(pair);
      if (const PacketMatch* match = OrderedMatch(pair.wanted)) {
        // Of equal orders the older rule is judged first, so a rule that is
        // wanted behind a younger one is made anew.
        if (match->order() != order) last = 0;
        order = match->order();
        is_new = is_new || last == kNew || pair.present->id < last;
        last = is_new ? kNew : pair.present->id;
      }
      AddStep(std::move(pair), is_new, steps);
    }
    for (const auto& [id, rule] : rules_.rules()) {
      if (rule.owner != owner_ || taken_.contains(id) ||
          policy::HasEnded(rule, now_.tick())) {
        continue;
      }
      steps.push_back({.kind = Edit::Kind::kRemove, .rule = rule});
    }
  }

 private:
  static constexpr RuleId kNew = ~RuleId{0};

  bool Stays(const Pair& pair) const {
    return pair.present != nullptr &&
           !policy::HasEnded(*pair.present, now_.tick());
  }

  // Ordered rules that are there, but for their order.
  void FindMoved() {
    std::map<Words, std::vector<const Rule*>> free;
    for (const Rule* rule : rules_.Ordered()) {
      if (rule->owner != owner_ || taken_.contains(rule->id) ||
          policy::HasEnded(*rule, now_.tick())) {
        continue;
      }
      free[WordsOf(*rule)].push_back(rule);
    }
    if (free.empty()) return;
    for (Pair& pair : pairs_) {
      if (pair.present != nullptr || OrderedMatch(pair.wanted) == nullptr) {
        continue;
      }
      const auto found = free.find(WordsOf(pair.wanted));
      if (found == free.end() || found->second.empty()) continue;
      pair.present = found->second.front();
      found->second.erase(found->second.begin());
      taken_.insert(pair.present->id);
    }
  }

  static void AddStep(Pair pair, bool is_new, std::vector<Step>& steps) {
    Step step{.kind = Edit::Kind::kAdd, .rule = std::move(pair.wanted)};
    if (pair.present != nullptr) step.before = *pair.present;
    if (is_new) {
      steps.push_back(std::move(step));
      return;
    }
    const Rule& present = *pair.present;
    step.rule.id = present.id;
    step.rule.create_time = present.create_time;
    if (EndTogether(step.rule, present)) {
      step.rule.until = present.until;
      step.rule.expire_time = present.expire_time;
    }
    if (step.rule != present) steps.push_back(std::move(step));
  }

  const std::string& owner_;
  const policy::RuleSet& rules_;
  const Moment& now_;
  absl::flat_hash_map<RuleKey, std::size_t, RuleKeyHash> places_;  // in pairs_
  absl::flat_hash_set<RuleId> taken_;  // that stay, or make place
  std::vector<Pair> pairs_;            // in the order of the document
};

}  // namespace

absl::StatusOr<DesiredSteps> PlanDesired(
    const std::vector<DesiredPolicy>& wanted, const policy::RuleSet& rules,
    const policy::SetTable& sets, const SourceCapacity& capacity,
    const Moment& now) {
  absl::flat_hash_set<std::string> owners;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (owners.insert(wanted[i].owner).second) continue;
    return About(absl::InvalidArgumentError(
                     absl::StrCat("there are two documents of the owner ",
                                  wanted[i].owner, ": put them together")),
                 absl::StrCat("documents[", i, "].owner"));
  }
  DesiredSteps plan;
  DesiredSets desired_sets(sets, std::move(owners), now);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const DesiredPolicy& document = wanted[i];
    const std::string field = absl::StrCat("documents[", i, "]");
    RulesOfOwner of_owner(document.owner, rules, now);
    for (std::size_t k = 0; k < document.rules.size(); ++k) {
      FW_RETURN_IF_ERROR(About(of_owner.Want(document.rules[k]),
                               absl::StrCat(field, ".rules[", k, "]")));
    }
    std::move(of_owner).AddSteps(plan.steps);
    for (std::size_t k = 0; k < document.sets.size(); ++k) {
      FW_RETURN_IF_ERROR(
          About(desired_sets.Want(document.owner, document.sets[k]),
                absl::StrCat(field, ".sets[", k, "]")));
    }
  }
  plan.set_steps = std::move(desired_sets).Steps();
  FW_RETURN_IF_ERROR(CheckCapacity(plan.steps, rules, capacity));
  return plan;
}

std::string FieldOfDesired(const absl::Status& status) {
  const auto payload = status.GetPayload(kFieldUrl);
  return payload.has_value() ? std::string(*payload) : "";
}

std::vector<RuleChange> RuleChangesOf(const std::vector<Step>& steps) {
  std::vector<RuleChange> changes;
  changes.reserve(steps.size());
  for (const Step& step : steps) {
    if (step.adds()) {
      changes.push_back({.before = step.before, .after = step.rule});
    } else {
      changes.push_back({.before = step.rule, .after = std::nullopt});
    }
  }
  return changes;
}

std::vector<SetChange> SetChangesOf(const std::vector<SetStep>& steps) {
  std::map<std::string, SetChange> by_name;
  for (const SetStep& step : steps) {
    const policy::SetOutcome outcome = OutcomeOf(step);
    SetChange& change = by_name[outcome.info.name];
    if (step.before != nullptr) change.before = step.before->info;
    if (step.after != nullptr) change.after = step.after->info;
    change.size = outcome.size;
    change.added += outcome.added;
    change.removed += outcome.removed;
    change.changed += outcome.changed;
  }
  std::vector<SetChange> changes;
  changes.reserve(by_name.size());
  for (auto& [name, change] : by_name) changes.push_back(std::move(change));
  return changes;
}

}  // namespace fwagent::core
