#include "maskbench/pipeline/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json Config(const std::string& sweep) {
  Json config = Json::parse(R"({"name": "s", "seed": 1,
    "dataset": {"make": {"maker": "virtual_clinic"}},
    "variants": ["original", {"type": "gaussian_blur", "name": "blur", "margin": 2}, "pixelate"],
    "experiments": ["eye_measurement"]})");
  config["sweep"] = Json::parse(sweep);
  return config;
}

std::vector<std::string> VariantNames(const SweptRun& run) {
  std::vector<std::string> names;
  for (const Json& variant : run.config["variants"])
    names.push_back(variant.is_string() ? variant.get<std::string>()
                                        : variant["name"].get<std::string>());
  return names;
}

std::vector<std::string> RunNames(const std::vector<SweptRun>& runs) {
  std::vector<std::string> names;
  for (const SweptRun& run : runs) names.push_back(run.name);
  return names;
}

std::string ErrorOf(const std::string& sweep) {
  try {
    ExpandSweep(Config(sweep), "f.json");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "(no error)";
}

TEST(Sweep, WithoutOneThereIsOneRunAsItIs) {
  Json config = Config("{}");
  config.erase("sweep");
  const auto runs = ExpandSweep(config, "f.json");
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs[0].config.dump(), config.dump());
  EXPECT_EQ(runs[0].name, "");
}

TEST(Sweep, AGridOfAVariantIsWhatOneWouldWriteByHand) {
  const auto runs = ExpandSweep(
      Config(R"({"grid": {"variants.blur.sigma_face": [0.05, 0.1], "variants.blur.region":
                ["face", "frame"]}})"),
      "f.json");
  ASSERT_EQ(runs.size(), 1U);
  EXPECT_EQ(
      runs[0].config.dump(),
      R"({"name":"s","seed":1,"dataset":{"make":{"maker":"virtual_clinic"}},"variants":["original",)"
      R"({"type":"gaussian_blur","name":"blur-sigma_face_0p05-region_face","margin":2,"sigma_face":0.05,"region":"face"},)"
      R"({"type":"gaussian_blur","name":"blur-sigma_face_0p05-region_frame","margin":2,"sigma_face":0.05,"region":"frame"},)"
      R"({"type":"gaussian_blur","name":"blur-sigma_face_0p1-region_face","margin":2,"sigma_face":0.1,"region":"face"},)"
      R"({"type":"gaussian_blur","name":"blur-sigma_face_0p1-region_frame","margin":2,"sigma_face":0.1,"region":"frame"},)"
      R"("pixelate"],"experiments":["eye_measurement"]})");
  ASSERT_EQ(runs[0].variants.size(), 4U);
  const SweptVariant& second = runs[0].variants[1];
  EXPECT_EQ(second.from, "blur");
  EXPECT_EQ(second.place.axis, "sigma_face");
  EXPECT_EQ(second.place.at, 0.05);
  EXPECT_EQ(second.place.rest, "region = frame");
}

TEST(Sweep, VariantsHaveGridsOfTheirOwnAndRunsAreProducts) {
  const auto runs =
      ExpandSweep(Config(R"({"grid": {"variants.blur.sigma_face": [0.1, 0.2], "seed": [31, 32],
                "variants.pixelate.blocks_across_face": [8], "dataset.make.rate_hz": [30, 60]}})"),
                  "f.json");
  EXPECT_THAT(RunNames(runs), ElementsAre("seed_31-rate_hz_30", "seed_31-rate_hz_60",
                                          "seed_32-rate_hz_30", "seed_32-rate_hz_60"));
  for (const SweptRun& run : runs) {
    EXPECT_THAT(VariantNames(run),
                ElementsAre("original", "blur-sigma_face_0p1", "blur-sigma_face_0p2",
                            "pixelate-blocks_across_face_8"));
  }
  EXPECT_EQ(runs[1].config["seed"], 31);
  EXPECT_EQ(runs[1].config["dataset"]["make"]["rate_hz"], 60);
  EXPECT_EQ(runs[1].config["name"], "s seed_31-rate_hz_60");
  EXPECT_EQ(runs[1].place.axis, "seed");
  EXPECT_EQ(runs[1].place.rest, "rate_hz = 60");
}

TEST(Sweep, PairedValuesGoTogether) {
  const auto runs = ExpandSweep(
      Config(R"({"paired": {"dataset.make.width_px": [320, 640], "dataset.make.height_px":
                [240, 480]}})"),
      "f.json");
  EXPECT_THAT(RunNames(runs),
              ElementsAre("width_px_320-height_px_240", "width_px_640-height_px_480"));
  EXPECT_EQ(runs[1].place.axis, "dataset.make.width_px");
  EXPECT_EQ(runs[1].place.at, 640);
  EXPECT_EQ(runs[1].place.rest, "");
}

TEST(Sweep, AListHasPointsWithNames) {
  const auto runs = ExpandSweep(Config(R"({"list": [{}, {"name": "wide", "variants.blur.margin": 3,
                "variants.blur.sigma_face": 0.2}, {"variants.blur.margin": 1.5}]})"),
                                "f.json");
  EXPECT_THAT(VariantNames(runs[0]),
              ElementsAre("original", "blur-as_given", "blur-wide", "blur-margin_1p5", "pixelate"));
  EXPECT_EQ(runs[0].config["variants"][1]["margin"], 2);
  EXPECT_EQ(runs[0].variants[1].place.axis, "");
  EXPECT_EQ(runs[0].variants[1].place.at, "wide");
  // Of one option alone it is as a grid.
  const auto one = ExpandSweep(Config(R"({"list": [{"seed": 4}, {"seed": 2}]})"), "f.json");
  EXPECT_THAT(RunNames(one), ElementsAre("seed_4", "seed_2"));
  EXPECT_EQ(one[0].place.axis, "seed");
}

