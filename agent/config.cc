#include "agent/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ios>
#include <map>
#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/packet_option_keys.h"
#include "agent/util/errno_status.h"
#include "agent/util/log.h"
#include "agent/util/name_pattern.h"
#include "agent/util/status_macros.h"

namespace fwagent {
namespace {

// What a source table can number.
constexpr std::uint32_t kMostSources = (1u << 28) - 1;

constexpr char kModeKey[] = "mode";

// Reads one value; yaml-cpp throws when it has another type.
using Reader = std::function<absl::Status(const YAML::Node&, Config&)>;

template <typename T>
Reader Into(T Config::*member) {
  return [member](const YAML::Node& node, Config& config) {
    config.*member = node.as<T>();
    return absl::OkStatus();
  };
}

// A list is the same as a text with commas.
std::string TextOf(const YAML::Node& node) {
  if (!node.IsSequence()) return node.as<std::string>();
  return absl::StrJoin(node.as<std::vector<std::string>>(), ",");
}

// One key of one interface. What it says is only checked here.
absl::Status ReadChoice(const std::string& key, const YAML::Node& value,
                        Config::Choices& choices) {
  const std::string text = TextOf(value);
  if (key == kModeKey) {
    dataplane::ModePreference checked = {};
    FW_RETURN_IF_ERROR(ParseMode(text, checked));
  } else {
    dataplane::PacketOptions checked;
    FW_RETURN_IF_ERROR(SetPacketOption(key, text, checked));
  }
  choices[key] = text;
  return absl::OkStatus();
}

absl::Status ReadInterfaceOptions(const YAML::Node& node, Config& config) {
  if (!node.IsMap()) {
    return absl::InvalidArgumentError(
        "must be a mapping of interface names, as in \"eth1: {malformed: "
        "drop}\"");
  }
  for (const auto& entry : node) {
    const auto name = entry.first.as<std::string>();
    const YAML::Node& options = entry.second;
    if (std::any_of(
            config.interface_options.begin(), config.interface_options.end(),
            [&name](const auto& other) { return other.first == name; })) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\" is given twice"));
    }
    if (!options.IsMap()) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": must be a mapping, as in {malformed: drop}"));
    }
    Config::Choices choices;
    for (const auto& option : options) {
      FW_RETURN_IF_ERROR(util::WithContext(
          ReadChoice(option.first.as<std::string>(), option.second, choices),
          name));
    }
    config.interface_options.emplace_back(name, choices);
  }
  return absl::OkStatus();
}

Reader IntoPackets(const std::string& key) {
  return [key](const YAML::Node& node, Config& config) {
    return SetPacketOption(key, TextOf(node), config.packets);
  };
}

std::map<std::string, Reader>* MakeKeys() {
  auto* const keys = new std::map<std::string, Reader>{
      {"interfaces", Into(&Config::interfaces)},
      {"mode",
       [](const YAML::Node& node, Config& config) {
         return ParseMode(node.as<std::string>(), config.mode);
       }},
      {"socket", Into(&Config::socket)},
      {"socket_group", Into(&Config::socket_group)},
      {"listen", Into(&Config::listen)},
      {"insecure_remote", Into(&Config::insecure_remote)},
      {"state_dir", Into(&Config::state_dir)},
      {"pin_dir", Into(&Config::pin_dir)},
      {"max_sources", Into(&Config::max_sources)},
      {"policy", Into(&Config::policy)},
      {"log_level", Into(&Config::log_level)},
      {"interface_options", ReadInterfaceOptions},
      {"failsafe", Into(&Config::failsafe)},
      {"session_ports", Into(&Config::session_ports)},
  };
  for (const std::string& key : PacketOptionKeys()) {
    keys->emplace(key, IntoPackets(key));
  }
  return keys;
}

const std::map<std::string, Reader>& Keys() {
  static const auto* const kKeys = MakeKeys();
  return *kKeys;
}

std::string Place(const std::string& path, const YAML::Mark& mark) {
  if (mark.is_null()) return path;
  return absl::StrCat(path, ":", mark.line + 1, ":", mark.column + 1);
}

absl::Status ReadEntry(const std::string& path, const YAML::Node& key_node,
                       const YAML::Node& value, std::set<std::string>& seen,
                       Config& config) {
  const std::string key = key_node.as<std::string>();
  const std::string place = Place(path, key_node.Mark());
  const auto reader = Keys().find(key);
  if (reader == Keys().end()) {
    const auto name = [](std::string* out, const auto& entry) {
      out->append(entry.first);
    };
    return absl::InvalidArgumentError(
        absl::StrCat(place, ": unknown key \"", key, "\"; known are ",
                     absl::StrJoin(Keys(), ", ", name)));
  }
  if (!seen.insert(key).second) {
    return absl::InvalidArgumentError(
        absl::StrCat(place, ": \"", key, "\" is given twice"));
  }
  if (value.IsNull()) {
    return absl::InvalidArgumentError(
        absl::StrCat(place, ": \"", key, "\" has no value: give one, or leave ",
                     "the line out"));
  }
  return util::WithContext(reader->second(value, config), place);
}

}  // namespace

