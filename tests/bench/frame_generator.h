// Real frames, each from another source.
#ifndef FWAGENT_TESTS_BENCH_FRAME_GENERATOR_H_
#define FWAGENT_TESTS_BENCH_FRAME_GENERATOR_H_

#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

#include <array>
#include <cstdint>
#include <span>

#include "tests/bench/rules.h"

struct bpf_program;
struct live_frames;

namespace fwagent::bench {

// The port that frames go to.
inline constexpr std::uint16_t kFramePort = 9;

// UDP over IPv4; the source is left to the generator.
struct __attribute__((packed)) Frame {
  ether_header ethernet;
  iphdr ip;
  udphdr udp;
  std::array<char, 18> payload;
};
static_assert(sizeof(Frame) == 60);

// From network byte order, as inet_addr gives it, and a device's address.
Frame MakeFrame(const std::array<std::uint8_t, ETH_ALEN>& destination,
                in_addr_t host);

// Every failure ends the run.
class FrameGenerator {
 public:
  FrameGenerator();
  ~FrameGenerator();
  FrameGenerator(const FrameGenerator&) = delete;
  FrameGenerator& operator=(const FrameGenerator&) = delete;

  // kStreamLength IPv4 addresses.
  void SetSources(std::span<const Address> sources);

  // Sends one frame for each source out of this device of the namespace that
  // the calling thread is in, on the CPU that it is on. Returns frames a
  // second, until the last one has been received.
  double Send(const Frame& frame, const char* device);

  // Programs that do nothing else.
  const bpf_program* bare_drop() const;
  const bpf_program* bare_pass() const;
  // That also do what no filter can leave out: read the source, and count.
  const bpf_program* parsed_drop() const;
  const bpf_program* parsed_pass() const;

 private:
  live_frames* skeleton_;
};

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_FRAME_GENERATOR_H_
