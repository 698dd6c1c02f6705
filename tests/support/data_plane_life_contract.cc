// What every data plane does with interfaces that are renamed, moved, or
// tampered with.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/data_plane_contract.h"

namespace fwagent::testing {

using dataplane::ModePreference;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace {

constexpr ModePreference kAuto = ModePreference::kAuto;

std::vector<std::string> NamesOf(dataplane::DataPlane& plane) {
  std::vector<std::string> names;
  for (const auto& state : plane.Interfaces()) names.push_back(state.name);
  return names;
}

}  // namespace

TEST_P(DataPlaneContract, KnowsEveryDevice) {
  world_->AddInterface("fw1", true);
  world_->AddInterface("fw0", false);
  const std::vector<std::string> devices = plane().Devices();
  EXPECT_THAT(devices, ::testing::IsSupersetOf({"fw0", "fw1"}));
  EXPECT_TRUE(std::is_sorted(devices.begin(), devices.end()));
  world_->RemoveInterface("fw1");
  EXPECT_THAT(plane().Devices(), ::testing::Not(::testing::Contains("fw1")));
}

TEST_P(DataPlaneContract, ARenamedDeviceStaysGuardedAndIsFollowed) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", kAuto).ok());
  world_->RenameInterface("fw0", "lan0");
  EXPECT_TRUE(StateOf("fw0").attached());
  EXPECT_EQ(StateOf("fw0").renamed_to, "lan0");
  EXPECT_THAT(StateOf("fw0").detail, HasSubstr("called lan0"));
  EXPECT_TRUE(absl::IsFailedPrecondition(plane().Forget("fw0")));
  const auto result = plane().Attach("lan0", kAuto);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->taken_over);
  EXPECT_THAT(NamesOf(plane()), ElementsAre("lan0"));
  EXPECT_EQ(StateOf("lan0").renamed_to, "");
}

TEST_P(DataPlaneContract, ANewDeviceMayHaveTheNameOfARenamedOne) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", kAuto).ok());
  world_->RenameInterface("fw0", "lan0");
  world_->AddInterface("fw0", true);
  const auto fresh = plane().Attach("fw0", kAuto);
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_FALSE(fresh->taken_over);
  EXPECT_EQ(plane().Interfaces().size(), 2u) << "both are guarded";
  const auto old = plane().Attach("lan0", kAuto);
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_TRUE(old->taken_over);
  EXPECT_THAT(NamesOf(plane()), ElementsAre("fw0", "lan0"));
}

TEST_P(DataPlaneContract, TwoMaySwapTheirNames) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", false);
  ASSERT_TRUE(plane().Attach("fw0", kAuto).ok());
  ASSERT_TRUE(plane().Attach("fw1", kAuto).ok());
  const auto first = StateOf("fw0").ifindex;
  world_->RenameInterface("fw0", "lan0");
  world_->RenameInterface("fw1", "fw0");
  world_->RenameInterface("lan0", "fw1");
  for (const char* name : {"fw1", "fw0"}) {
    const auto result = plane().Attach(name, kAuto);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->taken_over);
  }
  EXPECT_THAT(NamesOf(plane()), ElementsAre("fw0", "fw1"));
  EXPECT_EQ(StateOf("fw1").ifindex, first);
}

TEST_P(DataPlaneContract, ForgetsADeviceThatIsGone) {
  world_->AddInterface("fw0", true);
  EXPECT_TRUE(absl::IsNotFound(plane().Forget("fw0")));
  ASSERT_TRUE(plane().Attach("fw0", kAuto).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(plane().Forget("fw0")));
  world_->RemoveInterface("fw0");
  EXPECT_TRUE(plane().Forget("fw0").ok());
  EXPECT_THAT(plane().Interfaces(), IsEmpty());
}

TEST_P(DataPlaneContract, ADeviceThatIsMovedAwayComesBackGuarded) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().Attach("fw0", kAuto).ok());
  world_->MoveAway("fw0");
  EXPECT_FALSE(StateOf("fw0").attached());
  EXPECT_THAT(StateOf("fw0").detail, HasSubstr("another network namespace"));
  ASSERT_TRUE(plane().Forget("fw0").ok());
  EXPECT_THAT(plane().Interfaces(), IsEmpty());
  EXPECT_TRUE(plane().Mend().trouble.ok());
  EXPECT_THAT(plane().Interfaces(), IsEmpty());

  world_->MoveBack("fw0");
  EXPECT_TRUE(plane().Mend().trouble.ok());
  ASSERT_EQ(plane().Interfaces().size(), 1u);
  EXPECT_TRUE(plane().Interfaces()[0].attached());
  EXPECT_EQ(plane().Interfaces()[0].renamed_to, "fw0");
  const auto result = plane().Attach("fw0", kAuto);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->taken_over);
  EXPECT_THAT(NamesOf(plane()), ElementsAre("fw0"));
}

TEST_P(DataPlaneContract, AFilterThatWasTakenOffCanBePutBack) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  ASSERT_TRUE(plane().Attach("fw0", kAuto).ok());
  world_->ReceiveBlocked("fw0", 1);
  world_->SeverLink("fw0");
  EXPECT_FALSE(StateOf("fw0").attached());
  EXPECT_THAT(StateOf("fw0").detail, HasSubstr("unfiltered"));
  const auto result = plane().Attach("fw0", kAuto);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->taken_over);
  world_->ReceiveBlocked("fw0", 2);
  EXPECT_EQ(DropsOn("fw0"), 3u);
}

TEST_P(DataPlaneContract, MendsAPinThatWasRemovedOnce) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", true);
  ASSERT_TRUE(plane().Attach("fw0", kAuto).ok());
  ASSERT_TRUE(plane().Attach("fw1", kAuto).ok());
  EXPECT_THAT(plane().Mend().mended, IsEmpty());
  world_->LosePin("fw1");
  const auto report = plane().Mend();
  EXPECT_TRUE(report.trouble.ok()) << report.trouble;
  ASSERT_EQ(report.mended.size(), 1u);
  EXPECT_EQ(report.mended[0].interface, "fw1");
  EXPECT_THAT(report.mended[0].path, HasSubstr("links/fw1"));
  EXPECT_THAT(plane().Mend().mended, IsEmpty());
  world_->Restart();
  EXPECT_THAT(NamesOf(plane()), ElementsAre("fw0", "fw1"));
}

}  // namespace fwagent::testing
