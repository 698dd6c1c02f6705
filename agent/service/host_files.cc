#include "agent/service/host_files.h"

#include <cstdint>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace fwagent::service {
namespace {

constexpr char kSshServer[] = "sshd";  // and sshd-session
// Of a process that nobody logged in for: (uid_t)-1 of the kernel.
constexpr char kNoSession[] = "4294967295";
constexpr int kMostAncestors = 256;

}  // namespace

std::string ReadHostFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::optional<policy::Prefix> HostOf(std::string_view address) {
  constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  if (address.size() == 16 && address.substr(0, 12) == kMapped) {
    address.remove_prefix(12);
  }
  auto host = policy::Prefix::FromBytes(
      address, static_cast<std::uint32_t>(address.size() * 8));
  if (!host.ok()) return std::nullopt;
  return *host;
}

bool IsLoopback(const policy::Prefix& host) {
  static const auto* const kIPv4 =
      new policy::Prefix(*policy::Prefix::Parse("127.0.0.0/8"));
  static const auto* const kIPv6 =
      new policy::Prefix(*policy::Prefix::Parse("::1"));
  return host == *kIPv6 || (host.family() == policy::Family::kIPv4 &&
                            host.Shortened(8) == *kIPv4);
}

std::vector<policy::Prefix> NameServersIn(std::string_view text) {
  std::vector<policy::Prefix> servers;
  for (const auto line :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() < 2 || words[0] != "nameserver") continue;
    // "fe80::1%eth0"
    const auto host =
        policy::Prefix::Parse(words[1].substr(0, words[1].find('%')));
    if (host.ok() && !IsLoopback(*host)) servers.push_back(*host);
  }
  return servers;
}

// "4711 (a name with ) in it) S 1 ...".
std::optional<ProcessStat> ReadProcessStat(std::string_view text) {
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos ||
      close < open) {
    return std::nullopt;
  }
  const std::vector<std::string> behind = absl::StrSplit(
      std::string(text.substr(close + 1)), ' ', absl::SkipEmpty());
  ProcessStat stat{.name =
                       std::string(text.substr(open + 1, close - open - 1))};
  if (behind.size() < 2 || !absl::SimpleAtoi(behind[1], &stat.parent)) {
    return std::nullopt;
  }
  return stat;
}

bool IsInLoginSession(pid_t pid) {
  if (pid <= 0) return true;
  const std::string session =
      ReadHostFile(absl::StrCat("/proc/", pid, "/sessionid"));
  if (!session.empty() && session != kNoSession) return true;
  for (int i = 0; i < kMostAncestors && pid > 1; ++i) {
    const auto stat =
        ReadProcessStat(ReadHostFile(absl::StrCat("/proc/", pid, "/stat")));
    if (!stat.has_value()) return true;
    if (absl::StartsWith(stat->name, kSshServer)) return true;
    pid = stat->parent;
  }
  return false;
}

}  // namespace fwagent::service
