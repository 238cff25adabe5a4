#include "experiments/training/learned_reader/reading_cases.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/perception/reader_crop.h"

#include "experiments/training/learned_reader/picture_changes.h"

namespace maskbench::training {
namespace {

constexpr const char* kConditions[] = {"thyroid_orbitopathy", "ptosis", "strabismus", "nystagmus"};
const std::vector<std::string> kStrabismus = {"esotropia", "exotropia", "hypertropia",
                                              "hypotropia"};

/// Of a word in a list; throws where it is none of them.
int IndexIn(const std::vector<std::string>& words, const std::string& word) {
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end())
    throw DataError(fmt::format("\"{}\" is no label that the learned reader knows.", word));
  return static_cast<int>(found - words.begin());
}

/// The numbers that carry errors, in the order of EyeNow.
std::array<float*, 6> Numbers(EyeNow* eye) {
  return {&eye->mrd1_mm, &eye->mrd2_mm,        &eye->nasal_deg,
          &eye->up_deg,  &eye->head_nasal_deg, &eye->head_up_deg};
}

double Between(NamedRandom* random, double low, double high) {
  return low + (high - low) * random->Uniform();
}

/// Frames of each examiner's step, in order.
std::vector<std::vector<int>> FramesByStep(const std::vector<int>& steps) {
  std::vector<std::vector<int>> frames;
  for (size_t k = 0; k < steps.size(); ++k) {
    const auto step = static_cast<size_t>(steps[k]);
    if (frames.size() <= step) frames.resize(step + 1);
    frames[step].push_back(static_cast<int>(k));
  }
  return frames;
}

ReaderStep Mixed(const ReaderStep& a, const ReaderStep& b, double share) {
  if (!a.seen || !b.seen) return share < 0.5 ? a : b;
  ReaderStep mixed = a;
  for (size_t s = 0; s < 2; ++s) {
    EyeNow to = b.eyes[s];
    const auto from = Numbers(&mixed.eyes[s]);
    const auto other = Numbers(&to);
    for (size_t k = 0; k < from.size(); ++k)
      *from[k] += static_cast<float>(share) * (*other[k] - *from[k]);
    mixed.eyes[s].shut += static_cast<float>(share) * (to.shut - mixed.eyes[s].shut);
    mixed.eyes[s].covered += static_cast<float>(share) * (to.covered - mixed.eyes[s].covered);
  }
  return mixed;
}

}  // namespace

const std::string& StrabismusKindName(int kind) {
  return kStrabismus.at(static_cast<size_t>(kind));
}

std::string NystagmusKindName(int kind, Side side) {
  const bool nose_is_left = side == Side::kRight;
  switch (kind) {
    case 0:
      return "pendular";
    case 1:
      return "pendular_vertical";
    case 2:
      return nose_is_left ? "jerk_left" : "jerk_right";
    case 3:
      return nose_is_left ? "jerk_right" : "jerk_left";
    case 4:
      return "jerk_up";
    default:
      return "jerk_down";
  }
}

EyeLabels LabelsOf(const Json& labels, Side side) {
  EyeLabels eye;
  for (int c = 0; c < kReaderConditions; ++c) {
    const std::string word = labels.at(kConditions[c]);
    if (word == "none") continue;
    eye.present[static_cast<size_t>(c)] = true;
    if (c == 0) eye.orbitopathy_grade = IndexIn({"mild", "moderate_severe"}, word);
    if (c == 1) eye.ptosis_grade = IndexIn({"mild", "moderate", "severe"}, word);
    if (c == 2) eye.strabismus_kind = IndexIn(kStrabismus, word);
    if (c == 3) {
      std::vector<std::string> kinds;
      for (int kind = 0; kind < kReaderNystagmusKinds; ++kind)
        kinds.push_back(NystagmusKindName(kind, side));
      eye.nystagmus_kind = IndexIn(kinds, word);
    }
  }
  return eye;
}

ReaderCase CaseOf(const ReadingShard& shard) {
  ReaderCase made;
  const Json& plan = shard.about.at("plan");
  const Json& patient = shard.about.at("patient");
  made.patient = fmt::format("{} {}", plan.at("seed").get<std::uint64_t>(),
                             plan.at("subject").get<std::string>());
  made.condition = patient.at("condition");
  made.borderline = patient.at("borderline");
  // As Sex and Ancestry of the virtual clinic are numbered.
  made.sex = plan.at("sex").get<int>() == 0 ? "female" : "male";
  constexpr const char* kAncestries[] = {"African", "Asian", "Caucasian"};
  made.ancestry = kAncestries[plan.at("ancestry").get<int>()];
  made.width_px = shard.about.at("width_px");
  for (const Side side : kSides)
    made.labels[static_cast<size_t>(side)] =
        LabelsOf(patient.at(side == Side::kRight ? "right" : "left").at("labels"), side);
  for (const ReadingShard::Frame& frame : shard.frames) {
    made.truth.push_back({frame.eyes, true});
    made.exam_steps.push_back(frame.step);
  }
  return made;
}

