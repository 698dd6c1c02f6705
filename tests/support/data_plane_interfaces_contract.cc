// What every data plane does with interfaces and their counters, over their
// whole lives.
#include <gmock/gmock.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "agent/util/errno_status.h"
#include "tests/support/data_plane_contract.h"

namespace fwagent::testing {

using dataplane::AttachMode;
using dataplane::ModePreference;
using policy::Protocol;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

namespace {

std::vector<std::string> NamesOf(dataplane::DataPlane& plane) {
  std::vector<std::string> names;
  for (const auto& state : plane.Interfaces()) names.push_back(state.name);
  return names;
}

}  // namespace

// --- attaching ---------------------------------------------------------------

TEST_P(DataPlaneContract, AttachesNativelyWhereTheDriverCan) {
  world_->AddInterface("fw0", true);
  const auto result = plane().Attach("fw0", ModePreference::kAuto);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->taken_over);
  EXPECT_EQ(result->state.name, "fw0");
  EXPECT_NE(result->state.ifindex, 0u);
  EXPECT_EQ(result->state.mode, AttachMode::kNative);
  EXPECT_EQ(result->state.detail, "");
  EXPECT_EQ(StateOf("fw0").mode, AttachMode::kNative);
}

TEST_P(DataPlaneContract, FallsBackToGenericAndSaysWhy) {
  world_->AddInterface("fw0", false);
  const auto result = plane().Attach("fw0", ModePreference::kAuto);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state.mode, AttachMode::kGeneric);
  EXPECT_THAT(result->state.detail, HasSubstr("no native XDP"));
  EXPECT_THAT(StateOf("fw0").detail, HasSubstr("no native XDP"));
}

TEST_P(DataPlaneContract, DoesNotFallBackWhenNativeIsDemanded) {
  world_->AddInterface("fw0", false);
  const auto result = plane().Attach("fw0", ModePreference::kNative);
  EXPECT_TRUE(absl::IsFailedPrecondition(result.status())) << result.status();
  EXPECT_THAT(result.status().message(), HasSubstr("fw0 in native mode"));
  EXPECT_THAT(plane().Interfaces(), IsEmpty());
  EXPECT_TRUE(plane().Attach("fw0", ModePreference::kGeneric).ok());
}

TEST_P(DataPlaneContract, AttachesGenericallyWhenAsked) {
  world_->AddInterface("fw0", true);
  const auto result = plane().Attach("fw0", ModePreference::kGeneric);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state.mode, AttachMode::kGeneric);
  EXPECT_EQ(result->state.detail, "");
}

TEST_P(DataPlaneContract, NamesTheInterfacesThatExistWhenOneDoesNot) {
  world_->AddInterface("fw0", true);
  const auto result = plane().Attach("fw1", ModePreference::kAuto);
  EXPECT_TRUE(absl::IsNotFound(result.status())) << result.status();
  EXPECT_THAT(result.status().message(), HasSubstr("\"fw1\""));
  EXPECT_THAT(result.status().message(), HasSubstr("fw0"));
  EXPECT_THAT(plane().Interfaces(), IsEmpty());
}

TEST_P(DataPlaneContract, TakesOverWhatIsAttachedAlready) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  const auto again = plane().Attach("fw0", ModePreference::kNative);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->taken_over);
  EXPECT_EQ(again->state.detail, "");
  EXPECT_THAT(NamesOf(plane()), ElementsAre("fw0"));
}

TEST_P(DataPlaneContract, TakingOverKeepsTheModeAndSaysSo) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kNative).ok());
  const auto again = plane().Attach("fw0", ModePreference::kGeneric);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state.mode, AttachMode::kNative);
  EXPECT_THAT(again->state.detail, HasSubstr("generic mode takes effect"));
}

TEST_P(DataPlaneContract, LeavesAForeignProgramAlone) {
  for (const AttachMode mode : {AttachMode::kNative, AttachMode::kGeneric}) {
    world_->AddInterface("fw0", true);
    world_->SetForeignProgram("fw0", mode);
    for (const auto preference :
         {ModePreference::kAuto, ModePreference::kNative,
          ModePreference::kGeneric}) {
      const auto result = plane().Attach("fw0", preference);
      EXPECT_TRUE(absl::IsFailedPrecondition(result.status()));
      EXPECT_EQ(util::ReasonOf(result.status()), "FOREIGN_XDP_PROGRAM");
      EXPECT_THAT(result.status().message(),
                  HasSubstr("fw0 carries another XDP program (id "));
      EXPECT_TRUE(world_->HasForeignProgram("fw0"));
      EXPECT_THAT(plane().Interfaces(), IsEmpty());
    }
    world_->RemoveInterface("fw0");
  }
}

TEST_P(DataPlaneContract, AttachesOnceTheForeignProgramIsOff) {
  world_->AddInterface("fw0", true);
  world_->SetForeignProgram("fw0", AttachMode::kNative);
  ASSERT_FALSE(plane().Attach("fw0", ModePreference::kAuto).ok());
  world_->SetForeignProgram("fw0", AttachMode::kNone);
  EXPECT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
}

TEST_P(DataPlaneContract, GuardsTwoInterfacesOnTheirOwn) {
  world_->AddInterface("fw1", true);
  world_->AddInterface("fw0", false);
  ASSERT_TRUE(plane().Attach("fw1", ModePreference::kAuto).ok());
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  EXPECT_THAT(NamesOf(plane()), ElementsAre("fw0", "fw1"));
  ASSERT_TRUE(plane().Detach("fw0").ok());
  EXPECT_THAT(NamesOf(plane()), ElementsAre("fw1"));
  EXPECT_TRUE(StateOf("fw1").attached());
}

