// What goes into the engine and what comes out.
#ifndef FWAGENT_AGENT_CORE_CHANGE_H_
#define FWAGENT_AGENT_CORE_CHANGE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/policy/rule.h"

namespace fwagent::core {

// What someone wants changed.
struct Change {
  enum class Kind { kBlock, kUnblock };
  Kind kind = Kind::kBlock;
  policy::Match match = policy::Prefix();
  std::string comment;     // of a block
  std::string request_id;  // empty: a retry is a new request
  bool validate_only = false;
  std::string origin;  // who asked, for the log
};

// The rule that was added or removed. When only validated, a new rule has no
// id and no creation time, and the generation is the present one.
struct ChangeResult {
  policy::Rule rule;
  std::uint64_t generation = 0;
};

struct RulePage {
  std::vector<policy::Rule> rules;  // in order of id
  std::size_t total = 0;            // rules in all
  std::uint64_t generation = 0;     // that all of this was read from
  bool last = true;                 // no rule has a higher id
};

struct TableUsage {
  std::string name;  // "source-ipv4", "source-ipv6"
  std::uint64_t entries = 0;
  std::uint64_t capacity = 0;
  std::uint64_t memory_bytes = 0;  // of the kernel
};

struct EngineStatus {
  std::uint64_t generation = 0;
  std::vector<TableUsage> tables;
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_CHANGE_H_
