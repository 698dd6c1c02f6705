// The keeper of interfaces on an imagined kernel whose devices come and go.
#include "agent/core/interface_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "agent/core/interface_watch.h"
#include "agent/dataplane/memory_data_plane.h"
#include "agent/util/errno_status.h"
#include "tests/support/fake_clocks.h"
#include "tests/support/fake_link_events.h"
#include "tests/support/memory_store.h"

namespace fwagent::core {
namespace {

using dataplane::AttachMode;
using dataplane::LinkEvent;
using dataplane::MemoryDataPlane;
using dataplane::ModePreference;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InterfaceKeeperTest : public ::testing::Test {
 protected:
  // Ends the agent, if there was one, and starts one with this configuration.
  absl::Status Start(const std::vector<std::string>& configured) {
    keeper_.reset();
    kernel_.Restart();
    auto engine = Engine::Start(&store_, &kernel_, clocks_.Get());
    if (!engine.ok()) return engine.status();
    engine_ = *std::move(engine);
    keeper_ = std::make_unique<InterfaceKeeper>(
        engine_.get(), configured, [](const std::string& name) {
          return name == "slow0" ? ModePreference::kGeneric
                                 : ModePreference::kAuto;
        });
    return keeper_->Start();
  }

  void StartOrFail(const std::vector<std::string>& configured) {
    const absl::Status started = Start(configured);
    ASSERT_TRUE(started.ok()) << started;
  }

  absl::StatusOr<std::vector<InterfaceReport>> Attach(
      const std::vector<std::string>& interfaces,
      std::optional<ModePreference> mode = std::nullopt) {
    return keeper_->Attach(
        {.interfaces = interfaces, .mode = mode, .origin = "test"});
  }

  // The names that are attached, as the kernel says it.
  std::vector<std::string> Guarded() {
    std::vector<std::string> names;
    for (const auto& state : kernel_.Interfaces()) {
      if (state.attached()) names.push_back(state.name);
    }
    return names;
  }

  InterfaceReport Of(const std::string& name) {
    for (const InterfaceReport& report : keeper_->Report().interfaces) {
      if (report.state.name == name) return report;
    }
    return {.state = {.name = name, .detail = "not in the report"}};
  }
  std::string Detail(const std::string& name) { return Of(name).state.detail; }

  fwagent::testing::FakeClocks clocks_;

  fwagent::testing::MemoryStore store_;
  MemoryDataPlane kernel_{
      {.max_interfaces = 8, .interfaces = {"eth0", "eth1", "lo", "wlan0"}}};
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<InterfaceKeeper> keeper_;
};

// --- start -------------------------------------------------------------------

TEST_F(InterfaceKeeperTest, GuardsWhatIsNamedAndWhatMatches) {
  StartOrFail({"eth*", "wlan0"});
  EXPECT_THAT(Guarded(), ElementsAre("eth0", "eth1", "wlan0"));
  for (const InterfaceReport& report : keeper_->Report().interfaces) {
    EXPECT_EQ(report.repairs, 0u) << report.state.name;
    EXPECT_EQ(report.state.detail, "");
  }
}

TEST_F(InterfaceKeeperTest, WhatIsNamedMustBeThereAndNothingIsLeftBehind) {
  EXPECT_TRUE(absl::IsNotFound(Start({"eth0", "nosuch0"})));
  EXPECT_THAT(Guarded(), IsEmpty());
  StartOrFail({"nosuch*"});
  EXPECT_THAT(Guarded(), IsEmpty());
}

TEST_F(InterfaceKeeperTest, AForeignProgramStopsTheStartOnlyWhereItIsNamed) {
  kernel_.SetForeignProgram("eth1", AttachMode::kNative);
  EXPECT_TRUE(absl::IsFailedPrecondition(Start({"eth0", "eth1"})));
  EXPECT_THAT(Guarded(), IsEmpty());
  StartOrFail({"eth*"});
  EXPECT_THAT(Guarded(), ElementsAre("eth0"));
  EXPECT_THAT(Detail("eth1"), HasSubstr("another XDP program"));
}

TEST_F(InterfaceKeeperTest, WhatAnEarlierRunGuardedStaysGuarded) {
  StartOrFail({"eth0", "eth1"});
  StartOrFail({"eth0"});
  EXPECT_THAT(Guarded(), ElementsAre("eth0", "eth1"));
  // Nobody wants it any more: when it goes, it goes.
  kernel_.RemoveInterface("eth1");
  keeper_->Look();
  kernel_.AddInterface("eth1");
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("eth0"));
}

// --- devices that come and go ------------------------------------------------

TEST_F(InterfaceKeeperTest, ADeviceThatIsMadeAnewIsGuardedAgainAndCounted) {
  StartOrFail({"eth0", "wl*"});
  for (std::uint64_t round = 1; round <= 3; ++round) {
    for (const char* name : {"eth0", "wlan0"}) {
      kernel_.RemoveInterface(name);
      kernel_.AddInterface(name);
    }
    EXPECT_THAT(Guarded(), IsEmpty());
    keeper_->Look();
    EXPECT_THAT(Guarded(), ElementsAre("eth0", "wlan0"));
    EXPECT_EQ(Of("eth0").repairs, round);
    EXPECT_EQ(Of("wlan0").repairs, round);
  }
  keeper_->Look();
  EXPECT_EQ(Of("eth0").repairs, 3u) << "nothing happened";
}

TEST_F(InterfaceKeeperTest, OneThatIsGoneIsSpokenOfWhereItIsNamed) {
  StartOrFail({"eth0", "wl*"});
  kernel_.RemoveInterface("eth0");
  kernel_.RemoveInterface("wlan0");
  keeper_->Look();
  EXPECT_THAT(Detail("eth0"), HasSubstr("as soon as it appears"));
  EXPECT_EQ(Detail("wlan0"), "not in the report");
  EXPECT_THAT(kernel_.Interfaces(), IsEmpty()) << "no stale guard";
}

TEST_F(InterfaceKeeperTest, WhatAppearsLaterIsGuardedIfItMatches) {
  StartOrFail({"eth*", "slow0*"});
  kernel_.AddInterface("eth7");
  kernel_.AddInterface("veth7");
  kernel_.AddInterface("slow0");
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("eth0", "eth1", "eth7", "slow0"));
  EXPECT_EQ(Of("eth7").repairs, 0u) << "it was never broken";
  EXPECT_EQ(Of("slow0").state.mode, AttachMode::kGeneric) << "as configured";
}

