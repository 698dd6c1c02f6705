#include <gtest/gtest.h>

#include <sstream>

#include "client/table.h"

namespace fwagent::client {
namespace {

TEST(Table, AlignsColumns) {
  Table table({{"ID", Table::Align::kRight}, {"NAME"}, {"TEXT"}});
  table.AddRow({"1", "long name", "x"});
  table.AddRow({"1000", "n", ""});
  std::ostringstream out;
  table.Write(out);
  EXPECT_EQ(out.str(),
            "  ID  NAME       TEXT\n"
            "   1  long name  x\n"
            "1000  n\n");
}

TEST(Table, WritesTitlesOnceAndNeverShrinks) {
  Table table({{"A"}, {"B"}}, "  ");
  std::ostringstream out;
  table.AddRow({"wide", "1"});
  table.Write(out);
  table.AddRow({"x", "2"});
  table.Write(out);
  EXPECT_EQ(out.str(),
            "  A     B\n"
            "  wide  1\n"
            "  x     2\n");
}

TEST(Table, MakesCellsPrintable) {
  Table table({{"A"}});
  std::ostringstream out;
  table.AddRow({"\x1b[31m"});
  table.Write(out);
  EXPECT_EQ(out.str(), "A\n\\x1b[31m\n");
}

}  // namespace
}  // namespace fwagent::client
