// What the data plane leaves in the BPF file system, and what it makes of what
// it finds there.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/libbpf_data_plane.h"
#include "agent/dataplane/xdp_link.h"
#include "agent/util/scoped_fd.h"
#include "bpf/fw_table.h"
#include "tests/bpf/kernel_world.h"
#include "tests/support/require_bpf.h"

namespace fwagent::dataplane {
namespace {

using policy::PortTable;
using policy::Prefix;
using policy::Protocol;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::InNetNamespace;
using ::testing::IsEmpty;

using testing::KernelWorld;
using ::testing::Not;
using ::testing::Optional;
using ::testing::StartsWith;

constexpr char kMaps[] = "maps-v8";
constexpr char kCounters[] = "counters-v1";

Prefix P(const char* text) { return Prefix::Parse(text).value(); }

policy::SourceRule Block(const char* prefix, policy::RuleId id) {
  return {.prefix = P(prefix), .id = id};
}

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
    if (!world.ok()) return;
    world_ = *std::move(world);
    ASSERT_TRUE(plane().ReplaceSources({}).ok());
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
  // The pin of the table that is in force, after changes of one protocol at a
  // time.
  std::string PinOfPorts(Protocol protocol) {
    const auto map = OpenPin(world_->Pin("maps-v8/fw_ports"));
    const auto key = static_cast<std::uint32_t>(protocol);
    std::uint32_t id = 0;
    EXPECT_EQ(bpf_map_lookup_elem(map->fd.get(), &key, &id), 0);
    return world_->Pin(absl::StrCat("maps-v8/ports-", id));
  }
  // What the program reads first.
  fw_table_state State() {
    const auto pin = OpenPin(world_->Pin("maps-v8/fw_tables"));
    const std::uint32_t key = 0;
    fw_table_state state{};
    EXPECT_EQ(bpf_map_lookup_elem(pin->fd.get(), &key, &state), 0);
    return state;
  }

  void RenameFolder(const std::string& from, const std::string& to) {
    ASSERT_EQ(std::rename(world_->Pin(from).c_str(), world_->Pin(to).c_str()),
              0);
  }
  // The pins as an agent of that layout leaves them.
  void MakeItLayout5() {
    for (const char* name : {"/fw_counters", "/fw_slots"}) {
      RenameFolder(std::string(kCounters) + name, std::string(kMaps) + name);
    }
    std::filesystem::remove(world_->Pin(kCounters));
    RenameFolder(kMaps, "maps-v5");
  }

  // Of fw0, the only one.
  std::uint64_t Dropped() {
    std::uint64_t sum = 0;
    const auto all = plane().ReadCounters().value();
    for (std::size_t i = 0; i < policy::kOutcomes.size(); ++i) {
      if (policy::kOutcomes[i].first != policy::Verdict::kDrop) continue;
      sum += all.at(0).by_outcome[i].packets;
    }
    return sum;
  }

  // The next agent starts and takes fw0 over, while packets that are blocked
  // keep coming: each of them is counted, by one program or the other.
  void CheckTakeOverUnderTraffic(std::uint64_t counted) {
    std::atomic<bool> done = false;
    std::atomic<std::uint64_t> sent = 0;
    std::thread traffic([&] {
      const InNetNamespace there(world_->inside());
      while (!done) {
        world_->SendBlocked("fw0", 1);
        ++sent;
      }
    });
    const auto started = world_->Start();
    const auto loaded = started.ok()
                            ? plane().ReplaceSources({Block("192.0.2.1", 1)})
                            : started;
    const auto attached =
        loaded.ok() ? plane().Attach("fw0", ModePreference::kAuto).status()
                    : loaded;
    done = true;
    traffic.join();
    ASSERT_TRUE(attached.ok()) << attached;
    EXPECT_GT(sent, 0u);
    world_->ReceiveBlocked("fw0", 1);
    EXPECT_EQ(Dropped(), counted + sent + 1);
  }

