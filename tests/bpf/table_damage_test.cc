// Somebody else writes to the filter's tables: it is seen, and all is as it was
// once they are written anew.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/dataplane/map_info.h"
#include "bpf/fw_abi.h"
#include "bpf/fw_table.h"
#include "tests/bpf/kernel_world.h"
#include "tests/support/require_bpf.h"

namespace fwagent::dataplane {
namespace {

using policy::Protocol;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kMaps[] = "maps-v8/";

class TableDamageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::SkipUnless(testing::BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    auto world = testing::KernelWorld::Create();
    ASSERT_TRUE(world.ok()) << world.status();
    world_ = *std::move(world);
    world_->options().check_period = std::chrono::milliseconds(0);
    world_->Restart();
    world_->AddInterface("fw0", true);
    ASSERT_TRUE(plane().ReplaceSources(sources_).ok());
    ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, ports_).ok());
    ASSERT_TRUE(plane().Attach("fw0", ModePreference::kAuto).ok());
    ASSERT_THAT(Damage(), IsEmpty());
  }

  DataPlane& plane() { return world_->plane(); }

  std::string Damage() {
    const MendReport report = plane().Mend();
    EXPECT_TRUE(report.trouble.ok()) << report.trouble;
    return report.damage;
  }

  util::ScopedFd Map(const std::string& name) {
    auto map = OpenPinnedMap(world_->Pin(kMaps + name));
    EXPECT_TRUE(map.ok()) << map.status();
    return map.ok() ? *std::move(map) : util::ScopedFd();
  }

  // Of the tcp table, which is the only one.
  std::string PortsPin() {
    const util::ScopedFd map = Map("fw_ports");
    const std::uint32_t key = FW_PORT_TCP;
    std::uint32_t id = 0;
    EXPECT_EQ(bpf_map_lookup_elem(map.get(), &key, &id), 0);
    return "ports-" + std::to_string(id);
  }

  // Flips a bit of the first entry that is not all zeros.
  void FlipABit(const std::string& name) {
    const util::ScopedFd map = Map(name);
    const auto info = GetMapInfo(map.get());
    ASSERT_TRUE(info.ok()) << info.status();
    std::vector<char> value(info->value_size);
    for (std::uint32_t key = 0; key < info->max_entries; ++key) {
      ASSERT_EQ(bpf_map_lookup_elem(map.get(), &key, value.data()), 0);
      const auto byte = std::find_if(value.begin(), value.end(),
                                     [](char c) { return c != 0; });
      if (byte == value.end()) continue;
      *byte ^= 1;
      ASSERT_EQ(bpf_map_update_elem(map.get(), &key, value.data(), BPF_EXIST),
                0);
      return;
    }
    FAIL() << name << " is empty";
  }

  // Everything means what it should, and the filter says so.
  void ExpectMended() {
    ASSERT_TRUE(plane().ReplaceSources(sources_).ok());
    for (const Protocol protocol : policy::kProtocols) {
      const bool is_tcp = protocol == Protocol::kTcp;
      ASSERT_TRUE(
          plane()
              .ReplacePorts(protocol, is_tcp ? ports_ : policy::PortTable())
              .ok());
    }
    EXPECT_THAT(Damage(), IsEmpty());
    const auto ports = plane().ReadPorts();
    ASSERT_TRUE(ports.ok()) << ports.status();
    EXPECT_EQ((*ports)[0], ports_);
    EXPECT_EQ((*ports)[1], policy::PortTable());
    world_->ReceiveBlocked("fw0", 1);
    EXPECT_EQ(world_->MeaningOf(*policy::Prefix::Parse("192.0.2.1")).verdict,
              policy::SourceVerdict::kBlock);
    EXPECT_EQ(world_->MeaningOf(*policy::Prefix::Parse("192.0.3.1")).verdict,
              policy::SourceVerdict::kNone);
    EXPECT_EQ(world_->MeaningOf(*policy::Prefix::Parse("2001:db8::1")).verdict,
              policy::SourceVerdict::kBlock);
  }

  std::unique_ptr<testing::KernelWorld> world_;
  const std::vector<policy::SourceRule> sources_ = {
      {.prefix = *policy::Prefix::Parse("192.0.2.1"), .id = 1},
      {.prefix = *policy::Prefix::Parse("198.51.0.0/16"), .id = 2},
      {.prefix = *policy::Prefix::Parse("2001:db8::/32"), .id = 3}};
  const policy::PortTable ports_ = [] {
    policy::PortTable table(65536);
    table[22] = 4;
    return table;
  }();
};

