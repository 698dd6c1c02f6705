#include "tests/torture/set_caller.h"

#include <grpcpp/create_channel.h>

#include <chrono>
#include <optional>

#include "absl/strings/str_cat.h"

namespace fwagent::testing {
namespace {

constexpr char kSet[] = "replaced";
constexpr std::uint32_t kEntries = 5'000;
constexpr auto kPatience = std::chrono::seconds(20);

std::string HostOf(std::uint64_t version, std::uint32_t number) {
  return absl::StrCat("11.", version % 256, ".", number >> 8, ".",
                      number & 0xff);
}

fwagent::v1::PackedPrefixes EntriesOf(std::uint64_t version) {
  fwagent::v1::PackedPrefixes packed;
  for (std::uint32_t i = 0; i < kEntries; ++i) {
    for (const std::uint64_t byte :
         {std::uint64_t{11}, version % 256, std::uint64_t{i >> 8},
          std::uint64_t{i & 0xff}, std::uint64_t{32}}) {
      packed.mutable_ipv4()->push_back(static_cast<char>(byte));
    }
  }
  return packed;
}

grpc::Status Import(fwagent::v1::SetService::Stub& stub,
                    std::uint64_t version) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  fwagent::v1::ImportSetResponse response;
  const auto writer = stub.ImportSet(&context, &response);
  fwagent::v1::ImportSetRequest part;
  part.mutable_header()->set_name(kSet);
  bool open = writer->Write(part);
  *part.mutable_prefixes() = EntriesOf(version);
  open = open && writer->Write(part);
  part.set_entry_count(kEntries);
  if (open && writer->Write(part)) writer->WritesDone();
  return writer->Finish();
}

// Which version all entries are of; 0: no set. Empty: a mixture, or an error.
std::optional<std::uint64_t> VersionThere(
    fwagent::v1::SetService::Stub& stub,
    const std::vector<std::uint64_t>& candidates) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  fwagent::v1::ListSetEntriesRequest request;
  request.set_name(kSet);
  request.set_page_size(kEntries + 1);
  fwagent::v1::ListSetEntriesResponse page;
  const grpc::Status status = stub.ListSetEntries(&context, request, &page);
  if (status.error_code() == grpc::StatusCode::NOT_FOUND) return 0;
  if (!status.ok() || page.entries_size() != kEntries ||
      page.total_size() != kEntries) {
    return std::nullopt;
  }
  for (const std::uint64_t version : candidates) {
    bool all = true;
    for (std::uint32_t i = 0; all && i < kEntries; ++i) {
      all = page.entries(static_cast<int>(i)).prefix().text() ==
            HostOf(version, i) + "/32";
    }
    if (all) return version;
  }
  return std::nullopt;
}

}  // namespace

std::unique_ptr<SetCaller::Stub> SetCaller::Connect(bool& is_connected) const {
  grpc::ChannelArguments own;
  own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto channel = grpc::CreateCustomChannel(
      address_, grpc::InsecureChannelCredentials(), own);
  is_connected =
      channel->WaitForConnected(std::chrono::system_clock::now() + kPatience);
  return fwagent::v1::SetService::NewStub(channel);
}

void SetCaller::WorkUntilTheAgentDies(std::latch& connected) {
  bool is_connected = false;
  const auto stub = Connect(is_connected);
  connected.count_down();
  if (!is_connected) return problems_.push_back("cannot connect");
  for (;;) {
    tried_ = acknowledged_ + 1;
    const grpc::Status status = Import(*stub, tried_);
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) return;
    if (!status.ok()) {
      return problems_.push_back(absl::StrCat("import of version ", tried_,
                                              ": ", status.error_message()));
    }
    acknowledged_ = tried_;
    ++counts_.acknowledged;
  }
}

void SetCaller::Check(Wire& wire) {
  bool is_connected = false;
  const auto stub = Connect(is_connected);
  const auto there = VersionThere(*stub, {acknowledged_, tried_});
  if (there != acknowledged_ && there != tried_) {
    return problems_.push_back(
        absl::StrCat("the set is neither version ", acknowledged_,
                     ", which was acknowledged, nor ", tried_, " as a whole"));
  }
  ++(there == tried_ ? counts_.open_and_done : counts_.open_and_not_done);
  CheckEnforced(wire, acknowledged_, there == acknowledged_);
  CheckEnforced(wire, tried_, there == tried_);
  acknowledged_ = *there;
}

void SetCaller::CheckEnforced(Wire& wire, std::uint64_t version, bool blocked) {
  if (version == 0) return;
  for (const std::uint32_t number : {0u, kEntries / 2, kEntries - 1}) {
    const std::string host = HostOf(version, number);
    if (wire.Passes(SourceTarget(host, host)) == blocked) {
      problems_.push_back(absl::StrCat("version ", version, ": packets of ",
                                       host,
                                       blocked ? " pass" : " are dropped"));
    }
  }
}

}  // namespace fwagent::testing
