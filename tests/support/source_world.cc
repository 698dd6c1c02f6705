#include "tests/support/source_world.h"

namespace fwagent::testing {
namespace {

using lookup::Address4;
using lookup::Address6;
using policy::SourceVerdict;

SourceVerdict VerdictOf(std::uint32_t kind) {
  switch (kind) {
    case FW_ENTRY_BLOCK:
    case FW_ENTRY_BLOCK_AT:
      return SourceVerdict::kBlock;
    case FW_ENTRY_ALLOW:
    case FW_ENTRY_ALLOW_AT:
      return SourceVerdict::kAllow;
    default:
      return SourceVerdict::kNone;
  }
}

}  // namespace

std::string ToString(const Question& question) {
  if (question.family == policy::Family::kIPv4) {
    const auto address = static_cast<Address4>(question.address);
    return PrefixOf(lookup::Key<Address4>{address, 32}).ToString();
  }
  return PrefixOf(lookup::Key<Address6>{question.address, 128}).ToString();
}

void MixQuestions(std::vector<Question>& questions) {
  for (std::size_t i = 1; i < questions.size(); i += 2) {
    questions[i].verdict_only = true;
  }
}

lookup::Fold AnswerOf(const Question& question, std::uint32_t entry,
                      const fw_meaning& meaning) {
  lookup::Fold answer;
  if (fw_kind_of(entry) == FW_ENTRY_MEANING) {
    answer = {.classes = meaning.classes,
              .number = meaning.rule,
              .verdict = VerdictOf(meaning.verdict)};
  } else {
    answer = {.number = entry & FW_ENTRY_PAYLOAD,
              .verdict = VerdictOf(fw_kind_of(entry))};
  }
  if (question.verdict_only) answer.number = 0;
  return answer;
}

}  // namespace fwagent::testing
