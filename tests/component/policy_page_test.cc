// The examples of docs/policy.md do what the page says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/component/fwctl_policy_fixture.h"

namespace fwagent::client {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The text between lines that begin and end a block of this kind.
std::vector<std::string> BlocksOf(std::string_view kind) {
  std::ifstream file(FW_SOURCE_DIR "/docs/policy.md");
  std::vector<std::string> blocks;
  bool inside = false;
  std::string line;
  while (std::getline(file, line)) {
    if (line == "```") {
      inside = false;
    } else if (line == absl::StrCat("```", std::string(kind))) {
      inside = true;
      blocks.emplace_back();
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

class PolicyPage : public FwctlPolicy {};

TEST_F(PolicyPage, EveryDocumentIsAppliedAndIsWhatIsThereThen) {
  const auto documents = BlocksOf("yaml");
  ASSERT_THAT(documents, SizeIs(3));
  for (const std::string& document : documents) {
    EXPECT_THAT(Apply(document), HasSubstr("applied: ")) << document;
    EXPECT_EQ(Out({"diff", "-f", File(document)}), "no difference\n");
    const std::string all = Export({"--all-owners"});
    EXPECT_EQ(Out({"diff", "-f", File(all)}), "no difference\n");
  }
  // The last one takes everything away.
  EXPECT_THAT(KernelSources(), IsEmpty());
  EXPECT_THAT(engine_->Sets(), IsEmpty());
}

TEST_F(PolicyPage, MistakesAreNamedAsThePageSays) {
  const std::string path =
      File("owner: web\nalow: []\nrules:\n  - pass proto icmp\n  - drp any\n");
  const Result result = Run({"apply", "-f", path});
  EXPECT_EQ(result.exit_code, 1);
  std::vector<std::string> wanted;
  for (const std::string& block : BlocksOf("console")) {
    for (const absl::string_view line : absl::StrSplit(block, '\n')) {
      if (absl::StartsWith(line, "fwctl: bad.yaml")) {
        wanted.emplace_back(line.substr(sizeof("fwctl: bad.yaml") - 1));
      }
    }
  }
  ASSERT_THAT(wanted, SizeIs(2));
  for (const std::string& line : wanted) {
    EXPECT_THAT(result.err, HasSubstr(absl::StrCat("fwctl: ", path, line)));
  }
}

// The commands of the page are understood.
TEST_F(PolicyPage, EveryCommandIsOne) {
  File(BlocksOf("yaml").front());
  std::size_t commands = 0;
  for (const std::string& block : BlocksOf("console")) {
    for (absl::string_view line : absl::StrSplit(block, '\n')) {
      if (!absl::ConsumePrefix(&line, "$ fwctl ")) continue;
      for (const absl::string_view end : {"#", "&&", ">"}) {
        line = line.substr(0, line.find(end));
      }
      std::vector<std::string> args =
          absl::StrSplit(line, ' ', absl::SkipEmpty());
      for (std::string& arg : args) {
        if (arg == "policy.yaml" || arg == "bad.yaml") arg = dir_ / "p.yaml";
      }
      EXPECT_EQ(Run(args).exit_code, 0) << line;
      ++commands;
    }
  }
  EXPECT_EQ(commands, 4u);
}

}  // namespace
}  // namespace fwagent::client
