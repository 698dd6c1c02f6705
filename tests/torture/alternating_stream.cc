#include "tests/torture/alternating_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "tests/support/net_namespace.h"
#include "tests/support/packet_socket.h"
#include "tests/support/wire.h"

namespace fwagent::testing {
namespace {

constexpr std::array<std::uint8_t, 8> kMark = {'f', 'w', 's', 'w',
                                               'i', 't', 'c', 'h'};
constexpr std::size_t kNumberBytes = 4;
constexpr int kPatienceMs = 10'000;
// Even, so that a batch begins with the first list. A veth pair holds 256
// packets, and what does not fit is lost.
constexpr std::uint32_t kAtOnce = 64;
static_assert(kAtOnce % 2 == 0);

Bytes FrameFrom(const std::string& source) {
  Raw end{.bytes = {kMark.begin(), kMark.end()}};
  end.bytes.resize(kMark.size() + kNumberBytes);
  return (SourceTarget(source, source).probe / end).ToBytes();
}

}  // namespace

AlternatingStream::AlternatingStream(const AgentHost& site,
                                     const std::vector<std::string>& first,
                                     const std::vector<std::string>& second)
    : innocent_(FrameFrom(kInnocentIPv4)) {
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
    frames_.push_back(FrameFrom(first[i]));
    frames_.push_back(FrameFrom(second[i]));
  }
  {
    const InNetNamespace scope(site.peer());
    peer_ = PacketSocket("eth0");
  }
  const InNetNamespace scope(site.host());
  host_ = PacketSocket("eth0");
}

void AlternatingStream::SendSome(std::vector<InForce>& shown) {
  const std::uint32_t end = next_ + kAtOnce;
  for (std::uint32_t number = next_; number < end; ++number) {
    Send(frames_[number % frames_.size()], number);
  }
  Send(innocent_, end);
  const std::vector<bool> arrived = Collect(end);
  for (std::uint32_t i = 0; i < kAtOnce; ++i) {
    const bool of_first = i % 2 == 0;
    shown.push_back(arrived[i] == of_first ? InForce::kSecond
                                           : InForce::kFirst);
  }
  // The number of the innocent one is given to a packet of the next batch too,
  // by which time it has arrived.
  next_ = end;
}

void AlternatingStream::Send(Bytes& frame, std::uint32_t number) {
  for (std::size_t i = 0; i < kNumberBytes; ++i) {
    frame[frame.size() - 1 - i] = static_cast<std::uint8_t>(number >> 8 * i);
  }
  if (send(peer_.get(), frame.data(), frame.size(), 0) < 0) {
    std::perror("send a numbered packet");
    std::abort();
  }
}

std::vector<bool> AlternatingStream::Collect(std::uint32_t last) {
  std::vector<bool> arrived(kAtOnce, false);
  std::array<std::uint8_t, 2048> frame;
  constexpr std::size_t kEnd = kMark.size() + kNumberBytes;
  while (true) {
    pollfd wait{host_.get(), POLLIN, 0};
    if (poll(&wait, 1, kPatienceMs) <= 0) {
      std::fprintf(stderr, "an innocent packet did not pass the filter\n");
      std::abort();
    }
    const ssize_t size = recv(host_.get(), frame.data(), frame.size(), 0);
    if (size < static_cast<ssize_t>(kEnd)) continue;
    const std::uint8_t* end = frame.data() + size - kEnd;
    if (!std::equal(kMark.begin(), kMark.end(), end)) continue;
    std::uint32_t number = 0;
    for (std::size_t i = kMark.size(); i < kEnd; ++i) {
      number = number << 8 | end[i];
    }
    if (number == last) return arrived;
    if (number - next_ < kAtOnce) arrived[number - next_] = true;
  }
}

Replacement Judge(const std::vector<InForce>& shown, InForce replaced_by) {
  const auto first_new = std::find(shown.begin(), shown.end(), replaced_by);
  const auto count = [](auto from, auto to) {
    return static_cast<std::uint64_t>(to - from);
  };
  return {.before = count(shown.begin(), first_new),
          .behind = count(first_new, shown.end()),
          .mixtures = count(first_new, shown.end()) -
                      static_cast<std::uint64_t>(
                          std::count(first_new, shown.end(), replaced_by))};
}

}  // namespace fwagent::testing
