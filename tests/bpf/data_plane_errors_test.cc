// What the data plane says where it cannot work, and how little it needs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

#include <memory>
#include <string>
#include <utility>

#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/libbpf_data_plane.h"
#include "agent/dataplane/libbpf_log.h"
#include "tests/bpf/kernel_world.h"
#include "tests/support/capabilities.h"
#include "tests/support/require_bpf.h"
#include "tests/support/temp_dir.h"

namespace fwagent::dataplane {
namespace {

using policy::Protocol;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::KernelWorld;
using ::testing::Not;
using testing::RunWithCapabilities;
using testing::TempDir;

class DataPlaneErrorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto world = KernelWorld::Create();
    testing::SkipUnless(world.status());
    if (world.ok()) world_ = *std::move(world);
  }

  // Why a data plane with these options does not open.
  static absl::Status WhyNot(const LibbpfDataPlane::Options& options) {
    return LibbpfDataPlane::Open(options).status();
  }

  std::unique_ptr<KernelWorld> world_;
};

TEST_F(DataPlaneErrorsTest, SaysHowToMountTheBpfFileSystem) {
  const TempDir folder;
  const absl::Status status = WhyNot({.pin_dir = folder / "fwagent"});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("`mount -t bpf bpf"));
}

TEST_F(DataPlaneErrorsTest, SaysWhichFolderToMake) {
  const absl::Status status = WhyNot({.pin_dir = world_->Pin("none/fwagent")});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr(world_->Pin("none") + ";"));
}

TEST_F(DataPlaneErrorsTest, RefusesTablesWithoutRoom) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      WhyNot({.pin_dir = world_->Pin(""), .max_sources = 0})));
  EXPECT_TRUE(absl::IsInvalidArgument(
      WhyNot({.pin_dir = world_->Pin(""), .max_sources = 0xffffffff})));
}

TEST_F(DataPlaneErrorsTest, NamesTheCapabilitiesThatAreMissing) {
  for (const auto& capabilities :
       {std::vector<int>{}, {CAP_NET_ADMIN}, {CAP_BPF}}) {
    RunWithCapabilities(capabilities, [this] {
      const absl::Status status = WhyNot(world_->options());
      EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
      EXPECT_THAT(
          status.message(),
          AllOf(HasSubstr("CAP_BPF and CAP_NET_ADMIN"), Not(HasSubstr("\n"))));
    });
  }
}

TEST_F(DataPlaneErrorsTest, NamesTheCapabilitiesWhenThereArePinsToo) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(world_->plane().Attach("fw0", ModePreference::kAuto).ok());
  world_->Stop();
  RunWithCapabilities({}, [this] {
    const absl::Status status = WhyNot(world_->options());
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr("CAP_BPF and CAP_NET_ADMIN"));
  });
}

// One whole life with what the documentation asks for and no more.
TEST_F(DataPlaneErrorsTest, NeedsNoOtherCapabilities) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", false);
  policy::PortTable table(65536);
  table[22] = 2;
  RunWithCapabilities(testing::FewestCapabilities(), [&] {
    world_->Restart();
    for (const char* name : {"fw0", "fw1"}) {
      const auto result = world_->plane().Attach(name, ModePreference::kAuto);
      ASSERT_TRUE(result.ok()) << result.status();
    }
    const policy::SourceRule rule = {
        .prefix = policy::Prefix::Parse("2001:db8::/32").value(), .id = 1};
    EXPECT_TRUE(world_->plane().ReplaceSources({}).ok());
    EXPECT_TRUE(world_->plane().AddSource(rule).ok());
    EXPECT_TRUE(world_->plane().ReplacePorts(Protocol::kTcp, table).ok());
    world_->Restart();
    EXPECT_EQ((*world_->plane().ReadSources())->size(), 1u);
    EXPECT_EQ((*world_->plane().ReadPorts())[0], table);
    EXPECT_TRUE(world_->plane().ReplaceSources({rule}).ok());
    const auto again = world_->plane().Attach("fw0", ModePreference::kAuto);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE(again->taken_over);
    EXPECT_TRUE(world_->plane().ReadCounters().ok());
    EXPECT_TRUE(world_->plane().Detach("fw0").ok());
    EXPECT_TRUE(world_->plane().Detach("fw1").ok());
  });
}

// Linux 5.18 and newer take jumbo frames natively; older ones must say why not.
TEST_F(DataPlaneErrorsTest, AttachesToJumboFramesOrSaysWhyNotNatively) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(world_->inside().Ip({"link", "set", "fw0", "mtu", "9000"}).ok());
  const auto result = world_->plane().Attach("fw0", ModePreference::kAuto);
  ASSERT_TRUE(result.ok()) << result.status();
  if (result->state.mode == AttachMode::kGeneric) {
    EXPECT_THAT(result->state.detail, HasSubstr("MTU"));
  } else {
    EXPECT_EQ(result->state.detail, "");
  }
}

TEST_F(DataPlaneErrorsTest, GuardsAsManyInterfacesAsThereAreSlots) {
  for (int i = 0; i <= 64; ++i) {
    world_->AddInterface("fw" + std::to_string(i), false);
  }
  for (int i = 0; i < 64; ++i) {
    const std::string name = "fw" + std::to_string(i);
    const auto result = world_->plane().Attach(name, ModePreference::kGeneric);
    ASSERT_TRUE(result.ok()) << result.status();
  }
  const auto refused = world_->plane().Attach("fw64", ModePreference::kGeneric);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(refused.status().message(), HasSubstr("64 interfaces"));
  ASSERT_TRUE(world_->plane().Detach("fw7").ok());
  EXPECT_TRUE(world_->plane().Attach("fw64", ModePreference::kGeneric).ok());
}

}  // namespace
}  // namespace fwagent::dataplane
