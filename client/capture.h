// Packets out of capture files.
#ifndef FWAGENT_CLIENT_CAPTURE_H_
#define FWAGENT_CLIENT_CAPTURE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace fwagent::client {

struct CapturedFrame {
  std::string frame;  // from its Ethernet header on
  // Bytes at the end that the capture has not, and that are zero here.
  std::size_t missing_bytes = 0;
};

// The packet with this number, from 1 on, of a pcap or pcapng file; "-" is
// standard input. Captures of Ethernet devices, of all devices together ("any")
// and of devices without a link layer are read. An error says what is wrong
// with the file. libpcap is loaded here and nowhere else: with all that it
// loads in turn, it takes longer than the rest of fwctl.
absl::StatusOr<CapturedFrame> ReadCapture(const std::string& path,
                                          std::uint64_t number);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_CAPTURE_H_
