#include "tests/bpf/kernel_source_world.h"

#include <algorithm>
#include <utility>

#include "agent/util/status_macros.h"

namespace fwagent::testing {
namespace {

constexpr std::uint64_t kCapacity = 100'000;

}  // namespace

absl::StatusOr<std::unique_ptr<KernelSourceWorld>> KernelSourceWorld::Create() {
  FW_ASSIGN_OR_RETURN(AskProgram program, AskProgram::Load());
  FW_ASSIGN_OR_RETURN(
      auto tables,
      dataplane::SourceTables::Open(program.source_fds(),
                                    "no folder: nothing is pinned", kCapacity));
  FW_RETURN_IF_ERROR(tables->Replace({}));
  return std::unique_ptr<KernelSourceWorld>(
      new KernelSourceWorld(std::move(program), std::move(tables)));
}

std::vector<lookup::Fold> KernelSourceWorld::Ask(
    const std::vector<Question>& questions) {
  std::vector<lookup::Fold> answers;
  for (auto rest = questions.begin(); rest != questions.end();) {
    const auto end =
        rest + std::min<std::ptrdiff_t>(questions.end() - rest, FW_QUESTIONS);
    const std::vector<Question> batch(rest, end);
    program_.SetQuestions(batch);
    program_.Run(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      answers.push_back(program_.FoldAt(i));
    }
    rest = end;
  }
  return answers;
}

}  // namespace fwagent::testing
