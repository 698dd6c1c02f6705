#include "agent/lookup/line_arena.h"

#include <algorithm>

#include "agent/util/status_macros.h"

namespace fwagent::lookup {
namespace {

// Waiting for readers takes milliseconds: it has to yield something.
constexpr std::uint32_t kWorthWaiting =
    FW_SLAB_LINES / 4 * FW_LINE_RECORDS;  // in records

}  // namespace

bool LineArena::TakeFree(std::uint32_t count, std::uint32_t& first) {
  for (std::uint32_t size = count; size <= kMaxRun; ++size) {
    if (free_lines_[size].empty()) continue;
    first = free_lines_[size].back();
    free_lines_[size].pop_back();
    if (size > count) free_lines_[size - count].push_back(first + count);
    return true;
  }
  return false;
}

void LineArena::Recycle() {
  memory_->WaitForReaders();
  for (const Run& run : retired_lines_) {
    free_lines_[run.count].push_back(run.first);
  }
  free_records_.insert(free_records_.end(), retired_records_.begin(),
                       retired_records_.end());
  retired_lines_.clear();
  retired_records_.clear();
  retired_size_ = 0;
}

// Makes room for a run of any size.
absl::Status LineArena::Refill() {
  FW_ASSIGN_OR_RETURN(const std::uint32_t slab, memory_->AddSlabs(1));
  if (live_) {
    absl::Status connected = memory_->Connect();
    if (!connected.ok()) {
      memory_->RemoveSlabs({&slab, 1});
      return connected;
    }
  }
  while (next_ < end_) {
    const std::uint32_t count = std::min(end_ - next_, kMaxRun);
    free_lines_[count].push_back(next_);
    next_ += count;
  }
  slabs_.push_back(slab);
  next_ = slab * FW_SLAB_LINES;
  end_ = next_ + FW_SLAB_LINES;
  return absl::OkStatus();
}

absl::StatusOr<std::uint32_t> LineArena::AllocateLines(std::uint32_t count) {
  std::uint32_t first = 0;
  if (TakeFree(count, first)) return first;
  if (end_ - next_ < count && retired_size_ >= kWorthWaiting) {
    Recycle();
    if (TakeFree(count, first)) return first;
  }
  if (end_ - next_ < count) FW_RETURN_IF_ERROR(Refill());
  first = next_;
  next_ += count;
  return first;
}

void LineArena::RetireLines(std::uint32_t first, std::uint32_t count) {
  retired_lines_.push_back({first, count});
  retired_size_ += count * FW_LINE_RECORDS;
}

absl::StatusOr<std::uint32_t> LineArena::AllocateRecord() {
  // Records that were retired are no lines, which AllocateLines could find.
  if (free_records_.empty() && next_ == end_ &&
      retired_records_.size() >= kWorthWaiting) {
    Recycle();
  }
  if (free_records_.empty()) {
    FW_ASSIGN_OR_RETURN(const std::uint32_t line, AllocateLines(1));
    for (std::uint32_t i = FW_LINE_RECORDS; i-- > 0;) {
      free_records_.push_back(line * FW_LINE_RECORDS + i);
    }
  }
  const std::uint32_t record = free_records_.back();
  free_records_.pop_back();
  memory_->line(record / FW_LINE_RECORDS)
      ->subtrees[record % FW_LINE_RECORDS] = {};
  return record;
}

void LineArena::RetireRecord(std::uint32_t record) {
  retired_records_.push_back(record);
  ++retired_size_;
}

}  // namespace fwagent::lookup
