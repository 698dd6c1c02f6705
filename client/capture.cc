#include "client/capture.h"

#include <dlfcn.h>
#include <pcap/pcap.h>

#include <array>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/test_frame.h"

namespace fwagent::client {
namespace {

// The functions of libpcap, as its header declares them.
struct Library {
  decltype(&pcap_open_offline) open_offline = nullptr;
  decltype(&pcap_next_ex) next_ex = nullptr;
  decltype(&pcap_datalink) datalink = nullptr;
  decltype(&pcap_geterr) geterr = nullptr;
  decltype(&pcap_close) close = nullptr;
};

template <typename Function>
bool Find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

// Loaded for good.
absl::StatusOr<Library> LoadLibrary() {
  void* const handle = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
  Library library;
  if (handle == nullptr ||
      !Find(handle, "pcap_open_offline", library.open_offline) ||
      !Find(handle, "pcap_next_ex", library.next_ex) ||
      !Find(handle, "pcap_datalink", library.datalink) ||
      !Find(handle, "pcap_geterr", library.geterr) ||
      !Find(handle, "pcap_close", library.close)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "--pcap needs libpcap (Debian: apt-get install libpcap0.8): ",
        dlerror()));
  }
  return library;
}

// What is before the packets of "any": ARPHRD and addresses, and the ethertype
// at this offset. https://www.tcpdump.org/linktypes.html
struct Cooked {
  std::size_t header_bytes;
  std::size_t ethertype_offset;
};
constexpr Cooked kCooked = {16, 14};
constexpr Cooked kCooked2 = {20, 0};

absl::StatusOr<std::string> FromCooked(const std::string& packet,
                                       const Cooked& cooked) {
  if (packet.size() < cooked.header_bytes) {
    return absl::InvalidArgumentError("it is cut off");
  }
  return std::string(12, '\0') + packet.substr(cooked.ethertype_offset, 2) +
         packet.substr(cooked.header_bytes);
}

absl::StatusOr<std::string> ToEthernet(int link_type,
                                       const std::string& packet) {
  switch (link_type) {
    case DLT_EN10MB:
      return packet;
    case DLT_LINUX_SLL:
      return FromCooked(packet, kCooked);
    case DLT_LINUX_SLL2:
      return FromCooked(packet, kCooked2);
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
      return WithEthernet(packet);
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("the capture is of link type ", link_type,
                       ", of which fwctl knows no Ethernet form"));
  }
}

absl::Status Of(const std::string& path, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

}  // namespace

absl::StatusOr<CapturedFrame> ReadCapture(const std::string& path,
                                          std::uint64_t number) {
  const auto library = LoadLibrary();
  if (!library.ok()) return library.status();
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> capture(
      library->open_offline(path.c_str(), error.data()), library->close);
  // It begins with the path where the file cannot be opened.
  if (capture == nullptr) return absl::InvalidArgumentError(error.data());
  pcap_pkthdr* header = nullptr;
  const unsigned char* data = nullptr;
  for (std::uint64_t count = 0; count < number; ++count) {
    const int read = library->next_ex(capture.get(), &header, &data);
    if (read == PCAP_ERROR_BREAK) {
      return Of(path, absl::StrCat("there is no packet ", number, ": it has ",
                                   count));
    }
    if (read != 1) return Of(path, library->geterr(capture.get()));
  }
  std::string packet(reinterpret_cast<const char*>(data), header->caplen);
  auto frame = ToEthernet(library->datalink(capture.get()), packet);
  if (!frame.ok()) {
    return Of(path, absl::StrCat("packet ", number, ": ",
                                 std::string(frame.status().message())));
  }
  CapturedFrame captured{.frame = *std::move(frame)};
  if (header->len > header->caplen) {
    captured.missing_bytes = header->len - header->caplen;
    captured.frame.resize(captured.frame.size() + captured.missing_bytes);
  }
  return captured;
}

}  // namespace fwagent::client
