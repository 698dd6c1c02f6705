#include "agent/text/printable.h"

#include <gtest/gtest.h>

#include <string>

namespace fwagent::text {
namespace {

struct Row {
  std::string text;
  bool utf8;
  std::string printable;
  std::string json;
};

class Text : public ::testing::TestWithParam<Row> {};

TEST_P(Text, IsJudgedAndMadeSafe) {
  EXPECT_EQ(IsUtf8(GetParam().text), GetParam().utf8);
  EXPECT_EQ(Printable(GetParam().text), GetParam().printable);
  EXPECT_EQ(JsonQuoted(GetParam().text), GetParam().json);
}

INSTANTIATE_TEST_SUITE_P(
    Harmless, Text,
    ::testing::Values(
        Row{"", true, "", "\"\""},
        Row{"port 443/tcp", true, "port 443/tcp", "\"port 443/tcp\""},
        Row{"Gr\xc3\xbc\xc3\x9f", true, "Gr\xc3\xbc\xc3\x9f",
            "\"Gr\xc3\xbc\xc3\x9f\""},
        Row{"\xe2\x82\xac", true, "\xe2\x82\xac", "\"\xe2\x82\xac\""},
        Row{"\xf0\x9f\x94\xa5", true, "\xf0\x9f\x94\xa5",
            "\"\xf0\x9f\x94\xa5\""},
        Row{"a\"b\\c", true, "a\"b\\c", "\"a\\\"b\\\\c\""}));

INSTANTIATE_TEST_SUITE_P(
    Controls, Text,
    ::testing::Values(Row{"\x1b[2J", true, "\\x1b[2J", "\"\\u001b[2J\""},
                      Row{"a\nb\t", true, "a\\x0ab\\x09",
                          "\"a\\u000ab\\u0009\""},
                      Row{std::string("\0", 1), true, "\\x00", "\"\\u0000\""},
                      Row{"\x7f", true, "\\x7f", "\"\\u007f\""},
                      // CSI as a C1 control.
                      Row{"\xc2\x9b", true, "\\u009b", "\"\\u009b\""},
                      // Right-to-left override.
                      Row{"\xe2\x80\xae", true, "\\u202e", "\"\\u202e\""}));

INSTANTIATE_TEST_SUITE_P(
    NotUtf8, Text,
    ::testing::Values(Row{"\xff", false, "\\xff", "\"\\ufffd\""},
                      Row{"\x80", false, "\\x80", "\"\\ufffd\""},
                      Row{"a\xc3", false, "a\\xc3", "\"a\\ufffd\""},
                      Row{"\xc3(", false, "\\xc3(", "\"\\ufffd(\""},
                      // Overlong '/', a surrogate, above U+10FFFF.
                      Row{"\xc0\xaf", false, "\\xc0\\xaf",
                          "\"\\ufffd\\ufffd\""},
                      Row{"\xed\xa0\x80", false, "\\xed\\xa0\\x80",
                          "\"\\ufffd\\ufffd\\ufffd\""},
                      Row{"\xf4\x90\x80\x80", false, "\\xf4\\x90\\x80\\x80",
                          "\"\\ufffd\\ufffd\\ufffd\\ufffd\""}));

}  // namespace
}  // namespace fwagent::text
