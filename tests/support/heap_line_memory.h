// Memory for source tables without a kernel, and look-ups in it by the very
// code that the XDP program is made of.
#ifndef FWAGENT_TESTS_SUPPORT_HEAP_LINE_MEMORY_H_
#define FWAGENT_TESTS_SUPPORT_HEAP_LINE_MEMORY_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <shared_mutex>
#include <vector>

#include "agent/lookup/address.h"
#include "agent/lookup/line_memory.h"
#include "agent/lookup/statements.h"
#include "tests/support/source_world.h"

namespace fwagent::testing {

// A slab that was removed, or is not connected, cannot be touched by a look-up:
// the process would end.
class HeapLineMemory : public lookup::LineMemory {
 public:
  HeapLineMemory();
  ~HeapLineMemory() override;

  absl::StatusOr<std::uint32_t> AddSlabs(std::uint32_t count) override;
  absl::Status Connect() override;
  void RemoveSlabs(std::span<const std::uint32_t> slabs) override;
  void WaitForReaders() override;
  fw_table_state* state() override { return &state_; }
  __u64* used() override { return used_words_.data(); }

  // What the tables say of an address. Any thread.
  lookup::Fold Ask(const Question& question) const;

  // From now on look-ups of the calling thread call this before each read of
  // what another thread may be writing.
  static void SetReadHook(std::function<void()> hook);
  // Whether WaitForReaders waits.
  bool has_waiting_writer() const { return has_waiting_writer_; }

  // From now on AddSlabs fails when there would be more slabs.
  void set_slab_limit(std::size_t limit) { slab_limit_ = limit; }
  // The next so many calls of Connect fail.
  void FailConnects(int calls) { failing_connects_ = calls; }
  std::size_t slab_count() const { return slab_count_; }
  std::size_t waits() const { return waits_; }

 private:
  void Protect(std::uint32_t first, std::uint32_t count, int protection);

  fw_table_state state_{};
  std::vector<__u64> used_words_ = std::vector<__u64>(FW_ROOT_WORDS);
  std::size_t slab_count_ = 0;
  std::size_t slab_limit_ = FW_SLABS;
  std::size_t waits_ = 0;
  int failing_connects_ = 0;
  std::atomic<bool> has_waiting_writer_ = false;
  mutable std::shared_mutex readers_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_HEAP_LINE_MEMORY_H_
