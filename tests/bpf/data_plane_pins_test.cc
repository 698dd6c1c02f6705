// What the data plane leaves in the BPF file system, and what it makes of what
// it finds there.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/libbpf_data_plane.h"
#include "agent/dataplane/xdp_link.h"
#include "agent/util/scoped_fd.h"
#include "bpf/fw_abi.h"
#include "tests/bpf/kernel_world.h"
#include "tests/support/require_bpf.h"

namespace fwagent::dataplane {
namespace {

using policy::Family;
using policy::PortTable;
using policy::Prefix;
using policy::Protocol;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::InNetNamespace;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using testing::KernelWorld;
using ::testing::Not;
using ::testing::Optional;

constexpr char kMaps[] = "maps-v1";

Prefix P(const char* text) { return Prefix::Parse(text).value(); }

PortTable TableWith(std::uint16_t port, policy::RuleId rule) {
  PortTable table(FW_PORTS);
  table[port] = rule;
  return table;
}

util::ScopedFd MakeArray(std::uint32_t entries) {
  return util::ScopedFd(
      bpf_map_create(BPF_MAP_TYPE_ARRAY, "foreign", 4, 4, entries, nullptr));
}

class DataPlanePinsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto world = KernelWorld::Create();
    testing::SkipUnless(world.status());
    if (world.ok()) world_ = *std::move(world);
  }

  DataPlane& plane() { return world_->plane(); }
  void Attach(const std::string& name) {
    const auto result = plane().Attach(name, ModePreference::kAuto);
    ASSERT_TRUE(result.ok()) << result.status();
  }
  std::vector<std::string> Pins(const std::string& folder) {
    return ListFolder(world_->Pin(folder)).value();
  }
  bool Exists(const std::string& name) {
    return std::filesystem::exists(world_->Pin(name));
  }
  XdpLinkInfo LinkOf(const std::string& pin) {
    const auto link = OpenPinnedXdpLink(world_->Pin("links/" + pin));
    EXPECT_TRUE(link.ok()) << link.status();
    return GetXdpLinkInfo(link->get()).value();
  }
  fw_config Config() {
    const auto pin = OpenPin(world_->Pin("maps-v1/fw_config"));
    const std::uint32_t key = 0;
    fw_config config{};
    EXPECT_EQ(bpf_map_lookup_elem(pin->fd.get(), &key, &config), 0);
    return config;
  }

  std::unique_ptr<KernelWorld> world_;
};

TEST_F(DataPlanePinsTest, NothingIsPinnedWhileNothingIsGuarded) {
  ASSERT_TRUE(plane().AddSource(P("192.0.2.1"), 1).ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 1)).ok());
  EXPECT_FALSE(Exists(""));
  EXPECT_FALSE(plane().Attach("fw0", ModePreference::kAuto).ok());
  EXPECT_FALSE(Exists(""));
}

TEST_F(DataPlanePinsTest, PinsLinkMapsAndPortTablesWhileGuarding) {
  world_->AddInterface("fw0.1", true);
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 1)).ok());
  Attach("fw0.1");
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kUdp, TableWith(53, 1)).ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kUdp, TableWith(54, 1)).ok());
  EXPECT_THAT(Pins("links"), ElementsAre("fw0%2e1"));
  EXPECT_THAT(Pins(kMaps), ElementsAre("fw_config", "fw_counters", "fw_ports",
                                       "fw_slots", "fw_source4", "fw_source6",
                                       "ports-tcp", "ports-udp"));
}

TEST_F(DataPlanePinsTest, LeavesNothingWhenTheLastInterfaceIsDetached) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", true);
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 1)).ok());
  Attach("fw0");
  Attach("fw1");
  ASSERT_TRUE(plane().Detach("fw0").ok());
  EXPECT_THAT(Pins("links"), ElementsAre("fw1"));
  EXPECT_THAT(Pins(kMaps), Not(IsEmpty()));
  ASSERT_TRUE(plane().Detach("fw1").ok());
  EXPECT_FALSE(Exists(""));
}

TEST_F(DataPlanePinsTest, TakingOverReplacesTheProgramAndKeepsTheLink) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  const XdpLinkInfo before = LinkOf("fw0");
  world_->Restart();
  EXPECT_EQ(LinkOf("fw0").program_id, before.program_id);
  Attach("fw0");
  EXPECT_EQ(LinkOf("fw0").link_id, before.link_id);
  EXPECT_NE(LinkOf("fw0").program_id, before.program_id);
}

TEST_F(DataPlanePinsTest, RemovesThePinOfADeviceThatWentWhileTheAgentWasDown) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", true);
  Attach("fw0");
  Attach("fw1");
  world_->Stop();
  world_->RemoveInterface("fw0");
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(world_->Start().ok());
  EXPECT_THAT(Pins("links"), ElementsAre("fw1"));
  const auto result = plane().Attach("fw0", ModePreference::kAuto);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->taken_over);
  EXPECT_TRUE(LinkOf("fw0").here());
}

