#include "tests/bench/support.h"

#include <netinet/in.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace fwagent::bench {

void OrDie(bool ok, const std::string& what) {
  if (ok) return;
  std::perror(what.c_str());
  std::exit(1);
}

void PinToLastCpu() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<std::size_t>(sysconf(_SC_NPROCESSORS_ONLN) - 1), &cpus);
  OrDie(sched_setaffinity(0, sizeof(cpus), &cpus) == 0, "pin to a CPU");
}

double CpuNanoseconds() {
  timespec now{};
  OrDie(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0, "clock");
  return static_cast<double>(now.tv_sec) * 1e9 +
         static_cast<double>(now.tv_nsec);
}

double Median(std::vector<double> values) {
  const auto middle =
      values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<std::uint8_t> MakePacket(policy::Family family) {
  const bool v6 = family == policy::Family::kIPv6;
  std::vector<std::uint8_t> packet(74, 0);
  packet[12] = v6 ? 0x86 : 0x08;
  packet[13] = v6 ? 0xdd : 0x00;
  std::uint8_t* ip = packet.data() + 14;
  std::uint8_t* tcp = ip + (v6 ? 40 : 20);
  if (v6) {
    ip[0] = 0x60;
    ip[5] = 20;
    ip[6] = IPPROTO_TCP;
  } else {
    ip[0] = 0x45;
    ip[3] = 40;
    ip[8] = 64;
    ip[9] = IPPROTO_TCP;
  }
  tcp[2] = kPacketPort >> 8;
  tcp[3] = kPacketPort & 0xff;
  tcp[12] = 0x50;
  return packet;
}

}  // namespace fwagent::bench
