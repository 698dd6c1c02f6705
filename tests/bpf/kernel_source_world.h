// Source tables in the kernel.
#ifndef FWAGENT_TESTS_BPF_KERNEL_SOURCE_WORLD_H_
#define FWAGENT_TESTS_BPF_KERNEL_SOURCE_WORLD_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/dataplane/source_tables.h"
#include "tests/bpf/ask_program.h"
#include "tests/support/source_world.h"

namespace fwagent::testing {

// In memory only: nothing is pinned.
class KernelSourceWorld : public SourceWorld {
 public:
  static absl::StatusOr<std::unique_ptr<KernelSourceWorld>> Create();

  absl::Status Add(const policy::SourceRule& rule) override {
    return tables_->Add(rule);
  }
  absl::Status Remove(const policy::Prefix& prefix) override {
    return tables_->Remove(prefix);
  }
  absl::Status Replace(const std::vector<policy::SourceRule>& rules) override {
    return tables_->Replace(rules);
  }
  std::vector<lookup::Fold> Ask(
      const std::vector<Question>& questions) override;

  const AskProgram& program() const { return program_; }

 private:
  KernelSourceWorld(AskProgram program,
                    std::unique_ptr<dataplane::SourceTables> tables)
      : program_(std::move(program)), tables_(std::move(tables)) {}

  AskProgram program_;
  std::unique_ptr<dataplane::SourceTables> tables_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_BPF_KERNEL_SOURCE_WORLD_H_
