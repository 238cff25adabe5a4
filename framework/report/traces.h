#pragma once

#include <string>
#include <vector>

#include "maskbench/core/json.h"
#include "maskbench/pipeline/run_data.h"

#include "disclosure.h"

namespace maskbench {

/// What one observer measured over time in one recording under one variant, for charts: MRD1 and
/// gaze of either eye. Each is {"recording" (as the report calls it), "condition" (empty where the
/// data set is closed), "observer", "variant", "measure", "unit", "eye", "rate_hz", "every",
/// "steps"}; sample k is frame k · `every`. Steps are whole hundredths of the unit, each from the
/// value before; null where nothing was measured.
/// @param most_samples  longer ones keep every second (third …) sample.
void AddTraces(const RunData& data, const Disclosure& disclosure, const std::string& recording,
               const std::string& variant, const std::string& observer, const Observations& seen,
               size_t most_samples, Json* traces);

/// Those of all observers and variants of some recordings; none where disclosure forbids traces.
Json TracesJson(const RunData& data, const Disclosure& disclosure,
                const std::vector<std::string>& recordings, size_t most_samples);

/// The series of an eye; nullptr when there is none.
const MeasureSeries* FindSeries(const Observations& seen, const std::optional<Side>& eye,
                                const std::string& name);

}  // namespace maskbench