TEST_F(InterfaceKeeperTest, AFilterThatWasTakenOffIsPutBack) {
  StartOrFail({"eth0"});
  kernel_.SeverLink("eth0");
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("eth0"));
  EXPECT_EQ(Of("eth0").repairs, 1u);
}

TEST_F(InterfaceKeeperTest, AForeignProgramIsReportedAndWaitedFor) {
  StartOrFail({"eth0"});
  kernel_.SeverLink("eth0");
  kernel_.SetForeignProgram("eth0", AttachMode::kGeneric);
  keeper_->Look();
  keeper_->Look();
  EXPECT_THAT(Guarded(), IsEmpty());
  EXPECT_THAT(Detail("eth0"), HasSubstr("another XDP program"));
  EXPECT_EQ(Of("eth0").repairs, 0u);
  kernel_.SetForeignProgram("eth0", AttachMode::kNone);
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("eth0"));
  EXPECT_EQ(Detail("eth0"), "");
  EXPECT_EQ(Of("eth0").repairs, 1u);
}

TEST_F(InterfaceKeeperTest, WhatCannotBeGuardedIsTriedAgain) {
  StartOrFail({"eth0"});
  kernel_.RemoveInterface("eth0");
  kernel_.AddInterface("eth0");
  kernel_.FailNext(MemoryDataPlane::Operation::kAttach,
                   absl::ResourceExhaustedError("no memory"));
  keeper_->Look();
  EXPECT_EQ(Detail("eth0"), "no memory");
  keeper_->Look();
  EXPECT_EQ(Detail("eth0"), "");
  EXPECT_EQ(Of("eth0").repairs, 1u);
}

