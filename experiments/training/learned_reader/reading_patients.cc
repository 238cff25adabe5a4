#include "experiments/training/learned_reader/reading_patients.h"

#include <array>

#include <fmt/format.h>

#include "maskbench/core/rng.h"

namespace maskbench::training {
namespace {

using virtual_clinic::Condition;
using virtual_clinic::RecordingPlan;

constexpr std::uint64_t kFirstSeed = 5000, kSeedsPerRecipe = 10;
constexpr int kConditions = 5;
// Lengths of recordings: the whole examination at leisure, briskly, and its short form.
constexpr double kFullSeconds = 12, kBriskSeconds = 8, kBriefSeconds = 4;
/// Of single pictures one in so many, so that every step of the examination is seen.
constexpr int kFrameStride = 10;
/// Pictures' widths for training, drawn evenly; the usual one more often.
constexpr std::array<int, 8> kWidths = {320, 400, 512, 640, 640, 640, 640, 800};
constexpr int kUsualWidth = 640;
constexpr int kSkinPx = 512;

}  // namespace

std::uint64_t SeedOf(ReadingUse use, std::uint64_t seed) {
  return kFirstSeed + kSeedsPerRecipe * seed + static_cast<std::uint64_t>(use);
}

const char* ToString(ReadingUse use) {
  switch (use) {
    case ReadingUse::kFrames:
      return "frames";
    case ReadingUse::kRecordings:
      return "recordings";
    case ReadingUse::kValidation:
      return "validation";
    case ReadingUse::kTest:
      return "test";
    case ReadingUse::kExaminations:
      return "examinations";
  }
  return "";
}

RecordingPlan PlanOf(ReadingUse use, std::uint64_t seed, int index, double second_share) {
  RecordingPlan plan;
  plan.seed = SeedOf(use, seed);
  plan.subject_id = fmt::format("p{:05}", index + 1);
  plan.stratum = virtual_clinic::EvenStratum(plan.seed, index);
  plan.condition = static_cast<Condition>(index % kConditions);
  plan.recording_id = fmt::format("{} {:05}", ToString(use), index + 1);
  plan.rate_hz = kReadingHz;
  plan.skin_px = kSkinPx;
  NamedRandom random(plan.seed, plan.recording_id, "format");
  const int width = kWidths[random.Below(static_cast<std::uint32_t>(kWidths.size()))];
  const bool brief = random.Uniform() < 0.5;
  if (use != ReadingUse::kFrames && plan.condition != Condition::kHealthy &&
      random.Uniform() < second_share) {
    const bool strabismus = random.Uniform() < 0.5;
    plan.second = strabismus ? Condition::kStrabismus : Condition::kNystagmus;
    if (plan.second == plan.condition)
      plan.second = strabismus ? Condition::kNystagmus : Condition::kStrabismus;
  }
  switch (use) {
    case ReadingUse::kFrames:
      plan.seconds = kFullSeconds;
      plan.width_px = width;
      break;
    case ReadingUse::kExaminations:
      plan.seconds = brief ? kBriefSeconds : random.Uniform() < 0.5 ? kBriskSeconds : kFullSeconds;
      plan.width_px = kUsualWidth;
      break;
    case ReadingUse::kRecordings:
    case ReadingUse::kValidation:
      plan.seconds = brief ? kBriefSeconds : kBriskSeconds;
      plan.width_px = width;
      break;
    case ReadingUse::kTest:
      plan.seconds = kBriskSeconds;
      plan.width_px = kUsualWidth;
      break;
  }
  plan.height_px = plan.width_px * 3 / 4;
  return plan;
}

std::vector<int> FramesOf(ReadingUse use, const RecordingPlan& plan) {
  std::vector<int> frames;
  const int count = static_cast<int>(virtual_clinic::FrameCount(plan));
  const int stride = use == ReadingUse::kFrames ? kFrameStride : 1;
  NamedRandom random(plan.seed, plan.recording_id, "frames");
  for (int first = 0; first < count; first += stride)
    frames.push_back(std::min(
        count - 1, first + static_cast<int>(random.Below(static_cast<std::uint32_t>(stride)))));
  return frames;
}

}  // namespace maskbench::training
