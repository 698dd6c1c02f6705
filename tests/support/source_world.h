// Tables of source addresses with look-ups in them, for tests that do not care
// where: on the heap, or in the kernel.
#ifndef FWAGENT_TESTS_SUPPORT_SOURCE_WORLD_H_
#define FWAGENT_TESTS_SUPPORT_SOURCE_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/lookup/address.h"
#include "agent/lookup/statements.h"
#include "agent/policy/prefix.h"
#include "agent/policy/source_rule.h"
#include "bpf/fw_table.h"

namespace fwagent::testing {

// An address of either family; an IPv4 address is a small number.
struct Question {
  policy::Family family;
  lookup::Address6 address;
  // As the program asks; the number of the rule is not asked for. IPv4 has a
  // look-up of its own for it.
  bool verdict_only = false;
};
// Every second one for the verdict only, from the second one on.
void MixQuestions(std::vector<Question>& questions);
std::string ToString(const Question& question);

// What an entry says; `meaning` and `terms` are its records, if it has them.
lookup::Fold AnswerOf(const Question& question, std::uint32_t entry,
                      const fw_meaning& meaning, const fw_terms& terms);

// Both families. A change is seen by every look-up that begins after it.
class SourceWorld {
 public:
  virtual ~SourceWorld() = default;

  // As in dataplane::DataPlane.
  virtual absl::Status Add(const policy::SourceRule& rule) = 0;
  virtual absl::Status Remove(const policy::Prefix& prefix) = 0;
  virtual absl::Status Replace(
      const std::vector<policy::SourceRule>& rules) = 0;

  // What look-ups find, in the same order. Rules go by the tables' numbers.
  virtual std::vector<lookup::Fold> Ask(
      const std::vector<Question>& questions) = 0;
};

// An error when the machine does not allow it.
using SourceWorldFactory =
    std::function<absl::StatusOr<std::unique_ptr<SourceWorld>>()>;

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_SOURCE_WORLD_H_
