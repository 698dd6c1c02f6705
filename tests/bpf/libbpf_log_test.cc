// What libbpf says reaches error messages, and nothing else.
#include "agent/dataplane/libbpf_log.h"

#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fwagent::dataplane {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Makes libbpf complain of a file that is not there.
void Complain(const std::string& file) {
  bpf_object_open_opts* none = nullptr;
  EXPECT_EQ(bpf_object__open_file(file.c_str(), none), nullptr);
}

TEST(LibbpfLogTest, KeepsWhatWasSaidInItsLifeAsOneLine) {
  RouteLibbpfLog();
  Complain("/nowhere/before");
  const LibbpfLog log;
  EXPECT_EQ(log.LastLines(), "");
  Complain("/nowhere/first");
  Complain("/nowhere/second");
  EXPECT_THAT(log.LastLines(),
              AllOf(HasSubstr("/nowhere/first"), HasSubstr("; "),
                    HasSubstr("/nowhere/second"), Not(HasSubstr("before")),
                    Not(HasSubstr("\n")), Not(HasSubstr("libbpf: "))));
}

TEST(LibbpfLogTest, AnInnerOneTakesWhatIsSaidInItsLife) {
  const LibbpfLog outer;
  {
    const LibbpfLog inner;
    Complain("/nowhere/inner");
    EXPECT_THAT(inner.LastLines(), HasSubstr("inner"));
  }
  Complain("/nowhere/outer");
  EXPECT_THAT(outer.LastLines(),
              AllOf(HasSubstr("outer"), Not(HasSubstr("inner"))));
}

TEST(LibbpfLogTest, KeepsTheEndOfALongStory) {
  const LibbpfLog log;
  for (int i = 0; i < 20; ++i) Complain("/nowhere/" + std::to_string(i) + ".");
  EXPECT_THAT(log.LastLines(), AllOf(HasSubstr("/19."), Not(HasSubstr("/3."))));
}

}  // namespace
}  // namespace fwagent::dataplane
