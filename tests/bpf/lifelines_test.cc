// Who must not be cut off, in a namespace of the test: as the host is at each
// call, though not everything is asked anew.
#include "agent/service/lifelines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "agent/service/remembered_routes.h"
#include "tests/support/net_namespace.h"
#include "tests/support/require_bpf.h"
#include "tests/support/temp_dir.h"

namespace fwagent::service {
namespace {

using ::testing::ElementsAre;
using testing::InNetNamespace;
using ::testing::IsEmpty;
using testing::NetNamespace;
using ::testing::UnorderedElementsAre;

class LifelinesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::SkipUnless(testing::BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    auto created = NetNamespace::Create();
    ASSERT_TRUE(created.ok()) << created.status();
    where_ = std::make_unique<NetNamespace>(*std::move(created));
    there_ = std::make_unique<InNetNamespace>(*where_);
    Ip({"link", "add", "fw0", "type", "veth", "peer", "name", "fw1"});
    Ip({"link", "set", "fw0", "up"});
    Ip({"link", "set", "fw1", "up"});
    Ip({"address", "add", "192.0.2.1/24", "dev", "fw0"});
    lifelines_ = std::make_unique<Lifelines>(
        Lifelines::Options{.resolver_files = {resolver_file()}});
  }

  void Ip(const std::vector<std::string>& arguments) {
    const absl::Status done = where_->Ip(arguments);
    ASSERT_TRUE(done.ok()) << done;
  }

  std::string resolver_file() const { return dir_ / "resolv.conf"; }

  // In place, as an editor does it, or by another file in its place.
  void Resolve(const std::string& server, bool renamed = false) {
    const std::string path = renamed ? dir_ / "new" : resolver_file();
    std::ofstream(path) << "nameserver " << server << "\n";
    if (renamed) {
      ASSERT_EQ(std::rename(path.c_str(), resolver_file().c_str()), 0);
    }
  }

  std::vector<std::string> Found() {
    std::vector<std::string> found;
    for (const core::Lifeline& one : lifelines_->Of({.text = "a service"})) {
      found.push_back(one.packet.source->ToString() + " " + one.who);
    }
    return found;
  }

  testing::TempDir dir_;
  std::unique_ptr<NetNamespace> where_;
  std::unique_ptr<InNetNamespace> there_;
  std::unique_ptr<Lifelines> lifelines_;
};

TEST_F(LifelinesTest, GatewaysAreThoseOfNow) {
  EXPECT_THAT(Found(), IsEmpty());
  for (const char* gateway : {"192.0.2.7", "192.0.2.8", "192.0.2.9"}) {
    Ip({"route", "replace", "default", "via", gateway});
    EXPECT_THAT(Found(), ElementsAre(std::string(gateway) +
                                     "/32 this host's default gateway"));
  }
  Ip({"link", "set", "fw0", "down"});
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(LifelinesTest, ARuleThatLeadsElsewhereCounts) {
  Ip({"route", "add", "default", "via", "192.0.2.7"});
  Ip({"route", "add", "default", "via", "192.0.2.8", "table", "100"});
  EXPECT_THAT(Found(), ElementsAre("192.0.2.7/32 this host's default gateway"));
  Ip({"rule", "add", "from", "all", "lookup", "100", "priority", "10"});
  EXPECT_THAT(Found(), ElementsAre("192.0.2.8/32 this host's default gateway"));
}

TEST_F(LifelinesTest, NameServersAreThoseOfNow) {
  Resolve("192.0.2.53");
  EXPECT_THAT(Found(), ElementsAre("192.0.2.53/32 a name server of this host"));
  Resolve("192.0.2.153");
  EXPECT_THAT(Found(),
              ElementsAre("192.0.2.153/32 a name server of this host"));
  Resolve("192.0.2.154", /*renamed=*/true);
  EXPECT_THAT(Found(),
              ElementsAre("192.0.2.154/32 a name server of this host"));
  std::remove(resolver_file().c_str());
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(LifelinesTest, ANameServerToWhichThereIsNoWayIsNone) {
  Resolve("198.51.100.53");
  EXPECT_THAT(Found(), IsEmpty());
  Ip({"route", "add", "default", "via", "192.0.2.7"});
  EXPECT_THAT(Found(), UnorderedElementsAre(
                           "192.0.2.7/32 this host's default gateway",
                           "198.51.100.53/32 a name server of this host"));
}

TEST_F(LifelinesTest, AnAddressThatBecomesThisHostsOwnIsNone) {
  Resolve("192.0.2.53");
  ASSERT_THAT(Found(), ElementsAre("192.0.2.53/32 a name server of this host"));
  Ip({"address", "add", "192.0.2.53/24", "dev", "fw0"});
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(LifelinesTest, RoutesAreAskedForOnce) {
  int asked = 0;
  RememberedRoutes routes([&asked](const policy::Prefix&) {
    ++asked;
    return std::optional<HostRoute>();
  });
  const auto host = *policy::Prefix::Parse("192.0.2.7");
  routes.Refresh();
  for (int i = 0; i < 3; ++i) routes.To(host);
  EXPECT_EQ(asked, 1);
  Ip({"route", "add", "default", "via", "192.0.2.7"});
  routes.To(host);
  EXPECT_EQ(asked, 1) << "one look at the host sees one state of it";
  routes.Refresh();
  routes.To(host);
  EXPECT_EQ(asked, 2);
}

TEST_F(LifelinesTest, MoreNewsThanTheSocketHoldsAreNewsToo) {
  Ip({"route", "add", "default", "via", "192.0.2.7"});
  ASSERT_THAT(Found(), ElementsAre("192.0.2.7/32 this host's default gateway"));
  const std::string batch = dir_ / "batch";
  {
    std::ofstream lines(batch);
    for (int i = 0; i < 3000; ++i) {
      lines << "route replace 203.0." << i / 256 << "." << i % 256
            << " via 192.0.2.7\n";
    }
    lines << "route replace default via 192.0.2.8\n";
  }
  Ip({"-batch", batch});
  EXPECT_THAT(Found(), ElementsAre("192.0.2.8/32 this host's default gateway"));
}

}  // namespace
}  // namespace fwagent::service
