#include "tests/support/source_world.h"

namespace fwagent::testing {
namespace {

using lookup::Address4;
using lookup::Address6;
using policy::SourceVerdict;

SourceVerdict VerdictOf(std::uint32_t kind) {
  switch (kind) {
    case FW_ENTRY_BLOCK:
      return SourceVerdict::kBlock;
    case FW_ENTRY_ALLOW:
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

lookup::Fold AnswerOf(std::uint32_t entry, const fw_meaning& meaning) {
  if (fw_kind_of(entry) != FW_ENTRY_MEANING) {
    return {.number = entry & FW_ENTRY_PAYLOAD,
            .verdict = VerdictOf(fw_kind_of(entry))};
  }
  return {.classes = meaning.classes,
          .number = meaning.rule,
          .verdict = VerdictOf(meaning.verdict)};
}

}  // namespace fwagent::testing
