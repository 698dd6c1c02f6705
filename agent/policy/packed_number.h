// Numbers as bytes, the most significant first.
#ifndef FWAGENT_AGENT_POLICY_PACKED_NUMBER_H_
#define FWAGENT_AGENT_POLICY_PACKED_NUMBER_H_

#include <cstdint>

namespace fwagent::policy {

// `count`: at most 8.
inline std::uint64_t ReadBytes(const char* bytes, int count) {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) {
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  return value;
}

inline void WriteBytes(std::uint64_t value, char* bytes, int count) {
  for (int i = count - 1; i >= 0; --i, value >>= 8) {
    bytes[i] = static_cast<char>(static_cast<std::uint8_t>(value));
  }
}

}  // namespace fwagent::policy

#endif  // FWAGENT_AGENT_POLICY_PACKED_NUMBER_H_
