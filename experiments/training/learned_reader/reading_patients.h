#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/virtual_clinic/recorder.h"

namespace maskbench::training {

/// What the patients of the learned reader's recipe are for. Each kind has a seed of its own, so
/// that no two share a person: 5000 + 10 · seed + number of the kind.
enum class ReadingUse {
  kFrames,        ///< Single pictures for the frame network.
  kRecordings,    ///< Whole recordings, read by the frame network, for the time network.
  kValidation,    ///< Recordings that nothing is trained on.
  kTest,          ///< Recordings for the model card alone.
  kExaminations,  ///< Truth without pictures, for the time network.
};

std::uint64_t SeedOf(ReadingUse use, std::uint64_t seed);
const char* ToString(ReadingUse use);

/// Frames a second that the learned reader looks at.
inline constexpr double kReadingHz = 30;

/// The recording of patient number `index`; patients of one kind take conditions in turn, sexes,
/// ancestries and ages evenly. A pure function of its arguments.
/// @param second_share  of the ill whose time is read (all but kFrames), how many have strabismus
/// or nystagmus besides.
virtual_clinic::RecordingPlan PlanOf(ReadingUse use, std::uint64_t seed, int index,
                                     double second_share = 0);

/// The frames of it that are played: of single pictures one of every ten, else all.
std::vector<int> FramesOf(ReadingUse use, const virtual_clinic::RecordingPlan& plan);

}  // namespace maskbench::training
