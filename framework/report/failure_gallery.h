#pragma once

#include <filesystem>
#include <string>

#include "maskbench/core/json.h"
#include "maskbench/pipeline/run_data.h"

namespace maskbench {

/// A value of a recording that a mask moved.
struct MovedSign {
  std::string recording, variant, observer, measure;
  /// "right", "left", or empty for both.
  std::string eye;
  /// Masked minus original, in the measure's unit.
  double moved = 0;
};

/// The frame that shows best how a sign was moved, or −1 when nothing was measured in both: of lids
/// the one whose difference is nearest to that of the recording's values, so that blinks do not
/// stand for it; of deviations the one where the gaze of an eye differs most.
int64_t FrameOfMovedSign(const MovedSign& sign, const Observations& original,
                         const Observations& masked);

/// A small picture of that frame, the original above the mask: {"picture": a data URI, "frame",
/// "seconds"}; empty when the data set does not permit originals, or where files were not kept.
/// @param reference  name of the variant that is the original.
Json PictureOfMovedSign(const RunData& data, const std::filesystem::path& out,
                        const std::string& reference, const MovedSign& sign);

}  // namespace maskbench
