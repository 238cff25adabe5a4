#include "maskbench/core/csv.h"

#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"

namespace maskbench {
namespace {

TEST(Csv, ReadsWhatSpreadsheetsWrite) {
  const auto rows = ParseCsv(
      "\xEF\xBB\xBF"
      "a,b\r\n\r\n\"x, \"\"y\"\"\nz\",\r\n,last");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].cells, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(rows[1].cells, (std::vector<std::string>{"x, \"y\"\nz", ""}));
  EXPECT_EQ(rows[1].line, 3);
  EXPECT_EQ(rows[2].cells, (std::vector<std::string>{"", "last"}));
  EXPECT_EQ(rows[2].line, 5);
  EXPECT_EQ(ParseCsv("a;b", ';')[0].cells.size(), 2u);
  EXPECT_TRUE(ParseCsv("").empty());
}

TEST(Csv, ReadsBackWhatIsWritten) {
  const std::vector<std::string> cells = {
      "plain", "with, comma", "with \"quotes\"", "two\nlines", "", "ü"};
  EXPECT_EQ(ParseCsv(CsvLine(cells)).at(0).cells, cells);
}

TEST(Csv, BadQuotesAreNamedWithTheirLine) {
  const auto problem = [](const std::string& text) {
    try {
      ParseCsv(text);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(problem("a\nb,\"open\nstill").find("line 2"), std::string::npos);
  EXPECT_NE(problem("\"a\" b").find("line 1"), std::string::npos);
}

}  // namespace
}  // namespace maskbench
