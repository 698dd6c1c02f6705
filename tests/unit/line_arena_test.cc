#include "agent/lookup/line_arena.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/support/heap_line_memory.h"

namespace fwagent::lookup {
namespace {

class LineArenaTest : public ::testing::Test {
 protected:
  std::uint32_t Lines(std::uint32_t count) {
    const auto first = arena_.AllocateLines(count);
    EXPECT_TRUE(first.ok()) << first.status();
    return first.value_or(0);
  }

  testing::HeapLineMemory memory_;
  LineArena arena_{&memory_};
};

TEST_F(LineArenaTest, GivesNoLineTwice) {
  std::set<std::uint32_t> lines;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const std::uint32_t count = 1 + i % LineArena::kMaxRun;
    const std::uint32_t first = Lines(count);
    // They follow each other inside one slab.
    EXPECT_EQ(first / FW_SLAB_LINES, (first + count - 1) / FW_SLAB_LINES);
    for (std::uint32_t line = first; line < first + count; ++line) {
      ASSERT_TRUE(memory_.Has(line));
      ASSERT_TRUE(lines.insert(line).second) << line;
    }
  }
}

TEST_F(LineArenaTest, RecordsAreZeroAndNoneIsGivenTwice) {
  std::set<std::uint32_t> records;
  for (int i = 0; i < 1000; ++i) {
    const auto record = arena_.AllocateRecord();
    ASSERT_TRUE(record.ok());
    ASSERT_TRUE(records.insert(*record).second);
    fw_meaning& meaning = memory_.line(*record / FW_LINE_RECORDS)
                              ->meanings[*record % FW_LINE_RECORDS];
    ASSERT_EQ(meaning.classes, 0u);
    meaning.classes = ~0ull;
  }
}

TEST_F(LineArenaTest, WaitsForReadersBeforeItGivesLinesAgain) {
  std::set<std::uint32_t> retired;
  const std::uint32_t first = Lines(1);
  while (retired.empty()) {
    // Until its first slab is used up, nothing comes back.
    for (int i = 0; i < FW_SLAB_LINES / 2; ++i) {
      const std::uint32_t line = Lines(1);
      ASSERT_EQ(memory_.waits(), 0u);
      ASSERT_NE(line, first);
      retired.insert(line);
    }
  }
  for (const std::uint32_t line : retired) arena_.RetireLines(line, 1);
  bool reused = false;
  for (int i = 0; i < FW_SLAB_LINES && !reused; ++i) {
    reused = retired.contains(Lines(1));
    ASSERT_EQ(memory_.waits(), reused ? 1u : 0u);
  }
  EXPECT_TRUE(reused);
  EXPECT_EQ(memory_.slab_count(), 1u);
}

TEST_F(LineArenaTest, TakesASlabRatherThanWaitForLittle) {
  arena_.RetireLines(Lines(1), 1);
  for (int i = 0; i < FW_SLAB_LINES; ++i) Lines(1);
  EXPECT_EQ(memory_.waits(), 0u);
  EXPECT_EQ(memory_.slab_count(), 2u);
  EXPECT_EQ(arena_.slabs().size(), 2u);
}

TEST_F(LineArenaTest, SaysWhenMemoryIsExhausted) {
  memory_.set_slab_limit(1);
  absl::Status status;
  int lines = 0;
  while (status.ok()) {
    status = arena_.AllocateLines(1).status();
    if (status.ok()) ++lines;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(lines, FW_SLAB_LINES);
}

TEST_F(LineArenaTest, ASlabThatCannotBeConnectedIsGivenBack) {
  arena_.GoLive();
  memory_.FailConnects(1);
  EXPECT_EQ(arena_.AllocateLines(1).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(memory_.slab_count(), 0u);
  EXPECT_TRUE(arena_.AllocateLines(1).ok());
}

}  // namespace
}  // namespace fwagent::lookup
