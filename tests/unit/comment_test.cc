#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/policy/rule.h"

namespace fwagent::policy {
namespace {

using ::testing::HasSubstr;

std::string Repeat(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(ValidateComment, TakesAnyText) {
  const std::vector<std::string> good = {
      "",
      "ssh brute force, 12 attempts",
      std::string(256, 'x'),
      "\u00a0\u00e9",        // the first characters after C1
      "\u07ff\u0800\uffff",  // the ends of the 2-byte and 3-byte forms
      "\ud7ff\ue000",        // around the surrogates
      "\U00010000\U0010ffff",
      Repeat("\U0001f525", 64),  // 256 bytes
  };
  for (const std::string& text : good) {
    EXPECT_TRUE(ValidateComment(text).ok()) << text;
  }
}

TEST(ValidateComment, RefusesWhatIsTooLong) {
  for (const std::string& text :
       {std::string(257, 'x'), Repeat("\u00e9", 129)}) {
    const absl::Status status = ValidateComment(text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("shorten it to 256"));
  }
}

TEST(ValidateComment, RefusesControlCharacters) {
  std::vector<std::string> controls = {"\x7f", "\u0080", "\u0085", "\u009b",
                                       "\u009f"};
  for (char c = 0; c < 0x20; ++c) controls.emplace_back(1, c);
  for (const std::string& control : controls) {
    const absl::Status status = ValidateComment("a" + control + "b");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("control character"));
  }
}

TEST(ValidateComment, RefusesWhatIsNotUtf8) {
  const std::vector<std::string> bad = {
      "\x80",              // continuation without a lead
      "\xc3",              // lead without continuation
      "\xc3(",             // continuation expected
      "\xe2\x82",          // cut short
      "\xf0\x9f\x94",      // cut short
      "\xc0\x80",          // overlong U+0000
      "\xc1\xbf",          // overlong U+007F
      "\xe0\x9f\xbf",      // overlong U+07FF
      "\xf0\x8f\xbf\xbf",  // overlong U+FFFF
      "\xed\xa0\x80",      // surrogate
      "\xed\xbf\xbf",      // surrogate
      "\xf4\x90\x80\x80",  // past U+10FFFF
      "\xf8\x88\x80\x80\x80",
      "\xfe",
      "\xff",
      "caf\xe9",  // Latin-1
  };
  for (const std::string& text : bad) {
    const absl::Status status = ValidateComment(text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("not valid UTF-8"));
  }
}

}  // namespace
}  // namespace fwagent::policy