TEST_F(InterfaceKeeperTest, TooManyInterfacesLeaveTheFirstOnesGuarded) {
  StartOrFail({"*"});
  for (int i = 0; i < 8; ++i) kernel_.AddInterface(absl::StrCat("veth", i));
  keeper_->Look();
  EXPECT_EQ(Guarded().size(), 8u);
  EXPECT_THAT(Detail("veth7"), HasSubstr("that is the most"));
  EXPECT_EQ(Detail("lo"), "not in the report") << "no pattern means lo";
}

// --- renamed and moved -------------------------------------------------------

TEST_F(InterfaceKeeperTest, ARenamedDeviceStaysGuardedWhateverItIsCalled) {
  StartOrFail({"eth0"});
  kernel_.RenameInterface("eth0", "lan0");
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("lan0"));
  EXPECT_EQ(Of("lan0").repairs, 0u) << "the filter was never off";
  EXPECT_THAT(Detail("eth0"), HasSubstr("as soon as it appears"));
  kernel_.AddInterface("eth0");
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("eth0", "lan0"));
  EXPECT_EQ(Of("eth0").repairs, 0u) << "another device";
  kernel_.RemoveInterface("lan0");
  keeper_->Look();
  EXPECT_EQ(Detail("lan0"), "not in the report");
}

TEST_F(InterfaceKeeperTest, SwappedNamesAreFollowed) {
  StartOrFail({"eth0", "wlan0"});
  kernel_.RenameInterface("eth0", "tmp");
  kernel_.RenameInterface("wlan0", "eth0");
  kernel_.RenameInterface("tmp", "wlan0");
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("eth0", "wlan0"));
  for (const auto& state : kernel_.Interfaces()) {
    EXPECT_EQ(state.renamed_to, "") << state.name;
  }
}

TEST_F(InterfaceKeeperTest, OneThatMovedAwayIsGuardedWhenItIsBack) {
  StartOrFail({"eth0", "eth1"});
  kernel_.MoveAway("eth1");
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("eth0"));
  EXPECT_THAT(Detail("eth1"), HasSubstr("no such interface"));
  kernel_.MoveBack("eth1");
  keeper_->Look();
  EXPECT_EQ(Of("eth1").repairs, 0u) << "the filter was never off";
  EXPECT_THAT(Guarded(), ElementsAre("eth0", "eth1"));
}

// --- pins --------------------------------------------------------------------

TEST_F(InterfaceKeeperTest, ARemovedPinIsPutBackAndCounted) {
  StartOrFail({"eth0", "eth1"});
  kernel_.LosePin("eth1");
  keeper_->Look();
  EXPECT_EQ(Of("eth0").repairs, 0u);
  EXPECT_EQ(Of("eth1").repairs, 1u);
  EXPECT_EQ(keeper_->Report().trouble, "");
}

TEST_F(InterfaceKeeperTest, WhatCannotBeMendedIsSaidUntilItCan) {
  StartOrFail({"eth0"});
  kernel_.FailNext(MemoryDataPlane::Operation::kMend,
                   absl::FailedPreconditionError("mount a BPF file system"));
  keeper_->Look();
  EXPECT_EQ(keeper_->Report().trouble, "mount a BPF file system");
  EXPECT_THAT(Guarded(), ElementsAre("eth0"));
  keeper_->Look();
  EXPECT_EQ(keeper_->Report().trouble, "");
}

TEST_F(InterfaceKeeperTest, DamagedTablesAreWrittenAnewFromTheRules) {
  StartOrFail({"eth0"});
  ASSERT_TRUE(
      engine_
          ->Apply({.edits = {{.match = *policy::Prefix::Parse("192.0.2.1")}}})
          .ok());
  ASSERT_TRUE(engine_
                  ->Apply({.edits = {{.match = *policy::PortRange::Create(
                                          policy::Protocol::kUdp, 53, 53)}}})
                  .ok());
  const auto sources = *kernel_.ReadSources();
  const auto ports = *kernel_.ReadPorts();
  kernel_.ClearTables();
  ASSERT_NE(*kernel_.ReadSources(), sources);
  keeper_->Look();
  EXPECT_EQ(*kernel_.ReadSources(), sources);
  EXPECT_EQ(*kernel_.ReadPorts(), ports);
  EXPECT_EQ(keeper_->Report().table_repairs, 1u);
  keeper_->Look();
  EXPECT_EQ(keeper_->Report().table_repairs, 1u);

  kernel_.ClearTables();
  kernel_.FailNext(MemoryDataPlane::Operation::kReplaceSources,
                   absl::ResourceExhaustedError("no memory"));
  keeper_->Look();
  EXPECT_THAT(keeper_->Report().trouble, HasSubstr("no memory"));
  keeper_->Look();
  EXPECT_EQ(keeper_->Report().trouble, "");
  EXPECT_EQ(*kernel_.ReadSources(), sources);
}

