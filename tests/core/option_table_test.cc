#include "maskbench/core/option_table.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

struct Eye {
  double height = 0.5;
  std::string side = "both";

  static const OptionTable<Eye>& Options() {
    static const auto table =
        OptionTable<Eye>()
            .Add("height", &Eye::height, "Height of the bar.", {Range(0, 1)})
            .Add("side", &Eye::side, "Which eye.", {OneOf({"left", "right", "both"})});
    return table;
  }
};

struct Study {
  std::string folder;
  double sigma = 0.25;
  int frames = 8;
  bool color = true;
  uint64_t seed = 1;
  std::vector<std::string> codecs = {"h264"};
  std::optional<int> limit;
  Eye eye;
  std::vector<Eye> eyes;

  static const OptionTable<Study>& Options() {
    static const auto table =
        OptionTable<Study>()
            .Add("folder", &Study::folder, "Where it is.", {Required(), NotEmpty()})
            .Add("sigma", &Study::sigma, "Width.", {Range(0.001, 2)})
            .Add("frames", &Study::frames, "How many.", {AtLeast(1)})
            .Add("color", &Study::color, "Whether it has colour.")
            .Add("seed", &Study::seed, "Seed.")
            .Add("codecs", &Study::codecs, "Which.", {OneOf({"h264", "ffv1"}), NotEmpty()})
            .Add("limit", &Study::limit, "At most so many.", {AtLeast(0)})
            .Add("eye", &Study::eye, "The bar.")
            .Add("eyes", &Study::eyes, "More bars.")
            .Check([](const Study& study, const std::string& path, Problems* problems) {
              if (study.limit && *study.limit < study.frames) {
                problems->Add(path + ".limit", "is below frames");
              }
            });
    return table;
  }
};

std::vector<std::string> ProblemsOf(const char* text) {
  Problems problems;
  Study::Options().Parse(Json::parse(text), "study", &problems);
  return problems.lines();
}

Study ParseWell(const char* text) {
  Problems problems;
  Study study = Study::Options().Parse(Json::parse(text), "study", &problems);
  EXPECT_THAT(problems.lines(), IsEmpty());
  return study;
}

TEST(OptionTable, WhatIsNotGivenHasItsDefault) {
  const Study study = ParseWell(R"({"folder": "f", "eye": {"side": "left"}})");
  EXPECT_EQ(study.folder, "f");
  EXPECT_EQ(study.sigma, 0.25);
  EXPECT_EQ(study.frames, 8);
  EXPECT_TRUE(study.color);
  EXPECT_THAT(study.codecs, ElementsAre("h264"));
  EXPECT_FALSE(study.limit);
  EXPECT_EQ(study.eye.side, "left");
  EXPECT_EQ(study.eye.height, 0.5);
}

TEST(OptionTable, AllProblemsComeAtOnceEachWithItsPath) {
  EXPECT_THAT(
      ProblemsOf(R"({"sgima": 1, "sigma": 3, "frames": "eight", "color": 1,
                     "codecs": ["ffv1", "h265"], "limit": -1,
                     "eye": {"height": 2, "sides": "left"}, "eyes": [{}, {"side": "lefft"}]})"),
      UnorderedElementsAre(
          "study.sgima is not a known option. Did you mean \"sigma\"?",
          "study.folder is missing; it is required", "study.sigma is 3; allowed: 0.001 to 2",
          "study.frames must be a whole number, not the text \"eight\"",
          "study.color must be true or false, not the number 1",
          "study.codecs[1] is \"h265\"; allowed: one of h264, ffv1. Did you mean \"h264\"?",
          "study.limit is -1; allowed: at least 0", "study.eye.height is 2; allowed: 0 to 1",
          "study.eye.sides is not a known option. Did you mean \"side\"?",
          "study.eyes[1].side is \"lefft\"; allowed: one of left, right, both. Did you mean "
          "\"left\"?"));
}

TEST(OptionTable, RangesIncludeTheirEnds) {
  EXPECT_THAT(ProblemsOf(R"({"folder": "f", "sigma": 2, "frames": 1})"), IsEmpty());
  EXPECT_THAT(ProblemsOf(R"({"folder": "f", "sigma": 0.001})"), IsEmpty());
  EXPECT_THAT(ProblemsOf(R"({"folder": "f", "sigma": 2.0000001, "frames": 0})"),
              ElementsAre(HasSubstr("study.sigma is"), "study.frames is 0; allowed: at least 1"));
}

TEST(OptionTable, EmptyTextAndEmptyListAreRefusedWhereTheyMakeNoSense) {
  EXPECT_THAT(ProblemsOf(R"({"folder": "", "codecs": []})"),
              ElementsAre("study.folder must not be empty", "study.codecs must not be empty"));
}

TEST(OptionTable, FractionsAreNoWholeNumbers) {
  EXPECT_THAT(ProblemsOf(R"({"folder": "f", "frames": 2.5})"),
              ElementsAre("study.frames must be a whole number, not the number 2.5"));
}

TEST(OptionTable, WholeNumbersThatDoNotFitAreRefusedRatherThanWrapped) {
  EXPECT_THAT(ProblemsOf(R"({"folder": "f", "frames": 4294967297})"),
              ElementsAre(HasSubstr("study.frames is 4294967297")));
  EXPECT_THAT(ProblemsOf(R"({"folder": "f", "seed": -1})"),
              ElementsAre(HasSubstr("study.seed is -1")));
}

