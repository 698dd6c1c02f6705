// status, detach, version.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "client/version.h"
#include "tests/support/fwctl_runner.h"

namespace fwagent::testing {
namespace {

using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

fwagent::v1::InterfaceStatus Interface(const std::string& name,
                                       fwagent::v1::AttachMode mode,
                                       const std::string& detail) {
  fwagent::v1::InterfaceStatus status;
  status.set_name(name);
  status.set_ifindex(2);
  status.set_attached(mode != fwagent::v1::ATTACH_MODE_UNSPECIFIED);
  status.set_mode(mode);
  status.set_detail(detail);
  return status;
}

class FwctlStatus : public ::testing::Test {
 protected:
  FwctlStatus() {
    status_.set_version("0.1.0");
    status_.set_uptime_seconds(90061);
    status_.set_generation(12);
    status_.set_etag("0123abcd");
    *status_.add_interfaces() =
        Interface("eth0", fwagent::v1::ATTACH_MODE_NATIVE, "");
    agent_.service().SetStatus(status_);
  }

  // A second interface, without the filter.
  void AddUnguarded() {
    *status_.add_interfaces() = Interface(
        "eth1", fwagent::v1::ATTACH_MODE_UNSPECIFIED, "no such interface");
    agent_.service().SetStatus(status_);
  }

  FwctlResult Run(std::vector<std::string> args) {
    return runner_.Run(agent_, std::move(args));
  }

