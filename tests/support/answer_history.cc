#include "tests/support/answer_history.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace fwagent::testing {

using lookup::Fold;

AnswerHistory::AnswerHistory(std::uint64_t change,
                             const std::vector<Fold>& answers)
    : last_change_(change) {
  for (const Fold& answer : answers) answers_.push_back({{change, answer}});
}

void AnswerHistory::Record(std::uint64_t change,
                           const std::vector<Fold>& answers) {
  const std::lock_guard lock(mutex_);
  last_change_ = change;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers_[i].back().answer == answers[i]) continue;
    answers_[i].push_back({change, answers[i]});
  }
}

bool AnswerHistory::WasRight(const Observation& observation) const {
  const std::vector<Since>& answers = answers_[observation.question];
  auto since =
      std::upper_bound(answers.begin(), answers.end(), observation.first,
                       [](std::uint64_t change, const Since& entry) {
                         return change < entry.change;
                       });
  for (--since; since != answers.end() && since->change <= observation.last;
       ++since) {
    if (since->answer == observation.answer) return true;
  }
  return false;
}

void AnswerHistory::Judge(std::vector<Observation>& observations) {
  const std::lock_guard lock(mutex_);
  std::vector<Observation> rest;
  for (const Observation& observation : observations) {
    if (observation.last > last_change_) {
      rest.push_back(observation);
      continue;
    }
    ++judged_;
    if (observation.first != observation.last) ++overlapping_;
    if (WasRight(observation)) continue;
    wrong_.push_back(
        absl::StrCat("question ", observation.question, " between the changes ",
                     observation.first, " and ", observation.last, ": verdict ",
                     static_cast<int>(observation.answer.verdict),
                     " by number ", observation.answer.number, ", classes ",
                     absl::Hex(observation.answer.classes)));
  }
  observations = std::move(rest);
}

}  // namespace fwagent::testing