TEST_F(DataPlanePinsTest, ReplacesThePinOfADeviceThatWentMeanwhile) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  world_->RemoveInterface("fw0");
  world_->AddInterface("fw0", true);
  EXPECT_TRUE(LinkOf("fw0").severed());
  Attach("fw0");
  EXPECT_TRUE(LinkOf("fw0").here());
}

TEST_F(DataPlanePinsTest, NeverTouchesAPinThatIsNoLink) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", true);
  Attach("fw1");
  const util::ScopedFd map = MakeArray(1);
  ASSERT_TRUE(Pin(map.get(), world_->Pin("links/fw0")).ok());
  world_->Restart();
  const auto result = plane().Attach("fw0", ModePreference::kAuto);
  EXPECT_TRUE(absl::IsFailedPrecondition(result.status())) << result.status();
  EXPECT_THAT(result.status().message(), HasSubstr("links/fw0 is no XDP link"));
  EXPECT_TRUE(plane().Detach("fw1").ok());
  EXPECT_THAT(Pins("links"), ElementsAre("fw0"));
}

// Both namespaces give their first device the same index.
TEST_F(DataPlanePinsTest, TellsAFilterOfAnotherNamespaceFromItsOwn) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  world_->Stop();
  auto elsewhere = testing::NetNamespace::Create();
  ASSERT_TRUE(elsewhere.ok()) << elsewhere.status();
  ASSERT_TRUE(testing::AddVethPair(*elsewhere, "fw0", *elsewhere, "peer").ok());
  {
    const InNetNamespace there(*elsewhere);
    ASSERT_TRUE(world_->Start().ok());
    EXPECT_THAT(plane().Interfaces(), IsEmpty());
    const auto result = plane().Attach("fw0", ModePreference::kAuto);
    EXPECT_TRUE(absl::IsFailedPrecondition(result.status()));
    EXPECT_THAT(result.status().message(), HasSubstr("--pin-dir"));
  }
  world_->Restart();
  EXPECT_TRUE(LinkOf("fw0").here());
  EXPECT_TRUE(plane().Interfaces().at(0).attached());
  EXPECT_THAT(Pins(kMaps), Not(IsEmpty()));
}

TEST_F(DataPlanePinsTest, KeepsASecondAgentOutWhileSomethingIsPinned) {
  world_->AddInterface("fw0", true);
  EXPECT_TRUE(LibbpfDataPlane::Open(world_->options()).ok());
  Attach("fw0");
  const auto second = LibbpfDataPlane::Open(world_->options());
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
  EXPECT_THAT(second.status().message(), HasSubstr("another fwagent"));
  ASSERT_TRUE(plane().Detach("fw0").ok());
  EXPECT_TRUE(LibbpfDataPlane::Open(world_->options()).ok());
}

TEST_F(DataPlanePinsTest, FollowsAnInterfaceThatWasRenamed) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  const XdpLinkInfo before = LinkOf("fw0");
  ASSERT_TRUE(world_->inside().Ip({"link", "set", "fw0", "down"}).ok());
  ASSERT_TRUE(world_->inside().Ip({"link", "set", "fw0", "name", "lan0"}).ok());
  EXPECT_TRUE(plane().Interfaces()[0].attached());
  EXPECT_THAT(plane().Interfaces()[0].detail, HasSubstr("called lan0"));
  const auto result = plane().Attach("lan0", ModePreference::kAuto);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->taken_over);
  EXPECT_THAT(Pins("links"), ElementsAre("lan0"));
  EXPECT_EQ(LinkOf("lan0").link_id, before.link_id);
  EXPECT_EQ(plane().Interfaces().size(), 1u);
}

TEST_F(DataPlanePinsTest, ANewDeviceUnderARenamedOnesNameMustWait) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  ASSERT_TRUE(world_->inside().Ip({"link", "set", "fw0", "down"}).ok());
  ASSERT_TRUE(world_->inside().Ip({"link", "set", "fw0", "name", "lan0"}).ok());
  world_->AddInterface("fw0", true);
  const auto refused = plane().Attach("fw0", ModePreference::kAuto);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  EXPECT_THAT(refused.status().message(), HasSubstr("guard lan0 first"));
  Attach("lan0");
  Attach("fw0");
  EXPECT_THAT(Pins("links"), ElementsAre("fw0", "lan0"));
}

TEST_F(DataPlanePinsTest, MakesTheMapsAnewThatAreMissing) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().AddSource(P("192.0.2.1"), 1).ok());
  ASSERT_TRUE(plane().AddSource(P("2001:db8::/32"), 2).ok());
  Attach("fw0");
  world_->Stop();
  ASSERT_TRUE(Unpin(world_->Pin("maps-v1/fw_source6")).ok());
  ASSERT_TRUE(world_->Start().ok());
  EXPECT_THAT(plane().ReadRules()->sources,
              ElementsAre(std::pair(P("192.0.2.1"), policy::RuleId{1})));
  Attach("fw0");
  EXPECT_THAT(Pins(kMaps), IsSupersetOf({"fw_source4", "fw_source6"}));
}

