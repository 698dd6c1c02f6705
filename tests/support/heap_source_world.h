// Source tables on the heap.
#ifndef FWAGENT_TESTS_SUPPORT_HEAP_SOURCE_WORLD_H_
#define FWAGENT_TESTS_SUPPORT_HEAP_SOURCE_WORLD_H_

#include <vector>

#include "agent/lookup/source_table.h"
#include "tests/support/heap_line_memory.h"
#include "tests/support/source_world.h"

namespace fwagent::testing {

// One thread changes, any thread asks.
class HeapSourceWorld : public SourceWorld {
 public:
  absl::Status Add(const policy::SourceRule& rule) override;
  absl::Status Remove(const policy::Prefix& prefix) override;
  absl::Status Replace(const std::vector<policy::SourceRule>& rules) override;
  std::vector<lookup::Fold> Ask(
      const std::vector<Question>& questions) override;

  lookup::Fold Ask(const Question& question) const;
  HeapLineMemory& memory() { return memory_; }

 private:
  absl::Status StageAndSwap(const std::vector<policy::SourceRule>& rules);

  HeapLineMemory memory_;
  lookup::SourceTable<lookup::Address4> table4_{&memory_};
  lookup::SourceTable<lookup::Address6> table6_{&memory_};
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_HEAP_SOURCE_WORLD_H_
