#include "verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maskbench {
namespace {

using testing::HasSubstr;

const std::vector<JudgedVariant> kVariants = {{"original", "original"}, {"mask", "digital_mask"}};

Figure Made(const std::string& metric, const std::string& variant, const std::string& group,
            double value, double low = std::numeric_limits<double>::quiet_NaN(),
            double high = std::numeric_limits<double>::quiet_NaN()) {
  Figure figure;
  figure.metric = metric;
  figure.variant = variant;
  figure.group = group;
  figure.value = value;
  figure.interval = {low, high};
  return figure;
}

Figure Attack(const std::string& metric, const std::string& variant, const std::string& attacker,
              const std::string& recogniser, double value, double low, double high,
              const std::string& group = "pairing=different_session") {
  Figure figure = Made(metric, variant, group, value, low, high);
  figure.attacker = attacker;
  figure.recogniser = recogniser;
  return figure;
}

/// The column's cell of the variant "mask".
VerdictCell CellOf(const Verdict& verdict, const std::string& column) {
  for (size_t i = 0; i < verdict.columns.size(); ++i)
    if (verdict.columns[i].id == column) return verdict.rows[1].cells[i];
  ADD_FAILURE() << "no column " << column;
  return {};
}

Judgement JudgedMrd1(double bias, double low, double high) {
  const std::vector<Figure> figures = {
      Made("mrd1_bias", "mask", "bin=all;scale=true", bias),
      Made("mrd1_limits_of_agreement", "mask", "bin=all;scale=true", (low + high) / 2, low, high)};
  return CellOf(MakeVerdict(figures, {}, kVariants, ""), "mrd1").judgement;
}

TEST(Verdict, SignsAreKeptOnlyWithTheirWholeInterval) {
  EXPECT_EQ(JudgedMrd1(0.1, 0.5, 0.8), Judgement::kGood);
  EXPECT_EQ(JudgedMrd1(-0.1, 0.5, 0.95), Judgement::kOpen) << "0.1 + 0.95 reaches the limit";
  EXPECT_EQ(JudgedMrd1(-0.6, 0.5, 0.95), Judgement::kBad) << "0.6 + 0.5 is beyond it";
  EXPECT_EQ(JudgedMrd1(0, std::numeric_limits<double>::quiet_NaN(), 0), Judgement::kOpen);
}

TEST(Verdict, TheTruthComesBeforeTheOriginalAndTheWantedReaderBeforeOthers) {
  std::vector<Figure> figures = {Made("measure_bias", "mask", "measure=mrd1", 9),
                                 Made("mrd1_bias", "mask", "bin=all;scale=true", 1),
                                 Made("mrd1_bias", "mask", "bin=all;scale=true", 2)};
  figures[1].reader = "other";
  figures[2].reader = "wanted";
  EXPECT_EQ(CellOf(MakeVerdict(figures, {}, kVariants, "wanted"), "mrd1").figure->value, 2);
  EXPECT_EQ(CellOf(MakeVerdict(figures, {}, kVariants, "absent"), "mrd1").figure->value, 1);
  figures.resize(1);
  const Verdict verdict = MakeVerdict(figures, {}, kVariants, "wanted");
  EXPECT_EQ(CellOf(verdict, "mrd1").figure->value, 9);
  EXPECT_THAT(verdict.columns[0].explanation, HasSubstr("of the original"));
}

TEST(Verdict, KappaIsTheLowestOfAllConditionsAndReaders) {
  std::vector<Figure> figures = {Made("presence_kappa", "mask", "", 0.9, 0.85, 0.95),
                                 Made("presence_kappa", "mask", "", 0.7, 0.6, 0.79),
                                 Made("presence_kappa", "mask", "sex=female", 0.1, 0, 0.2)};
  figures[0].condition = "ptosis";
  figures[1].condition = "nystagmus";
  VerdictCell cell = CellOf(MakeVerdict(figures, {}, kVariants, ""), "kappa");
  EXPECT_EQ(cell.figure->value, 0.7);
  EXPECT_EQ(cell.judgement, Judgement::kBad);
  figures.erase(figures.begin() + 1);
  cell = CellOf(MakeVerdict(figures, {}, kVariants, ""), "kappa");
  EXPECT_EQ(cell.judgement, Judgement::kGood);
}

class Identity : public testing::Test {
 protected:
  VerdictCell Judge() const { return CellOf(MakeVerdict(figures_, {}, kVariants, ""), "auc"); }

