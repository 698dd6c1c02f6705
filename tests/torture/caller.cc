#include "tests/torture/caller.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace fwagent::testing {
namespace {

constexpr std::size_t kMostEdits = 8;

}  // namespace

Caller::Caller(int number, std::uint64_t seed, std::string address)
    : number_(number),
      address_(std::move(address)),
      targets_(TargetsOf(number)),
      dice_(seed * 1000 + static_cast<std::uint64_t>(number)) {}

Operation Caller::Draw() {
  Operation operation;
  operation.request_id = absl::StrCat("caller-", number_, "-", next_request_++);
  if (!dice_.OneIn(3)) {
    Toggled(operation, dice_.Of(targets_));
    return operation;
  }
  const std::size_t edits = dice_.Between(2, kMostEdits);
  while (operation.toggles.size() < edits) {
    Toggled(operation, targets_[dice_.Below(kSourcesOfCaller)]);
  }
  return operation;
}

// No target comes twice.
void Caller::Toggled(Operation& operation, const Target& target) const {
  const Toggle toggle{&target, blocked_.count(target.name) == 0};
  auto& toggles = operation.toggles;
  if (std::find(toggles.begin(), toggles.end(), toggle) == toggles.end()) {
    toggles.push_back(toggle);
  }
}

void Caller::WorkUntilTheAgentDies(std::latch& connected) {
  AgentClient agent(address_);
  const bool is_connected = agent.WaitUntilConnected();
  connected.count_down();
  if (!is_connected) return problems_.push_back("cannot connect");
  for (;;) {
    open_ = Draw();
    const auto answer = agent.Send(*open_);
    if (absl::IsUnavailable(answer.status())) return;
    if (!answer.ok()) return Problem(*open_, answer.status().ToString());
    Acknowledge(*open_, *answer);
    ++counts_.acknowledged;
  }
}

void Caller::Acknowledge(const Operation& operation, const Answer& answer) {
  if (answer.rules.size() != operation.toggles.size()) {
    return Problem(operation, "the answer has other rules");
  }
  for (std::size_t i = 0; i < answer.rules.size(); ++i) {
    const Toggle& toggle = operation.toggles[i];
    if (toggle.block) {
      blocked_[toggle.target->name] = answer.rules[i];
    } else if (blocked_[toggle.target->name] != answer.rules[i]) {
      Problem(operation, "another rule than the one that was there was lifted");
    } else {
      blocked_.erase(toggle.target->name);
    }
  }
  answered_ = {operation, answer};
  open_.reset();
}

// Whether the list is what the operation makes of what was acknowledged. What
// its new rules are, only its repetition tells.
bool Caller::Follows(const Operation& operation, const Rules& listed) const {
  Rules expected = blocked_;
  for (const Toggle& toggle : operation.toggles) {
    const std::string& name = toggle.target->name;
    expected.erase(name);
    if (!toggle.block) continue;
    const auto found = listed.find(name);
    if (found == listed.end()) return false;
    expected.insert(*found);
  }
  return expected == listed;
}

void Caller::Check(const Listing& listing) {
  Rules mine;
  for (const Target& target : targets_) {
    const auto found = listing.rules.find(target.name);
    if (found != listing.rules.end()) mine.insert(*found);
  }
  open_is_done_ = open_ && Follows(*open_, mine);
  if (open_is_done_) {
    ++counts_.open_and_done;
  } else if (mine != blocked_) {
    Problem(open_.value_or(Operation{}),
            absl::StrCat("the list has ", mine.size(), " rules of ",
                         blocked_.size(),
                         " that were acknowledged, or others: a change was "
                         "lost or is there in part"));
  } else if (open_) {
    ++counts_.open_and_not_done;
  }
}

void Caller::Repeat(AgentClient& agent, std::uint64_t& generation) {
  RepeatAnswered(agent);
  if (!open_) return;
  const Operation operation = *open_;
  const auto first = agent.Send(operation);
  if (!first.ok()) return Problem(operation, first.status().ToString());
  const auto second = agent.Send(operation);
  counts_.repeats += 2;
  if (!second.ok() || *second != *first) {
    Problem(operation, "the same request got two answers");
  }
  if (open_is_done_ ? first->generation > generation
                    : first->generation != generation + 1) {
    Problem(operation, absl::StrCat("was done twice, or never: generation ",
                                    first->generation, " after ", generation));
  }
  generation = std::max(generation, first->generation);
  Acknowledge(operation, *first);
}

void Caller::RepeatAnswered(AgentClient& agent) {
  if (!answered_) return;
  const auto again = agent.Send(answered_->first);
  ++counts_.repeats;
  if (!again.ok()) {
    Problem(answered_->first, again.status().ToString());
  } else if (*again != answered_->second) {
    Problem(answered_->first, "was answered otherwise before the agent died");
  }
}

void Caller::Problem(const Operation& operation, const std::string& what) {
  std::string text = absl::StrCat("caller ", number_, ", request \"",
                                  operation.request_id, "\":");
  for (const Toggle& toggle : operation.toggles) {
    absl::StrAppend(&text, toggle.block ? " block " : " unblock ",
                    toggle.target->name);
  }
  problems_.push_back(absl::StrCat(text, ": ", what));
}

}  // namespace fwagent::testing
