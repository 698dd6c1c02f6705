// The accept loop alone: what it hands over, and that it ends when told to.
#include "agent/service/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/service/peers.h"
#include "agent/service/sockets.h"
#include "tests/support/temp_dir.h"

namespace fwagent::service {
namespace {

class ListenerTest : public ::testing::Test {
 protected:
  std::unique_ptr<Listener> Start(Listener::Handler handler) {
    auto socket = UnixSocket::Listen({.path = path_, .group = ""});
    EXPECT_TRUE(socket.ok()) << socket.status();
    socket_ = *std::move(socket);
    auto listener =
        Listener::Start(socket_->TakeFd(), "test", std::move(handler));
    EXPECT_TRUE(listener.ok()) << listener.status();
    return *std::move(listener);
  }

  util::ScopedFd Connect() const {
    util::ScopedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address),
                      sizeof(address)),
              0);
    return fd;
  }

  fwagent::testing::TempDir dir_;
  const std::string path_ = dir_ / "fw.sock";
  std::unique_ptr<UnixSocket> socket_;
};

TEST_F(ListenerTest, HandsOverEveryConnectionOfManyCallers) {
  constexpr int kCallers = 4;
  constexpr int kConnections = 25;
  std::latch handed_over(kCallers * kConnections);
  const auto listener =
      Start([&handed_over](util::ScopedFd) { handed_over.count_down(); });
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([this] {
      for (int i = 0; i < kConnections; ++i) Connect();
    });
  }
  for (std::thread& caller : callers) caller.join();
  handed_over.wait();
}

TEST_F(ListenerTest, EndsWithoutAConnection) {
  std::atomic<int> handed_over = 0;
  Start([&handed_over](util::ScopedFd) { ++handed_over; }).reset();
  EXPECT_EQ(handed_over, 0);
}

TEST_F(ListenerTest, PeersAreKnownByTheirDescriptorAlone) {
  Peers peers;
  std::latch recorded(1);
  int accepted = -1;
  const auto listener = Start([&](util::ScopedFd connection) {
    accepted = connection.get();
    peers.Record(accepted);
    recorded.count_down();
  });
  const util::ScopedFd connection = Connect();
  recorded.wait();
  EXPECT_EQ(peers.Describe(absl::StrCat("fd:", accepted)),
            absl::StrCat("uid ", getuid(), " pid ", getpid()));
  const std::vector<std::string> others = {absl::StrCat("fd:", accepted + 1),
                                           "fd:x", "ipv4:192.0.2.1:5"};
  for (const std::string& other : others) {
    EXPECT_EQ(peers.Describe(other), other);
  }
}

}  // namespace
}  // namespace fwagent::service
