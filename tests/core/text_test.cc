#include "maskbench/core/text.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

TEST(NumberText, IsTheShortestText) {
  EXPECT_EQ(NumberText(0.1), "0.1");
  EXPECT_EQ(NumberText(3), "3");
  EXPECT_EQ(NumberText(-25), "-25");
  EXPECT_EQ(NumberText(-0.0), "0");
  EXPECT_EQ(NumberText(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(NumberText(1e300), "1e+300");
  EXPECT_EQ(NumberText(std::nan("")), "");
}

TEST(NumberText, ReadsBackAsTheSameNumber) {
  NamedRandom random(1, "numbers", "test");
  for (int i = 0; i < 10000; ++i) {
    const double value = random.Normal() * std::pow(10, static_cast<int>(random.Below(60)) - 30);
    EXPECT_EQ(std::strtod(NumberText(value).c_str(), nullptr), value);
  }
  for (const double value :
       {std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min(),
        9007199254740993.0, 1e15, 123456789012345.0, -std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(std::strtod(NumberText(value).c_str(), nullptr), value);
  }
}

TEST(CsvLine, QuotesOnlyWhatMustBeQuoted) {
  EXPECT_EQ(CsvLine({"a", "1.5", ""}), "a,1.5,\n");
  EXPECT_EQ(CsvLine({"a,b", "say \"hi\"", "two\nlines", "cr\r"}),
            "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"cr\r\"\n");
}

TEST(Split, KeepsEmptyPartsAndIsUndoneByJoin) {
  EXPECT_EQ(Split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(Split("", ','), (std::vector<std::string>{""}));
  EXPECT_EQ(Join(Split("a,,b,", ','), ","), "a,,b,");
}

TEST(Suggestion, NamesTheClosestCandidate) {
  EXPECT_EQ(Suggestion("sgima", {"margin", "sigma", "signal"}), " Did you mean \"sigma\"?");
  EXPECT_EQ(Suggestion("gaussian_blurr", {"gaussian_blur", "pixelate"}),
            " Did you mean \"gaussian_blur\"?");
}

TEST(Suggestion, IsEmptyWhenNothingIsNear) {
  EXPECT_EQ(Suggestion("zebra", {"sigma", "margin"}), "");
  EXPECT_EQ(Suggestion("x", {}), "");
}

}  // namespace
}  // namespace maskbench
