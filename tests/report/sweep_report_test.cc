#include "maskbench/report/sweep_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sweep_picture.h"

namespace maskbench {
namespace {

using testing::HasSubstr;

SweptFigure Swept(const std::string& variant, const std::string& from, Json at, double value,
                  const std::string& rest = "") {
  SweptFigure swept;
  swept.from = from;
  swept.figure.experiment = "e";
  swept.figure.variant = variant;
  swept.figure.metric = "m";
  swept.figure.group = "g=1";
  swept.figure.value = value;
  swept.figure.interval = {value - 0.1, value + 0.1};
  swept.figure.n = 12;
  if (!from.empty()) swept.of_variant = {{{"variants." + from + ".x", at}}, "x", at, rest};
  return swept;
}

TEST(SweepReport, PanelsHaveLinesInOrderAndReferences) {
  std::vector<SweptFigure> figures = {
      Swept("original", "", {}, 0.9), Swept("blur-x_10", "blur", 10, 0.2),
      Swept("blur-x_2", "blur", 2, 0.4), Swept("pix-x_2", "pix", 2, 0.3)};
  figures.push_back(figures[1]);
  figures.back().figure.condition = "ptosis";  // Left out.
  figures.push_back(figures[1]);
  figures.back().figure.metric = "other";
  const std::vector<SweepPanel> panels = SweepPanels(figures, {"m@g=1"});
  ASSERT_EQ(panels.size(), 1U);
  EXPECT_TRUE(panels[0].numeric);
  EXPECT_EQ(panels[0].axis, "x");
  ASSERT_EQ(panels[0].lines.size(), 2U);
  EXPECT_EQ(panels[0].lines[0].name, "blur");
  ASSERT_EQ(panels[0].lines[0].dots.size(), 2U);
  EXPECT_EQ(panels[0].lines[0].dots[0].at, 2);
  EXPECT_EQ(panels[0].lines[0].dots[0].figure.value, 0.4);
  EXPECT_EQ(panels[0].lines[1].dots.size(), 1U);
  ASSERT_EQ(panels[0].references.size(), 1U);
  EXPECT_EQ(panels[0].references[0].name, "original");
  EXPECT_TRUE(SweepPanels(figures, {"m@g=2"}).empty());
  EXPECT_EQ(SweepPanels(figures, {"m", "other"}).size(), 2U);
}

TEST(SweepReport, RunsAreLinesByVariant) {
  std::vector<SweptFigure> figures;
  for (const int rate : {60, 30}) {
    for (const char* variant : {"original", "mask"}) {
      SweptFigure swept = Swept(variant, "", {}, 0.01 * rate);
      swept.run = "rate_hz_" + std::to_string(rate);
      swept.of_run = {{{"dataset.make.rate_hz", rate}}, "dataset.make.rate_hz", rate, ""};
      swept.figure.gallery_variant = variant;  // Itself, whatever it is called.
      figures.push_back(swept);
    }
  }
  const std::vector<SweepPanel> panels = SweepPanels(figures, {"m"});
  ASSERT_EQ(panels.size(), 1U);
  EXPECT_EQ(panels[0].lines.size(), 2U);
  EXPECT_EQ(panels[0].at, (std::vector<Json>{30, 60}));
  EXPECT_THAT(panels[0].title, HasSubstr("gallery itself"));
}

TEST(SweepReport, TheTableHasAColumnForEachSweptPath) {
  const std::string csv =
      SweepCsv({Swept("original", "", {}, 0.5), Swept("blur-x_2", "blur", 2, 0.25)});
  EXPECT_EQ(csv,
            "run,experiment,dataset,variant,parameter,condition,group,reader,recogniser,attacker,"
            "gallery_variant,metric,value,low,high,n,n_unit,n_failed,unit,variants.blur.x\n"
            ",e,,original,,,g=1,,,,,m,0.5,0.4,0.6,12,,0,,\n"
            ",e,,blur-x_2,,,g=1,,,,,m,0.25,0.15,0.35,12,,0,,2\n");
}

TEST(SweepReport, ThePictureShowsHigherValuesHigher) {
  const auto lowest_ink = [](double first, double second) {
    const std::vector<SweepPanel> panels = SweepPanels(
        {Swept("blur-x_1", "blur", 1, first), Swept("blur-x_2", "blur", 2, second)}, {"m"});
    return DrawSweep(panels);
  };
  const cv::Mat up = lowest_ink(0.1, 0.9), down = lowest_ink(0.9, 0.1);
  ASSERT_FALSE(up.empty());
  EXPECT_EQ(up.size(), down.size());
  // The dots of the first line's colour: in the right half they are higher when the value rises.
  const auto mean_row = [](const cv::Mat& image) {
    double sum = 0, count = 0;
    for (int y = 62; y < 446; ++y)
      for (int x = image.cols / 2; x < image.cols; ++x)
        if (image.at<cv::Vec3b>(y, x) == cv::Vec3b(170, 100, 20)) {
          sum += y;
          ++count;
        }
    return count > 0 ? sum / count : -1;
  };
  EXPECT_GT(mean_row(up), 0);
  EXPECT_LT(mean_row(up) + 50, mean_row(down));
  EXPECT_TRUE(DrawSweep({}).empty());
}

}  // namespace
}  // namespace maskbench
