#include "tests/bench/frame_generator.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "live_frames.skel.h"
#include "tests/bench/streams.h"
#include "tests/bench/support.h"

namespace fwagent::bench {
namespace {

// One's complement sum (RFC 1071) of the header's words as they stand.
std::uint32_t SumWords(const iphdr& header) {
  std::array<std::uint16_t, sizeof(header) / 2> words;
  std::memcpy(words.data(), &header, sizeof(header));
  std::uint32_t sum = 0;
  for (const std::uint16_t word : words) sum += word;
  return sum;
}

}  // namespace

Frame MakeFrame(const std::array<std::uint8_t, ETH_ALEN>& destination,
                in_addr_t host) {
  Frame frame{};
  std::copy(destination.begin(), destination.end(), frame.ethernet.ether_dhost);
  frame.ethernet.ether_shost[0] = 2;
  frame.ethernet.ether_type = htons(ETHERTYPE_IP);
  frame.ip.version = 4;
  frame.ip.ihl = 5;
  frame.ip.tot_len = htons(sizeof(frame) - sizeof(frame.ethernet));
  frame.ip.ttl = 64;
  frame.ip.protocol = IPPROTO_UDP;
  frame.ip.daddr = host;
  frame.udp.uh_dport = htons(kFramePort);
  frame.udp.uh_ulen = htons(sizeof(frame.udp) + sizeof(frame.payload));
  return frame;
}

FrameGenerator::FrameGenerator() : skeleton_(live_frames__open_and_load()) {
  OrDie(skeleton_ != nullptr, "live_frames");
}

FrameGenerator::~FrameGenerator() { live_frames__destroy(skeleton_); }

void FrameGenerator::SetSources(std::span<const Address> sources) {
  auto& bss = *skeleton_->bss;
  OrDie(sources.size() == std::size(bss.sources), "as many sources as fit");
  for (std::size_t i = 0; i < sources.size(); ++i) {
    bss.sources[i] = htonl(static_cast<std::uint32_t>(sources[i] >> 96));
  }
}

double FrameGenerator::Send(const Frame& frame, const char* device) {
  skeleton_->bss->position = 0;
  skeleton_->bss->device = if_nametoindex(device);
  skeleton_->bss->sum_without_source = SumWords(frame.ip);
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = &frame;
  options.data_size_in = sizeof(frame);
  options.repeat = static_cast<int>(kStreamLength);
  options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  const auto start = std::chrono::steady_clock::now();
  OrDie(bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.generate),
                               &options) == 0,
        "send live frames");
  const std::chrono::duration<double> spent =
      std::chrono::steady_clock::now() - start;
  return static_cast<double>(kStreamLength) / spent.count();
}

const bpf_program* FrameGenerator::bare_drop() const {
  return skeleton_->progs.bare_drop;
}

const bpf_program* FrameGenerator::bare_pass() const {
  return skeleton_->progs.bare_pass;
}

const bpf_program* FrameGenerator::parsed_drop() const {
  return skeleton_->progs.parsed_drop;
}

const bpf_program* FrameGenerator::parsed_pass() const {
  return skeleton_->progs.parsed_pass;
}

}  // namespace fwagent::bench
