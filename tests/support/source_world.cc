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

lookup::Fold FoldOf(std::uint32_t kind, std::uint32_t number,
                    const fw_terms& terms) {
  if (kind != FW_ENTRY_TIMED) {
    return {.number = number, .verdict = VerdictOf(kind)};
  }
  if (terms.allow_until == policy::kNever) {
    return {.number = terms.block_rule,
            .verdict = SourceVerdict::kBlock,
            .until = terms.block_until};
  }
  return {.number = terms.allow_rule,
          .verdict = SourceVerdict::kAllow,
          .until = terms.allow_until,
          .block_until = terms.block_until,
          .block_number = terms.block_rule};
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
                      const fw_meaning& meaning, const fw_terms& terms) {
  lookup::Fold answer;
  if (fw_kind_of(entry) == FW_ENTRY_MEANING) {
    answer = FoldOf(meaning.verdict, meaning.rule, terms);
    answer.classes = meaning.classes;
  } else {
    answer = FoldOf(fw_kind_of(entry), entry & FW_ENTRY_PAYLOAD, terms);
  }
  if (question.verdict_only) answer.number = answer.block_number = 0;
  return answer;
}

}  // namespace fwagent::testing
