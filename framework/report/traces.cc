#include "traces.h"

#include <cmath>

#include "maskbench/pipeline/condition.h"
#include "maskbench/recognition/recogniser.h"

#include "report_data.h"

namespace maskbench {
namespace {

constexpr const char* kTraced[] = {"mrd1", "gaze_azimuth", "gaze_elevation"};

Json StepsJson(const std::vector<double>& values, size_t every) {
  Json steps = Json::array();
  int64_t last = 0;
  for (size_t i = 0; i < values.size(); i += every) {
    if (!std::isfinite(values[i])) {
      steps.push_back(nullptr);
      continue;
    }
    const auto now = static_cast<int64_t>(std::llround(values[i] * 100));
    steps.push_back(now - last);
    last = now;
  }
  return steps;
}

}  // namespace

const MeasureSeries* FindSeries(const Observations& seen, const std::optional<Side>& eye,
                                const std::string& name) {
  for (const MeasureSeries& series : seen.series)
    if (series.eye == eye && series.name == name) return &series;
  return nullptr;
}

void AddTraces(const RunData& data, const Disclosure& disclosure, const std::string& recording,
               const std::string& variant, const std::string& observer, const Observations& seen,
               size_t most_samples, Json* traces) {
  const LabelledRecording& labels = *data.dataset().FindRecording(recording);
  for (const char* name : kTraced) {
    for (const Side side : kSides) {
      const MeasureSeries* series = FindSeries(seen, side, name);
      if (series == nullptr || series->values.empty()) continue;
      const size_t every = (series->values.size() + most_samples - 1) / most_samples;
      traces->push_back({{"recording", disclosure.Label(recording)},
                         {"condition", disclosure.closed() ? "" : ConditionOf(labels)},
                         {"observer", observer},
                         {"variant", variant},
                         {"measure", name},
                         {"unit", series->unit},
                         {"eye", ToString(side)},
                         {"rate_hz", ShortJson(labels.rate_hz / static_cast<double>(every))},
                         {"every", every},
                         {"steps", StepsJson(series->values, every)}});
    }
  }
}

Json TracesJson(const RunData& data, const Disclosure& disclosure,
                const std::vector<std::string>& recordings, size_t most_samples) {
  Json traces = Json::array();
  if (!disclosure.traces()) return traces;
  for (const ComponentChoice& observer : data.config().observers) {
    if (MetricOf(observer.type)) continue;  // Recognisers measure no eyes.
    for (const std::string& id : recordings) {
      for (const ComponentChoice& variant : data.config().variants) {
        const auto seen = data.Observed(id, variant.name, observer.name);
        if (seen)
          AddTraces(data, disclosure, id, variant.name, observer.name, *seen, most_samples,
                    &traces);
      }
    }
  }
  return traces;
}

}  // namespace maskbench
