#include "maskbench/media/recording.h"

namespace maskbench {

Json ToJson(const MediaInfo& info) {
  return {{"width_px", info.width_px},
          {"height_px", info.height_px},
          {"rate_hz", info.rate.hz()},
          {"rate_numerator", info.rate.numerator},
          {"rate_denominator", info.rate.denominator},
          {"frame_count", info.frame_count},
          {"duration_s", info.duration_s()},
          {"rotation_deg", info.rotation_deg},
          {"resampled", info.resampled},
          {"codec", info.codec}};
}

}  // namespace maskbench