TEST(OptionTable, SixtyFourBitNumbersKeepAllDigits) {
  EXPECT_EQ(ParseWell(R"({"folder": "f", "seed": 18446744073709551615})").seed,
            18446744073709551615u);
}

TEST(OptionTable, OptionalTakesNullAndValues) {
  EXPECT_FALSE(ParseWell(R"({"folder": "f", "limit": null})").limit);
  EXPECT_EQ(ParseWell(R"({"folder": "f", "limit": 9})").limit, 9);
}

TEST(OptionTable, NullIsNoValueForAnythingElse) {
  EXPECT_THAT(ProblemsOf(R"({"folder": "f", "sigma": null})"),
              ElementsAre("study.sigma must be a number, not null"));
}

TEST(OptionTable, SomethingElseThanAnObjectIsOneProblem) {
  EXPECT_THAT(ProblemsOf("[]"), ElementsAre("study must be an object, not a list"));
  EXPECT_THAT(ProblemsOf(R"({"folder": "f", "eye": "left", "codecs": "ffv1"})"),
              ElementsAre("study.codecs must be a list, not the text \"ffv1\"",
                          "study.eye must be an object, not the text \"left\""));
}

TEST(OptionTable, ConditionsBetweenOptionsWaitUntilEachIsSound) {
  EXPECT_THAT(ProblemsOf(R"({"folder": "f", "frames": 8, "limit": 5})"),
              ElementsAre("study.limit is below frames"));
  EXPECT_THAT(ProblemsOf(R"({"folder": "f", "frames": 0, "limit": -5})"),
              testing::Not(testing::Contains("study.limit is below frames")));
}

TEST(OptionTable, IgnoredKeysAreLeftToOthers) {
  Problems problems;
  Study::Options().Parse(Json::parse(R"({"folder": "f", "type": "x"})"), "", &problems, {"type"});
  EXPECT_THAT(problems.lines(), IsEmpty());
}

TEST(OptionTable, WrittenOptionsReadBackTheSame) {
  const Study study = ParseWell(
      R"({"folder": "f", "sigma": 0.1, "color": false, "codecs": ["ffv1", "h264"], "limit": 12,
          "eye": {"height": 0.125}, "eyes": [{"side": "right"}], "seed": 9007199254740993})");
  const Json written = Study::Options().ToJson(study);
  EXPECT_EQ(Study::Options().ToJson(ParseWell(written.dump().c_str())), written);
  EXPECT_EQ(written.at("sigma"), 0.1);
  EXPECT_EQ(written.at("seed"), 9007199254740993);
  EXPECT_EQ(written.at("eyes"), Json::parse(R"([{"height": 0.5, "side": "right"}])"));
  EXPECT_EQ(Study::Options().ToJson(ParseWell(R"({"folder": "f"})")).at("limit"), nullptr);
}

TEST(OptionTable, SchemaSaysWhatParseAccepts) {
  const Json schema = Study::Options().Schema();
  EXPECT_EQ(schema.at("additionalProperties"), false);
  EXPECT_EQ(schema.at("required"), Json::array({"folder"}));
  const Json& properties = schema.at("properties");
  EXPECT_EQ(properties.at("sigma"),
            Json::parse(R"({"type": "number", "minimum": 0.001, "maximum": 2.0,
                            "description": "Width.", "default": 0.25})"));
  EXPECT_EQ(properties.at("frames").at("type"), "integer");
  EXPECT_EQ(properties.at("frames").at("minimum"), 1);
  EXPECT_EQ(properties.at("folder").at("minLength"), 1);
  EXPECT_FALSE(properties.at("folder").contains("default"));
  EXPECT_EQ(properties.at("codecs").at("minItems"), 1);
  EXPECT_EQ(properties.at("codecs").at("items").at("enum"), Json::array({"h264", "ffv1"}));
  EXPECT_EQ(properties.at("limit").at("anyOf").at(1).at("type"), "null");
  EXPECT_EQ(properties.at("eye").at("properties").at("height").at("maximum"), 1);
}

TEST(OptionTable, DocsTellDefaultRuleAndHelp) {
  const std::vector<OptionDoc> docs = Study::Options().Docs();
  ASSERT_EQ(docs.size(), 9u);
  EXPECT_EQ(docs[0].name, "folder");
  EXPECT_TRUE(docs[0].required);
  EXPECT_EQ(docs[0].default_text, "");
  EXPECT_EQ(docs[1].default_text, "0.25");
  EXPECT_EQ(docs[1].rule_text, "0.001 to 2");
  EXPECT_EQ(docs[1].help, "Width.");
  EXPECT_EQ(docs[5].type, "list of text");
}

TEST(Problems, AreThrownTogether) {
  Problems problems;
  problems.ThrowIfAny("a.json");  // Nothing wrong yet.
  problems.Add("x", "is bad");
  problems.Add("y", "is worse");
  try {
    problems.ThrowIfAny("a.json");
    FAIL() << "nothing was thrown";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "a.json has 2 problems:\n  - x is bad\n  - y is worse");
  }
}

}  // namespace
}  // namespace maskbench