TEST_F(DataPlanePinsTest, RefusesAPinnedMapOfAnotherSize) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  world_->Stop();
  const util::ScopedFd map = MakeArray(7);
  ASSERT_TRUE(Unpin(world_->Pin("maps-v1/fw_config")).ok());
  ASSERT_TRUE(Pin(map.get(), world_->Pin("maps-v1/fw_config")).ok());
  const absl::Status status = world_->Start();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("maps-v1/fw_config"));
}

TEST_F(DataPlanePinsTest, PinnedTablesKeepTheirCapacity) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  world_->options().max_sources = 100;
  world_->Restart();
  EXPECT_EQ(plane().SourceCapacity(Family::kIPv4), KernelWorld::kMaxSources);
  ASSERT_TRUE(plane().Detach("fw0").ok());
  world_->Restart();
  EXPECT_EQ(plane().SourceCapacity(Family::kIPv4), 100u);
}

TEST_F(DataPlanePinsTest, APortTableThatLostItsPinIsUnknownUntilReplaced) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 1)).ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kUdp, TableWith(53, 1)).ok());
  world_->Stop();
  ASSERT_TRUE(Unpin(world_->Pin("maps-v1/ports-tcp")).ok());
  ASSERT_TRUE(world_->Start().ok());
  EXPECT_EQ(plane().ReadRules()->ports[0], std::nullopt);
  EXPECT_THAT(plane().ReadRules()->ports[1], Optional(TableWith(53, 1)));
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, {}).ok());
  EXPECT_THAT(plane().ReadRules()->ports[0], Optional(IsEmpty()));
}

TEST_F(DataPlanePinsTest, FindsThePortTableAfterACrashBehindTheSwap) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 1)).ok());
  world_->Stop();
  const std::string pin = world_->Pin("maps-v1/ports-tcp");
  ASSERT_EQ(std::rename(pin.c_str(), (pin + "-next").c_str()), 0);
  const util::ScopedFd old = MakeArray(1);
  ASSERT_TRUE(Pin(old.get(), pin).ok());
  ASSERT_TRUE(world_->Start().ok());
  EXPECT_THAT(plane().ReadRules()->ports[0], Optional(TableWith(22, 1)));
  EXPECT_FALSE(Exists("maps-v1/ports-tcp-next"));
  EXPECT_TRUE(Exists("maps-v1/ports-tcp"));
}

TEST_F(DataPlanePinsTest, FindsThePortTableAfterACrashBeforeTheSwap) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 1)).ok());
  world_->Stop();
  const util::ScopedFd next = MakeArray(1);
  ASSERT_TRUE(Pin(next.get(), world_->Pin("maps-v1/ports-tcp-next")).ok());
  ASSERT_TRUE(world_->Start().ok());
  EXPECT_THAT(plane().ReadRules()->ports[0], Optional(TableWith(22, 1)));
  EXPECT_FALSE(Exists("maps-v1/ports-tcp-next"));
}

TEST_F(DataPlanePinsTest, TellsTheProgramHowManySourcesAreBlocked) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  EXPECT_EQ(Config().source_blocks[FW_FAMILY_IPV4], 0u);
  ASSERT_TRUE(plane().AddSource(P("192.0.2.0/24"), 1).ok());
  ASSERT_TRUE(plane().AddSource(P("192.0.2.1"), 2).ok());
  ASSERT_TRUE(plane().AddSource(P("192.0.2.0/24"), 3).ok());
  EXPECT_EQ(Config().source_blocks[FW_FAMILY_IPV4], 2u);
  EXPECT_EQ(Config().source_blocks[FW_FAMILY_IPV6], 0u);
  ASSERT_TRUE(plane().RemoveSource(P("192.0.2.0/24")).ok());
  EXPECT_EQ(Config().source_blocks[FW_FAMILY_IPV4], 1u);
}

TEST_F(DataPlanePinsTest, CountsTheBlockedSourcesAgainAtStart) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  ASSERT_TRUE(plane().AddSource(P("2001:db8::/32"), 1).ok());
  world_->Stop();
  {
    const auto pin = OpenPin(world_->Pin("maps-v1/fw_config"));
    const std::uint32_t key = 0;
    const fw_config wrong{.source_blocks = {5, 2}};
    ASSERT_EQ(bpf_map_update_elem(pin->fd.get(), &key, &wrong, BPF_ANY), 0);
  }
  ASSERT_TRUE(world_->Start().ok());
  EXPECT_EQ(Config().source_blocks[FW_FAMILY_IPV4], 0u);
  EXPECT_EQ(Config().source_blocks[FW_FAMILY_IPV6], 1u);
}

}  // namespace
}  // namespace fwagent::dataplane
