#include "tests/support/heap_line_memory.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#define FW_READ(place) \
  (BeforeRead(), __atomic_load_n(&(place), __ATOMIC_ACQUIRE))
#define FW_SUBPROGRAM static __attribute__((noinline))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif

namespace {

// The memory that this thread looks into: the look-up is C.
thread_local fwagent::testing::HeapLineMemory* memory = nullptr;

thread_local std::function<void()> read_hook;

void BeforeRead() {
  if (read_hook) read_hook();
}

inline const fw_line* fw_line(__u32 number) {
  return number < FW_SLAB_LINES ? nullptr : memory->line(number);
}

inline const fw_generation* fw_generation(__u32 family, __u32 which) {
  return &memory->state()->generations[family][which];
}

inline const __u64* fw_used_word(__u32 index) { return memory->used() + index; }

#include "bpf/fw_find.h"

// What the tables of this thread's memory say.
std::uint32_t Find(const fwagent::testing::Question& question) {
  const std::uint32_t active = FW_READ(memory->state()->active);
  if (question.family == fwagent::policy::Family::kIPv6) {
    return fw_find6(active >> FW_FAMILY_IPV6 & 1,
                    absl::Uint128High64(question.address),
                    absl::Uint128Low64(question.address));
  }
  const auto address = static_cast<std::uint32_t>(question.address);
  const std::uint32_t which = active >> FW_FAMILY_IPV4 & 1;
  return question.verdict_only ? fw_find4(which, address)
                               : fw_find4_rule(which, address);
}

}  // namespace

namespace fwagent::testing {

HeapLineMemory::HeapLineMemory() {
  void* lines = mmap(nullptr, FW_SLABS * kSlabBytes, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (lines == MAP_FAILED) {
    std::perror("mmap");
    std::abort();
  }
  lines_ = static_cast<lookup::Line*>(lines);
}

HeapLineMemory::~HeapLineMemory() { munmap(lines_, FW_SLABS * kSlabBytes); }

void HeapLineMemory::Protect(std::uint32_t first, std::uint32_t count,
                             int protection) {
  mprotect(line(first * FW_SLAB_LINES), count * kSlabBytes, protection);
}

absl::StatusOr<std::uint32_t> HeapLineMemory::AddSlabs(std::uint32_t count) {
  if (slab_count_ + count > slab_limit_) {
    return absl::ResourceExhaustedError("no more slabs");
  }
  const std::uint32_t first = FreeNumbers(count);
  if (first == 0) return absl::ResourceExhaustedError("no more numbers");
  for (std::uint32_t i = 0; i < count; ++i) used_[first + i] = true;
  Protect(first, count, PROT_READ | PROT_WRITE);
  slab_count_ += count;
  return first;
}

absl::Status HeapLineMemory::Connect() {
  if (failing_connects_ == 0) return absl::OkStatus();
  --failing_connects_;
  return absl::ResourceExhaustedError("not connected");
}

void HeapLineMemory::RemoveSlabs(std::span<const std::uint32_t> slabs) {
  for (const std::uint32_t slab : slabs) {
    madvise(line(slab * FW_SLAB_LINES), kSlabBytes, MADV_DONTNEED);
    Protect(slab, 1, PROT_NONE);
    used_[slab] = false;
  }
  slab_count_ -= slabs.size();
}

void HeapLineMemory::WaitForReaders() {
  has_waiting_writer_ = true;
  const std::unique_lock lock(readers_);
  has_waiting_writer_ = false;
  ++waits_;
}

void HeapLineMemory::SetReadHook(std::function<void()> hook) {
  read_hook = std::move(hook);
}

lookup::Fold HeapLineMemory::Ask(const Question& question) const {
  const std::shared_lock lock(readers_);
  memory = const_cast<HeapLineMemory*>(this);
  const std::uint32_t entry = Find(question);
  std::uint32_t kind = fw_kind_of(entry);
  std::uint32_t record = entry & FW_ENTRY_PAYLOAD;
  fw_meaning meaning{};
  fw_terms terms{};
  if (kind == FW_ENTRY_MEANING) {
    meaning =
        line(record / FW_LINE_RECORDS)->meanings[record % FW_LINE_RECORDS];
    kind = meaning.verdict;
    record = meaning.rule;
  }
  if (kind == FW_ENTRY_TIMED) {
    terms = line(record / FW_LINE_RECORDS)->terms[record % FW_LINE_RECORDS];
  }
  return AnswerOf(question, entry, meaning, terms);
}

}  // namespace fwagent::testing
