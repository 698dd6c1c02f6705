#include "tests/e2e/interface_life.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "agent/util/scoped_fd.h"
#include "tests/support/report_row.h"
#include "tests/support/require_bpf.h"

namespace fwagent::testing {
namespace {

// Far more than it may take: what it took is printed.
constexpr absl::Duration kEnough = absl::Seconds(20);

// Waits until the flood has sent so many packets more.
void WaitForPackets(const PingFlood& flood, int packets) {
  const int wanted = flood.sent() + packets;
  while (flood.sent() < wanted) absl::SleepFor(absl::Milliseconds(1));
}

util::ScopedFd OpenPin(const std::string& pin) {
  bpf_attr attr{};
  attr.pathname = reinterpret_cast<std::uintptr_t>(pin.c_str());
  return util::ScopedFd(
      static_cast<int>(syscall(__NR_bpf, BPF_OBJ_GET, &attr, sizeof(attr))));
}

}  // namespace

bool TakeLinkOff(const std::string& pin) {
  const util::ScopedFd link = OpenPin(pin);
  bpf_attr attr{};
  attr.link_detach.link_fd = static_cast<std::uint32_t>(link.get());
  return link.valid() &&
         syscall(__NR_bpf, BPF_LINK_DETACH, &attr, sizeof(attr)) == 0;
}

int TakeEntriesOut(const std::string& pin) {
  constexpr std::uint32_t kEntries = 4096;
  const util::ScopedFd map = OpenPin(pin);
  int taken = 0;
  for (std::uint32_t key = 0; key < kEntries; ++key) {
    bpf_attr attr{};
    attr.map_fd = static_cast<std::uint32_t>(map.get());
    attr.key = reinterpret_cast<std::uintptr_t>(&key);
    if (syscall(__NR_bpf, BPF_MAP_DELETE_ELEM, &attr, sizeof(attr)) == 0) {
      ++taken;
    }
  }
  return taken;
}

void InterfaceLifeTest::SetUp() {
  SkipUnless(BpfIsAllowed());
  if (IsSkipped() || HasFatalFailure()) return;
  site_ = std::make_unique<AgentHost>();
}

void InterfaceLifeTest::Start(const std::vector<std::string>& interfaces) {
  ASSERT_TRUE(site_->StartAgent({}, interfaces));
  ASSERT_EQ(site_->Fwctl({"block-ip", AgentHost::kPeerIPv4}).exit_code, 0);
  ASSERT_FALSE(BlockedGetsThrough());
}

bool InterfaceLifeTest::BlockedGetsThrough() const {
  return Pings(site_->peer(), AgentHost::kHostIPv4);
}
bool InterfaceLifeTest::InnocentGetsThrough() const {
  return Pings(site_->peer(), AgentHost::kHostIPv6);
}

void InterfaceLifeTest::Ip(const std::vector<std::string>& arguments) const {
  const absl::Status done = site_->host().Ip(arguments);
  ASSERT_TRUE(done.ok()) << done;
}

std::string InterfaceLifeTest::PinOf(const std::string& interface) const {
  return site_->pin_dir() + "/links/" + interface;
}

std::string InterfaceLifeTest::MapFolder() const {
  for (const auto& entry :
       std::filesystem::directory_iterator(site_->pin_dir())) {
    const std::string name = entry.path().filename();
    if (name.starts_with("maps-")) return entry.path();
  }
  return "no folder of maps";
}

std::vector<std::string> InterfaceLifeTest::LogLines(
    const std::string& text) const {
  std::vector<std::string> lines = absl::StrSplit(site_->agent().Err(), '\n');
  std::erase_if(lines, [&text](const std::string& line) {
    return line.find(text) == std::string::npos;
  });
  return lines;
}

absl::Duration InterfaceLifeTest::WaitForLog(const std::string& text,
                                             std::size_t lines,
                                             absl::Time since) const {
  while (LogLines(text).size() < lines) {
    if (absl::Now() - since > kEnough) {
      ADD_FAILURE() << "not in the log: " << text << "\n"
                    << site_->agent().Err();
      return kEnough;
    }
    absl::SleepFor(absl::Milliseconds(2));
  }
  absl::Time when;
  std::string error;
  const std::string line = LogLines(text).back();
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full,
                              line.substr(0, line.find(' ')), &when, &error))
      << error;
  return std::max(when - since, absl::ZeroDuration());
}

void InterfaceLifeTest::ExpectNoGap(const char* what,
                                    const std::function<void()>& deed) const {
  PingFlood blocked(site_->peer(), AgentHost::kHostIPv4);
  WaitForPackets(blocked, 20);
  deed();
  WaitForPackets(blocked, 100);
  const PingFlood::Counts counts = blocked.Stop();
  EXPECT_EQ(counts.answered, 0) << what << ": of " << counts.sent;
  ReportRow(absl::StrCat("interface: ", what),
            absl::StrCat("blocked packets through ", counts.answered, " of ",
                         counts.sent));
}

absl::Duration InterfaceLifeTest::Recreate(std::size_t nth) const {
  Ip({"link", "del", "eth0"});
  const absl::Time made = absl::Now();
  const absl::Status added =
      AddVethPair(site_->host(), "eth0", site_->peer(), "eth0");
  EXPECT_TRUE(added.ok()) << added;
  GiveAddresses();
  return WaitForLog("eth0: guarded again", nth, made);
}

void InterfaceLifeTest::GiveAddresses() const {
  Ip({"addr", "add", absl::StrCat(AgentHost::kHostIPv4, "/24"), "dev", "eth0"});
  Ip({"addr", "add", absl::StrCat(AgentHost::kHostIPv6, "/64"), "dev", "eth0",
      "nodad"});
  ASSERT_TRUE(site_->peer()
                  .Ip({"addr", "add", absl::StrCat(AgentHost::kPeerIPv4, "/24"),
                       "dev", "eth0"})
                  .ok());
  ASSERT_TRUE(site_->peer()
                  .Ip({"addr", "add", absl::StrCat(AgentHost::kPeerIPv6, "/64"),
                       "dev", "eth0", "nodad"})
                  .ok());
}

}  // namespace fwagent::testing