std::vector<ReaderStep> ReadShard(const ReadingShard& shard, Network* frame_network,
                                  NamedRandom* random) {
  constexpr int kPlane = kReaderCropWidth * kReaderCropHeight;
  std::array<PictureChange, 2> changes;  // Of the eyes' pictures and the face's.
  if (random != nullptr) {
    changes = {DrawPictureChange(random, false), DrawPictureChange(random, true)};
    for (PictureChange& change : changes) {
      change.glint = change.blank = false;
      change.scale = change.stretch = 1;  // The mesh errs here from frame to frame, not for long.
    }
  }
  std::vector<float> input(static_cast<size_t>(4 * kPlane));
  std::vector<Tensor> outputs;
  std::vector<ReaderStep> steps;
  for (size_t f = 0; f < shard.frames.size(); ++f) {
    ReaderStep step;
    step.seen = shard.frames[f].seen != 0;
    if (step.seen) {
      for (int side = 0; side < 2; ++side) {
        float* planes = input.data() + 2 * side * kPlane;
        NormaliseGrey(ChangePicture(shard.EyePatch(f, side), false, changes[0], random), planes);
        NormaliseGrey(ChangePicture(shard.FacePatch(f), side == 0, changes[1], random),
                      planes + kPlane);
      }
      frame_network->Run(input.data(), &outputs);
      for (size_t side = 0; side < 2; ++side)
        step.eyes[side] = DecodeReaderFrame(&outputs[0].values[side * kReaderFrameValues]);
    }
    steps.push_back(step);
  }
  return steps;
}

std::vector<ReaderStep> BorrowErrors(const ReaderCase& examination, const ReaderCase& donor,
                                     const std::vector<ReaderStep>& reading, NamedRandom* random) {
  constexpr float kHidden = 0.3F;
  const std::vector<std::vector<int>> donated = FramesByStep(donor.exam_steps);
  const double size = std::exp(0.2 * random->Normal());
  std::vector<ReaderStep> made;
  int in_step = 0;
  for (size_t t = 0; t < examination.truth.size(); ++t) {
    const int exam_step = examination.exam_steps[t];
    in_step = t > 0 && examination.exam_steps[t - 1] == exam_step ? in_step + 1 : 0;
    ReaderStep step = examination.truth[t];
    const auto known = static_cast<size_t>(exam_step) < donated.size()
                           ? donated[static_cast<size_t>(exam_step)]
                           : std::vector<int>();
    // To the end of the donor's step and back again, so that errors do not jump.
    size_t from = t % reading.size();
    if (!known.empty()) {
      const int length = static_cast<int>(known.size()), round = std::max(1, 2 * length - 2);
      const int at = in_step % round;
      from = static_cast<size_t>(known[static_cast<size_t>(at < length ? at : round - at)]);
    }
    step.seen = reading[from].seen;
    for (size_t s = 0; step.seen && s < 2; ++s) {
      EyeNow &eye = step.eyes[s], read = reading[from].eyes[s], truth = donor.truth[from].eyes[s];
      const bool hidden = eye.covered > kHidden;
      const auto now = Numbers(&eye);
      const auto said = Numbers(&read), was = Numbers(&truth);
      for (size_t k = 0; k < now.size(); ++k) {
        const bool about_eye = k < 4;
        const float error = *said[k] - *was[k];
        // Of an eye that is hidden or shut the network says what it likes.
        if (about_eye && (hidden || !std::isfinite(*now[k]))) {
          *now[k] = *said[k];
        } else if (std::isfinite(error) && truth.covered <= kHidden) {
          *now[k] += static_cast<float>(size) * error;
        }
      }
      if (truth.covered <= kHidden && !hidden) {
        eye.shut = std::clamp(eye.shut + (read.shut - truth.shut), 0.0F, 1.0F);
        eye.covered = std::clamp(eye.covered + (read.covered - truth.covered), 0.0F, 1.0F);
      }
    }
    made.push_back(step);
  }
  return made;
}

std::vector<ReaderStep> ChangeReading(const std::vector<ReaderStep>& reading, NamedRandom* random) {
  // Another speed: cameras of 25 frames a second, slower and faster examiners.
  const double speed = random->Uniform() < 0.5 ? 1.0 : Between(random, 0.83, 1.2);
  const auto length = static_cast<double>(reading.size());
  double from = 0, to = length - 1;
  if (random->Uniform() < 0.3) from = Between(random, 0, 0.12) * length;
  if (random->Uniform() < 0.3) to -= Between(random, 0, 0.12) * length;
  std::vector<ReaderStep> changed;
  for (double at = from; at <= to; at += speed) {
    const auto left = static_cast<size_t>(at);
    const size_t right = std::min(left + 1, reading.size() - 1);
    changed.push_back(Mixed(reading[left], reading[right], at - static_cast<double>(left)));
  }
  // Errors that stay: of the lids and of gaze, the latter mostly of both eyes alike.
  const double lids = 0.12, gaze = 0.7, noise = random->Uniform() < 0.5 ? 0.0 : 1.0;
  const double noise_mm = noise * Between(random, 0, 0.12),
               noise_deg = noise * Between(random, 0, 0.5);
  const double lids_both = lids * random->Normal(), up_both = gaze * random->Normal();
  std::array<std::array<double, 4>, 2> offsets;
  for (auto& offset : offsets)
    offset = {lids_both + lids * random->Normal(), lids_both + lids * random->Normal(),
              gaze * random->Normal(), up_both + 0.5 * gaze * random->Normal()};
  const double lost = random->Uniform() < 0.3 ? Between(random, 0, 0.08) : 0.0;
  for (ReaderStep& step : changed) {
    if (random->Uniform() < lost) step.seen = false;
    for (size_t s = 0; s < 2; ++s) {
      const auto numbers = Numbers(&step.eyes[s]);
      for (size_t k = 0; k < 4; ++k)
        *numbers[k] +=
            static_cast<float>(offsets[s][k] + (k < 2 ? noise_mm : noise_deg) * random->Normal());
    }
  }
  return changed;
}

}  // namespace maskbench::training
