#pragma once

#include <vector>

#include "maskbench/clinical/blinks.h"
#include "maskbench/clinical/fixation.h"
#include "maskbench/clinical/frame_states.h"
#include "maskbench/clinical/nystagmus.h"
#include "maskbench/perception/observer.h"
#include "maskbench/reconstruct/eye_record.h"

namespace maskbench {

struct RecordingMeasureOptions {
  FrameStateOptions frames;
  BlinkOptions blinks;
  NystagmusOptions nystagmus;
  SaccadeOptions saccades;
};

/// The clinical measures of a recording: lids, blinks, alignment, fixation and nystagmus, as
/// docs/metrics.md defines them. Always the same names in the same order; a measure without a value
/// is NaN and its note says why. Nothing is known of what was asked of the patient: covers are seen
/// as eyes out of sight, and primary gaze as visual axes near the camera. Throws DataError when the
/// record's traces do not have one entry per frame, or its rate is not positive.
std::vector<MeasureValue> MeasureRecording(const EyeRecord& record,
                                           const RecordingMeasureOptions& options);

/// Series that go with them: `blinking` (flag), one value per frame.
std::vector<MeasureSeries> MeasureRecordingSeries(const EyeRecord& record,
                                                  const RecordingMeasureOptions& options);

}  // namespace maskbench
