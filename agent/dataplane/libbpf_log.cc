#include "agent/dataplane/libbpf_log.h"

#include <bpf/libbpf.h>
#include <spdlog/spdlog.h>

#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/base/call_once.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace fwagent::dataplane {
namespace {

constexpr std::size_t kLinesKept = 4;

thread_local LibbpfLog* current = nullptr;

__attribute__((format(printf, 1, 0))) std::string Format(const char* format,
                                                         va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  std::string text(length > 0 ? static_cast<std::size_t>(length) : 0, '\0');
  std::vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  return text;
}

__attribute__((format(printf, 2, 0))) int Print(libbpf_print_level level,
                                                const char* format,
                                                va_list arguments) {
  const bool keep = current != nullptr && level == LIBBPF_WARN;
  if (!keep && !spdlog::should_log(spdlog::level::debug)) return 0;
  const std::string text = Format(format, arguments);
  spdlog::debug("{}", std::string(absl::StripSuffix(text, "\n")));
  if (keep) current->Append(text);
  return 0;
}

// Frames of the verifier's log, and its statistics.
bool SaysNothing(absl::string_view line) {
  return line.empty() || absl::StartsWith(line, "-- ") ||
         absl::StartsWith(line, "processed ") ||
         absl::StartsWith(line, "failed to load object") ||
         absl::StartsWith(line, "failed to load BPF skeleton");
}

}  // namespace

void RouteLibbpfLog() {
  static absl::once_flag once;
  absl::call_once(once, [] { libbpf_set_print(Print); });
}

LibbpfLog::LibbpfLog() : outer_(current) {
  RouteLibbpfLog();
  current = this;
}

LibbpfLog::~LibbpfLog() { current = outer_; }

std::string LibbpfLog::LastLines() const {
  std::vector<absl::string_view> lines;
  for (absl::string_view line : absl::StrSplit(text_, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    absl::ConsumePrefix(&line, "libbpf: ");
    if (!SaysNothing(line)) lines.push_back(line);
  }
  const std::size_t skipped =
      lines.size() > kLinesKept ? lines.size() - kLinesKept : 0;
  return absl::StrJoin(lines.begin() + static_cast<std::ptrdiff_t>(skipped),
                       lines.end(), "; ");
}

}  // namespace fwagent::dataplane
