#include "tests/support/source_trial.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::testing {
namespace {

using lookup::Address4;
using lookup::Address6;
using lookup::Fold;
using lookup::KeyOf;
using policy::Family;
using policy::Prefix;
using policy::SourceMeaning;
using policy::SourceRule;

// Of a rule, a meaning or an answer.
template <typename Said>
std::string Describe(const Said& said, const std::string& rule) {
  return absl::StrCat("verdict ", static_cast<int>(said.verdict), " by ", rule,
                      " until ", said.until, ", then a block until ",
                      said.block_until, ", classes ", absl::Hex(said.classes));
}

bool SayTheSame(const Fold& answer, const SourceMeaning& expected) {
  return answer.verdict == expected.verdict &&
         answer.classes == expected.classes && answer.until == expected.until &&
         answer.block_until == expected.block_until;
}

// Tables have numbers of their own for rules: one for each.
class Numbers {
 public:
  bool Agree(Family family, std::uint32_t number, policy::RuleId rule) {
    return rule_of_.emplace(std::pair(family, number), rule).first->second ==
               rule &&
           number_of_.emplace(std::pair(family, rule), number).first->second ==
               number;
  }

 private:
  std::map<std::pair<Family, std::uint32_t>, policy::RuleId> rule_of_;
  std::map<std::pair<Family, policy::RuleId>, std::uint32_t> number_of_;
};

template <typename Address>
std::vector<Question> Ask(const Prefix& prefix, RandomSources& random) {
  const lookup::Key<Address> key = KeyOf<Address>(prefix);
  const Address6 noise =
      absl::MakeUint128(random.Below(~0ull), random.Below(~0ull));
  const auto inside = static_cast<Address>(
      key.address ^ (static_cast<Address>(noise) &
                     static_cast<Address>(key.address ^ key.Last())));
  std::vector<Question> questions;
  for (const Address address :
       {key.address, key.Last(), inside, static_cast<Address>(key.address - 1),
        static_cast<Address>(key.Last() + 1)}) {
    questions.push_back({prefix.family(), Address6{address}});
  }
  return questions;
}

}  // namespace

std::vector<Question> SourceTrial::QuestionsAbout(const Prefix& prefix) {
  return prefix.family() == Family::kIPv4 ? Ask<Address4>(prefix, random_)
                                          : Ask<Address6>(prefix, random_);
}

std::vector<SourceRule> SourceTrial::rules() const {
  std::vector<SourceRule> rules;
  for (const auto& [key, rule] : reference4_.rules()) rules.push_back(rule);
  for (const auto& [key, rule] : reference6_.rules()) rules.push_back(rule);
  return rules;
}

bool SourceTrial::Has(const Prefix& prefix) const {
  return prefix.family() == Family::kIPv4
             ? reference4_.rules().contains(KeyOf<Address4>(prefix))
             : reference6_.rules().contains(KeyOf<Address6>(prefix));
}

// One that is there.
Prefix SourceTrial::AnyPrefix() {
  auto index = static_cast<std::ptrdiff_t>(random_.Below(size()));
  const auto& rules4 = reference4_.rules();
  const auto size4 = static_cast<std::ptrdiff_t>(rules4.size());
  if (index < size4) return std::next(rules4.begin(), index)->second.prefix;
  index -= size4;
  return std::next(reference6_.rules().begin(), index)->second.prefix;
}

SourceMeaning SourceTrial::MeaningOf(const Question& question) const {
  return question.family == Family::kIPv4
             ? reference4_.MeaningOf(static_cast<Address4>(question.address))
             : reference6_.MeaningOf(question.address);
}

void SourceTrial::Set(const SourceRule& rule) {
  if (rule.prefix.family() == Family::kIPv4) {
    reference4_.Set(rule);
  } else {
    reference6_.Set(rule);
  }
}

absl::Status SourceTrial::Note(const std::string& operation,
                               const absl::Status& status) {
  ++operations_;
  last_operation_ = absl::StrCat("operation ", operations_, ", ", operation);
  return util::WithContext(status, last_operation_);
}

absl::Status SourceTrial::Add(const SourceRule& rule) {
  const absl::Status added = world_.Add(rule);
  FW_RETURN_IF_ERROR(
      Note(absl::StrCat("add ", rule.prefix.ToString(), " with ",
                        Describe(rule, absl::StrCat("rule ", rule.id))),
           added));
  Set(rule);
  return CheckAround(rule.prefix);
}