  std::unique_ptr<KernelWorld> world_;
};

TEST_F(DataPlanePinsTest, NothingIsPinnedWhileNothingIsGuarded) {
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
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
  EXPECT_THAT(
      Pins(kMaps),
      ElementsAre("fw_buckets", "fw_datagrams", "fw_ports", "fw_rule_buckets",
                  "fw_rule_hits", "fw_slabs", "fw_tables", "fw_used",
                  StartsWith("ports-"), StartsWith("ports-")));
  EXPECT_THAT(Pins(kCounters), ElementsAre("fw_counters", "fw_slots"));
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

TEST_F(DataPlanePinsTest, NoPinIsLostWhereNamesAreSwapped) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", true);
  Attach("fw0");
  Attach("fw1");
  const std::uint32_t first = LinkOf("fw0").link_id;
  const std::uint32_t second = LinkOf("fw1").link_id;
  world_->RenameInterface("fw0", "lan0");
  world_->RenameInterface("fw1", "fw0");
  world_->RenameInterface("lan0", "fw1");
  Attach("fw0");
  EXPECT_THAT(Pins("links"), ::testing::SizeIs(2)) << "one was moved aside";
  Attach("fw1");
  EXPECT_THAT(Pins("links"), ElementsAre("fw0", "fw1"));
  EXPECT_EQ(LinkOf("fw1").link_id, first);
  EXPECT_EQ(LinkOf("fw0").link_id, second);
}

// As after a crash between the two steps.
TEST_F(DataPlanePinsTest, ALinkThatWasMovedAsideIsFoundAgain) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  const std::uint32_t link = LinkOf("fw0").link_id;
  world_->RenameInterface("fw0", "lan0");
  world_->AddInterface("fw0", true);
  Attach("fw0");
  world_->Restart();
  Attach("lan0");
  EXPECT_THAT(Pins("links"), ElementsAre("fw0", "lan0"));
  EXPECT_EQ(LinkOf("lan0").link_id, link);
}

TEST_F(DataPlanePinsTest, MovedAwayItKeepsItsFilterAndLeavesNoPinInTheEnd) {
  world_->AddInterface("fw0", true);
  world_->AddInterface("fw1", true);
  Attach("fw0");
  Attach("fw1");
  world_->MoveAway("fw0");
  ASSERT_TRUE(plane().Forget("fw0").ok());
  EXPECT_THAT(Pins("links"),
              ElementsAre("fw1", ::testing::StartsWith("link:")));
  world_->MoveBack("fw0");
  world_->RemoveInterface("fw0");
  EXPECT_TRUE(plane().Mend().trouble.ok());
  EXPECT_THAT(Pins("links"), ElementsAre("fw1"));
}

TEST_F(DataPlanePinsTest, PutsBackEveryPinThatWasRemoved) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 1)).ok());
  Attach("fw0");
  EXPECT_THAT(plane().Mend().mended, IsEmpty());
  const auto maps = Pins(kMaps);
  const auto counters = Pins(kCounters);
  for (const auto& [folder, pins] :
       {std::pair(kMaps, maps), std::pair(kCounters, counters)}) {
    for (const std::string& pin : pins) {
      ASSERT_TRUE(Unpin(world_->Pin(absl::StrCat(folder, "/", pin))).ok());
    }
  }
  const auto report = plane().Mend();
  EXPECT_TRUE(report.trouble.ok()) << report.trouble;
  EXPECT_EQ(report.mended.size(), maps.size() + counters.size());
  EXPECT_EQ(Pins(kMaps), maps);
  EXPECT_EQ(Pins(kCounters), counters);
  EXPECT_THAT(plane().Mend().mended, IsEmpty());
}

TEST_F(DataPlanePinsTest, PutsBackWholeFolders) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  std::filesystem::remove_all(world_->Pin(""));
  ASSERT_FALSE(Exists(""));
  const auto report = plane().Mend();
  EXPECT_TRUE(report.trouble.ok()) << report.trouble;
  EXPECT_THAT(Pins("links"), ElementsAre("fw0"));
  EXPECT_TRUE(plane().Interfaces().at(0).attached());
  const auto second = LibbpfDataPlane::Open(world_->options());
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status()))
      << "the lock is on the new folder";
}

TEST_F(DataPlanePinsTest, WhatIsInTheWayOfAPinIsNamedAndLeftAlone) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  ASSERT_TRUE(Unpin(world_->Pin("links/fw0")).ok());
  const util::ScopedFd map = MakeArray(1);
  ASSERT_TRUE(Pin(map.get(), world_->Pin("links/fw0")).ok());
  const auto report = plane().Mend();
  EXPECT_THAT(report.trouble.message(), HasSubstr("links/fw0 is no XDP link"));
  EXPECT_TRUE(plane().Interfaces().at(0).attached());
  ASSERT_TRUE(Unpin(world_->Pin("links/fw0")).ok());
  EXPECT_TRUE(plane().Mend().trouble.ok());
}

