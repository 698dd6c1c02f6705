// A disk that fails under a running agent: libfiu, loaded into the real
// program, lets the system calls of SQLite fail at random.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/support/agent_host.h"
#include "tests/support/dice.h"
#include "tests/support/from_environment.h"
#include "tests/support/require_bpf.h"
#include "tests/torture/agent_client.h"
#include "tests/torture/report.h"
#include "tests/torture/steady_stream.h"
#include "tests/torture/target.h"

namespace fwagent::testing {
namespace {

constexpr char kPreload[] =
    "LD_PRELOAD=/usr/lib/fiu/fiu_run_preload.so "
    "/usr/lib/fiu/fiu_posix_preload.so";
constexpr char kControl[] = "/usr/bin/fiu-ctrl";
constexpr int kCallers = 3;

// What a caller was told of its own targets, one at a time.
class Teller {
 public:
  Teller(int number, std::uint64_t seed, std::string address)
      : address_(std::move(address)),
        targets_(TargetsOf(number)),
        dice_(seed * 1000 + static_cast<std::uint64_t>(number)) {}

  void WorkUntil(const std::atomic<bool>& stop) {
    AgentClient agent(address_);
    if (!agent.WaitUntilConnected()) problems_.push_back("cannot connect");
    while (!stop && problems_.empty()) ChangeOne(agent);
  }

  // One that must succeed.
  void ExpectChangesAreTaken() {
    AgentClient agent(address_);
    const std::uint64_t before = acknowledged_;
    ChangeOne(agent);
    if (acknowledged_ == before) {
      problems_.push_back("refused though the disk works again: " + last_);
    }
  }

  // Of what a caller was not told, both is right.
  void Check(const Listing& listing) {
    for (const Target& target : targets_) {
      const bool listed = listing.rules.contains(target.name);
      if (open_.contains(target.name)) {
        (listed ? open_there_ : open_gone_) += 1;
        SetBlocked(target.name, listed);
      } else if (listed != blocked_.contains(target.name)) {
        problems_.push_back(absl::StrCat(
            target.name, " is ", listed ? "" : "not ", "listed; ", last_));
      }
    }
    open_.clear();
  }

  const std::vector<std::string>& problems() const { return problems_; }
  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t unknown() const { return unknown_; }
  std::string OpenText() const {
    return absl::StrCat(open_there_, " of them there after a kill, ",
                        open_gone_, " not");
  }

 private:
  void SetBlocked(const std::string& name, bool blocked) {
    if (blocked) {
      blocked_.insert(name);
    } else {
      blocked_.erase(name);
    }
  }

  void ChangeOne(AgentClient& agent) {
    const Target& target = dice_.Of(targets_);
    const bool block = !blocked_.contains(target.name);
    const auto answer = agent.Send({.toggles = {{&target, block}}});
    if (answer.ok()) {
      ++acknowledged_;
      SetBlocked(target.name, block);
      open_.clear();  // the log was written over
      return;
    }
    last_ = answer.status().ToString();
    ++refused_;
    if (absl::StrContains(last_, "may be there after a crash")) {
      ++unknown_;
      open_.insert(target.name);
    } else if (!absl::StrContains(last_, "fwagent.db")) {
      problems_.push_back("not said plainly: " + last_);
    }
  }

  const std::string address_;
  const std::vector<Target> targets_;
  Dice dice_;
  std::set<std::string> blocked_;
  std::set<std::string> open_;  // "not known"
  std::string last_;
  std::vector<std::string> problems_;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t open_there_ = 0;
  std::uint64_t open_gone_ = 0;
};

struct Fault {
  std::string point;  // of libfiu
  int error;
  double probability;
};

std::string Name(const Fault& fault) {
  return absl::StrCat(fault.point.substr(fault.point.rfind('/') + 1), " ",
                      strerrorname_np(fault.error));
}

class DiskFaultTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SkipUnless(BpfIsAllowed());
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(std::filesystem::exists(kControl))
        << kControl << " is missing: deploy/packages.sh install test";
    site_ = std::make_unique<AgentHost>();
    SteadyStream::Prepare(*site_);
    for (int number = 1; number <= kCallers; ++number) {
      tellers_.push_back(
          std::make_unique<Teller>(number, seed_, site_->address()));
    }
  }

  // An agent that can be told to fail.
  bool StartOnFiu() {
    agent_ = std::make_unique<Process>(ProcessOptions{
        .argv = site_->AgentCommand(),
        .netns_path = site_->host().path(),
        .env = {kPreload, "FIU_CTRL_FIFO=" + site_->dir() / "fiu"}});
    return agent_->WaitForErr(" ready\n");
  }

