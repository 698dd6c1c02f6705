#include "tests/bpf/ask_program.h"

#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <utility>

#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"

namespace fwagent::testing {
namespace {

absl::Status Check(int result, std::string_view what) {
  if (result >= 0) return absl::OkStatus();
  return util::ErrnoToStatus(errno, what);
}

}  // namespace

absl::StatusOr<AskProgram> AskProgram::Load(const AskProgram* other) {
  tests_ask* skeleton = tests_ask__open();
  if (skeleton == nullptr) return util::ErrnoToStatus(errno, "open");
  AskProgram program(skeleton);
  if (other != nullptr) {
    const dataplane::SourceMapFds fds = other->source_fds();
    const auto& maps = skeleton->maps;
    for (const auto& [map, fd] : {std::pair(maps.fw_slabs, fds.slabs),
                                  std::pair(maps.data_tables, fds.state),
                                  std::pair(maps.fw_used, fds.used)}) {
      FW_RETURN_IF_ERROR(Check(bpf_map__reuse_fd(map, fd), "share a map"));
    }
  }
  FW_RETURN_IF_ERROR(Check(tests_ask__load(skeleton), "load"));
  return program;
}

dataplane::SourceMapFds AskProgram::source_fds() const {
  return {bpf_map__fd(skeleton_->maps.fw_slabs),
          bpf_map__fd(skeleton_->maps.data_tables),
          bpf_map__fd(skeleton_->maps.fw_used)};
}

void AskProgram::SetQuestions(const std::vector<Question>& questions) {
  ASSERT_LE(questions.size(), std::size_t{FW_QUESTIONS});
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const Question& question = questions[i];
    skeleton_->bss->fw_questions[i] = {
        .high = absl::Uint128High64(question.address),
        .low = absl::Uint128Low64(question.address),
        .family = static_cast<__u32>(question.family),
        .verdict_only = question.verdict_only};
  }
}

void AskProgram::Run(std::size_t count) {
  if (count == 0) return;
  skeleton_->bss->fw_position = 0;
  std::array<char, 64> frame{};
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame.data();
  options.data_size_in = frame.size();
  options.repeat = static_cast<int>(count);
  ASSERT_EQ(
      bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.ask), &options),
      0);
}

lookup::Fold AskProgram::FoldAt(std::size_t index) const {
  const fw_question& asked = skeleton_->bss->fw_questions[index];
  const Question question = {.family = policy::Family(asked.family),
                             .address = {},
                             .verdict_only = asked.verdict_only != 0};
  return AnswerOf(question, static_cast<std::uint32_t>(answer(index).entry),
                  answer(index).meaning, answer(index).terms);
}

}  // namespace fwagent::testing
