#include "agent/service/host_routes.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "agent/service/host_files.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::service {
namespace {

using policy::Family;
using policy::Prefix;

struct Question {
  nlmsghdr header;
  rtmsg route;
  rtattr destination_header;
  std::array<std::uint8_t, 16> destination;
};

std::size_t AddressBytes(const Prefix& host) {
  return host.family() == Family::kIPv4 ? 4 : 16;
}

Question QuestionAbout(const Prefix& host) {
  const auto bytes = static_cast<std::uint16_t>(AddressBytes(host));
  Question question{};
  question.header.nlmsg_len = static_cast<std::uint32_t>(
      offsetof(Question, destination) + NLMSG_ALIGN(bytes));
  question.header.nlmsg_type = RTM_GETROUTE;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.route.rtm_family =
      host.family() == Family::kIPv4 ? AF_INET : AF_INET6;
  question.route.rtm_dst_len = host.length();
  question.destination_header = {
      static_cast<std::uint16_t>(sizeof(rtattr) + bytes), RTA_DST};
  std::copy_n(host.address().begin(), bytes, question.destination.begin());
  return question;
}

// A gateway of the other family comes with its family before it.
std::optional<Prefix> GatewayOf(std::uint16_t type, std::string_view value) {
  if (type == RTA_GATEWAY) return HostOf(value);
  if (type == RTA_VIA && value.size() > sizeof(rtvia)) {
    return HostOf(value.substr(sizeof(rtvia)));
  }
  return std::nullopt;
}

// Of an index.
std::string NameOf(std::string_view value) {
  unsigned int index = 0;
  if (value.size() < sizeof(index)) return "";
  std::memcpy(&index, value.data(), sizeof(index));
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(index, name.data()) == nullptr ? "" : name.data();
}

std::optional<HostRoute> ReadAnswer(std::string_view answer) {
  if (answer.size() < NLMSG_LENGTH(sizeof(rtmsg))) return std::nullopt;
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
  if (header->nlmsg_type != RTM_NEWROUTE || header->nlmsg_len > answer.size()) {
    return std::nullopt;
  }
  const auto* route =
      reinterpret_cast<const rtmsg*>(answer.data() + NLMSG_HDRLEN);
  HostRoute found{.gateway = {}, .is_local = route->rtm_type == RTN_LOCAL};
  if (route->rtm_type != RTN_UNICAST && !found.is_local) return std::nullopt;
  std::string_view rest = answer.substr(0, header->nlmsg_len);
  rest.remove_prefix(NLMSG_LENGTH(sizeof(rtmsg)));
  while (rest.size() >= sizeof(rtattr)) {
    const auto* attribute = reinterpret_cast<const rtattr*>(rest.data());
    if (attribute->rta_len < sizeof(rtattr) ||
        attribute->rta_len > rest.size()) {
      break;
    }
    const auto gateway = GatewayOf(
        attribute->rta_type,
        rest.substr(sizeof(rtattr), attribute->rta_len - sizeof(rtattr)));
    if (gateway.has_value()) found.gateway = gateway;
    if (attribute->rta_type == RTA_OIF) {
      found.interface = NameOf(rest.substr(sizeof(rtattr)));
    }
    rest.remove_prefix(
        std::min<std::size_t>(RTA_ALIGN(attribute->rta_len), rest.size()));
  }
  return found;
}

}  // namespace

std::optional<HostRoute> RouteTo(const Prefix& host) {
  const util::ScopedFd socket(
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  const Question question = QuestionAbout(host);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (!socket.valid() ||
      sendto(socket.get(), &question, question.header.nlmsg_len, 0,
             reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) < 0) {
    return std::nullopt;
  }
  alignas(nlmsghdr) std::array<char, 4096> answer{};
  // The kernel answers before sendto returns.
  const auto size =
      recv(socket.get(), answer.data(), answer.size(), MSG_DONTWAIT);
  if (size < 0) return std::nullopt;
  return ReadAnswer({answer.data(), static_cast<std::size_t>(size)});
}

}  // namespace fwagent::service
