#include "latex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maskbench {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Latex, EscapesEverythingThatMeansSomething) {
  EXPECT_EQ(LatexEscaped("a_b & 5% #1 $x$ {y}"), "a\\_b \\& 5\\% \\#1 \\$x\\$ \\{y\\}");
  EXPECT_EQ(LatexEscaped("\\input{/etc/passwd}"), "\\textbackslash{}input\\{/etc/passwd\\}");
  EXPECT_EQ(LatexEscaped("~^<>|\""),
            "\\textasciitilde{}\\textasciicircum{}\\textless{}\\textgreater{}\\textbar{}"
            "\\textquotedbl{}");
  EXPECT_EQ(LatexEscaped("[1, 2]"), "{[}1, 2{]}");
  EXPECT_EQ(LatexEscaped("a\nb\x01"), "a b");
}

TEST(Latex, SignsOfTheReportBecomeMathematics) {
  EXPECT_EQ(LatexEscaped("κ ≥ 0.8 ± 2 Δ"), "$\\kappa$ $\\geq$ 0.8 $\\pm$ 2 $\\Delta$");
  EXPECT_EQ(LatexEscaped("é"), "é");
  EXPECT_EQ(LatexEscaped("\xE2\x80"), "\xE2\x80") << "a cut character is no reason to read on";
}

TEST(Latex, ShortTablesFloatAndLongOnesBreak) {
  const std::vector<std::vector<std::string>> rows = {{"a_b", "1"}};
  const std::string small = LatexTable("A & B", "who A & B!", {"x", "y"}, rows);
  EXPECT_THAT(small, StartsWith("\\begin{table}"));
  EXPECT_THAT(small, HasSubstr("\\caption{A \\& B}\\label{tab:who-A-B}"));
  EXPECT_THAT(small, HasSubstr("\\begin{tabular}{ll}\n\\toprule\nx & y \\\\\n\\midrule\n"
                               "a\\_b & 1 \\\\\n\\bottomrule"));
  const std::string large =
      LatexTable("A", "a", {"x", "y"}, std::vector<std::vector<std::string>>(41, {"a", "b"}));
  EXPECT_THAT(large, StartsWith("\\begin{longtable}{ll}"));
  EXPECT_THAT(large, Not(HasSubstr("tabular")));
}

TEST(Latex, TablesOfAReportWithTheVerdictFirst) {
  Figure figure;
  figure.experiment = "who";
  figure.variant = "mask";
  figure.metric = "rank_1";
  figure.value = 0.25;
  figure.interval = {0.125, 0.5};
  figure.n = 12;
  figure.n_unit = "subject";
  Verdict verdict;
  verdict.columns = {{"rank_1", "Found", "share", ""}};
  verdict.rows = {{"mask", "digital_mask", {{figure, {}, Judgement::kNone, "fused"}}}};
  const Json report =
      Json::parse(R"({"tables": [{"experiment": "who", "title": "Who", "explanation": "",
      "metrics": ["rank_1"], "rows": "all"}], "grids": [{"experiment": "who", "title": "Paper",
      "explanation": "", "header": ["*what*"], "rows": [["**0.801**"]]}]})");
  const std::string text = LatexTables(report, {figure}, {}, verdict);
  EXPECT_THAT(text, HasSubstr("variant & Found, share \\\\\n\\midrule\nmask & 0.250 {[}0.125, "
                              "0.500{]}, fused \\\\"));
  EXPECT_THAT(text, HasSubstr("variant & rank\\_1 & n & failed \\\\\n\\midrule\nmask & 0.250 "
                              "{[}0.125, 0.500{]} & 12 subjects & 0 \\\\"));
  EXPECT_THAT(text, HasSubstr("what \\\\\n\\midrule\n0.801 \\\\"));
  EXPECT_LT(text.find("Verdict"), text.find("\\caption{Who}"));
}

}  // namespace
}  // namespace maskbench
