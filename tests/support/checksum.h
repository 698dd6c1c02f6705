// The checksum of the Internet protocols (RFC 1071).
#ifndef FWAGENT_TESTS_SUPPORT_CHECKSUM_H_
#define FWAGENT_TESTS_SUPPORT_CHECKSUM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fwagent::testing {

// Sum of 16-bit words in network order, of which several can be added up.
std::uint32_t WordSum(const std::vector<std::uint8_t>& bytes);

// What a transport header's checksum covers besides the segment of that many
// bytes (RFC 793, RFC 8200 section 8.1). Both addresses are of one family.
std::uint32_t PseudoHeaderSum(const std::string& src, const std::string& dst,
                              std::uint8_t protocol, std::size_t byte_count);

// Writes the checksum over `bytes`, and over what `sum` covers, at this place.
void PutChecksum(std::vector<std::uint8_t>& bytes, std::size_t place,
                 std::uint32_t sum);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_CHECKSUM_H_
