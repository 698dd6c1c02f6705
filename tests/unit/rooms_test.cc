// Who may call whom, read off the #include lines of the tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Texts = std::vector<std::string_view>;

// What each room may include of the others; every room may include itself.
const std::map<std::string, std::set<std::string>>& Rooms() {
  static const std::map<std::string, std::set<std::string>> rooms = {
      {"bpf", {}},
      {"agent/util", {}},
      {"agent/policy", {"agent/util"}},
      {"agent/store", {"agent/policy", "agent/util"}},
      {"agent/lookup", {"agent/policy", "agent/util", "bpf"}},
      {"agent/dataplane",
       {"agent/lookup", "agent/policy", "agent/util", "bpf"}},
      {"agent/core",
       {"agent/dataplane", "agent/policy", "agent/store", "agent/util"}},
      {"agent/service",
       {"agent/core", "agent/document", "agent/policy", "agent/util"}},
      {"agent/telemetry", {"agent/core", "agent/policy", "agent/util"}},
      // Texts that people write, for the agent and for fwctl.
      {"agent/text", {}},
      {"agent/document", {"agent/text"}},
      // Start-up.
      {"agent",
       {"agent/core", "agent/dataplane", "agent/document", "agent/policy",
        "agent/service", "agent/store", "agent/telemetry", "agent/util"}},
      {"client", {"agent/document", "agent/text"}},
      {"tests",
       {"agent", "agent/core", "agent/dataplane", "agent/document",
        "agent/lookup", "agent/policy", "agent/service", "agent/store",
        "agent/telemetry", "agent/text", "agent/util", "bpf", "client"}},
  };
  return rooms;
}

// Headers that only some files may include. Files and headers are named by how
// their paths start, headers also by how they end ("*.pb.h").
struct Fence {
  std::string_view what;
  Texts headers;
  Texts inside;     // the files that may
  Texts but_not{};  // the files among these that may not
};

const std::vector<Fence>& Fences() {
  static const std::vector<Fence> fences = {
      {.what = "protobuf and gRPC stay at the edges",
       .headers = {"*.pb.h", "google/protobuf/", "grpc/", "grpcpp/", "grpc++/"},
       .inside = {"agent/document/", "agent/service/", "agent/text/", "client/",
                  "tests/"}},
      {.what = "only the data plane touches libbpf",
       .headers = {"bpf/bpf.h", "bpf/libbpf", "bpf/btf.h", "bpf/xsk.h",
                   "*.skel.h"},
       .inside = {"agent/dataplane/", "tests/bpf/", "tests/bench/",
                  "tests/support/"},
       .but_not = {"agent/dataplane/data_plane.h",
                   "agent/dataplane/memory_data_plane."}},
      {.what = "the layout of the kernel's tables is the data plane's own",
       .headers = {"bpf/fw_abi.h", "fw_abi.h", "bpf/fw_table.h"},
       .inside = {"bpf/", "agent/dataplane/", "agent/lookup/", "tests/"},
       .but_not = {"agent/dataplane/data_plane.h"}},
      {.what = "only the store touches SQLite",
       .headers = {"sqlite3"},
       .inside = {"agent/store/"}},
      {.what = "the policy is pure: no input, no output, no clock, no thread",
       .headers = {"fstream",
                   "iostream",
                   "filesystem",
                   "cstdio",
                   "stdio.h",
                   "chrono",
                   "ctime",
                   "time.h",
                   "thread",
                   "mutex",
                   "unistd.h",
                   "fcntl.h",
                   "sys/",
                   "linux/",
                   "net/",
                   "spdlog/",
                   "yaml-cpp/",
                   "absl/time/clock.h",
                   "absl/synchronization/",
                   "agent/util/log.h",
                   "agent/util/scoped_fd.h"},
       .inside = {"agent/", "client/", "tests/", "bpf/"},
       .but_not = {"agent/policy/"}},
  };
  return fences;
}

bool StartsWithAny(std::string_view text, const Texts& starts) {
  return std::any_of(starts.begin(), starts.end(), [text](auto start) {
    return text.substr(0, start.size()) == start;
  });
}