absl::Status ReadConfigFile(const std::string& path, Config& config) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return util::ErrnoToStatus(EISDIR, path);
  }
  std::ifstream file(path);
  if (!file) return util::ErrnoToStatus(errno, path);
  try {
    const YAML::Node root = YAML::Load(file);
    if (root.IsNull()) return absl::OkStatus();
    if (!root.IsMap()) {
      return absl::InvalidArgumentError(absl::StrCat(
          path, ": must be a mapping of keys to values, as in \"mode: auto\""));
    }
    std::set<std::string> seen;
    for (const auto& entry : root) {
      FW_RETURN_IF_ERROR(
          ReadEntry(path, entry.first, entry.second, seen, config));
    }
    return absl::OkStatus();
  } catch (const YAML::Exception& mistake) {
    return absl::InvalidArgumentError(
        absl::StrCat(Place(path, mistake.mark), ": ", mistake.msg));
  } catch (const std::ios_base::failure& failure) {
    return absl::UnavailableError(absl::StrCat(path, ": ", failure.what()));
  }
}

absl::Status ParseMode(const std::string& text,
                       dataplane::ModePreference& mode) {
  if (text == "auto") {
    mode = dataplane::ModePreference::kAuto;
  } else if (text == "native") {
    mode = dataplane::ModePreference::kNative;
  } else if (text == "generic") {
    mode = dataplane::ModePreference::kGeneric;
  } else {
    return absl::InvalidArgumentError(absl::StrCat(
        "mode: \"", text, "\" is not one of auto, native, generic"));
  }
  return absl::OkStatus();
}

namespace {

absl::Status CheckInterfaces(const Config& config) {
  std::set<std::string> seen;
  for (const std::string& name : config.interfaces) {
    if (!util::IsNameOrPattern(name)) {
      return absl::InvalidArgumentError(
          absl::StrCat("interfaces: \"", name,
                       "\" is neither the name of an interface nor a pattern"));
    }
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("interfaces: \"", name, "\" is given twice"));
    }
  }
  for (const auto& entry : config.interface_options) {
    const std::string& name = entry.first;
    if (std::any_of(seen.begin(), seen.end(), [&name](const auto& guarded) {
          return util::Overlap(guarded, name);
        })) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("interface_options: \"", name,
                     "\" is not one of the interfaces to guard: ",
                     absl::StrJoin(config.interfaces, ", ")));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<policy::FailsafeEntry>> ReadFailsafe(
    const Config& config) {
  std::vector<policy::FailsafeEntry> entries;
  for (const std::string& text : config.failsafe) {
    const auto some = policy::ParseFailsafe(text);
    if (!some.ok()) return util::WithContext(some.status(), "failsafe");
    entries.insert(entries.end(), some->begin(), some->end());
  }
  if (entries.size() > policy::kMaxFailsafeEntries) {
    return absl::InvalidArgumentError(absl::StrCat(
        "failsafe: at most ", policy::kMaxFailsafeEntries,
        " entries (\"any\" is two of them), not ", entries.size()));
  }
  return entries;
}

}  // namespace

absl::Status ValidateConfig(const Config& config) {
  if (config.interfaces.empty()) {
    return absl::InvalidArgumentError(
        "no interface to guard: give --interface eth0, or interfaces: [eth0] "
        "in the configuration file");
  }
  FW_RETURN_IF_ERROR(CheckInterfaces(config));
  if (config.max_sources == 0 || config.max_sources > kMostSources) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_sources: must be from 1 to ", kMostSources));
  }
  FW_RETURN_IF_ERROR(ReadFailsafe(config).status());
  FW_RETURN_IF_ERROR(util::CheckLogLevel(config.log_level));
  return service::CheckSocketOptions(config.socket_options());
}

const Config::Choices& Config::choices_of(const std::string& name) const {
  static const auto* const kNone = new Choices();
  const Choices* chosen = nullptr;
  for (const auto& [pattern, choices] : interface_options) {
    if (pattern == name) return choices;
    if (chosen == nullptr && util::Matches(pattern, name)) chosen = &choices;
  }
  return chosen == nullptr ? *kNone : *chosen;
}

// The texts were checked when they were read.
dataplane::PacketOptions Config::packets_of(const std::string& name) const {
  dataplane::PacketOptions options = common_packets();
  for (const auto& [key, text] : choices_of(name)) {
    if (key == kModeKey) continue;
    SetPacketOption(key, text, options).IgnoreError();
  }
  return options;
}

dataplane::ModePreference Config::mode_of(const std::string& name) const {
  dataplane::ModePreference own = mode;
  const Choices& choices = choices_of(name);
  const auto found = choices.find(kModeKey);
  if (found != choices.end()) ParseMode(found->second, own).IgnoreError();
  return own;
}

dataplane::PacketOptions Config::common_packets() const {
  dataplane::PacketOptions options = packets;
  options.failsafe = failsafe_entries();
  return options;
}

std::vector<policy::FailsafeEntry> Config::failsafe_entries() const {
  return ReadFailsafe(*this).value_or(std::vector<policy::FailsafeEntry>());
}

service::SocketOptions Config::socket_options() const {
  return {.unix_socket = {.path = socket, .group = socket_group},
          .listen = listen,
          .insecure_remote = insecure_remote};
}

}  // namespace fwagent
