#include "tests/support/heap_source_world.h"

#include <utility>

#include "agent/util/status_macros.h"

namespace fwagent::testing {
namespace {

using lookup::Address4;
using lookup::Address6;
using lookup::kActiveBit;
using lookup::KeyOf;
using lookup::StatementOf;
using policy::Family;
using policy::SourceRule;

}  // namespace

absl::Status HeapSourceWorld::Add(const SourceRule& rule) {
  return rule.prefix.family() == Family::kIPv4
             ? table4_.Add(KeyOf<Address4>(rule.prefix), StatementOf(rule))
             : table6_.Add(KeyOf<Address6>(rule.prefix), StatementOf(rule));
}

absl::Status HeapSourceWorld::Remove(const policy::Prefix& prefix) {
  return prefix.family() == Family::kIPv4
             ? table4_.Remove(KeyOf<Address4>(prefix))
             : table6_.Remove(KeyOf<Address6>(prefix));
}

absl::Status HeapSourceWorld::Replace(const std::vector<SourceRule>& rules) {
  absl::Status swapped = StageAndSwap(rules);
  if (!swapped.ok()) {
    table4_.ForgetUnfinished();
    table6_.ForgetUnfinished();
  }
  return swapped;
}

absl::Status HeapSourceWorld::StageAndSwap(
    const std::vector<SourceRule>& rules) {
  lookup::Key<Address4> duplicate4;
  lookup::Key<Address6> duplicate6;
  FW_ASSIGN_OR_RETURN(auto staged4, table4_.Stage(rules, &duplicate4));
  FW_ASSIGN_OR_RETURN(auto staged6, table6_.Stage(rules, &duplicate6));
  FW_RETURN_IF_ERROR(memory_.Connect());
  table4_.Prepare(*staged4);
  table6_.Prepare(*staged6);
  fw_table_state& state = *memory_.state();
  lookup::Publish(state.active,
                  state.active ^ (kActiveBit<Address4> | kActiveBit<Address6>));
  memory_.WaitForReaders();
  table4_.Finish(std::move(staged4));
  table6_.Finish(std::move(staged6));
  return absl::OkStatus();
}

std::vector<lookup::Fold> HeapSourceWorld::Ask(
    const std::vector<Question>& questions) {
  std::vector<lookup::Fold> answers;
  answers.reserve(questions.size());
  for (const Question& question : questions) answers.push_back(Ask(question));
  return answers;
}

lookup::Fold HeapSourceWorld::Ask(const Question& question) const {
  return memory_.Ask(question);
}

}  // namespace fwagent::testing
