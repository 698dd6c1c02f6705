// Builds a whole table off to the side.
#ifndef FWAGENT_AGENT_LOOKUP_GENERATION_BUILDER_H_
#define FWAGENT_AGENT_LOOKUP_GENERATION_BUILDER_H_

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "agent/lookup/generation.h"

namespace fwagent::lookup {

// A prefix and the number of its statement.
template <typename Address>
struct Item {
  Key<Address> key;
  std::uint32_t number = 0;
};

// `items` are in order and without repetition, `statements` holds their
// numbers. No reader can reach the result until the memory is connected and the
// state points to it. RESOURCE_EXHAUSTED: nothing is left behind.
template <typename Address>
absl::StatusOr<std::unique_ptr<Generation<Address>>> BuildGeneration(
    LineMemory* memory, std::span<const Item<Address>> items,
    const Statements& statements);

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_GENERATION_BUILDER_H_
