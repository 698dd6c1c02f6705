#include "tests/support/agent_host.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace fwagent::testing {
namespace {

NetNamespace NamespaceOrDie() {
  auto created = NetNamespace::Create();
  if (!created.ok()) {
    std::fprintf(stderr, "%s\n", created.status().ToString().c_str());
    std::abort();
  }
  return *std::move(created);
}

void OrDie(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::abort();
}

void AddAddresses(const NetNamespace& where, const char* v4, const char* v6) {
  OrDie(where.Ip({"addr", "add", absl::StrCat(v4, "/24"), "dev", "eth0"}));
  OrDie(where.Ip(
      {"addr", "add", absl::StrCat(v6, "/64"), "dev", "eth0", "nodad"}));
}

std::string UniquePinDir() {
  static std::atomic<int> next = 0;
  return absl::StrCat("/sys/fs/bpf/fwtest-", getpid(), "-", next++);
}

}  // namespace

AgentHost::AgentHost()
    : host_(NamespaceOrDie()),
      peer_(NamespaceOrDie()),
      pin_dir_(UniquePinDir()) {
  OrDie(AddVethPair(host_, "eth0", peer_, "eth0"));
  AddAddresses(host_, kHostIPv4, kHostIPv6);
  AddAddresses(peer_, kPeerIPv4, kPeerIPv6);
}

AgentHost::~AgentHost() {
  agent_.reset();
  RemovePins();
}

void AgentHost::RemovePins() const {
  std::error_code ignored;
  std::filesystem::remove_all(pin_dir_, ignored);
}

std::vector<std::string> AgentHost::AgentCommand(
    const std::vector<std::string>& extra,
    const std::vector<std::string>& interfaces) const {
  std::vector<std::string> command = {
      FW_AGENT_BINARY, "--config",     "/dev/null", "--socket", socket(),
      "--state-dir",   dir_ / "state", "--pin-dir", pin_dir_};
  for (const std::string& name : interfaces) {
    command.insert(command.end(), {"--interface", name});
  }
  command.insert(command.end(), extra.begin(), extra.end());
  return command;
}

bool AgentHost::StartAgent(const std::vector<std::string>& extra,
                           const std::vector<std::string>& interfaces) {
  agent_ = std::make_unique<Process>(ProcessOptions{
      .argv = AgentCommand(extra, interfaces), .netns_path = host_.path()});
  if (agent_->WaitForErr(" ready\n")) return true;
  std::fprintf(stderr, "%s\n", agent_->Err().c_str());
  return false;
}

ProcessResult AgentHost::RunAgent(
    const std::vector<std::string>& command) const {
  return RunProcess({.argv = command, .netns_path = host_.path()});
}

ProcessResult AgentHost::StopAgent(int signal) {
  agent_->Signal(signal);
  const ProcessResult result = agent_->Wait();
  agent_.reset();
  return result;
}

ProcessResult AgentHost::Fwctl(const std::vector<std::string>& arguments,
                               const std::string& input) const {
  return FwctlAt(address(), arguments, input);
}

ProcessResult AgentHost::FwctlAt(const std::string& address,
                                 const std::vector<std::string>& arguments,
                                 const std::string& input) const {
  return FwctlIn(host_, address, arguments, input);
}

std::string AgentHost::FwctlBinary() { return FW_CTL_BINARY; }

ProcessResult AgentHost::FwctlIn(const NetNamespace& net_namespace,
                                 const std::string& address,
                                 const std::vector<std::string>& arguments,
                                 const std::string& input) const {
  std::vector<std::string> command = {FW_CTL_BINARY};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return RunProcess({.argv = command,
                     .netns_path = net_namespace.path(),
                     .env = {"FWCTL_ADDRESS=" + address},
                     .input = input});
}

}  // namespace fwagent::testing
