#include "tests/bpf/frame_trial.h"

#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"
#include "tests/support/packet_socket.h"

namespace fwagent::testing {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

// The source address: these two bytes, then the number of the frame.
constexpr std::size_t kSourceAt = 6;
constexpr std::array<std::uint8_t, 2> kOurs = {0x06, 0xf3};

void PutNumber(Bytes& frame, std::uint32_t number) {
  std::copy(kOurs.begin(), kOurs.end(), frame.begin() + kSourceAt);
  for (std::size_t i = 0; i < 4; ++i) {
    frame[kSourceAt + 2 + i] =
        static_cast<std::uint8_t>(number >> (24 - 8 * i));
  }
}

std::uint32_t GetNumber(const std::uint8_t* source) {
  return std::uint32_t{source[2]} << 24 | std::uint32_t{source[3]} << 16 |
         std::uint32_t{source[4]} << 8 | source[5];
}

// Of an EtherType for local experiments (IEEE 802).
Bytes LastFrame() {
  Bytes frame(60);
  frame[12] = 0x88;
  frame[13] = 0xb5;
  return frame;
}

void OrDie(int result, const char* what) {
  if (result == 0) return;
  std::perror(what);
  std::abort();
}

}  // namespace

OnOneCpu::OnOneCpu() : before_(sizeof(cpu_set_t)) {
  cpu_set_t allowed;
  OrDie(sched_getaffinity(0, sizeof(allowed), &allowed), "sched_getaffinity");
  std::memcpy(before_.data(), &allowed, sizeof(allowed));
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
  OrDie(sched_setaffinity(0, sizeof(one), &one), "sched_setaffinity");
}

OnOneCpu::~OnOneCpu() {
  cpu_set_t allowed;
  std::memcpy(&allowed, before_.data(), sizeof(allowed));
  sched_setaffinity(0, sizeof(allowed), &allowed);
}

FrameTrial::FrameTrial(const NetNamespace& from, const std::string& device,
                       const NetNamespace& to,
                       const std::vector<std::string>& exits) {
  {
    const InNetNamespace scope(from);
    entry_ = PacketSocket(device);
  }
  const InNetNamespace scope(to);
  for (const std::string& exit : exits) exits_.push_back(PacketSocket(exit));
}

absl::StatusOr<FrameTrial::Outcomes> FrameTrial::Send(
    const std::vector<Bytes>& frames) {
  const std::uint32_t first = next_number_;
  for (const Bytes& frame : frames) FW_RETURN_IF_ERROR(SendOne(frame));
  const std::uint32_t last = next_number_;
  FW_RETURN_IF_ERROR(SendOne(LastFrame()));
  Outcomes outcomes(frames.size() + 1);
  const absl::Time deadline = absl::Now() + kPatience;
  while (!CollectAll(first, last, outcomes)) {
    if (absl::Now() > deadline) {
      return absl::DeadlineExceededError(
          "a frame that nothing blocks did not arrive");
    }
    pollfd arrival{.fd = exits_[0].get(), .events = POLLIN, .revents = 0};
    poll(&arrival, 1, 100);
  }
  // On one CPU nothing overtakes, but each exit has a socket of its own: what
  // was there before the last frame may not have been collected yet.
  CollectAll(first, last, outcomes);
  outcomes.pop_back();
  return outcomes;
}

absl::Status FrameTrial::SendOne(Bytes frame) {
  PutNumber(frame, next_number_++);
  const ssize_t sent = send(entry_.get(), frame.data(), frame.size(), 0);
  if (sent == static_cast<ssize_t>(frame.size())) return absl::OkStatus();
  return util::ErrnoToStatus(
      errno, absl::StrCat("send a frame of ", frame.size(), " bytes"));
}

bool FrameTrial::CollectAll(std::uint32_t first, std::uint32_t last,
                            Outcomes& outcomes) {
  for (std::size_t exit = 0; exit < exits_.size(); ++exit) {
    for (const std::uint32_t number : Collect(exit)) {
      // Of an earlier trial that was given up: nobody asks any more.
      if (number - first <= last - first) outcomes[number - first] = exit;
    }
  }
  return outcomes.back().has_value();
}

std::vector<std::uint32_t> FrameTrial::Collect(std::size_t exit) const {
  std::vector<std::uint32_t> numbers;
  std::array<std::uint8_t, 14> header{};
  while (recv(exits_[exit].get(), header.data(), header.size(), MSG_DONTWAIT) ==
         static_cast<ssize_t>(header.size())) {
    const std::uint8_t* const source = header.data() + kSourceAt;
    if (!std::equal(kOurs.begin(), kOurs.end(), source)) continue;
    numbers.push_back(GetNumber(source));
  }
  return numbers;
}

}  // namespace fwagent::testing