// --- attach and detach -------------------------------------------------------

TEST_F(InterfaceKeeperTest, DetachedItStaysDetachedAlsoWhenItIsMadeAnew) {
  StartOrFail({"eth0", "eth*"});
  EXPECT_THAT(*keeper_->Detach({"eth0"}, "uid 0"), ElementsAre("eth0"));
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("eth1"));
  EXPECT_EQ(Detail("eth0"), "taken off by uid 0");
  kernel_.RemoveInterface("eth0");
  keeper_->Look();
  kernel_.AddInterface("eth0");
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("eth1"));
  EXPECT_TRUE(absl::IsNotFound(keeper_->Detach({"eth0"}, "uid 0").status()));
  ASSERT_TRUE(Attach({"eth0"}).ok());
  EXPECT_THAT(Guarded(), ElementsAre("eth0", "eth1"));
  EXPECT_EQ(Of("eth0").repairs, 0u) << "that was no damage";
}

TEST_F(InterfaceKeeperTest, DetachedItIsGuardedAgainByTheNextStart) {
  StartOrFail({"eth0"});
  ASSERT_TRUE(keeper_->Detach({"eth0"}, "uid 0").ok());
  StartOrFail({"eth0"});
  EXPECT_THAT(Guarded(), ElementsAre("eth0"));
}

TEST_F(InterfaceKeeperTest, DetachTakesAllOrRefusesAll) {
  StartOrFail({"eth0", "eth1"});
  const absl::Status refused =
      keeper_->Detach({"eth0", "eth9"}, "test").status();
  EXPECT_TRUE(absl::IsNotFound(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("eth0, eth1"));
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("eth0", "eth1"));
}

TEST_F(InterfaceKeeperTest, DetachAllHoldsForWhatIsYetToCome) {
  StartOrFail({"eth*"});
  EXPECT_THAT(*keeper_->Detach({}, "uid 0"), ElementsAre("eth0", "eth1"));
  kernel_.AddInterface("eth7");
  keeper_->Look();
  EXPECT_THAT(Guarded(), IsEmpty());
  EXPECT_EQ(Detail("eth0"), "taken off by uid 0");
  EXPECT_THAT(*keeper_->Detach({}, "uid 0"), IsEmpty());
  ASSERT_TRUE(Attach({}).ok());
  EXPECT_THAT(Guarded(), ElementsAre("eth0", "eth1", "eth7"));
}

TEST_F(InterfaceKeeperTest, OneThatIsWaitedForCanBeDetachedToo) {
  StartOrFail({"eth0"});
  kernel_.RemoveInterface("eth0");
  keeper_->Look();
  EXPECT_THAT(*keeper_->Detach({"eth0"}, "uid 0"), ElementsAre("eth0"));
  kernel_.AddInterface("eth0");
  keeper_->Look();
  EXPECT_THAT(Guarded(), IsEmpty());
}

TEST_F(InterfaceKeeperTest, DetachTakesPatterns) {
  StartOrFail({"eth*", "wlan0"});
  EXPECT_THAT(*keeper_->Detach({"eth?"}, "uid 0"), ElementsAre("eth0", "eth1"));
  kernel_.AddInterface("eth7");
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("wlan0"));
}

TEST_F(InterfaceKeeperTest, AttachedAtRunTimeItIsKeptUntilTheAgentEnds) {
  StartOrFail({"eth0"});
  const auto attached = Attach({"wlan0"}, ModePreference::kGeneric);
  ASSERT_TRUE(attached.ok()) << attached.status();
  ASSERT_EQ(attached->size(), 1u);
  EXPECT_EQ((*attached)[0].state.name, "wlan0");
  EXPECT_EQ((*attached)[0].state.mode, AttachMode::kGeneric);
  kernel_.RemoveInterface("wlan0");
  kernel_.AddInterface("wlan0");
  keeper_->Look();
  EXPECT_EQ(Of("wlan0").state.mode, AttachMode::kGeneric);
  EXPECT_EQ(Of("wlan0").repairs, 1u);
}

