#include "experiments/training/eye_network/eye_recipe.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/json.h"

#include "experiments/training/register_all.h"

namespace maskbench::training {
namespace {

const NetworkTrainer& TheTrainer() {
  static const NetworkTrainers trainers = [] {
    NetworkTrainers made;
    RegisterNetworkTrainers(&made);
    return made;
  }();
  return FindNetworkTrainer(trainers, "eye_network");
}

TEST(EyeRecipe, TheDefaultIsTheDeliveredRecipe) {
  const EyeRecipeOptions options = EyeRecipeOptions::Parse(Json::object());
  EXPECT_TRUE(options.randomisation);
  EXPECT_EQ(options.Head(), EyeNetworkHead::kMaps);
  EXPECT_EQ(options.CommandText(), "");
  const EyeRecipeOptions other =
      EyeRecipeOptions::Parse({{"randomisation", false}, {"head", "regression"}});
  EXPECT_EQ(other.Head(), EyeNetworkHead::kRegression);
  EXPECT_EQ(other.CommandText(), " --set randomisation=false --set head=regression");
}

TEST(EyeRecipe, EveryNamedHeadIsKnown) {
  std::string heads;
  for (const OptionDoc& doc : TheTrainer().Options())
    if (doc.name == "head") heads = doc.rule_text;
  EXPECT_EQ(heads, "one of maps, regression");
}

// Refused before anything is read or drawn.
TEST(EyeRecipe, UnknownOptionsAreRefusedInASentence) {
  const auto reason = [](const Json& options) -> std::string {
    const TemporaryFolder folder;
    NetworkTrainer::Request request;
    request.folder = folder.path() / "training";
    request.options = options;
    try {
      TheTrainer().Train({}, request, [](const auto&, int, int, const auto&) {});
    } catch (const UsageError& error) {
      EXPECT_FALSE(std::filesystem::exists(request.folder));
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(reason({{"head", "tree"}}),
              testing::AllOf(testing::HasSubstr("eye_network: head"), testing::HasSubstr("tree"),
                             testing::HasSubstr("maps, regression"), testing::EndsWith(".")));
  EXPECT_THAT(reason({{"randomisation", "no"}}), testing::HasSubstr("randomisation"));
  EXPECT_THAT(reason({{"depth", 3}}), testing::HasSubstr("depth"));
}

TEST(EyeRecipe, AFolderBelongsToOneRecipe) {
  const TemporaryFolder folder;
  WriteJsonFile(folder.path() / "recipe.json", {{"command", "maskbench train eye_network"}});
  NetworkTrainer::Request request;
  request.folder = folder.path();
  request.options = {{"head", "regression"}};
  try {
    TheTrainer().Train({}, request, [](const auto&, int, int, const auto&) {});
    ADD_FAILURE() << "went on with another recipe's folder";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("choose another folder"));
  }
}

}  // namespace
}  // namespace maskbench::training
