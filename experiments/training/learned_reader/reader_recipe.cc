#include "experiments/training/learned_reader/reader_recipe.h"

#include <fmt/format.h>

namespace maskbench::training {

const OptionTable<ReaderRecipeOptions>& ReaderRecipeOptions::Options() {
  using O = ReaderRecipeOptions;
  static const auto table =
      OptionTable<O>()
          .Add("frame_patients", &O::frame_patients,
               "Patients whose single pictures the frame network learns from, at effort 1.",
               {Range(5, 100000)})
          .Add("recording_patients", &O::recording_patients,
               "Patients whose whole recordings the time network learns from, at effort 1.",
               {Range(5, 100000)})
          .Add("validation_patients", &O::validation_patients,
               "Patients that training is watched with, at effort 1.", {Range(5, 100000)})
          .Add("test_patients", &O::test_patients, "Patients of the model card alone, at effort 1.",
               {Range(5, 100000)})
          .Add("examination_patients", &O::examination_patients,
               "Patients whose examinations the time network learns from without pictures, at "
               "effort 1.",
               {Range(5, 100000)})
          .Add("second_share", &O::second_share,
               "Of the ill in recordings and examinations, how many have strabismus or nystagmus "
               "besides.",
               {Range(0, 1)})
          .Add("frame_steps", &O::frame_steps, "Steps of the frame network, at effort 1.",
               {Range(20, 10000000)})
          .Add("time_steps", &O::time_steps, "Steps of the time network, at effort 1.",
               {Range(20, 10000000)});
  return table;
}

ReaderRecipeOptions ReaderRecipeOptions::Parse(const Json& json) {
  Problems problems;
  const ReaderRecipeOptions options = Options().Parse(json, "", &problems);
  problems.ThrowIfAny("learned_reader");
  return options;
}

std::string ReaderRecipeOptions::CommandText() const {
  std::string text;
  const Json own = Options().ToJson(*this), usual = Options().ToJson({});
  for (const auto& item : own.items())
    if (item.value() != usual.at(item.key()))
      text += fmt::format(" --set {}={}", item.key(), item.value().dump());
  return text;
}

}  // namespace maskbench::training
