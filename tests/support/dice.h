// Random choices for tests: the same ones for the same seed, on every machine.
#ifndef FWAGENT_TESTS_SUPPORT_DICE_H_
#define FWAGENT_TESTS_SUPPORT_DICE_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>

namespace fwagent::testing {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  // Below `bound`, which is not 0.
  std::uint64_t Below(std::uint64_t bound) { return random_() % bound; }
  // From `low` to `high`, both included.
  std::uint64_t Between(std::uint64_t low, std::uint64_t high) {
    return low + Below(high - low + 1);
  }
  bool OneIn(std::uint64_t bound) { return Below(bound) == 0; }
  std::uint8_t Byte() { return static_cast<std::uint8_t>(random_()); }
  // One of what is not empty.
  template <typename Values>
  const auto& Of(const Values& values) {
    return *(std::begin(values) +
             static_cast<std::ptrdiff_t>(Below(std::size(values))));
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_DICE_H_
