#include "agent/util/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

#include "absl/strings/str_cat.h"

namespace fwagent::util {

absl::Status CheckLogLevel(std::string_view level) {
  // from_str answers "off" to what it does not know.
  if (spdlog::level::from_str(std::string(level)) != spdlog::level::off) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("log_level: \"", std::string(level),
                   "\" is not one of trace, debug, info, warning, error"));
}

absl::Status InitLog(std::string_view level) {
  absl::Status valid = CheckLogLevel(level);
  if (!valid.ok()) return valid;
  auto logger = std::make_shared<spdlog::logger>(
      "fwagent", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
  logger->set_pattern(journal ? "%l: %v" : "%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  return absl::OkStatus();
}

std::string ToLogText(const absl::Status& status) {
  return absl::StrCat(absl::StatusCodeToString(status.code()), ": ",
                      status.message());
}

void WarnUnlessOk(const absl::Status& status) {
  if (!status.ok()) spdlog::warn("{}", ToLogText(status));
}

}  // namespace fwagent::util
