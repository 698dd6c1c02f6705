// Changes of source tables, each followed by questions.
#ifndef FWAGENT_TESTS_SUPPORT_SOURCE_TRIAL_H_
#define FWAGENT_TESTS_SUPPORT_SOURCE_TRIAL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/policy/prefix.h"
#include "agent/policy/source_rule.h"
#include "tests/support/random_sources.h"
#include "tests/support/reference_sources.h"
#include "tests/support/source_world.h"

namespace fwagent::testing {

// Does the same to a world and to a plain reference, and compares. An error
// says which operation it was that the two disagree about, and where.
class SourceTrial {
 public:
  struct Options {
    int questions = 40;  // after each change, about
    int places = 24;     // around which the random prefixes lie
  };

  SourceTrial(SourceWorld& world, std::uint64_t seed, const Options& options)
      : world_(world),
        random_(seed, options.places),
        questions_(options.questions) {}

  // A prefix that is there gets the new rule.
  absl::Status Add(const policy::SourceRule& rule);
  // The world must refuse when it is not there.
  absl::Status Remove(const policy::Prefix& prefix);
  // All rules of both families.
  absl::Status Replace(const std::vector<policy::SourceRule>& rules);

  // One of these at random. Keeps to about so many rules.
  absl::Status Step(const RuleMix& mix, std::size_t rules);

  // Asks wherever the meaning may change.
  absl::Status CheckEverything();
  // Asks this and nothing else; each both for the rule and for the verdict.
  absl::Status Check(const std::vector<Question>& questions);

  // First and last address of a prefix, those just outside, one inside.
  std::vector<Question> QuestionsAbout(const policy::Prefix& prefix);
  std::vector<policy::SourceRule> rules() const;

 private:
  std::size_t size() const {
    return reference4_.rules().size() + reference6_.rules().size();
  }
  bool Has(const policy::Prefix& prefix) const;
  policy::Prefix AnyPrefix();
  policy::SourceMeaning MeaningOf(const Question& question) const;
  void Set(const policy::SourceRule& rule);
  // Asks around what was changed last, and elsewhere.
  absl::Status CheckAround(const policy::Prefix& prefix);
  absl::Status ReplaceAtRandom(const RuleMix& mix, std::size_t rules);
  absl::Status Note(const std::string& operation, const absl::Status& status);

  SourceWorld& world_;
  RandomSources random_;
  const int questions_;
  ReferenceSources<lookup::Address4> reference4_;
  ReferenceSources<lookup::Address6> reference6_;
  int operations_ = 0;
  std::string last_operation_ = "nothing";
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_SOURCE_TRIAL_H_
