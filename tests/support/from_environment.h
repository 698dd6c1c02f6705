// Numbers that say how much a test does.
#ifndef FWAGENT_TESTS_SUPPORT_FROM_ENVIRONMENT_H_
#define FWAGENT_TESTS_SUPPORT_FROM_ENVIRONMENT_H_

#include <cstdint>
#include <cstdlib>

namespace fwagent::testing {

// 0 where the variable holds no number.
inline std::uint64_t FromEnvironment(const char* name,
                                     std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_FROM_ENVIRONMENT_H_
