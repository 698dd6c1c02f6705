// The data plane that tests use does what the real one does, and fails when it
// is told to.
#include "agent/dataplane/memory_data_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "tests/support/data_plane_contract.h"

namespace fwagent::dataplane {
namespace {

using policy::Prefix;
using policy::Protocol;
using policy::SourceRule;
using testing::DataPlaneContract;
using testing::DataPlaneWorld;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using Operation = MemoryDataPlane::Operation;

class MemoryWorld : public DataPlaneWorld {
 public:
  DataPlane& plane() override { return plane_; }
  // The object is the kernel too, and outlives the agent.
  void Restart() override { plane_.Restart(); }
  void AddInterface(const std::string& name, bool native) override {
    plane_.AddInterface(name, native);
  }
  void RemoveInterface(const std::string& name) override {
    plane_.RemoveInterface(name);
    foreign_.erase(name);
  }
  void RenameInterface(const std::string& name,
                       const std::string& new_name) override {
    plane_.RenameInterface(name, new_name);
  }
  void MoveAway(const std::string& name) override { plane_.MoveAway(name); }
  void MoveBack(const std::string& name) override { plane_.MoveBack(name); }
  void SeverLink(const std::string& name) override { plane_.SeverLink(name); }
  void LosePin(const std::string& name) override { plane_.LosePin(name); }
  void SetForeignProgram(const std::string& name, AttachMode mode) override {
    plane_.SetForeignProgram(name, mode);
    foreign_[name] = mode;
  }
  bool HasForeignProgram(const std::string& name) override {
    return foreign_[name] != AttachMode::kNone;
  }
  void ReceiveBlocked(const std::string& name, int packets) override {
    const auto count = static_cast<std::uint64_t>(packets);
    plane_.Count(name, policy::Verdict::kDrop, policy::Reason::kSourceBlocked,
                 {.packets = count, .bytes = 60 * count});
  }