absl::Status SourceTrial::Remove(const Prefix& prefix) {
  const bool present = Has(prefix);
  absl::Status removed = world_.Remove(prefix);
  if (!present) {
    removed = absl::IsNotFound(removed)
                  ? absl::OkStatus()
                  : absl::InternalError("removed what is not there");
  }
  FW_RETURN_IF_ERROR(Note(absl::StrCat("remove ", prefix.ToString()), removed));
  if (prefix.family() == Family::kIPv4) {
    reference4_.Remove(KeyOf<Address4>(prefix));
  } else {
    reference6_.Remove(KeyOf<Address6>(prefix));
  }
  return CheckAround(prefix);
}

absl::Status SourceTrial::Replace(const std::vector<SourceRule>& rules) {
  const absl::Status replaced = world_.Replace(rules);
  FW_RETURN_IF_ERROR(
      Note(absl::StrCat("replace by ", rules.size(), " rules"), replaced));
  const std::vector<SourceRule> old = this->rules();
  reference4_.Clear();
  reference6_.Clear();
  for (const SourceRule& rule : rules) Set(rule);
  for (const SourceRule& rule : old) {
    FW_RETURN_IF_ERROR(Check(QuestionsAbout(rule.prefix)));
  }
  return CheckEverything();
}

absl::Status SourceTrial::Step(const RuleMix& mix, std::size_t rules) {
  const std::uint64_t choice = random_.Below(200);
  if (choice == 0) return ReplaceAtRandom(mix, rules);
  if (choice < 10) return Remove(random_.NextPrefix());
  if (size() == 0) return Add(random_.NextRule(mix));
  if (choice < 20) return Add(random_.RuleFor(AnyPrefix(), mix));
  if (random_.Below(2 * rules) < size()) return Remove(AnyPrefix());
  return Add(random_.NextRule(mix));
}

absl::Status SourceTrial::ReplaceAtRandom(const RuleMix& mix,
                                          std::size_t rules) {
  std::map<Prefix, SourceRule> content;
  for (std::size_t i = random_.Below(rules); i > 0; --i) {
    const SourceRule rule = random_.NextRule(mix);
    content.emplace(rule.prefix, rule);
  }
  std::vector<SourceRule> unsorted;
  for (const auto& [prefix, rule] : content) unsorted.push_back(rule);
  if (random_.Below(2) == 0) std::reverse(unsorted.begin(), unsorted.end());
  return Replace(unsorted);
}

absl::Status SourceTrial::CheckAround(const Prefix& prefix) {
  std::vector<Question> questions = QuestionsAbout(prefix);
  while (size() != 0 &&
         questions.size() < static_cast<std::size_t>(questions_)) {
    const std::vector<Question> more = QuestionsAbout(AnyPrefix());
    questions.insert(questions.end(), more.begin(), more.end());
  }
  return Check(questions);
}

absl::Status SourceTrial::CheckEverything() {
  std::vector<Question> questions;
  for (const SourceRule& rule : rules()) {
    const std::vector<Question> more = QuestionsAbout(rule.prefix);
    questions.insert(questions.end(), more.begin(), more.end());
  }
  return Check(questions);
}

absl::Status SourceTrial::Check(const std::vector<Question>& asked) {
  std::vector<Question> questions;
  for (const Question& question : asked) {
    questions.insert(questions.end(), 2, question);
  }
  MixQuestions(questions);
  const std::vector<Fold> answers = world_.Ask(questions);
  Numbers numbers;
  Numbers blocks;  // behind allows
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const SourceMeaning expected = MeaningOf(questions[i]);
    const Fold& answer = answers[i];
    if (SayTheSame(answer, expected) &&
        (questions[i].verdict_only ||
         (numbers.Agree(questions[i].family, answer.number, expected.rule) &&
          blocks.Agree(questions[i].family, answer.block_number,
                       expected.block_rule)))) {
      continue;
    }
    return absl::InternalError(absl::StrCat(
        "after ", last_operation_, ": ", ToString(questions[i]), " means ",
        Describe(answer, absl::StrCat("number ", answer.number)),
        " rather than ",
        Describe(expected, absl::StrCat("rule ", expected.rule))));
  }
  return absl::OkStatus();
}

}  // namespace fwagent::testing
