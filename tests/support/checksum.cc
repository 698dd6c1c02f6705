#include "tests/support/checksum.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdlib>

namespace fwagent::testing {
namespace {

std::uint32_t AddressSum(const std::string& text) {
  std::vector<std::uint8_t> address(sizeof(in6_addr));
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) {
    return WordSum(address);
  }
  address.resize(sizeof(in_addr));
  if (inet_pton(AF_INET, text.c_str(), address.data()) != 1) std::abort();
  return WordSum(address);
}

}  // namespace

std::uint32_t WordSum(const std::vector<std::uint8_t>& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
  }
  return sum;
}

std::uint32_t PseudoHeaderSum(const std::string& src, const std::string& dst,
                              std::uint8_t protocol, std::size_t byte_count) {
  return AddressSum(src) + AddressSum(dst) + protocol +
         static_cast<std::uint32_t>(byte_count);
}

void PutChecksum(std::vector<std::uint8_t>& bytes, std::size_t place,
                 std::uint32_t sum) {
  bytes.at(place) = 0;
  bytes.at(place + 1) = 0;
  sum += WordSum(bytes);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  // Both stand for the same number, but 0 means "none" to UDP.
  const std::uint32_t checksum = sum == 0xffff ? 0xffff : ~sum & 0xffff;
  bytes[place] = static_cast<std::uint8_t>(checksum >> 8);
  bytes[place + 1] = static_cast<std::uint8_t>(checksum);
}

}  // namespace fwagent::testing