TEST_F(TableDamageTest, ChangesOfItsOwnAreNoDamage) {
  ASSERT_TRUE(plane().RemoveSource(sources_[0].prefix).ok());
  EXPECT_THAT(Damage(), IsEmpty());
  ASSERT_TRUE(plane().AddSource(sources_[0]).ok());
  EXPECT_THAT(Damage(), IsEmpty());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kUdp, ports_).ok());
  EXPECT_THAT(Damage(), IsEmpty());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kUdp, {}).ok());
  EXPECT_THAT(Damage(), IsEmpty());
  world_->ReceiveBlocked("fw0", 2);
  EXPECT_THAT(Damage(), IsEmpty());
  world_->Restart();
  ASSERT_TRUE(plane().ReplaceSources(sources_).ok());
  EXPECT_THAT(Damage(), IsEmpty()) << "after an earlier run";
}

TEST_F(TableDamageTest, EntriesOfTheSlabsThatAreTakenOut) {
  const util::ScopedFd slabs = Map("fw_slabs");
  for (std::uint32_t slab = 1; slab < FW_SLABS; ++slab) {
    bpf_map_delete_elem(slabs.get(), &slab);
  }
  EXPECT_THAT(Damage(), HasSubstr("fw_slabs"));
  ExpectMended();
}

TEST_F(TableDamageTest, ASlabThatIsWrittenTo) {
  for (const auto& entry :
       std::filesystem::directory_iterator(world_->Pin(kMaps))) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("slab-") || name == "slab-empty") continue;
    SCOPED_TRACE(name);
    FlipABit(name);
    EXPECT_THAT(Damage(), HasSubstr("source tables were changed"));
    ExpectMended();
    break;  // the others have other numbers by now
  }
}

TEST_F(TableDamageTest, ASlabWithoutItsPin) {
  for (const auto& entry :
       std::filesystem::directory_iterator(world_->Pin(kMaps))) {
    const std::string name = entry.path().filename();
    if (name.starts_with("slab-")) std::filesystem::remove(entry.path());
  }
  EXPECT_THAT(Damage(), HasSubstr("slab-"));
  ExpectMended();
}

TEST_F(TableDamageTest, TheSummaryOfTheTables) {
  FlipABit("fw_used");
  EXPECT_THAT(Damage(), HasSubstr("source tables were changed"));
  ExpectMended();
}

TEST_F(TableDamageTest, WhereTheTablesAre) {
  const util::ScopedFd sources = Map("fw_tables");
  const std::uint32_t key = 0;
  fw_table_state state{};
  ASSERT_EQ(bpf_map_lookup_elem(sources.get(), &key, &state), 0);
  for (const std::uint32_t active : {0u, 1u, 2u, 3u}) {
    fw_table_state zeros{};
    zeros.active = active;
    ASSERT_EQ(bpf_map_update_elem(sources.get(), &key, &zeros, BPF_ANY), 0);
    EXPECT_THAT(Damage(), HasSubstr("fw_tables"));
    ExpectMended();
  }
}

TEST_F(TableDamageTest, APortTableThatIsTakenOutOrPutIn) {
  const util::ScopedFd ports = Map("fw_ports");
  const std::uint32_t tcp = FW_PORT_TCP;
  const std::uint32_t udp = FW_PORT_UDP;
  ASSERT_EQ(bpf_map_delete_elem(ports.get(), &tcp), 0);
  EXPECT_THAT(Damage(), HasSubstr("tcp"));
  ExpectMended();
  const util::ScopedFd table = Map(PortsPin());
  const int fd = table.get();
  ASSERT_EQ(bpf_map_update_elem(ports.get(), &udp, &fd, BPF_ANY), 0);
  EXPECT_THAT(Damage(), HasSubstr("udp"));
  ExpectMended();
}

TEST_F(TableDamageTest, APortTableThatIsWrittenTo) {
  FlipABit(PortsPin());
  EXPECT_THAT(Damage(), HasSubstr("tcp port table"));
  ExpectMended();
}

}  // namespace
}  // namespace fwagent::dataplane