  fwagent::v1::GetStatusResponse status_;
  FakeAgent agent_;
  FwctlRunner runner_;
};

TEST_F(FwctlStatus, SaysWhatIsGuardedAndHow) {
  auto* table = status_.add_tables();
  table->set_name("source-ipv4");
  table->set_entries(250);
  table->set_capacity(1000);
  table->set_memory_bytes(1'572'864);
  AddUnguarded();
  const FwctlResult result = Run({"status"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out,
            "fwagent 0.1.0, up 1d 01:01:01, generation 12\n"
            "etag 0123abcd\n"
            "\n"
            "INTERFACE  FILTER        MODE    REPAIRS  DETAIL\n"
            "eth0       attached      native        0\n"
            "eth1       NOT ATTACHED  -             0  no such interface\n"
            "\n"
            "TABLE        ENTRIES  CAPACITY   USED   MEMORY\n"
            "source-ipv4      250      1000  25.0%  1.5 MiB\n");
}

TEST_F(FwctlStatus, SaysMemoryInTheUnitThatSuits) {
  auto* table = status_.add_tables();
  for (const auto& [bytes, text] :
       std::map<std::uint64_t, std::string>{{0, "  0 B\n"},
                                            {1023, "  1023 B\n"},
                                            {1024, "  1.0 KiB\n"},
                                            {1'048'575, "  1.0 MiB\n"},
                                            {33'554'432, "  32.0 MiB\n"},
                                            {3'758'096'384, "  3.5 GiB\n"}}) {
    table->set_memory_bytes(bytes);
    agent_.service().SetStatus(status_);
    EXPECT_THAT(Run({"status"}).out, EndsWith(text));
  }
}

TEST_F(FwctlStatus, JsonSaysHowFullTheTablesAre) {
  auto* table = status_.add_tables();
  table->set_name("source-ipv6");
  table->set_entries(1);
  table->set_capacity(2);
  table->set_memory_bytes(4096);
  agent_.service().SetStatus(status_);
  EXPECT_THAT(Run({"status", "-o", "json"}).out,
              HasSubstr("\"tables\":[{\"name\":\"source-ipv6\",\"entries\":"
                        "\"1\",\"capacity\":\"2\",\"memoryBytes\":"
                        "\"4096\"}]"));
}

TEST_F(FwctlStatus, Json) {
  EXPECT_EQ(Run({"status", "-o", "json"}).out,
            "{\"version\":\"0.1.0\",\"uptimeSeconds\":\"90061\","
            "\"generation\":\"12\",\"interfaces\":[{\"name\":\"eth0\","
            "\"ifindex\":2,\"attached\":true,\"mode\":\"ATTACH_MODE_NATIVE\","
            "\"detail\":\"\",\"repairs\":\"0\",\"dropsByDefault\":false,"
            "\"essential\":[],\"shadow\":false}],\"tables\":[],"
            "\"tableRepairs\":\"0\",\"trouble\":\"\","
            "\"etag\":\"0123abcd\",\"readOnly\":false,\"failsafe\":[],"
            "\"policyFiles\":[]}\n");
}

TEST_F(FwctlStatus, SaysWhatIsDroppedByDefaultAndWhatIsOnlyTried) {
  EXPECT_THAT(Run({"status"}).out,
              Not(AnyOf(HasSubstr("SHADOWED"), HasSubstr("drops what"))));
  auto* interface = status_.mutable_interfaces(0);
  interface->set_shadow(true);
  interface->set_drops_by_default(true);
  interface->add_essential("dhcp");
  interface->add_essential("icmp-errors");
  agent_.service().SetStatus(status_);
  EXPECT_THAT(Run({"status"}).out,
              HasSubstr("eth0: SHADOWED: nothing is dropped, only counted as "
                        "would-drop\n"
                        "eth0: drops what no rule passes, but for: not IP "
                        "(ARP), dhcp, icmp-errors\n"));
}

TEST_F(FwctlStatus, CheckHoldsWhenEveryInterfaceIsAttached) {
  EXPECT_EQ(Run({"status", "--check"}).exit_code, 0);
}

TEST_F(FwctlStatus, CheckFailsWhenOneIsNot) {
  AddUnguarded();
  const FwctlResult result = Run({"status", "--check"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("eth1"));
  EXPECT_EQ(result.err, "fwctl: not attached: eth1\n");
}

TEST_F(FwctlStatus, CheckFailsWhenNothingIsGuarded) {
  agent_.service().SetStatus({});
  EXPECT_EQ(Run({"status"}).exit_code, 0);
  const FwctlResult result = Run({"status", "--check", "-o", "json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("\"reason\":\"NOT_ATTACHED\""));
}

TEST_F(FwctlStatus, DetachTakesTheNamedInterfacesAlone) {
  AddUnguarded();
  EXPECT_EQ(Run({"detach", "eth0"}).out,
            "detached eth0: its packets are no longer judged\n");
  EXPECT_EQ(agent_.service().LastRequest(), "interfaces: \"eth0\"");
  EXPECT_EQ(Run({"detach", "eth9"}).exit_code, 1);
}

TEST_F(FwctlStatus, DetachAllNamesNone) {
  EXPECT_EQ(Run({"detach", "--all", "-o", "json"}).out,
            "{\"interfaces\":[\"eth0\"]}\n");
  EXPECT_EQ(agent_.service().LastRequest(), "");
}

TEST_F(FwctlStatus, AReadOnlyAgentDoesNotPassTheCheck) {
  status_.set_trouble("no changes are taken");
  status_.set_read_only(true);
  agent_.service().SetStatus(status_);
  const FwctlResult result = Run({"-o", "json", "status", "--check"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("\"readOnly\":true"));
  EXPECT_THAT(result.err, HasSubstr("\"READ_ONLY\""));
  EXPECT_EQ(Run({"status"}).exit_code, 0);
}

TEST_F(FwctlStatus, RecoverSaysWhatCameBackAndFromWhen) {
  EXPECT_EQ(Run({"recover", "--from", "copy"}).out,
            "recovered 0 rules and 0 sets as of 2023-11-14T22:13:20Z\n");
  EXPECT_EQ(agent_.service().LastRequest(), "from: RECOVERY_SOURCE_COPY");
  EXPECT_THAT(Run({"-o", "json", "recover", "--from", "kernel"}).out,
              HasSubstr("\"asOfTime\":\"2023-11-14T22:13:20Z\""));
  EXPECT_EQ(agent_.service().LastRequest(), "from: RECOVERY_SOURCE_KERNEL");
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"recover"}, {"recover", "--from", "tape"}}) {
    EXPECT_EQ(Run(wrong).exit_code, 2);
  }
}

TEST_F(FwctlStatus, SaysWhatIsWrongWithThePins) {
  status_.set_trouble("mount a BPF file system");
  status_.mutable_interfaces(0)->set_repairs(3);
  status_.set_table_repairs(2);
  agent_.service().SetStatus(status_);
  const FwctlResult result = Run({"status", "--check"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("table repairs: 2\n\n"
                                    "TROUBLE: mount a BPF file system\n"));
  EXPECT_THAT(result.out, HasSubstr("eth0       attached  native        3\n"));
  EXPECT_EQ(result.err, "fwctl: mount a BPF file system\n");
}

TEST_F(FwctlStatus, AttachSaysWhereAndHow) {
  EXPECT_EQ(Run({"attach", "eth0"}).out, "attached eth0, native\n");
  EXPECT_EQ(agent_.service().LastRequest(), "interfaces: \"eth0\"");
  EXPECT_EQ(Run({"attach", "--mode", "generic", "eth0"}).out,
            "attached eth0, generic\n");
  EXPECT_EQ(agent_.service().LastRequest(),
            "interfaces: \"eth0\" mode: MODE_PREFERENCE_GENERIC");
  const FwctlResult missing = Run({"attach", "eth9"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(missing.err, "fwctl: there is no interface\n");
}

TEST_F(FwctlStatus, AttachFailsWhenOneIsNotAttached) {
  AddUnguarded();
  const FwctlResult result = Run({"attach", "--all"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out,
            "attached eth0, native\nNOT ATTACHED eth1: no such interface\n");
  EXPECT_EQ(result.err, "fwctl: not attached: eth1\n");
  EXPECT_EQ(agent_.service().LastRequest(), "");
}

TEST_F(FwctlStatus, AttachInJson) {
  EXPECT_EQ(Run({"attach", "--mode=auto", "eth0", "-o", "json"}).out,
            "{\"interfaces\":[{\"name\":\"eth0\",\"ifindex\":2,"
            "\"attached\":true,\"mode\":\"ATTACH_MODE_NATIVE\","
            "\"detail\":\"\",\"repairs\":\"0\",\"dropsByDefault\":false,"
            "\"essential\":[],\"shadow\":false}]}\n");
}

TEST_F(FwctlStatus, AttachOfWhatIsYetToComeSaysSo) {
  agent_.service().SetStatus({});
  EXPECT_EQ(Run({"attach", "--all"}).out,
            "no interface is there yet: they are guarded as they appear\n");
}

TEST_F(FwctlStatus, AttachThatCannotBeUnderstoodIsNotSent) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{
           {"attach"},
           {"attach", "--all", "eth0"},
           {"attach", "--all", "--mode", "native"},
           {"attach", "eth0", "--mode", "fast"}}) {
    EXPECT_EQ(Run(args).exit_code, 2);
  }
  EXPECT_EQ(agent_.service().CallCount(), 0);
}

TEST_F(FwctlStatus, DetachWithoutNamesIsNotSent) {
  EXPECT_EQ(Run({"detach"}).exit_code, 2);
  EXPECT_EQ(agent_.service().CallCount(), 0);
}

TEST_F(FwctlStatus, DetachSaysWhenThereWasNothingToDo) {
  agent_.service().SetStatus({});
  EXPECT_EQ(Run({"detach", "--all"}).out, "no interface was guarded\n");
}

TEST_F(FwctlStatus, VersionsOfBoth) {
  status_.set_version("9.8.7");
  agent_.service().SetStatus(status_);
  EXPECT_EQ(Run({"version"}).out,
            "fwctl " + client::ClientVersion() + "\nfwagent 9.8.7\n");
  EXPECT_EQ(
      Run({"version", "-o", "json"}).out,
      "{\"client\":\"" + client::ClientVersion() + "\",\"agent\":\"9.8.7\"}\n");
}

TEST_F(FwctlStatus, VersionWithoutAnAgentIsTheClientsAlone) {
  const FwctlResult text = runner_.Run({"version", "-a", "/nowhere.sock"});
  EXPECT_EQ(text.exit_code, 3);
  EXPECT_EQ(text.out, "fwctl " + client::ClientVersion() + "\n");
  EXPECT_THAT(text.err, StartsWith("fwctl: cannot reach the agent at "));
  const FwctlResult json =
      runner_.Run({"version", "-o", "json", "-a", "/nowhere.sock"});
  EXPECT_THAT(json.out, HasSubstr("\"agent\":null}"));
  agent_.service().FailNext({grpc::StatusCode::UNAVAILABLE, "gone"});
  EXPECT_EQ(Run({"version"}).exit_code, 3);
}

}  // namespace
}  // namespace fwagent::testing
