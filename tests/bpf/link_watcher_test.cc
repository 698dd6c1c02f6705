// The kernel's messages about interfaces, heard in a namespace of the test.
#include "agent/dataplane/link_watcher.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/support/net_namespace.h"
#include "tests/support/require_bpf.h"

namespace fwagent::dataplane {
namespace {

using testing::InNetNamespace;
using testing::NetNamespace;

constexpr absl::Duration kLong = absl::Seconds(20);

class LinkWatcherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::SkipUnless(testing::BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    auto created = NetNamespace::Create();
    ASSERT_TRUE(created.ok()) << created.status();
    where_ = std::make_unique<NetNamespace>(*std::move(created));
    Ip({"link", "add", "fw0", "type", "veth", "peer", "name", "fw1"});
  }

  void Ip(const std::vector<std::string>& arguments) {
    const absl::Status done = where_->Ip(arguments);
    ASSERT_TRUE(done.ok()) << done;
  }

  std::unique_ptr<LinkWatcher> Open(int receive_bytes = 0) {
    const InNetNamespace there(*where_);
    auto watcher = LinkWatcher::Open(receive_bytes);
    EXPECT_TRUE(watcher.ok()) << watcher.status();
    return *std::move(watcher);
  }

  std::unique_ptr<NetNamespace> where_;
};

TEST_F(LinkWatcherTest, HearsWhateverHappensToAnInterface) {
  const auto watcher = Open();
  for (const std::vector<std::string>& change :
       std::vector<std::vector<std::string>>{
           {"link", "add", "fw2", "type", "veth", "peer", "name", "fw3"},
           {"link", "set", "fw0", "up"},
           {"link", "set", "fw0", "mtu", "1400"},
           {"link", "set", "fw0", "down"},
           {"link", "set", "fw0", "name", "lan0"},
           {"link", "del", "fw2"},
       }) {
    Ip(change);
    EXPECT_EQ(watcher->Wait(kLong), LinkEvent::kChanged) << change[2];
    // Some changes have echoes: of the other end, or a moment later.
    while (watcher->Wait(absl::Milliseconds(50)) != LinkEvent::kQuiet) {
    }
  }
}

TEST_F(LinkWatcherTest, HearsNothingOfAddresses) {
  const auto watcher = Open();
  Ip({"addr", "add", "192.0.2.1/24", "dev", "fw0"});
  EXPECT_EQ(watcher->Wait(absl::Milliseconds(50)), LinkEvent::kQuiet);
}

TEST_F(LinkWatcherTest, SaysWhenMessagesWereLost) {
  const auto watcher = Open(1);  // the least that the kernel gives
  for (int i = 0; i < 20; ++i) {
    Ip({"link", "set", "fw0", "mtu", absl::StrCat(1400 + i)});
  }
  EXPECT_EQ(watcher->Wait(kLong), LinkEvent::kLost);
  Ip({"link", "set", "fw0", "mtu", "1500"});
  EXPECT_EQ(watcher->Wait(kLong), LinkEvent::kChanged) << "it hears on";
}

TEST_F(LinkWatcherTest, StopEndsTheWaitAndEveryLaterOne) {
  const auto watcher = Open();
  std::thread stopper([&watcher] { watcher->Stop(); });
  EXPECT_EQ(watcher->Wait(kLong), LinkEvent::kStopped);
  stopper.join();
  Ip({"link", "set", "fw0", "up"});
  EXPECT_EQ(watcher->Wait(kLong), LinkEvent::kStopped);
}

}  // namespace
}  // namespace fwagent::dataplane
