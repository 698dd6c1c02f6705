// A client that remembers what it was told.
#ifndef FWAGENT_TESTS_TORTURE_CALLER_H_
#define FWAGENT_TESTS_TORTURE_CALLER_H_

#include <cstdint>
#include <latch>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/dice.h"
#include "tests/torture/agent_client.h"
#include "tests/torture/target.h"

namespace fwagent::testing {

struct CallerCounts {
  std::uint64_t acknowledged = 0;
  std::uint64_t open_and_done = 0;      // no answer came, and it is there
  std::uint64_t open_and_not_done = 0;  // no answer came, and it is not there
  std::uint64_t repeats = 0;            // requests with a known request id
};

// Blocks and unblocks its own targets at random. What went wrong is in
// problems().
class Caller {
 public:
  Caller(int number, std::uint64_t seed, std::string address);

  // Changes things over a new connection until the agent goes away in the
  // middle of a request. Counts `connected` down when it begins.
  void WorkUntilTheAgentDies(std::latch& connected);

  // What the next agent lists must be what was acknowledged, with all of the
  // open request or nothing of it.
  void Check(const Listing& listing);
  // Sends the open request again, twice, and the last one that was answered
  // before. `generation` is the agent's now, and afterwards. Nobody else may
  // change anything meanwhile.
  void Repeat(AgentClient& agent, std::uint64_t& generation);

  const std::vector<Target>& targets() const { return targets_; }
  const CallerCounts& counts() const { return counts_; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  using Rules = std::map<std::string, std::string>;  // as in Listing

  Operation Draw();
  void Toggled(Operation& operation, const Target& target) const;
  void Acknowledge(const Operation& operation, const Answer& answer);
  bool Follows(const Operation& operation, const Rules& listed) const;
  void RepeatAnswered(AgentClient& agent);
  void Problem(const Operation& operation, const std::string& what);

  const int number_;
  const std::string address_;
  const std::vector<Target> targets_;
  Dice dice_;
  std::uint64_t next_request_ = 1;
  Rules blocked_;  // as it was acknowledged
  std::optional<Operation> open_;
  bool open_is_done_ = false;
  std::optional<std::pair<Operation, Answer>> answered_;
  CallerCounts counts_;
  std::vector<std::string> problems_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_TORTURE_CALLER_H_
