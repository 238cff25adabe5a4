#include "experiments/training/eye_network/eye_recipe.h"

#include <fmt/format.h>

namespace maskbench::training {

const OptionTable<EyeRecipeOptions>& EyeRecipeOptions::Options() {
  using O = EyeRecipeOptions;
  static const auto table =
      OptionTable<O>()
          .Add("subjects", &O::subjects, "People drawn, at effort 1.", {Range(20, 100000)})
          .Add("steps", &O::steps, "Steps of training, at effort 1.", {Range(500, 10000000)})
          .Add("randomisation", &O::randomisation,
               "Vary people's looks, pose, light, camera and codec, put glasses and covers before "
               "eyes and paint on them. Without: one pose, light and camera, nothing added; lids, "
               "gaze and blinks vary all the same.")
          .Add("head", &O::head,
               "What places are read from: maps of a decoder, or one multiplication of the "
               "deepest layer with about as many weights.",
               {OneOf({"maps", "regression"})});
  return table;
}

EyeRecipeOptions EyeRecipeOptions::Parse(const Json& json) {
  Problems problems;
  const EyeRecipeOptions options = Options().Parse(json, "", &problems);
  problems.ThrowIfAny("eye_network");
  return options;
}

std::string EyeRecipeOptions::CommandText() const {
  std::string text;
  const Json own = Options().ToJson(*this), usual = Options().ToJson({});
  for (const auto& item : own.items()) {
    if (item.value() == usual.at(item.key())) continue;
    text += fmt::format(
        " --set {}={}", item.key(),
        item.value().is_string() ? item.value().get<std::string>() : item.value().dump());
  }
  return text;
}

}  // namespace maskbench::training