TEST(Sweep, ExpandingTwiceGivesTheSameBytes) {
  const std::string sweep =
      R"({"grid": {"seed": [1, 2], "variants.blur.sigma_face": [0.1, 1e-3]},
          "list": [{"name": "x", "variants.pixelate.margin": 2}]})";
  const auto once = ExpandSweep(Config(sweep), "f.json"),
             again = ExpandSweep(Config(sweep), "f.json");
  ASSERT_EQ(once.size(), again.size());
  for (size_t i = 0; i < once.size(); ++i) EXPECT_EQ(once[i].config.dump(), again[i].config.dump());
  EXPECT_EQ(ToJson(SweepPlaceFromJson(ToJson(once[1].place))).dump(), ToJson(once[1].place).dump());
}

TEST(Sweep, LongNamesAreCutAndStayApart) {
  const auto runs = ExpandSweep(Config(R"({"grid": {"variants.blur.region":
        ["a_very_long_value_that_nobody_would_want_to_read_in_a_table_of_figures_1",
         "a_very_long_value_that_nobody_would_want_to_read_in_a_table_of_figures_2"]}})"),
                                "f.json");
  const std::vector<std::string> names = VariantNames(runs[0]);
  EXPECT_EQ(names[1].size(), 64U);
  EXPECT_NE(names[1], names[2]);
}

TEST(Sweep, WhatIsMalformedIsNamedWithItsKey) {
  EXPECT_THAT(ErrorOf("[]"), HasSubstr("f.json: sweep must be an object, not a list"));
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("sweep needs \"grid\", \"paired\" or \"list\""));
  EXPECT_THAT(ErrorOf(R"({"gird": {}})"), HasSubstr("sweep.gird is not a known option. Did you"));
  EXPECT_THAT(ErrorOf(R"({"grid": {"seed": 3}})"),
              HasSubstr("sweep.grid.seed must be a list of values, not the number 3"));
  EXPECT_THAT(ErrorOf(R"({"grid": {"seed": []}})"), HasSubstr("sweep.grid.seed must not be empty"));
  EXPECT_THAT(ErrorOf(R"({"grid": {"seed": [1, 1]}})"), HasSubstr("makes two runs \"seed_1\""));
  EXPECT_THAT(ErrorOf(R"({"grid": {"variants.blur.region": ["a b", "a_b"]}})"),
              HasSubstr("makes two variants \"blur-region_a_b\""));
  EXPECT_THAT(ErrorOf(R"({"grid": {"variants.blurr.margin": [1]}})"),
              HasSubstr("no variant is called \"blurr\". Did you mean \"blur\"?"));
  EXPECT_THAT(ErrorOf(R"({"grid": {"variants": [[]]}})"), HasSubstr("is no option of a variant"));
  EXPECT_THAT(ErrorOf(R"({"grid": {"a..b": [1]}})"), HasSubstr("is no path of the form a.b"));
  EXPECT_THAT(ErrorOf(R"({"grid": {"name": ["a"]}})"), HasSubstr("cannot be swept"));
  const std::string secret = ErrorOf(R"({"grid": {"variants.blur.secret": ["my long secret"]}})");
  EXPECT_THAT(secret, HasSubstr("a secret cannot be swept"));
  EXPECT_EQ(secret.find("my long"), std::string::npos);
  EXPECT_THAT(ErrorOf(R"({"grid": {"seed.x": [1]}})"),
              HasSubstr("f.json: sweep: seed.x: \"x\" is inside of what is no object"));
  EXPECT_THAT(ErrorOf(R"({"paired": {"seed": [1, 2], "frames": [1]}})"),
              HasSubstr("sweep.paired.frames has 1 values, the first list 2"));
  EXPECT_THAT(ErrorOf(R"({"paired": {"seed": [1], "variants.blur.margin": [1]}})"),
              HasSubstr("mixes options"));
  EXPECT_THAT(ErrorOf(R"({"list": [{"seed": 1}, {"variants.blur.margin": 1}]})"),
              HasSubstr("sweep.list[1] is of another variant"));
  EXPECT_THAT(ErrorOf(R"({"list": [{}]})"), HasSubstr("no point that changes anything"));
  EXPECT_THAT(ErrorOf(R"({"list": [{"name": "a b", "seed": 1}]})"),
              HasSubstr("sweep.list[0].name may have letters"));
  EXPECT_THAT(ErrorOf(R"({"grid": {"variants.blur.margin": [1]},
                          "list": [{"variants.blur.margin": 2}]})"),
              HasSubstr("another part of the sweep has already"));
  std::string many = "[0";
  for (int i = 1; i < 40; ++i) many += "," + std::to_string(i);
  EXPECT_THAT(ErrorOf(R"({"grid": {"seed": )" + many + R"(], "frames": )" + many + "]}}"),
              HasSubstr("makes 1600 points; at most 1000 are allowed"));
}

}  // namespace
}  // namespace maskbench
