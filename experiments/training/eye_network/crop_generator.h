#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include <opencv2/core.hpp>

#include "maskbench/pipeline/dataset_recipe.h"

#include "experiments/training/eye_network/crop_shard.h"
#include "experiments/training/eye_network/eye_sample.h"

namespace maskbench::virtual_clinic {
class Studio;
}

namespace maskbench::training {

/// An eye cut from a rendered picture, and what is true of it.
struct EyeSample {
  cv::Mat patch;  ///< CV_8UC3 (B, G, R), kPatchHeight × kPatchWidth.
  EyeLabel label;
};

/// What a folder of shards holds.
struct CropRecipe {
  std::uint64_t seed = 1;
  int subjects = 400;  ///< Shards 0 … subjects − 1.
  int frames = 60;     ///< Of each subject; a frame gives a sample of either eye.
  /// Without, crops are plain: people as various as those of the virtual clinic, one pose, light
  /// and camera, a resting face, nothing before the eyes or painted on them. Lids, gaze and blinks
  /// keep their ranges, since they are what is to be learned.
  bool randomised = true;
};

/// Makes samples for the eye network from rendered people. Safe to use from several threads.
///
/// Eyes are drawn over the whole range that disease can bring, evenly and not by any prior: a
/// network that learns what is usual would report it.
///
/// What training shares with evaluation on the virtual clinic: the head model with its expressions,
/// the lid rig, the renderer, the models of skin, hair and iris colour, and the lights of its
/// rooms. What it does not share: people (names of their own in all random draws), pictures of the
/// asset package (none is used here), examinations, sensors, codec.
///
/// Labels: `mrd1_mm` and `mrd2_mm` count from the reflex of a light at the camera, wherever the
/// drawn reflex is, and are NaN where its column misses the opening. Where shut lids overlap, the
/// lower margin is the upper one's. `yaw_deg` is the head's, to the patient's left, in both eyes.
class CropGenerator {
 public:
  /// @param studio  must outlive this. @param randomised  see CropRecipe.
  explicit CropGenerator(const virtual_clinic::Studio& studio, bool randomised = true);
  ~CropGenerator();

  /// All samples of training subject number `index`, two per frame (right eye, left eye): a pure
  /// function of its arguments and of what the studio was made from. Throws UsageError for seeds
  /// from kFirstOutsideSeed on.
  std::vector<EyeSample> Samples(std::uint64_t seed, int index, int frames) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// CropGenerator::Samples of a generator made for this call alone.
std::vector<EyeSample> MakeSamples(const virtual_clinic::Studio& studio, std::uint64_t seed,
                                   int index, int frames);

/// Fills a folder with the shards of a recipe. Shards that are there already stay; bytes do not
/// depend on `threads`. `progress` (may be empty) is called with shards done and in total, from one
/// thread at a time. The first failure ends the work and is thrown.
void MakeCrops(const virtual_clinic::Studio& studio, const CropRecipe& recipe,
               const std::filesystem::path& folder, int threads,
               const std::function<void(int, int)>& progress);

}  // namespace maskbench::training
