#include "tests/bpf/kernel_world.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/net_devices.h"
#include "agent/dataplane/xdp_link.h"
#include "agent/util/status_macros.h"
#include "tests/support/require_bpf.h"

namespace fwagent::testing {
namespace {

using dataplane::AttachMode;
using dataplane::InterfaceIndex;

// Ethernet, IPv4 from 192.0.2.1 to 192.0.2.2, UDP from 1024 to 9, no payload.
constexpr std::array<std::uint8_t, 60> kFrame = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x08, 0x00, 0x45, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x00, 0x00,
    0x40, 0x11, 0xf6, 0xcd, 192,  0,    2,    1,    192,  0,    2,
    2,    0x04, 0x00, 0x00, 0x09, 0x00, 0x08, 0x00, 0x00};

// return XDP_PASS;
util::ScopedFd LoadForeignProgram() {
  const bpf_insn instructions[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 2},
      {.code = BPF_JMP | BPF_EXIT}};
  return util::ScopedFd(bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign", "GPL",
                                      instructions, 2, nullptr));
}

std::uint32_t Flags(AttachMode mode) {
  return mode == AttachMode::kGeneric ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

std::uint64_t PacketsDropped(dataplane::DataPlane& plane,
                             const std::string& name) {
  std::uint64_t sum = 0;
  const auto all = plane.ReadCounters();
  if (!all.ok()) return 0;
  for (const auto& counters : *all) {
    if (counters.interface != name) continue;
    for (std::size_t i = 0; i < policy::kOutcomes.size(); ++i) {
      if (policy::kOutcomes[i].first != policy::Verdict::kDrop) continue;
      sum += counters.by_outcome[i].packets;
    }
  }
  return sum;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KernelWorld>> KernelWorld::Create() {
  FW_RETURN_IF_ERROR(BpfIsAllowed());
  FW_ASSIGN_OR_RETURN(NetNamespace inside, NetNamespace::Create());
  FW_ASSIGN_OR_RETURN(NetNamespace outside, NetNamespace::Create());
  std::unique_ptr<KernelWorld> world(
      new KernelWorld(std::move(inside), std::move(outside)));
  FW_RETURN_IF_ERROR(world->Start());
  return world;
}

KernelWorld::KernelWorld(NetNamespace inside, NetNamespace outside)
    : options_{.pin_dir = pins_.path() + "/fwagent",
               .max_sources = static_cast<std::uint32_t>(kMaxSources)},
      inside_(std::move(inside)),
      outside_(std::move(outside)),
      here_(inside_),
      foreign_program_(LoadForeignProgram()) {}

KernelWorld::~KernelWorld() = default;

absl::Status KernelWorld::Start() {
  FW_ASSIGN_OR_RETURN(plane_, dataplane::LibbpfDataPlane::Open(options_));
  return absl::OkStatus();
}

void KernelWorld::Restart() {
  Stop();
  const absl::Status started = Start();
  if (started.ok()) return;
  std::fprintf(stderr, "restart: %s\n", started.ToString().c_str());
  std::abort();
}

void KernelWorld::AddInterface(const std::string& name, bool native) {
  absl::Status made;
  if (native) {
    peers_[name] = absl::StrCat("peer", devices_made_++);
    made = AddVethPair(inside_, name, outside_, peers_[name]);
  } else {
    made = inside_.Ip({"link", "add", name, "type", "bridge"});
  }
  ASSERT_TRUE(made.ok()) << made;
}

void KernelWorld::RemoveInterface(const std::string& name) {
  const absl::Status removed = inside_.Ip({"link", "del", name});
  EXPECT_TRUE(removed.ok()) << removed;
  foreign_.erase(name);
}

void KernelWorld::RenameInterface(const std::string& name,
                                  const std::string& new_name) {
  const absl::Status down = inside_.Ip({"link", "set", name, "down"});
  EXPECT_TRUE(down.ok()) << down;
  const absl::Status renamed =
      inside_.Ip({"link", "set", name, "name", new_name});
  EXPECT_TRUE(renamed.ok()) << renamed;
  EXPECT_TRUE(inside_.Ip({"link", "set", new_name, "up"}).ok());
  if (peers_.contains(name)) peers_[new_name] = peers_[name];
}

void KernelWorld::MoveAway(const std::string& name) {
  const absl::Status moved =
      inside_.Ip({"link", "set", name, "netns", outside_.path()});
  EXPECT_TRUE(moved.ok()) << moved;
}

void KernelWorld::MoveBack(const std::string& name) {
  const absl::Status moved =
      outside_.Ip({"link", "set", name, "netns", inside_.path()});
  EXPECT_TRUE(moved.ok()) << moved;
}

void KernelWorld::SeverLink(const std::string& name) {
  const auto link = dataplane::OpenPinnedXdpLink(Pin("links/" + name));
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_EQ(bpf_link_detach(link->get()), 0);
}

void KernelWorld::LosePin(const std::string& name) {
  const absl::Status removed = dataplane::Unpin(Pin("links/" + name));
  EXPECT_TRUE(removed.ok()) << removed;
}

void KernelWorld::SetForeignProgram(const std::string& name, AttachMode mode) {
  const auto ifindex = static_cast<int>(InterfaceIndex(name));
  const auto present = foreign_.find(name);
  if (present != foreign_.end()) {
    EXPECT_EQ(bpf_xdp_detach(ifindex, Flags(present->second), nullptr), 0);
    foreign_.erase(present);
  }
  if (mode == AttachMode::kNone) return;
  EXPECT_EQ(
      bpf_xdp_attach(ifindex, foreign_program_.get(), Flags(mode), nullptr), 0);
  foreign_[name] = mode;
}

bool KernelWorld::HasForeignProgram(const std::string& name) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof(info);
  EXPECT_EQ(bpf_obj_get_info_by_fd(foreign_program_.get(), &info, &length), 0);
  const auto programs = dataplane::QueryXdp(InterfaceIndex(name));
  return programs.ok() && programs->ModeOf(info.id) != AttachMode::kNone;
}

void KernelWorld::SendFrames(const std::string& peer, int count) const {
  const InNetNamespace there(outside_);
  const util::ScopedFd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_IP);
  address.sll_ifindex = static_cast<int>(InterfaceIndex(peer));
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(
        sendto(socket.get(), kFrame.data(), kFrame.size(), 0,
               reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
        static_cast<ssize_t>(kFrame.size()));
  }
}

void KernelWorld::ReceiveBlocked(const std::string& name, int packets) {
  const std::uint64_t wanted =
      PacketsDropped(plane(), name) + static_cast<std::uint64_t>(packets);
  SendFrames(peers_.at(name), packets);
  const absl::Time deadline = absl::Now() + absl::Seconds(10);
  while (PacketsDropped(plane(), name) < wanted) {
    ASSERT_LT(absl::Now(), deadline) << "the packets were not counted";
    absl::SleepFor(absl::Milliseconds(1));
  }
}

}  // namespace fwagent::testing