  void Tell(const std::string& command) {
    const ProcessResult told =
        RunProcess({.argv = {kControl, "-f", site_->dir() / "fiu", "-c",
                             command, absl::StrCat(agent_->pid())}});
    ASSERT_EQ(told.exit_code, 0) << told.err;
    ASSERT_EQ(told.out, "");
  }

  void Enable(const Fault& fault) {
    Tell(absl::StrCat("enable_random name=", fault.point, ",failinfo=",
                      fault.error, ",probability=", fault.probability));
  }
  void Disable(const Fault& fault) {
    Tell(absl::StrCat("disable name=", fault.point));
  }

  // Everybody works with the fault for a while.
  void Work(const Fault& fault) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (const auto& teller : tellers_) {
      threads.emplace_back([&] { teller->WorkUntil(stop); });
    }
    Enable(fault);
    absl::SleepFor(absl::Milliseconds(milliseconds_));
    stop = true;
    for (std::thread& thread : threads) thread.join();
  }

  // With `cured`, the disk works again before the agent is killed.
  void Round(const Fault& fault, bool cured) {
    ASSERT_TRUE(StartOnFiu()) << agent_->Err();
    ASSERT_NO_FATAL_FAILURE(Work(fault));
    ASSERT_TRUE(agent_->running()) << agent_->Err();
    if (cured) {
      Disable(fault);
      for (const auto& teller : tellers_) teller->ExpectChangesAreTaken();
    }
    agent_->Signal(SIGKILL);
    agent_->Wait();
    agent_.reset();
    ASSERT_TRUE(site_->StartAgent());
    AgentClient agent(site_->address());
    const auto listing = agent.List();
    ASSERT_TRUE(listing.ok()) << listing.status();
    for (const auto& teller : tellers_) {
      teller->Check(*listing);
      for (const auto& problem : teller->problems()) ADD_FAILURE() << problem;
    }
    EXPECT_FALSE(
        absl::StrContains(site_->agent().Err(), "no changes are taken"));
    site_->StopAgent(SIGTERM);
  }

  const std::uint64_t seed_ = FromEnvironment("FW_TORTURE_SEED", 1);
  const auto static inline milliseconds_ = static_cast<std::int64_t>(
      FromEnvironment("FW_TORTURE_FAULT_MILLISECONDS", 200));
  std::unique_ptr<AgentHost> site_;
  std::unique_ptr<Process> agent_;
  std::vector<std::unique_ptr<Teller>> tellers_;
};

TEST_F(DiskFaultTest, EachChangeIsAcknowledgedOrRefusedAndThatIsWhatStays) {
  ASSERT_TRUE(site_->StartAgent());
  ASSERT_EQ(site_->Fwctl({"block-ip", kGuiltyIPv4}).exit_code, 0);
  site_->StopAgent(SIGTERM);
  SteadyStream stream(*site_);
  std::string names;
  for (const Fault& fault : std::vector<Fault>{
           {"posix/io/rw/pwrite", EIO, 0.2},
           {"posix/io/rw/pwrite", ENOSPC, 0.2},
           {"posix/io/rw/pwrite", EROFS, 1},
           {"posix/io/rw/pwrite/reduce", EIO, 0.2},
           {"posix/io/sync/fdatasync", EIO, 0.3},
           {"posix/io/sync/fdatasync", EIO, 1},
           {"posix/io/sync/fdatasync", ENOSPC, 1},
           {"posix/io/rw/ftruncate", EIO, 1},
           {"posix/io/rw/pread", EIO, 0.5},
           {"posix/io/oc/open", EROFS, 1},
       }) {
    for (const bool cured : {false, true}) {
      SCOPED_TRACE(absl::StrCat(Name(fault), cured ? ", cured" : "",
                                "; FW_TORTURE_SEED=", seed_));
      ASSERT_NO_FATAL_FAILURE(Round(fault, cured));
      if (HasFailure()) break;
    }
    absl::StrAppend(&names, names.empty() ? "" : ", ", Name(fault));
  }
  const StreamCounts counts = stream.Stop();
  ExpectNoneThroughAndNoneLost(counts);
  std::uint64_t acknowledged = 0, refused = 0, unknown = 0;
  std::string open;
  for (const auto& teller : tellers_) {
    acknowledged += teller->acknowledged();
    refused += teller->refused();
    unknown += teller->unknown();
    absl::StrAppend(&open, open.empty() ? "" : "; ", teller->OpenText());
  }
  EXPECT_GT(acknowledged, 0u);
  EXPECT_GT(refused, 0u);
  ReportRow(absl::StrCat("a disk that fails: ", names, "; seed ", seed_),
            absl::StrCat("acknowledged ", acknowledged, ", refused ", refused,
                         ", of these not known ", unknown, " (", open,
                         "), otherwise than said ", HasFailure() ? "some" : "0",
                         "; ", StreamText(counts)));
}

}  // namespace
}  // namespace fwagent::testing
