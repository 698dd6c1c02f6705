// Entries of sets that end, on fwctl's command line, and what is shown of long
// imports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/fwctl_runner.h"
#include "tests/support/temp_dir.h"

namespace fwagent::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kNow = 1'700'000'000;

class FwctlSetEnds : public ::testing::Test {
 protected:
  FwctlResult Run(std::vector<std::string> args) {
    return runner_.Run(agent_, std::move(args));
  }
  // What it printed, having succeeded.
  std::string Out(const std::vector<std::string>& args) {
    const FwctlResult result = Run(args);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }
  std::string File(const std::string& text) {
    const std::string path = dir_ / "list";
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }
  FakeSetService& sets() { return agent_.sets(); }

  TempDir dir_;
  FakeAgent agent_;
  FwctlRunner runner_;
};

TEST_F(FwctlSetEnds, AdditionsSayWhenTheirEntriesEnd) {
  Out({"set", "create", "bad"});
  Out({"set", "add", "bad", "192.0.2.1"});
  EXPECT_THAT(sets().LastRequest(), Not(HasSubstr("ttl")));
  Out({"set", "add", "bad", "192.0.2.1", "--ttl", "90s"});
  EXPECT_THAT(sets().LastRequest(), HasSubstr("ttl { seconds: 90 }"));
  Out({"set", "add", "bad", "192.0.2.1", "--until", "2026-12-01T12:00:00Z"});
  EXPECT_THAT(sets().LastRequest(),
              HasSubstr("expire_time { seconds: 1796126400 }"));
  Out({"set", "add", "bad", "192.0.2.1", "--permanent"});
  EXPECT_THAT(sets().LastRequest(), HasSubstr("permanent: true"));
}

TEST_F(FwctlSetEnds, SetsAreMadeWithADefault) {
  for (const char* option : {"--ttl", "--default-ttl"}) {
    Out({"set", "create", "bad", option, "1d"});
    EXPECT_EQ(sets().LastRequest(),
              "name: \"bad\" action: SET_ACTION_BLOCK default_ttl { seconds: "
              "86400 }");
    Out({"set", "create", "ever"});
    EXPECT_THAT(Out({"set", "list"}), AllOf(HasSubstr("ENTRIES  TTL"),
                                            HasSubstr("1d"), HasSubstr("-")));
    Out({"set", "delete", "bad"});
    Out({"set", "delete", "ever"});
  }
}

TEST_F(FwctlSetEnds, ImportsHaveBoth) {
  Out({"set", "import", "bad", "--default-ttl", "1d", "--ttl", "1h",
       File("192.0.2.1\n")});
  EXPECT_THAT(sets().LastRequest(),
              AllOf(HasSubstr("ttl { seconds: 3600 }"),
                    HasSubstr("default_ttl { seconds: 86400 }")));
  sets().SetChanged(1);
  EXPECT_THAT(Out({"set", "import", "bad", File("192.0.2.1\n")}),
              HasSubstr("0 in, 0 out, 1 with another end\n"));
  EXPECT_THAT(Out({"set", "add", "bad", "192.0.2.1"}),
              HasSubstr("1 was there already, of which 1 ends at another "
                        "time now\n"));
}

TEST_F(FwctlSetEnds, WhatIsListedSaysHowLongIsLeftAndCanBeImported) {
  Out({"set", "import", "bad", File("192.0.2.1\n")});
  EXPECT_EQ(Out({"set", "list", "bad"}), "192.0.2.1/32\n");
  sets().EndEntries(kNow + 600);
  const std::string listed = Out({"set", "list", "bad"});
  EXPECT_EQ(listed, "add bad 192.0.2.1/32 timeout 600\n");
  EXPECT_THAT(Out({"-o", "json", "set", "list", "bad"}),
              HasSubstr("\"expireTime\":\"2023-11-14T22:23:20Z\""));
  EXPECT_THAT(Out({"set", "check", "192.0.2.1/32"}),
              HasSubstr("set bad (block): 192.0.2.1/32, ends "));
  EXPECT_EQ(Out({"set", "import", "other", File(listed)}),
            "set other (block): 1 entry, 1 in, 0 out\n");
}

TEST_F(FwctlSetEnds, WrongEndsExitWithTwoAndSendNothing) {
  const std::vector<std::vector<std::string>> rows = {
      {"set", "add", "a", "192.0.2.1", "--ttl", "soon"},
      {"set", "add", "a", "192.0.2.1", "--until", "soon"},
      {"set", "add", "a", "192.0.2.1", "--ttl", "1h", "--permanent"},
      {"set", "add", "a", "192.0.2.1", "--ttl", "1h", "--until",
       "2026-12-01T12:00:00Z"},
      {"set", "remove", "a", "192.0.2.1", "--ttl", "1h"},
      {"set", "create", "a", "--ttl", "x"},
      {"set", "create", "a", "--until", "2026-12-01T12:00:00Z"},
      {"set", "import", "a", "/dev/null", "--default-ttl", "x"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Run(row).exit_code, 2) << row[1] << " " << row.back();
  }
  EXPECT_EQ(sets().CallCount(), 0u);
}

TEST_F(FwctlSetEnds, ALongImportShowsOnATerminalHowFarItIs) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) {
    absl::StrAppend(&text, "10.", i >> 16, ".", i >> 8 & 255, ".", i & 255,
                    "\n");
  }
  const std::string path = File(text);
  int imports = 0;
  const auto shown = [&](std::vector<std::string> args) {
    const std::string name = absl::StrCat("bad", ++imports);
    args.insert(args.end(), {"set", "import", name, path});
    const FwctlResult result = Run(args);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.err;
  };
  runner_.surroundings().progress_delay = absl::Microseconds(1);
  EXPECT_EQ(shown({}), "") << "no terminal";
  runner_.surroundings().error_terminal = true;
  EXPECT_THAT(shown({}), HasSubstr("\r\x1b[K"));
  EXPECT_EQ(shown({"-o", "json"}), "");
  EXPECT_EQ(Run({"set", "import", "bad", "--quiet", path}).err, "");
  runner_.surroundings().progress_delay = absl::Hours(1);
  EXPECT_EQ(shown({}), "") << "it was quick";
}

}  // namespace
}  // namespace fwagent::testing
