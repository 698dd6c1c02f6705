// The program's look-up in the kernel, asked directly.
#ifndef FWAGENT_TESTS_BPF_ASK_PROGRAM_H_
#define FWAGENT_TESTS_BPF_ASK_PROGRAM_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/dataplane/slab_maps.h"
#include "tests/bpf/ask.h"
#include "tests/support/source_world.h"
#include "tests_ask.skel.h"

namespace fwagent::testing {

// One program with questions of its own. One thread asks.
class AskProgram {
 public:
  // With tables of its own, which are empty, or with those of another one.
  static absl::StatusOr<AskProgram> Load(const AskProgram* other = nullptr);

  dataplane::SourceMapFds source_fds() const;
  // Where the program reads them.
  __u64& changes_begun() { return skeleton_->bss->fw_changes_begun; }
  __u64& changes_ended() { return skeleton_->bss->fw_changes_ended; }

  // At most FW_QUESTIONS.
  void SetQuestions(const std::vector<Question>& questions);
  // Asks the first `count` questions; a refusal fails the test.
  void Run(std::size_t count);
  const fw_answer& answer(std::size_t index) const {
    return skeleton_->bss->fw_answers[index];
  }
  lookup::Fold FoldAt(std::size_t index) const;

 private:
  struct Destroy {
    void operator()(tests_ask* skeleton) const { tests_ask__destroy(skeleton); }
  };

  explicit AskProgram(tests_ask* skeleton) : skeleton_(skeleton) {}

  std::unique_ptr<tests_ask, Destroy> skeleton_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_BPF_ASK_PROGRAM_H_
