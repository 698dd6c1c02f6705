// Which answers were right when, for look-ups that run while tables change.
#ifndef FWAGENT_TESTS_SUPPORT_ANSWER_HISTORY_H_
#define FWAGENT_TESTS_SUPPORT_ANSWER_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "agent/lookup/statements.h"

namespace fwagent::testing {

// One look-up. Changes are numbered from 1: `first` had ended before it began,
// and none behind `last` had begun when it ended.
struct Observation {
  std::size_t question;
  std::uint64_t first;
  std::uint64_t last;
  lookup::Fold answer;
};

// What some questions were answered after each change, and which answers of
// look-ups meanwhile do not fit. Any thread.
class AnswerHistory {
 public:
  // From the end of this change on, `answers` are right.
  AnswerHistory(std::uint64_t change, const std::vector<lookup::Fold>& answers);

  // The same for the next change.
  void Record(std::uint64_t change, const std::vector<lookup::Fold>& answers);

  // Removes from `observations` those that can be judged by now. An answer was
  // right when it was so after `first`, `last` or a change between these.
  void Judge(std::vector<Observation>& observations);

  // What was judged: all, those with a change meanwhile, and the wrong ones.
  std::uint64_t judged() const { return judged_; }
  std::uint64_t overlapping() const { return overlapping_; }
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  struct Since {
    std::uint64_t change;
    lookup::Fold answer;
  };

  bool WasRight(const Observation& observation) const;

  std::mutex mutex_;
  std::vector<std::vector<Since>> answers_;  // by question, where they changed
  std::uint64_t last_change_;
  std::uint64_t judged_ = 0;
  std::uint64_t overlapping_ = 0;
  std::vector<std::string> wrong_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_ANSWER_HISTORY_H_
