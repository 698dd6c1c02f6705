#include "client/explain_options.h"

#include <CLI/CLI.hpp>
#include <cstdint>

#include "absl/status/statusor.h"

namespace fwagent::client {
namespace {

constexpr char kPortRange[] = "PORT";

}  // namespace

void AddExplain(CLI::App& app, Arguments& arguments) {
  CLI::App* explain = app.add_subcommand(
      "explain", "Say what becomes of a packet, and which rule says so");
  explain->fallthrough();
  explain->callback([&arguments] { arguments.command = Command::kExplain; });
  ExplainArguments& words = arguments.explain;
  PacketWords& packet = words.packet;
  CLI::Option* pcap =
      explain->add_option("--pcap", words.capture,
                          "A capture file with the packet; - for "
                          "standard input");
  explain
      ->add_option("--packet", words.number, "Its number in the file, from 1")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->needs(pcap);
  explain->add_option("--src", packet.source, "Source address")->excludes(pcap);
  explain->add_option("--dst", packet.destination, "Destination address")
      ->excludes(pcap);
  explain
      ->add_option("--proto", packet.protocol,
                   "tcp, udp, sctp, udplite, dccp, icmp, icmpv6 or a number")
      ->excludes(pcap);
  const auto add_port = [&](const char* name,
                            std::optional<std::uint16_t>& port,
                            const char* description) {
    explain->add_option(name, port, description)
        ->check(CLI::Range(0, 65535))
        ->type_name(kPortRange)
        ->excludes(pcap);
  };
  add_port("--sport", packet.source_port, "Source port");
  add_port("--dport", packet.destination_port, "Destination port");
  explain
      ->add_option_function<int>(
          "--icmp-type",
          [&packet](int type) {
            packet.icmp_type = static_cast<std::uint8_t>(type);
          },
          "Type of the ICMP message; without it an echo request")
      ->check(CLI::Range(0, 255))
      ->type_name("TYPE")
      ->excludes(pcap);
  explain->add_option("--iface", words.interface,
                      "Where it comes in, if interfaces judge differently");
}

absl::Status CheckExplain(const Arguments& arguments) {
  const ExplainArguments& words = arguments.explain;
  if (!words.capture.empty()) return absl::OkStatus();
  if (words.packet.source.empty()) {
    return absl::InvalidArgumentError(
        "explain: give the packet: --src ADDRESS and more, or --pcap FILE");
  }
  return BuildFrame(words.packet).status();
}

}  // namespace fwagent::client
