#include "maskbench/pipeline/dataset_recipe.h"

#include <array>
#include <cmath>

namespace maskbench {

const OptionTable<DatasetRecipe>& DatasetRecipe::Options() {
  using R = DatasetRecipe;
  static const auto table =
      OptionTable<R>()
          .Add("maker", &R::maker,
               "Which data set, e.g. virtual_clinic; empty: none is made, there is a manifest.")
          .Add("preset", &R::preset, "Size of the data set; empty: the maker's first.")
          .Add("patients", &R::patients, "Subjects; 0 leaves it to the preset.", {Range(0, 100000)})
          .Add("recordings", &R::recordings,
               "Recordings per subject, each on another day; 0 leaves it to the preset.",
               {Range(0, 1000)})
          .Add("seconds", &R::seconds, "Length of a recording; 0 leaves it to the preset.",
               {Range(0, 60)})
          .Add("rate_hz", &R::rate_hz,
               "Frames per second; 0 leaves it to the maker. Fewer are drawn faster, and show less "
               "of what moves fast.",
               {Range(0, 240)})
          .Add("width_px", &R::width_px, "Of the pictures; 0 leaves it to the preset.",
               {Range(0, 3840)})
          .Add("height_px", &R::height_px, "Of the pictures; 0 leaves it to the preset.",
               {Range(0, 2160)})
          .Add("seed", &R::seed,
               "Who is made and what happens; null: the run's seed. Seeds from 900000 on are left "
               "to evaluators outside the project.",
               {Range(0, 9007199254740992.0)})
          .Add("splits", &R::splits,
               "Shares of subjects for training, tuning and testing, e.g. [0.6, 0.2, 0.2]; empty: "
               "all for testing.",
               {Range(0, 1)})
          .Check([](const R& recipe, const std::string& path, Problems* problems) {
            double sum = 0;
            for (const double share : recipe.splits) sum += share;
            if (!recipe.splits.empty() && (recipe.splits.size() != 3 || std::abs(sum - 1) > 1e-6)) {
              problems->Add(path + ".splits", "must be three shares that add up to 1");
            }
          });
  return table;
}

std::vector<std::string> SplitSubjects(int count, const std::vector<double>& shares, int block) {
  constexpr std::array<const char*, 3> kNames = {"train", "tune", "test"};
  std::array<int, 3> blocks{};
  std::vector<std::string> splits;
  while (static_cast<int>(splits.size()) < count) {
    // The split that lacks most takes the next block.
    size_t choice = 2;
    double lack = -1;
    const int so_far = blocks[0] + blocks[1] + blocks[2];
    for (size_t k = 0; k < shares.size(); ++k) {
      const double lacks = shares[k] * (so_far + 1) - blocks[k];
      if (lacks > lack + 1e-9) {
        lack = lacks;
        choice = k;
      }
    }
    ++blocks[choice];
    for (int k = 0; k < block && static_cast<int>(splits.size()) < count; ++k)
      splits.emplace_back(kNames[choice]);
  }
  return splits;
}

}  // namespace maskbench
