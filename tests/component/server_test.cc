// The server's sockets: who may come in, who is there first, and what a crowd
// of idle connections does.
#include "agent/service/server.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fstream>

#include "agent/dataplane/memory_data_plane.h"
#include "agent/service/socket_address.h"
#include "fwagent/v1/firewall_service.grpc.pb.h"
#include "tests/support/fake_clocks.h"
#include "tests/support/memory_store.h"
#include "tests/support/temp_dir.h"

namespace fwagent::service {
namespace {

using ::testing::HasSubstr;

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    auto engine = core::Engine::Start(&store_, &kernel_, clocks_.Get());
    EXPECT_TRUE(engine.ok());
    engine_ = *std::move(engine);
    keeper_ = std::make_unique<core::InterfaceKeeper>(
        engine_.get(), std::vector<std::string>(),
        [](const std::string&) { return dataplane::ModePreference::kAuto; });
  }

  absl::StatusOr<std::unique_ptr<Server>> StartServer(
      const SocketOptions& options) {
    auto sockets = Sockets::Open(options);
    if (!sockets.ok()) return sockets.status();
    tcp_address_ = (*sockets)->tcp.address;
    return Server::Start(engine_.get(), keeper_.get(), {.version = "1"},
                         *std::move(sockets));
  }

  SocketOptions UnixOnly() const {
    return {.unix_socket = {.path = socket_path_}};
  }

  static grpc::Status Ask(const std::string& address) {
    // A channel of its own each time: shared ones would reuse a connection.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto stub = v1::FirewallService::NewStub(grpc::CreateCustomChannel(
        address, grpc::InsecureChannelCredentials(), arguments));
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(20));
    v1::GetStatusResponse response;
    return stub->GetStatus(&context, {}, &response);
  }

  util::ScopedFd ConnectRaw() const {
    util::ScopedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    socket_path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address),
                sizeof(address)) != 0) {
      fd.reset();
    }
    return fd;
  }

  fwagent::testing::TempDir dir_;
  const std::string socket_path_ = dir_ / "run/fw.sock";
  fwagent::testing::FakeClocks clocks_;
  fwagent::testing::MemoryStore store_;
  dataplane::MemoryDataPlane kernel_;
  std::unique_ptr<core::Engine> engine_;
  std::unique_ptr<core::InterfaceKeeper> keeper_;
  std::string tcp_address_;
};

TEST_F(ServerTest, AnswersOnBothSockets) {
  SocketOptions options = UnixOnly();
  options.listen = "127.0.0.1:0";
  const auto server = StartServer(options);
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_TRUE(Ask("unix:" + socket_path_).ok());
  EXPECT_TRUE(Ask(tcp_address_).ok());
}

TEST_F(ServerTest, TheUnixSocketIsForOwnerAndGroupAndGoesWithTheServer) {
  struct stat info {};
  {
    const auto server = StartServer(UnixOnly());
    ASSERT_TRUE(server.ok()) << server.status();
    ASSERT_EQ(stat(socket_path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0660u);
  }
  EXPECT_NE(stat(socket_path_.c_str(), &info), 0);
}

TEST_F(ServerTest, ASecondServerOnTheSameSocketIsRefused) {
  const auto server = StartServer(UnixOnly());
  ASSERT_TRUE(server.ok());
  const auto second = StartServer(UnixOnly()).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()),
              ::testing::AllOf(HasSubstr("in use"), HasSubstr(socket_path_)));
  EXPECT_TRUE(Ask("unix:" + socket_path_).ok()) << "the first one goes on";
}

TEST_F(ServerTest, ASocketLeftByAKilledServerIsTakenOver) {
  {
    auto left = Sockets::Open(UnixOnly());
    ASSERT_TRUE(left.ok());
    // As after kill -9: the name stays, nobody listens.
    ASSERT_EQ(link(socket_path_.c_str(), (socket_path_ + ".kept").c_str()), 0);
  }
  ASSERT_EQ(rename((socket_path_ + ".kept").c_str(), socket_path_.c_str()), 0);
  const auto server = StartServer(UnixOnly());
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_TRUE(Ask("unix:" + socket_path_).ok());
}

