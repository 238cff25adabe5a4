#include "maskbench/pipeline/run_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/pipeline/components.h"

#include "experiments/register_all.h"

namespace maskbench {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const Components& AllComponents() {
  static const Components* const components = [] {
    auto* made = new Components;
    RegisterFrameworkComponents(made);
    RegisterExperiments(&made->experiments);
    return made;
  }();
  return *components;
}

Json SmallConfig() {
  return Json::parse(R"({"name": "small", "dataset": {"manifest": "m.json"},
    "variants": ["original", {"type": "gaussian_blur", "name": "blur", "sigma_face": 0.2}]})");
}

std::string ProblemOf(const Json& json) {
  try {
    ParseRunConfig(json, AllComponents(), "c.json");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(RunConfig, FillsDefaultsAndNamesVariants) {
  const RunConfig config = ParseRunConfig(SmallConfig(), AllComponents(), "c.json");
  EXPECT_EQ(config.seed, 1U);
  EXPECT_EQ(config.variants[0].name, "original");
  EXPECT_EQ(config.variants[1].name, "blur");
  EXPECT_EQ(config.variants[1].options["sigma_face"], 0.2);
  EXPECT_EQ(config.variants[1].options["margin"], 1.25);
}

TEST(RunConfig, ComesBackFromItsOwnJson) {
  const auto table = RunConfigOptions(AllComponents());
  const RunConfig config = ParseRunConfig(SmallConfig(), AllComponents(), "c.json");
  const Json written = table.ToJson(config);
  const RunConfig again = ParseRunConfig(written, AllComponents(), "c.json");
  EXPECT_EQ(table.ToJson(again), written);
}

TEST(RunConfig, ChosenFramesAreForThoseWhoLookAtThemOneByOne) {
  Json json = SmallConfig();
  json["frames"] = 6;
  json["observers"] = {"dlib_resnet", "stored_parameters"};
  EXPECT_EQ(ProblemOf(json), "");
  json["observers"].push_back("eye_measures");
  EXPECT_THAT(ProblemOf(json), AllOf(HasSubstr("frames"), HasSubstr("\"eye_measures\"")));
  json["observers"] = {"dlib_resnet"};
  json["variants"].push_back({{"type", "null"}, {"name", "copy"}});
  EXPECT_THAT(ProblemOf(json), AllOf(HasSubstr("frames"), HasSubstr("\"copy\"")));
  json["variants"].erase(2);
  json["timing"] = {{"workers", {1}}};
  EXPECT_THAT(ProblemOf(json), AllOf(HasSubstr("frames"), HasSubstr("timed")));
}

TEST(RunConfig, AnOracleHasToBeCalledOne) {
  Json json = SmallConfig();
  json["observers"] = {{{"type", "faceres"}, {"name", "best"}, {"landmarks", "oracle"}}};
  EXPECT_THAT(ProblemOf(json), AllOf(HasSubstr("\"best\""), HasSubstr("oracle")));
  json["observers"][0]["name"] = "faceres_oracle";
  EXPECT_EQ(ProblemOf(json), "");
  json["observers"][0] = {{"type", "faceres"}, {"name", "best"}, {"landmarks", "detected"}};
  EXPECT_EQ(ProblemOf(json), "");
}

TEST(RunConfig, NamesTheOffendingPathOfEveryProblem) {
  Json json = SmallConfig();
  json["variants"][1]["sigma_face"] = "wide";
  json["variants"].push_back({{"type", "pixelat"}});
  json["observers"] = {"dlib_resnet", {{"type", "faceres"}, {"template_frames", 0}}};
  json["seed"] = -4;
  json["networks"] = {{"facemash", "x.pt"}};
  const std::string problem = ProblemOf(json);
  EXPECT_THAT(problem, HasSubstr("variants[1].sigma_face must be a number, not the text \"wide\""));
  EXPECT_THAT(problem, HasSubstr("variants[2].type is \"pixelat\""));
  EXPECT_THAT(problem, HasSubstr("Did you mean \"pixelate\"?"));
  EXPECT_THAT(problem, HasSubstr("observers[1].template_frames is 0; allowed: 1 to 1000"));
  EXPECT_THAT(problem, HasSubstr("seed is -4"));
}

TEST(RunConfig, RefusesTwoVariantsOfOneNameAndUnknownNetworks) {
  Json json = SmallConfig();
  json["variants"][1]["name"] = "original";
  json["networks"] = {{"facemash", "x.pt"}};
  const std::string problem = ProblemOf(json);
  EXPECT_THAT(problem, HasSubstr("variants name \"original\" twice"));
  EXPECT_THAT(problem, HasSubstr("networks.facemash is no network"));
}

TEST(RunConfig, ACommandMustNameItsFiles) {
  Json json = SmallConfig();
  json["variants"][1] = {{"type", "command"}, {"command", {"cp", "{input}", "there"}}};
  EXPECT_THAT(ProblemOf(json), HasSubstr("variants[1].command names no {output}"));
}

TEST(RunConfig, VariantNamesCannotBecomePaths) {
  Json json = SmallConfig();
  json["variants"][1]["name"] = "../up";
  EXPECT_THAT(ProblemOf(json), HasSubstr("variants[1].name is \"../up\""));
}

TEST(ApplyOverride, ReachesListsByNameTypeAndIndex) {
  Json json = SmallConfig();
  ApplyOverride("variants.blur.sigma_face=0.5", &json);
  EXPECT_EQ(json["variants"][1]["sigma_face"], 0.5);
  ApplyOverride("variants.1.margin=2", &json);
  EXPECT_EQ(json["variants"][1]["margin"], 2);
  ApplyOverride("delivery.crf=30", &json);
  EXPECT_EQ(json["delivery"]["crf"], 30);
  ApplyOverride("name=plain words", &json);
  EXPECT_EQ(json["name"], "plain words");
  ApplyOverride("variants.original.name=as_is", &json);  // The shorthand is spelled out.
  EXPECT_EQ(json["variants"][0], (Json{{"type", "original"}, {"name", "as_is"}}));
  EXPECT_THROW(ApplyOverride("variants.nobody.x=1", &json), UsageError);
  EXPECT_THROW(ApplyOverride("no_equals_sign", &json), UsageError);
  EXPECT_THROW(ApplyOverride("name.inner=1", &json), UsageError);
}

}  // namespace
}  // namespace maskbench