bool IsHeaderOf(std::string_view include, const Fence& fence) {
  if (StartsWithAny(include, fence.headers)) return true;
  return std::any_of(
      fence.headers.begin(), fence.headers.end(), [include](auto header) {
        return header.front() == '*' && include.ends_with(header.substr(1));
      });
}

// The room of a path: "agent/core/engine.h" is in "agent/core", "agent/main.cc"
// in "agent", all tests in "tests". Empty for what is none of ours.
std::string RoomOf(std::string_view path) {
  const std::size_t first = path.find('/');
  if (first == std::string_view::npos) return "";
  const std::string_view top = path.substr(0, first);
  const std::size_t last = path.rfind('/');
  if (top == "agent") return std::string(path.substr(0, last));
  // <bpf/...> is libbpf, but for our two headers.
  if (path == "bpf/fw_abi.h" || path == "bpf/fw_table.h") return "bpf";
  if (top == "client" || top == "tests") return std::string(top);
  return "";
}

// Why `file` may not include `include`; empty if it may.
std::string Violation(std::string_view file, std::string_view include) {
  if (include.find("..") != std::string_view::npos) {
    return "includes start at the top of the tree";
  }
  for (const Fence& fence : Fences()) {
    if (!IsHeaderOf(include, fence)) continue;
    if (!StartsWithAny(file, fence.inside) ||
        StartsWithAny(file, fence.but_not)) {
      return std::string(fence.what);
    }
  }
  const std::string from =
      file.starts_with("bpf/") ? std::string("bpf") : RoomOf(file);
  const auto room = Rooms().find(from);
  if (room == Rooms().end()) return "this room is not in the table";
  const std::string to = RoomOf(include);
  if (to.empty() || to == from || room->second.contains(to)) return "";
  return from + " may not call " + to;
}

std::vector<std::string> IncludesOf(const std::filesystem::path& file) {
  std::vector<std::string> includes;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const std::size_t hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line[hash] != '#') continue;
    const std::size_t word = line.find_first_not_of(" \t", hash + 1);
    if (word == std::string::npos || line.compare(word, 7, "include") != 0) {
      continue;
    }
    const std::size_t open = line.find_first_of("<\"", word);
    const std::size_t close = line.find_first_of(">\"", open + 1);
    if (close == std::string::npos) continue;
    includes.push_back(line.substr(open + 1, close - open - 1));
  }
  return includes;
}

bool IsSource(const std::filesystem::path& path) {
  const auto extension = path.extension();
  return extension == ".h" || extension == ".cc" || extension == ".c";
}

TEST(Rooms, TheTreeKeepsToTheRules) {
  const std::filesystem::path root = FW_SOURCE_DIR;
  std::map<std::string, int> files;
  for (const std::string top : {"agent", "bpf", "client", "tests"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(root / top)) {
      if (!IsSource(entry.path())) continue;
      const std::string file =
          std::filesystem::relative(entry.path(), root).string();
      ++files[top];
      for (const std::string& include : IncludesOf(entry.path())) {
        EXPECT_THAT(Violation(file, include), IsEmpty())
            << file << " includes " << include;
      }
    }
    EXPECT_GE(files[top], 2) << "nothing was read of " << top;
  }
}

struct Pair {
  std::string_view include;
  std::string_view allowed;    // a file that may
  std::string_view forbidden;  // its twin that may not
};