  std::vector<Figure> figures_ = {
      Attack("auc", "mask", "mask_to_face", "a", 0.55, 0.45, 0.65),
      Attack("auc", "mask", "mask_to_mask", "b", 0.70, 0.61, 0.79),
      Attack("auc", "mask", "mask_to_mask", "c", 0.99, 0.98, 1, "pairing=different_recording"),
      Attack("auc", "original", "oracle_signs", "true_signs", 0.66, 0.58, 0.74),
      Attack("planted_auc", "mask", "mask_to_mask", "b", 0.85, 0.75, 0.95)};
};

TEST_F(Identity, TheStrongestAttackerCountsAcrossSessions) {
  const VerdictCell cell = Judge();
  EXPECT_EQ(cell.figure->value, 0.70);
  EXPECT_EQ(cell.note, "mask_to_mask, b");
}

TEST_F(Identity, AnAttackThatOtherPeopleChoseComesBeforeTheHighestFigure) {
  figures_.push_back(Attack("strongest_auc", "mask", "mask_to_face", "a", 0.53, 0.44, 0.62));
  const VerdictCell cell = Judge();
  EXPECT_EQ(cell.figure->value, 0.53);
  EXPECT_EQ(cell.note, "mask_to_face, a");
}

TEST_F(Identity, LeaksWhatLiesAboveTheFloor) {
  figures_[1].interval.low = 0.75;
  EXPECT_EQ(Judge().judgement, Judgement::kBad);
  figures_[3].interval.high = 0.76;
  EXPECT_EQ(Judge().judgement, Judgement::kOpen);
}

TEST_F(Identity, AHighFloorHidesNobody) {
  figures_[1] = Attack("auc", "mask", "mask_to_mask", "b", 0.997, 0.992, 1);
  figures_[3] = Attack("auc", "original", "oracle_signs", "true_signs", 0.999, 0.996, 1);
  const VerdictCell cell = Judge();
  EXPECT_EQ(cell.judgement, Judgement::kOpen);
  EXPECT_EQ(cell.said, "told apart, not above the floor");
}

TEST_F(Identity, AtChanceOnlyWhoFindsAPlantedLeak) {
  figures_[1].interval.low = 0.49;
  EXPECT_EQ(Judge().judgement, Judgement::kGood);
  figures_[4].interval.low = 0.48;
  EXPECT_EQ(Judge().judgement, Judgement::kOpen);
  figures_[4].interval.low = 0.75;
  figures_[4].recogniser = "a";
  EXPECT_EQ(Judge().said, "undecided");
}

TEST_F(Identity, WithoutAFloorChanceIsTheMeasure) {
  figures_.erase(figures_.begin() + 3);
  EXPECT_EQ(Judge().judgement, Judgement::kBad) << "0.61 is above 0.5";
  figures_[1].interval.low = 0.49;
  EXPECT_EQ(Judge().judgement, Judgement::kGood);
}

TEST(Verdict, UnmaskedVariantsAreShownNotJudged) {
  std::vector<Figure> figures = {Attack("auc", "original", "face_to_face", "a", 1, 0.99, 1),
                                 Attack("auc", "mask", "mask_to_face", "a", 0.9, 0.8, 1)};
  const Verdict verdict = MakeVerdict(figures, {}, kVariants, "");
  ASSERT_EQ(verdict.columns.size(), 1u);
  EXPECT_EQ(verdict.rows[0].cells[0].figure->value, 1);
  EXPECT_EQ(verdict.rows[0].cells[0].judgement, Judgement::kNone);
  EXPECT_EQ(verdict.rows[1].cells[0].judgement, Judgement::kBad);
}

TEST(Verdict, TimedPassesComeBeforeTheRunsOwnSums) {
  std::vector<Figure> times = {Made("run_frames_per_second", "mask", "stage=mask", 5),
                               Made("frames_per_second", "mask", "stage=end_to_end;workers=2", 30),
                               Made("frames_per_second", "mask", "stage=end_to_end;workers=1", 20)};
  EXPECT_EQ(CellOf(MakeVerdict({}, times, kVariants, ""), "speed").figure->value, 20);
  times.resize(1);
  const Verdict verdict = MakeVerdict({}, times, kVariants, "");
  EXPECT_EQ(CellOf(verdict, "speed").figure->value, 5);
  EXPECT_THAT(verdict.columns[0].explanation, HasSubstr("beside other work"));
}

TEST(Verdict, ARunWithoutFiguresHasNoColumns) {
  EXPECT_TRUE(MakeVerdict({}, {}, kVariants, "").columns.empty());
}

}  // namespace
}  // namespace maskbench