TEST_F(DataPlanePinsTest, MakesTheMapsAnewThatAreMissing) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  Attach("fw0");
  world_->Stop();
  ASSERT_TRUE(Unpin(world_->Pin("maps-v8/fw_slabs")).ok());
  ASSERT_TRUE(world_->Start().ok());
  EXPECT_THAT(Pins(kMaps), Not(Contains("fw_slabs")));
  ASSERT_TRUE(plane().ReplaceSources({Block("2001:db8::/32", 2)}).ok());
  Attach("fw0");
  EXPECT_THAT(Pins(kMaps), Contains("fw_slabs"));
  EXPECT_THAT(*plane().ReadSources(),
              Optional(ElementsAre(Block("2001:db8::/32", 2))));
}

TEST_F(DataPlanePinsTest, EverySlabHasAPin) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  Attach("fw0");
  const auto slabs = [this] {
    std::vector<std::string> pins = Pins(kMaps);
    std::erase_if(pins, [](const std::string& name) {
      return !name.starts_with("slab-") || name == "slab-empty";
    });
    return pins.size();
  };
  const std::size_t for_one_family = slabs();
  EXPECT_GT(for_one_family, 0u);
  ASSERT_TRUE(plane().AddSource(Block("2001:db8::/32", 2)).ok());
  EXPECT_EQ(slabs(), 2 * for_one_family);
  ASSERT_TRUE(plane().RemoveSource(P("2001:db8::/32")).ok());
  EXPECT_EQ(slabs(), for_one_family);
  ASSERT_TRUE(plane().RemoveSource(P("192.0.2.1")).ok());
  EXPECT_EQ(slabs(), 0u);
}

TEST_F(DataPlanePinsTest, SourcesThatLostAPinCannotBeReadUntilReplaced) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  Attach("fw0");
  world_->Stop();
  ASSERT_TRUE(Unpin(world_->Pin("maps-v8/slab-1")).ok());
  ASSERT_TRUE(world_->Start().ok());
  EXPECT_EQ(*plane().ReadSources(), std::nullopt);
  ASSERT_TRUE(plane().ReplaceSources({Block("192.0.2.2", 1)}).ok());
  EXPECT_THAT(*plane().ReadSources(),
              Optional(ElementsAre(Block("192.0.2.2", 1))));
}

TEST_F(DataPlanePinsTest, RefusesAPinnedMapOfAnotherSize) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  world_->Stop();
  const util::ScopedFd map = MakeArray(7);
  ASSERT_TRUE(Unpin(world_->Pin("counters-v1/fw_slots")).ok());
  ASSERT_TRUE(Pin(map.get(), world_->Pin("counters-v1/fw_slots")).ok());
  const absl::Status status = world_->Start();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("counters-v1/fw_slots"));
}

TEST_F(DataPlanePinsTest, APortTableThatLostItsPinIsUnknownUntilReplaced) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 1)).ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kUdp, TableWith(53, 1)).ok());
  const std::string pin = PinOfPorts(Protocol::kTcp);
  world_->Stop();
  ASSERT_TRUE(Unpin(pin).ok());
  ASSERT_TRUE(world_->Start().ok());
  EXPECT_EQ((*plane().ReadPorts())[0], std::nullopt);
  EXPECT_THAT((*plane().ReadPorts())[1], Optional(TableWith(53, 1)));
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, {}).ok());
  EXPECT_THAT((*plane().ReadPorts())[0], Optional(IsEmpty()));
}

TEST_F(DataPlanePinsTest, APortTableThatACrashLeftBesideTheLiveOneGoes) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 1)).ok());
  world_->Stop();
  const util::ScopedFd next = MakeArray(1);
  ASSERT_TRUE(Pin(next.get(), world_->Pin("maps-v8/ports-4000000000")).ok());
  ASSERT_TRUE(world_->Start().ok());
  EXPECT_THAT((*plane().ReadPorts())[0], Optional(TableWith(22, 1)));
  EXPECT_FALSE(Exists("maps-v8/ports-4000000000"));
  EXPECT_TRUE(std::filesystem::exists(PinOfPorts(Protocol::kTcp)));
}

TEST_F(DataPlanePinsTest, PinsOfPortTablesDoNotPileUp) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  const policy::PortTable first = TableWith(22, 1);
  const policy::PortTable second = TableWith(23, 1);
  for (int i = 0; i < 5; ++i) {
    NewTables next;
    next.ports[0] = next.ports[1] = i % 2 == 0 ? &first : &second;
    ASSERT_TRUE(plane().ReplaceTables(next).ok());
  }
  const std::vector<std::string> pins = Pins(kMaps);
  EXPECT_LE(std::count_if(pins.begin(), pins.end(),
                          [](const std::string& name) {
                            return absl::StartsWith(name, "ports-");
                          }),
            4)
      << "those in force, and those before";
}

