// An agent whose interface is tampered with, and what becomes of packets that
// must be blocked meanwhile.
#ifndef FWAGENT_TESTS_E2E_INTERFACE_LIFE_H_
#define FWAGENT_TESTS_E2E_INTERFACE_LIFE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/support/agent_host.h"
#include "tests/support/traffic.h"

namespace fwagent::testing {

// Detaches a pinned link, as `bpftool link detach pinned` does.
bool TakeLinkOff(const std::string& pin);

// Deletes the entries of a pinned array of maps; returns how many there were.
int TakeEntriesOut(const std::string& pin);

class InterfaceLifeTest : public ::testing::Test {
 protected:
  void SetUp() override;

  // The agent guards these, and blocks the peer's IPv4 address.
  void Start(const std::vector<std::string>& interfaces);

  bool BlockedGetsThrough() const;
  bool InnocentGetsThrough() const;

  // ip(8) on the host, which must succeed.
  void Ip(const std::vector<std::string>& arguments) const;
  // The addresses that eth0 had on either side before it was made anew.
  void GiveAddresses() const;
  std::string PinOf(const std::string& interface) const;
  // Where the tables are pinned.
  std::string MapFolder() const;
  std::string Status() const { return site_->Fwctl({"status"}).out; }

  // Waits until the agent's log has so many lines with this text; returns how
  // long after `since` the last of them was written.
  absl::Duration WaitForLog(const std::string& text, std::size_t lines,
                            absl::Time since) const;

  // Does something under which no blocked packet may pass.
  void ExpectNoGap(const char* what, const std::function<void()>& deed) const;

  // Deletes eth0 and makes it again, at once ready for traffic, for the nth
  // time; returns how long it was there without a filter.
  absl::Duration Recreate(std::size_t nth) const;

  std::unique_ptr<AgentHost> site_;

 private:
  std::vector<std::string> LogLines(const std::string& text) const;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_E2E_INTERFACE_LIFE_H_
