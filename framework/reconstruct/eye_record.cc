#include "maskbench/reconstruct/eye_record.h"

#include <limits>

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Trace::Trace(size_t frames) : values(frames, kNan), errors(frames, kNan) {}

EyeTraces::EyeTraces(size_t count)
    : mrd1_mm(count),
      mrd2_mm(count),
      from_reflex(count, 0),
      aperture_mm(count),
      superior_show_mm(count),
      inferior_show_mm(count),
      azimuth_deg(count),
      elevation_deg(count),
      camera_azimuth_deg(count),
      camera_elevation_deg(count),
      reflex_to_pupil_x_mm(count),
      reflex_to_pupil_y_mm(count),
      in_sight(count, 0.0),
      shut(count, 0.0),
      iris_diameter_px(count) {}

EyeRecord::EyeRecord(size_t frame_count)
    : frames(static_cast<std::int64_t>(frame_count)),
      eyes{EyeTraces(frame_count), EyeTraces(frame_count)},
      head_yaw_deg(frame_count, kNan),
      head_pitch_deg(frame_count, kNan),
      head_roll_deg(frame_count, kNan) {}

}  // namespace maskbench