TEST_F(DataPlanePinsTest, TellsTheProgramHowManyPrefixesThereAre) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  EXPECT_EQ(State().prefixes[FW_FAMILY_IPV4], 0u);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.0/24", 1)).ok());
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 2)).ok());
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.0/24", 3)).ok());
  EXPECT_EQ(State().prefixes[FW_FAMILY_IPV4], 2u);
  EXPECT_EQ(State().prefixes[FW_FAMILY_IPV6], 0u);
  ASSERT_TRUE(plane().RemoveSource(P("192.0.2.0/24")).ok());
  EXPECT_EQ(State().prefixes[FW_FAMILY_IPV4], 1u);
}

TEST_F(DataPlanePinsTest, TheMapsOfAnOlderLayoutGoWhenTheFilterIsTakenOver) {
  world_->AddInterface("fw0", true);
  Attach("fw0");
  world_->Stop();
  const util::ScopedFd map = MakeArray(1);
  for (const char* folder : {"maps-v1", "other"}) {
    ASSERT_TRUE(MakeFolder(world_->Pin(folder)).ok());
    ASSERT_TRUE(Pin(map.get(), world_->Pin(folder) + "/old").ok());
  }
  ASSERT_TRUE(world_->Start().ok());
  EXPECT_TRUE(Exists("maps-v1/old")) << "the old program still guards";
  Attach("fw0");
  EXPECT_FALSE(Exists("maps-v1"));
  EXPECT_TRUE(Exists("other/old"));
  EXPECT_TRUE(Exists(kMaps));
}

// What another layout leaves: here those of a number that never was.
TEST_F(DataPlanePinsTest, CountersGoOnWhenTheLayoutChanges) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  Attach("fw0");
  world_->ReceiveBlocked("fw0", 3);
  world_->Stop();
  RenameFolder(kMaps, "maps-v99");
  CheckTakeOverUnderTraffic(3);
  EXPECT_FALSE(Exists("maps-v99"));
}

// Layout 5 had them in the folder of the tables.
TEST_F(DataPlanePinsTest, CountersGoOnThatLieBesideTheTables) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  Attach("fw0");
  world_->ReceiveBlocked("fw0", 3);
  world_->Stop();
  MakeItLayout5();
  CheckTakeOverUnderTraffic(3);
  EXPECT_FALSE(Exists("maps-v5"));
  EXPECT_THAT(Pins(kCounters), ElementsAre("fw_counters", "fw_slots"));
}

// Those that layout 5 counted in last, not those of the upgrade before.
TEST_F(DataPlanePinsTest, CountersGoOnAfterADowngradeAndAnUpgrade) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  Attach("fw0");
  world_->ReceiveBlocked("fw0", 3);
  world_->Stop();
  MakeItLayout5();
  const util::ScopedFd stale = MakeArray(1);
  ASSERT_TRUE(MakeFolder(world_->Pin(kCounters)).ok());
  for (const char* name : {"/fw_counters", "/fw_slots"}) {
    ASSERT_TRUE(Pin(stale.get(), world_->Pin(kCounters) + name).ok());
  }
  CheckTakeOverUnderTraffic(3);
}

TEST_F(DataPlanePinsTest, CountersOfAnotherSizeBeginAnew) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  Attach("fw0");
  world_->ReceiveBlocked("fw0", 3);
  world_->Stop();
  MakeItLayout5();
  ASSERT_TRUE(Unpin(world_->Pin("maps-v5/fw_slots")).ok());
  const util::ScopedFd other = MakeArray(1);
  ASSERT_TRUE(Pin(other.get(), world_->Pin("maps-v5/fw_slots")).ok());
  ASSERT_TRUE(world_->Start().ok());
  ASSERT_TRUE(plane().ReplaceSources({Block("192.0.2.1", 1)}).ok());
  Attach("fw0");
  EXPECT_EQ(Dropped(), 0u);
}

TEST_F(DataPlanePinsTest, TheLimitIsThatOfThisRun) {
  world_->AddInterface("fw0", true);
  ASSERT_TRUE(plane().AddSource(Block("192.0.2.1", 1)).ok());
  Attach("fw0");
  world_->Restart();
  const std::uint64_t limit =
      plane().SourceUsage(policy::Family::kIPv4).capacity;
  std::vector<policy::SourceRule> rules;
  for (std::uint64_t i = 0; i <= limit; ++i) {
    rules.push_back(Block(absl::StrCat("192.0.2.", i).c_str(), i + 1));
  }
  EXPECT_TRUE(absl::IsResourceExhausted(plane().ReplaceSources(rules)));
  rules.pop_back();
  EXPECT_TRUE(plane().ReplaceSources(rules).ok());
}

}  // namespace
}  // namespace fwagent::dataplane