TEST_F(ServerTest, AFileInTheWayIsNotRemoved) {
  mkdir((dir_ / "run").c_str(), 0700);
  std::ofstream(socket_path_) << "precious";
  EXPECT_EQ(StartServer(UnixOnly()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  std::string text;
  std::ifstream(socket_path_) >> text;
  EXPECT_EQ(text, "precious");
}

TEST_F(ServerTest, AnUnknownGroupIsNamed) {
  SocketOptions options = UnixOnly();
  options.unix_socket.group = "no-such-group-here";
  const auto status = StartServer(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no-such-group-here"));
  struct stat info {};
  EXPECT_NE(stat(socket_path_.c_str(), &info), 0) << "nothing is left behind";
}

TEST_F(ServerTest, APathThatIsTooLongIsRefused) {
  SocketOptions options = UnixOnly();
  options.unix_socket.path = dir_ / std::string(200, 'x');
  EXPECT_EQ(StartServer(options).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ServerTest, PlaintextBeyondLoopbackMustBeForced) {
  SocketOptions options = UnixOnly();
  for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    options.listen = address;
    const auto status = StartServer(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << address;
    EXPECT_THAT(std::string(status.message()), HasSubstr("--insecure-remote"));
  }
  options.listen = "0.0.0.0:0";
  options.insecure_remote = true;
  EXPECT_TRUE(StartServer(options).ok());
}

TEST_F(ServerTest, AnAddressInUseIsNamed) {
  SocketOptions options = UnixOnly();
  options.listen = "127.0.0.1:0";
  const auto server = StartServer(options);
  ASSERT_TRUE(server.ok());
  SocketOptions second = options;
  second.unix_socket.path += "2";
  second.listen = tcp_address_;
  const auto status = StartServer(second).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("another program"));
}

TEST_F(ServerTest, MalformedAddressesAreRefused) {
  for (const char* text :
       {"", "80", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:x", "::1:80",
        "[::1]", "example.com:80", "[127.0.0.1]:80", "127.0.0.1:-1"}) {
    EXPECT_EQ(ParseSocketAddress(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
  for (const char* text : {"127.0.0.1:80", "[::1]:80", "localhost:0"}) {
    EXPECT_TRUE(ParseSocketAddress(text).ok()) << text;
    EXPECT_TRUE(IsLoopback(*ParseSocketAddress(text))) << text;
  }
  EXPECT_FALSE(IsLoopback(*ParseSocketAddress("128.0.0.1:80")));
}

// Sets the limit of descriptors to so many more than are open now.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t more) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = dup(0);
    close(next);
    const rlimit low{static_cast<rlim_t>(next) + more, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &low);
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// gRPC's own listener never accepts again after this.
TEST_F(ServerTest, RunningOutOfDescriptorsIsSurvived) {
  const auto server = StartServer(UnixOnly());
  ASSERT_TRUE(server.ok());
  ASSERT_TRUE(Ask("unix:" + socket_path_).ok());
  {
    const DescriptorLimit limit(24);
    std::vector<util::ScopedFd> crowd;
    for (util::ScopedFd fd = ConnectRaw(); fd.valid(); fd = ConnectRaw()) {
      crowd.push_back(std::move(fd));
    }
    EXPECT_GE(crowd.size(), 8u);
  }
  EXPECT_TRUE(Ask("unix:" + socket_path_).ok());
}

TEST_F(ServerTest, ConnectionsNeverTakeTheLastDescriptors) {
  std::unique_ptr<Server> server;
  std::vector<util::ScopedFd> crowd;
  {
    const DescriptorLimit limit(80);
    auto started = StartServer(UnixOnly());
    ASSERT_TRUE(started.ok());
    server = *std::move(started);
    for (int i = 0; i < 34; ++i) crowd.push_back(ConnectRaw());
    // The one that is too many is closed; the read waits for that.
    char byte = 0;
    EXPECT_EQ(recv(crowd.back().get(), &byte, 1, 0), 0);
    EXPECT_TRUE(util::ScopedFd(dup(0)).valid()) << "room for our own work";
  }
  crowd.clear();
  EXPECT_TRUE(Ask("unix:" + socket_path_).ok());
}

}  // namespace
}  // namespace fwagent::service
