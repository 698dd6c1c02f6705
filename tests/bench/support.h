// What the benchmarks share.
#ifndef FWAGENT_TESTS_BENCH_SUPPORT_H_
#define FWAGENT_TESTS_BENCH_SUPPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "agent/policy/prefix.h"

namespace fwagent::bench {

// Ends the run: a figure after a failure would be worth nothing.
void OrDie(bool ok, const std::string& what);

// Keeps the calling thread, and what it starts, on the last CPU: sources are
// handed out by one counter, and the first CPU has the machine's other work.
void PinToLastCpu();

// Of the calling thread: what neighbours on the machine do is not counted.
double CpuNanoseconds();

double Median(std::vector<double> values);

// The port that packets go to.
inline constexpr std::uint16_t kPacketPort = 443;

// A TCP packet in an Ethernet frame, 74 bytes.
std::vector<std::uint8_t> MakePacket(policy::Family family);

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_SUPPORT_H_