TEST_F(InterfaceKeeperTest, APatternMayMatchNothingYet) {
  StartOrFail({"eth0"});
  const auto attached = Attach({"veth*"});
  ASSERT_TRUE(attached.ok()) << attached.status();
  EXPECT_THAT(*attached, IsEmpty());
  kernel_.AddInterface("veth3");
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("eth0", "veth3"));
}

TEST_F(InterfaceKeeperTest, AttachOfWhatIsNamedDoesAllOrNothing) {
  StartOrFail({"lo"});
  kernel_.SetForeignProgram("eth1", AttachMode::kNative);
  const auto missing = Attach({"eth0", "eth9"});
  EXPECT_TRUE(absl::IsNotFound(missing.status())) << missing.status();
  const auto foreign = Attach({"eth0", "eth1"});
  EXPECT_EQ(util::ReasonOf(foreign.status()), "FOREIGN_XDP_PROGRAM");
  keeper_->Look();
  EXPECT_THAT(Guarded(), ElementsAre("lo"));
  // What a pattern matches is taken as far as it goes.
  const auto matched = Attach({"eth*"});
  ASSERT_TRUE(matched.ok()) << matched.status();
  EXPECT_THAT(Guarded(), ElementsAre("eth0", "lo"));
  ASSERT_EQ(matched->size(), 2u);
  EXPECT_THAT((*matched)[1].state.detail, HasSubstr("another XDP program"));
}

TEST_F(InterfaceKeeperTest, TheModeIsNotChangedInPlace) {
  StartOrFail({"eth0"});
  const auto refused = Attach({"wlan0", "eth0"}, ModePreference::kGeneric);
  EXPECT_EQ(util::ReasonOf(refused.status()), "ATTACHED_IN_OTHER_MODE");
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("fwctl detach eth0"));
  EXPECT_THAT(Guarded(), ElementsAre("eth0")) << "nothing was changed";
  EXPECT_TRUE(Attach({"eth0"}, ModePreference::kNative).ok());
  EXPECT_TRUE(Attach({"eth0"}, ModePreference::kAuto).ok());
  ASSERT_TRUE(keeper_->Detach({"eth0"}, "test").ok());
  ASSERT_TRUE(Attach({"eth0"}, ModePreference::kGeneric).ok());
  EXPECT_EQ(Of("eth0").state.mode, AttachMode::kGeneric);
}

// --- the thread --------------------------------------------------------------

class InterfaceWatchTest : public InterfaceKeeperTest {
 protected:
  void WaitUntilGuarded(const std::string& name) {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (!Of(name).state.attached()) {
      ASSERT_LT(absl::Now(), deadline) << Detail(name);
      absl::SleepFor(absl::Milliseconds(1));
    }
  }
};

TEST_F(InterfaceWatchTest, LooksWhenSomethingHappenedOrWasLost) {
  StartOrFail({"eth0"});
  auto events = std::make_unique<fwagent::testing::FakeLinkEvents>();
  auto* const announce = events.get();
  const InterfaceWatch watch(keeper_.get(), std::move(events), absl::Hours(1));
  for (const LinkEvent event : {LinkEvent::kChanged, LinkEvent::kLost}) {
    kernel_.RemoveInterface("eth0");
    kernel_.AddInterface("eth0");
    announce->Announce(event);
    WaitUntilGuarded("eth0");
  }
  EXPECT_EQ(Of("eth0").repairs, 2u);
}

TEST_F(InterfaceWatchTest, LooksNowAndThenByItself) {
  StartOrFail({"eth0"});
  const InterfaceWatch watch(
      keeper_.get(), std::make_unique<fwagent::testing::FakeLinkEvents>(),
      absl::Milliseconds(5));
  kernel_.SeverLink("eth0");
  WaitUntilGuarded("eth0");
}

}  // namespace
}  // namespace fwagent::core