 private:
  MemoryDataPlane plane_{{.max_sources = kMaxSources, .interfaces = {}}};
  std::map<std::string, AttachMode> foreign_;
};

INSTANTIATE_TEST_SUITE_P(
    Memory, DataPlaneContract, ::testing::Values([]() {
      return absl::StatusOr<std::unique_ptr<DataPlaneWorld>>(
          std::make_unique<MemoryWorld>());
    }));

SourceRule Block(const char* prefix, policy::RuleId id) {
  return {.prefix = Prefix::Parse(prefix).value(), .id = id};
}

TEST(MemoryDataPlaneTest, FailsOnceForEachFailureThatWasOrdered) {
  MemoryDataPlane plane;
  ASSERT_TRUE(plane.ReplaceSources({}).ok());
  plane.FailNext(Operation::kAddSource, absl::UnavailableError("first"));
  plane.FailNext(Operation::kAddSource, absl::UnavailableError("second"));
  EXPECT_EQ(plane.AddSource(Block("192.0.2.1", 1)).message(), "first");
  EXPECT_EQ(plane.AddSource(Block("192.0.2.1", 1)).message(), "second");
  EXPECT_THAT(*plane.ReadSources(), Optional(IsEmpty()));
  EXPECT_TRUE(plane.AddSource(Block("192.0.2.1", 1)).ok());
}

TEST(MemoryDataPlaneTest, AFailureSparesOtherOperations) {
  MemoryDataPlane plane;
  ASSERT_TRUE(plane.ReplaceSources({}).ok());
  const SourceRule rule = Block("192.0.2.1", 1);
  plane.FailNext(Operation::kRemoveSource, absl::UnavailableError("no"));
  plane.FailNext(Operation::kReplaceSources, absl::UnavailableError("no"));
  plane.FailNext(Operation::kReadPorts, absl::UnavailableError("no"));
  EXPECT_TRUE(plane.AddSource(rule).ok());
  EXPECT_FALSE(plane.RemoveSource(rule.prefix).ok());
  EXPECT_FALSE(plane.ReplaceSources({}).ok());
  EXPECT_FALSE(plane.ReadPorts().ok());
  plane.FailNext(Operation::kReadSources, absl::UnavailableError("no"));
  EXPECT_FALSE(plane.ReadSources().ok());
  EXPECT_THAT(*plane.ReadSources(), Optional(ElementsAre(rule)));
}

TEST(MemoryDataPlaneTest, ARestartForgetsTheIdsOfSources) {
  MemoryDataPlane plane;
  ASSERT_TRUE(plane.ReplaceSources({Block("192.0.2.1", 7)}).ok());
  plane.Restart();
  EXPECT_THAT(*plane.ReadSources(),
              Optional(ElementsAre(Block("192.0.2.1", 0))));
}

TEST(MemoryDataPlaneTest, LostSourcesAreUnknownUntilTheyAreReplaced) {
  MemoryDataPlane plane;
  plane.LoseSources();
  EXPECT_EQ(*plane.ReadSources(), std::nullopt);
  EXPECT_THAT(*plane.ReadPorts(), Each(Optional(IsEmpty())));
  ASSERT_TRUE(plane.ReplaceSources({}).ok());
  EXPECT_THAT(*plane.ReadSources(), Optional(IsEmpty()));
}

TEST(MemoryDataPlaneTest, ALostPortTableIsUnknownUntilItIsReplaced) {
  MemoryDataPlane plane;
  plane.LosePortTable(Protocol::kUdp);
  EXPECT_FALSE((*plane.ReadPorts())[1].has_value());
  EXPECT_TRUE((*plane.ReadPorts())[0].has_value());
  ASSERT_TRUE(plane.ReplacePorts(Protocol::kUdp, {}).ok());
  EXPECT_TRUE((*plane.ReadPorts())[1].has_value());
}

TEST(MemoryDataPlaneTest, GuardsNoMoreInterfacesThanItHasSlotsFor) {
  MemoryDataPlane plane({.max_interfaces = 1});
  ASSERT_TRUE(plane.Attach("eth0", ModePreference::kAuto).ok());
  const auto refused = plane.Attach("eth1", ModePreference::kAuto);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  ASSERT_TRUE(plane.Detach("eth0").ok());
  EXPECT_TRUE(plane.Attach("eth1", ModePreference::kAuto).ok());
}

TEST(MemoryDataPlane, DeadlinesPassOnTheClockThatIsSet) {
  MemoryDataPlane plane;
  const SourceRule block = {.prefix = *Prefix::Parse("192.0.2.0/24"),
                            .until = 20};
  const SourceRule allow = {.prefix = *Prefix::Parse("192.0.2.1"),
                            .verdict = policy::SourceVerdict::kAllow,
                            .until = 10};
  ASSERT_TRUE(plane.ReplaceSources({block, allow}).ok());
  policy::PortTable table(65536);
  table[22] = {1, 10};
  table[23] = 2;
  ASSERT_TRUE(plane.ReplacePorts(Protocol::kTcp, table).ok());
  using Row = std::tuple<policy::Deadline, policy::SourceVerdict, bool>;
  for (const auto& [tick, verdict, is_blocked] :
       {Row{9, policy::SourceVerdict::kAllow, true},
        Row{10, policy::SourceVerdict::kBlock, false},
        Row{20, policy::SourceVerdict::kNone, false}}) {
    plane.SetTick(tick);
    EXPECT_EQ(plane.VerdictOf(allow.prefix), verdict) << tick;
    EXPECT_EQ(plane.BlocksPort(Protocol::kTcp, 22), is_blocked) << tick;
    EXPECT_TRUE(plane.BlocksPort(Protocol::kTcp, 23)) << tick;
  }
  EXPECT_EQ(plane.VerdictOf(*Prefix::Parse("2001:db8::1")),
            policy::SourceVerdict::kNone);
  EXPECT_FALSE(plane.BlocksPort(Protocol::kUdp, 22));
}

}  // namespace
}  // namespace fwagent::dataplane