TEST_P(DataPlaneContract, GuardsInterfacesWithDotsInTheirNames) {
  world_->AddInterface("fw0.100", true);
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0.100", ModePreference::kAuto).ok());
  world_->Restart();
  EXPECT_THAT(NamesOf(plane()), ElementsAre("fw0.100"));
  EXPECT_TRUE(StateOf("fw0.100").attached());
}

// --- detaching ---------------------------------------------------------------

TEST_P(DataPlaneContract, DetachesWhatItGuardsAndNothingElse) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", true);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  const absl::Status other = plane().Detach("fw1");
  EXPECT_TRUE(absl::IsNotFound(other)) << other;
  EXPECT_THAT(other.message(), HasSubstr("guarded are: fw0"));
  EXPECT_TRUE(plane().Detach("fw0").ok());
  EXPECT_THAT(plane().Interfaces(), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(plane().Detach("fw0")));
}

TEST_P(DataPlaneContract, KeepsTheRulesWhenNothingIsGuardedAnyMore) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.0/24", 1)).ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 2)).ok());
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  ASSERT_TRUE(plane().Detach("fw0").ok());
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 3)).ok());
  ExpectSources({Block("192.0.2.0/24", 1), Block("192.0.2.1", 3)});
  EXPECT_THAT((*plane().ReadPorts())[0], Optional(TableWith(22, 2)));
  const auto again = plane().Attach("fw0", ModePreference::kGeneric);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->taken_over);
  EXPECT_EQ(again->state.mode, AttachMode::kGeneric);
}

// --- restarting --------------------------------------------------------------

TEST_P(DataPlaneContract, FilterAndRulesOutliveTheAgent) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.0/24", 1)).ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 2)).ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(23, 3)).ok());
  world_->Restart();
  EXPECT_TRUE(StateOf("fw0").attached());
  EXPECT_EQ(world_->MeaningOf(P("192.0.2.255")).verdict,
            policy::SourceVerdict::kBlock);
  EXPECT_EQ(world_->MeaningOf(P("192.0.3.0")).verdict,
            policy::SourceVerdict::kNone);
  EXPECT_THAT(*plane().ReadPorts(),
              ElementsAre(Optional(TableWith(23, 3)), Optional(IsEmpty()),
                          Optional(IsEmpty()), Optional(IsEmpty()),
                          Optional(IsEmpty())));
  const auto result = plane().Attach("fw0", ModePreference::kAuto);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->taken_over);
}

TEST_P(DataPlaneContract, DetachesWhatAnEarlierRunAttached) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  world_->Restart();
  EXPECT_TRUE(plane().Detach("fw0").ok());
  EXPECT_THAT(plane().Interfaces(), IsEmpty());
}

// --- devices that go away ----------------------------------------------------

TEST_P(DataPlaneContract, SaysThatADeviceIsGone) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  world_->RemoveInterface("fw0");
  EXPECT_EQ(StateOf("fw0").ifindex, 0u);
  EXPECT_FALSE(StateOf("fw0").attached());
  EXPECT_THAT(StateOf("fw0").detail, HasSubstr("deleted"));
  EXPECT_TRUE(
      absl::IsNotFound(plane().Attach("fw0", ModePreference::kAuto).status()));
  EXPECT_TRUE(plane().Detach("fw0").ok());
}

TEST_P(DataPlaneContract, ADeviceThatIsMadeAnewIsUnfilteredUntilAttach) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  world_->RemoveInterface("fw0");
  world_->AddInterface("fw0", true);
  EXPECT_NE(StateOf("fw0").ifindex, 0u);
  EXPECT_FALSE(StateOf("fw0").attached());
  EXPECT_THAT(StateOf("fw0").detail, HasSubstr("unfiltered"));
  const auto result = plane().Attach("fw0", ModePreference::kAuto);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->taken_over);
  EXPECT_EQ(StateOf("fw0").mode, AttachMode::kNative);
  EXPECT_EQ(StateOf("fw0").detail, "");
}

// --- counters ----------------------------------------------------------------

TEST_P(DataPlaneContract, CountsForEachInterfaceOnItsOwn) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  ASSERT_TRUE(plane().Attach("fw1", ModePreference::kAuto).ok());
  world_->ReceiveBlocked("fw1", 3);
  EXPECT_EQ(DropsOn("fw0"), 0u);
  EXPECT_EQ(DropsOn("fw1"), 3u);
}

TEST_P(DataPlaneContract, CountersGoOnAcrossTakeOverRestartAndDetach) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  ASSERT_TRUE(plane().Attach("fw1", ModePreference::kAuto).ok());
  world_->ReceiveBlocked("fw0", 2);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  world_->ReceiveBlocked("fw0", 1);
  world_->Restart();
  EXPECT_EQ(DropsOn("fw0"), 3u);
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  ASSERT_TRUE(plane().Detach("fw0").ok());
  ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
  world_->ReceiveBlocked("fw0", 1);
  EXPECT_EQ(DropsOn("fw0"), 4u);
  EXPECT_EQ(DropsOn("fw1"), 0u);
}

// --- threads -----------------------------------------------------------------

TEST_P(DataPlaneContract, AnswersOtherThreadsWhileInterfacesComeAndGo) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", true);
  ASSERT_TRUE(plane().Attach("fw1", ModePreference::kAuto).ok());
  std::atomic<bool> done = false;
  std::thread reader([this, &done] {
    while (!done) {
      EXPECT_TRUE(StateOf("fw1").attached());
      EXPECT_EQ(DropsOn("fw1"), 0u);
    }
  });
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
    EXPECT_TRUE(plane().Detach("fw0").ok());
  }
  done = true;
  reader.join();
}

}  // namespace fwagent::testing