// A rule that cannot fail checks nothing.
TEST(Rooms, EveryRuleCanFail) {
  const std::vector<Pair> pairs = {
      {"agent/service/server.h", "agent/main.cc", "agent/core/engine.cc"},
      {"agent/core/engine.h", "agent/service/x.cc", "agent/dataplane/x.cc"},
      {"agent/core/engine.h", "agent/core/x.cc", "agent/store/x.cc"},
      {"agent/dataplane/data_plane.h", "agent/core/x.h", "agent/service/x.cc"},
      {"agent/dataplane/data_plane.h", "agent/core/x.h", "agent/store/x.cc"},
      {"agent/dataplane/data_plane.h", "agent/main.cc", "agent/policy/x.cc"},
      {"agent/store/store.h", "agent/core/x.h", "agent/dataplane/x.cc"},
      {"agent/store/store.h", "agent/core/x.h", "agent/service/x.cc"},
      {"agent/policy/rule.h", "agent/store/x.h", "agent/util/x.h"},
      {"agent/policy/rule.h", "agent/service/x.h", "client/x.h"},
      {"agent/util/log.h", "agent/core/x.cc", "client/x.cc"},
      {"agent/util/log.h", "agent/core/x.cc", "agent/policy/x.cc"},
      {"agent/config.h", "agent/main.cc", "agent/core/x.cc"},
      {"agent/store/store.h", "agent/core/x.cc", "agent/newroom/x.cc"},
      {"client/run.h", "client/main.cc", "agent/main.cc"},
      {"client/run.h", "tests/component/x.cc", "agent/service/x.cc"},
      {"tests/support/temp_dir.h", "tests/unit/x.cc", "agent/util/x.cc"},
      {"fwagent/v1/rule.pb.h", "agent/service/x.cc", "agent/core/x.cc"},
      {"fwagent/v1/rule.pb.h", "client/x.cc", "agent/main.cc"},
      {"google/rpc/status.pb.h", "tests/unit/x.cc", "agent/policy/x.cc"},
      {"fwagent/v1/x.grpc.pb.h", "client/x.cc", "agent/dataplane/x.cc"},
      {"grpcpp/server.h", "agent/service/x.cc", "agent/main.cc"},
      {"google/protobuf/util/json_util.h", "client/x.cc", "agent/store/x.cc"},
      {"bpf/libbpf.h", "agent/dataplane/libbpf_x.cc", "agent/core/x.cc"},
      {"bpf/libbpf.h", "tests/bpf/x.cc", "tests/unit/x.cc"},
      {"bpf/bpf.h", "tests/bench/x.cc", "tests/component/x.cc"},
      {"bpf/bpf.h", "tests/support/x.cc", "agent/dataplane/data_plane.h"},
      {"bpf/bpf.h", "agent/dataplane/x.cc",
       "agent/dataplane/memory_data_plane.cc"},
      {"fwagent_xdp.skel.h", "agent/dataplane/x.cc", "agent/main.cc"},
      {"bpf/fw_abi.h", "agent/dataplane/x.cc", "agent/service/x.cc"},
      {"bpf/fw_abi.h", "bpf/fwagent.bpf.c", "agent/core/x.cc"},
      {"bpf/fw_abi.h", "tests/bpf/x.cc", "client/x.cc"},
      {"bpf/fw_table.h", "agent/lookup/x.h", "agent/core/x.h"},
      {"agent/lookup/x.h", "agent/dataplane/x.cc", "agent/core/x.cc"},
      {"agent/policy/rule.h", "agent/lookup/x.cc", "client/x.cc"},
      {"sqlite3.h", "agent/store/x.cc", "agent/core/x.cc"},
      {"sqlite3.h", "agent/store/x.cc", "tests/unit/x.cc"},
      {"fstream", "agent/config.cc", "agent/policy/x.cc"},
      {"filesystem", "tests/unit/x.cc", "agent/policy/x.cc"},
      {"chrono", "client/x.cc", "agent/policy/x.h"},
      {"unistd.h", "agent/util/x.h", "agent/policy/x.cc"},
      {"absl/time/clock.h", "agent/main.cc", "agent/policy/x.cc"},
      {"absl/time/time.h", "agent/policy/x.h", "agent/newroom/x.h"},
      {"agent/policy/rule.h", "agent/core/x.h", "agent/newroom/x.h"},
      {"linux/types.h", "bpf/fw_abi.h", "agent/policy/x.h"},
  };
  for (const Pair& pair : pairs) {
    EXPECT_THAT(Violation(pair.allowed, pair.include), IsEmpty())
        << pair.allowed << " includes " << pair.include;
    EXPECT_NE(Violation(pair.forbidden, pair.include), "")
        << pair.forbidden << " includes " << pair.include;
  }
}

TEST(Rooms, AViolationSaysWhichRule) {
  EXPECT_EQ(Violation("agent/store/x.cc", "agent/core/engine.h"),
            "agent/store may not call agent/core");
  EXPECT_THAT(Violation("agent/store/x.cc", "../core/engine.h"),
              HasSubstr("top of the tree"));
  EXPECT_THAT(Violation("agent/policy/x.cc", "fstream"), HasSubstr("pure"));
}

}  // namespace
