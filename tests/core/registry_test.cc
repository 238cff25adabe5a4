#include "maskbench/core/registry.h"

#include <string>

#include <gmock/gmock.h>

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Shape {
 public:
  struct Context {
    double scale = 1;
  };
  explicit Shape(double area) : area(area) {}
  const double area;
};

struct SquareOptions {
  double side = 3;
  static const OptionTable<SquareOptions>& Options() {
    static const auto table =
        OptionTable<SquareOptions>().Add("side", &SquareOptions::side, "Side.", {Range(0, 10)});
    return table;
  }
};

struct Drawing {
  ComponentChoice shape;
  std::vector<ComponentChoice> shapes;
};

class RegistryTest : public testing::Test {
 protected:
  RegistryTest() : registry_("shape") {
    AddSquare();
    registry_.Add<NoOptions>(
        {"dot", 2, "Nothing.", {"net"}},
        [](const NoOptions&, const Shape::Context&) { return std::make_unique<Shape>(0); });
  }

  void AddSquare() {
    registry_.Add<SquareOptions>(
        {"square", 1, "Four sides.", {}},
        [](const SquareOptions& options, const Shape::Context& context) {
          return std::make_unique<Shape>(context.scale * options.side * options.side);
        });
  }

  OptionTable<Drawing> Table() const {
    return OptionTable<Drawing>()
        .Add("shape", &Drawing::shape, "One.", {Required(), From(&registry_)})
        .Add("shapes", &Drawing::shapes, "Many.", {From(&registry_)});
  }

  ComponentChoice ReadShape(const char* text) const {
    Problems problems;
    const Drawing drawing = Table().Parse({{"shape", Json::parse(text)}}, "", &problems);
    EXPECT_THAT(problems.lines(), IsEmpty());
    return drawing.shape;
  }

  std::vector<std::string> ProblemsOf(const char* text) const {
    Problems problems;
    Table().Parse({{"shape", Json::parse(text)}}, "drawing", &problems);
    return problems.lines();
  }

  Registry<Shape> registry_;
};

TEST_F(RegistryTest, TheSameTypeTwiceIsAnError) {
  try {
    AddSquare();
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the shape \"square\" is registered twice.");
  }
}

TEST_F(RegistryTest, CompleteFillsDefaultsAndKeepsWhatIsGiven) {
  Problems problems;
  EXPECT_EQ(registry_.Complete("square", Json::object(), "", &problems), (Json{{"side", 3.0}}));
  EXPECT_EQ(registry_.Complete("square", {{"side", 4}}, "", &problems), (Json{{"side", 4.0}}));
  EXPECT_TRUE(problems.empty());
  registry_.Complete("square", {{"side", 11}}, "here", &problems);
  EXPECT_THAT(problems.lines(), ElementsAre("here.side is 11; allowed: 0 to 10"));
}

TEST_F(RegistryTest, TextIsShortForAComponentWithDefaults) {
  const ComponentChoice choice = ReadShape(R"("square")");
  EXPECT_EQ(choice.type, "square");
  EXPECT_EQ(choice.name, "square");
  EXPECT_EQ(choice.options, (Json{{"side", 3.0}}));
}

TEST_F(RegistryTest, MakeUsesOptionsAndContext) {
  const ComponentChoice choice = ReadShape(R"({"type": "square", "name": "big-1", "side": 4})");
  EXPECT_EQ(choice.name, "big-1");
  EXPECT_EQ(registry_.Make(choice, {2})->area, 32);
}

TEST_F(RegistryTest, WrittenComponentReadsBackTheSame) {
  const ComponentChoice choice = ReadShape(R"({"type": "square", "name": "s", "side": 0.1})");
  const Json written = Table().ToJson({choice, {}}).at("shape");
  EXPECT_EQ(written, Json::parse(R"({"type": "square", "name": "s", "side": 0.1})"));
  EXPECT_EQ(ReadShape(written.dump().c_str()).options, choice.options);
}

TEST_F(RegistryTest, NamesThatCouldNotBeFileNamesAreRefused) {
  for (const char* name : {"../x", "a b", "", "a/b", "Größe"}) {
    const std::string text = Json{{"type", "dot"}, {"name", name}}.dump();
    EXPECT_THAT(ProblemsOf(text.c_str()), ElementsAre(HasSubstr("drawing.shape.name"))) << name;
  }
  const std::string long_name = Json{{"type", "dot"}, {"name", std::string(65, 'a')}}.dump();
  EXPECT_THAT(ProblemsOf(long_name.c_str()), ElementsAre(HasSubstr("drawing.shape.name")));
}

TEST_F(RegistryTest, UnknownTypeIsNamedWithASuggestion) {
  EXPECT_THAT(ProblemsOf(R"("sqare")"),
              ElementsAre("drawing.shape.type is \"sqare\", which is no shape; known: dot, square. "
                          "Did you mean \"square\"?"));
}

TEST_F(RegistryTest, ProblemsInsideAComponentHaveItsPath) {
  EXPECT_THAT(ProblemsOf(R"({"type": "square", "side": 11, "sid": 1})"),
              testing::UnorderedElementsAre(
                  "drawing.shape.side is 11; allowed: 0 to 10",
                  "drawing.shape.sid is not a known option. Did you mean \"side\"?"));
  EXPECT_THAT(ProblemsOf("5"), ElementsAre(HasSubstr("drawing.shape must name a shape")));
}

TEST_F(RegistryTest, UnknownTypeInCodeIsAUsageError) {
  EXPECT_THROW(registry_.Info("circle"), UsageError);
  EXPECT_EQ(registry_.Info("dot").version, 2);
  EXPECT_THAT(registry_.Types(), ElementsAre("dot", "square"));
}

TEST_F(RegistryTest, SchemaOffersEachTypeWithItsOwnOptions) {
  const Json choices = registry_.Schema().at("anyOf").at(1).at("oneOf");
  ASSERT_EQ(choices.size(), 2u);
  EXPECT_EQ(choices.at(1).at("properties").at("type").at("const"), "square");
  EXPECT_EQ(choices.at(1).at("properties").at("side").at("maximum"), 10);
  EXPECT_EQ(choices.at(1).at("required"), Json::array({"type"}));
  EXPECT_EQ(registry_.Schema().at("anyOf").at(0).at("enum"), Json::array({"dot", "square"}));
}

}  // namespace
}  // namespace maskbench
