#include "agent/dataplane/trial.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/policy/covering_rules.h"
#include "agent/policy/source_claims.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

using policy::Family;
using policy::Prefix;
using policy::SourceRule;
using policy::SourceVerdict;

// Each takes three runs of a microsecond or two.
constexpr std::size_t kSamples = 1024;

constexpr std::size_t kAddressBytes = 16;
using Bytes = std::array<std::uint8_t, kAddressBytes>;

policy::Deadline PresentTick() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);  // cannot fail
  const std::uint64_t nanoseconds =
      static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
      static_cast<std::uint64_t>(now.tv_nsec);
  return static_cast<policy::Deadline>(nanoseconds >> policy::kTickShift);
}

// An IP packet with no ports, which only the tables of sources have a say in.
class TestPacket {
 public:
  explicit TestPacket(const Prefix& source) {
    const bool is_ipv4 = source.family() == Family::kIPv4;
    constexpr std::uint8_t kNoPorts = 253;  // for experiments: RFC 3692
    frame_[ETH_ALEN * 2] = (is_ipv4 ? ETH_P_IP : ETH_P_IPV6) >> 8;
    frame_[ETH_ALEN * 2 + 1] = (is_ipv4 ? ETH_P_IP : ETH_P_IPV6) & 0xff;
    std::uint8_t* ip = frame_.data() + ETH_HLEN;
    ip[0] = is_ipv4 ? 0x45 : 0x60;
    ip[is_ipv4 ? 3 : 5] = is_ipv4 ? 20 : 0;  // length: with or without header
    ip[is_ipv4 ? 9 : 6] = is_ipv4 ? kNoPorts : std::uint8_t{IPPROTO_NONE};
    std::copy_n(source.address().begin(), is_ipv4 ? 4 : 16,
                ip + (is_ipv4 ? 12 : 8));
  }

  // XDP_PASS or XDP_DROP.
  absl::StatusOr<std::uint32_t> Run(int program) const {
    bpf_test_run_opts options{};
    options.sz = sizeof(options);
    options.data_in = frame_.data();
    options.data_size_in = static_cast<std::uint32_t>(frame_.size());
    if (bpf_prog_test_run_opts(program, &options) != 0) {
      return absl::UnavailableError(std::strerror(errno));
    }
    return options.retval;
  }

 private:
  std::array<std::uint8_t, ETH_HLEN + 40 + 8> frame_{};
};

// The address so far behind the first one of a prefix, as a host; nullopt where
// there is none.
std::optional<Prefix> HostIn(const Prefix& prefix, bool last, int beyond) {
  const int bits = policy::AddressBits(prefix.family());
  Bytes address = prefix.address();
  for (int bit = prefix.length(); last && bit < bits; ++bit) {
    address[static_cast<std::size_t>(bit / 8)] |=
        static_cast<std::uint8_t>(0x80 >> bit % 8);
  }
  int carry = beyond;
  for (int byte = bits / 8 - 1; byte >= 0 && carry != 0; --byte) {
    const int sum = address[static_cast<std::size_t>(byte)] + carry;
    address[static_cast<std::size_t>(byte)] = static_cast<std::uint8_t>(sum);
    carry = sum >> 8;
  }
  auto host = Prefix::FromBytes(
      std::string_view(reinterpret_cast<const char*>(address.data()),
                       static_cast<std::size_t>(bits / 8)),
      static_cast<std::uint32_t>(bits));
  if (!host.ok()) return std::nullopt;
  return *host;
}

absl::Status Judge(int program, const policy::CoveringRules& rules,
                   const Prefix& host) {
  const policy::SourceMeaning meaning = rules.MeaningOf(host);
  const auto drops = [&] {
    return meaning.VerdictAt(PresentTick()) == SourceVerdict::kBlock;
  };
  const bool before = drops();
  FW_ASSIGN_OR_RETURN(const std::uint32_t action,
                      TestPacket(host).Run(program));
  const bool dropped = action == XDP_DROP;
  // Something may have ended in between.
  if (dropped == before || dropped == drops()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      "the new source tables are wrong and were not put in force: a test "
      "packet from ",
      host.ToString(), dropped ? " was dropped" : " passed"));
}

absl::Status JudgeAround(int program, const policy::CoveringRules& rules,
                         const Prefix& prefix) {
  const std::array<std::optional<Prefix>, 3> hosts = {HostIn(prefix, false, 0),
                                                      HostIn(prefix, true, 0),
                                                      HostIn(prefix, true, 1)};
  for (const auto& host : hosts) {
    if (!host.has_value()) continue;
    FW_RETURN_IF_ERROR(Judge(program, rules, *host));
  }
  return absl::OkStatus();
}

absl::Status JudgeSome(int program, const std::vector<SourceRule>& rules) {
  const policy::CoveringRules covering(rules);
  const std::size_t step = std::max<std::size_t>(1, rules.size() / kSamples);
  std::minstd_rand random{std::random_device()()};
  for (std::size_t i = random() % step; i < rules.size(); i += step) {
    FW_RETURN_IF_ERROR(JudgeAround(program, covering, rules[i].prefix));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Trial::Check(const std::vector<SourceRule>& rules) {
  if (!program_.valid()) {
    FW_ASSIGN_OR_RETURN(program_, load_());
  }
  absl::Status judged;
  if (std::is_sorted(rules.begin(), rules.end(), policy::ByAddress)) {
    judged = JudgeSome(program_.get(), rules);
  } else {
    std::vector<SourceRule> sorted = rules;
    std::sort(sorted.begin(), sorted.end(), policy::ByAddress);
    judged = JudgeSome(program_.get(), sorted);
  }
  if (!absl::IsUnavailable(judged)) return judged;
  spdlog::warn(
      "the kernel runs no test packets ({}): new source tables are put in "
      "force without having been tried",
      std::string(judged.message()));
  return absl::OkStatus();
}

}  // namespace fwagent::dataplane
