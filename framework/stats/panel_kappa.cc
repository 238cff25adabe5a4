#include "maskbench/stats/panel_kappa.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "maskbench/core/parallel.h"

#include "resample_summary.h"

namespace maskbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void Draw(NamedRandom* random, std::vector<double>* weights) {
  std::fill(weights->begin(), weights->end(), 0.0);
  const auto count = static_cast<uint32_t>(weights->size());
  for (uint32_t i = 0; i < count; ++i) (*weights)[random->Below(count)] += 1;
}

}  // namespace

IntervalEstimate PanelBootstrap(int readers, int patients, int resamples, NamedRandom random,
                                const PanelStatistic& statistic, double confidence) {
  IntervalEstimate estimate;
  if (readers < 1 || patients < 1) return estimate;
  std::vector<double> reader_weights(readers, 1.0), patient_weights(patients, 1.0);
  estimate.value = statistic(reader_weights, patient_weights);
  if (std::isnan(estimate.value)) {
    estimate.status = EstimateStatus::kOneCategory;
    return estimate;
  }
  if (readers < 2 || patients < 2) {
    estimate.status = EstimateStatus::kTooFewClusters;
    return estimate;
  }
  struct Drawn {
    std::vector<double> readers, patients;
  };
  std::vector<Drawn> drawn(static_cast<size_t>(std::max(0, resamples)),
                           {reader_weights, patient_weights});
  for (Drawn& own : drawn) {
    Draw(&random, &own.readers);
    Draw(&random, &own.patients);
  }
  std::vector<double> values(drawn.size());
  ParallelFor(resamples,
              [&](int i) { values[i] = statistic(drawn[i].readers, drawn[i].patients); });
  values.erase(std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }),
               values.end());
  SummariseResamples(std::move(values), resamples, confidence, &estimate);
  return estimate;
}

PanelKappa PanelKappaOf(const std::vector<PanelReading>& readings, int categories,
                        KappaWeighting weighting, int resamples, NamedRandom random,
                        double confidence) {
  std::map<int, std::vector<PairedReading>> by_reader;
  std::map<int, int> patients;
  for (const PanelReading& reading : readings) {
    by_reader[reading.reader].push_back({reading.patient, reading.first, reading.second});
    patients.try_emplace(reading.patient, static_cast<int>(patients.size()));
  }
  // Tables of all patients, reader by reader.
  const size_t cells = static_cast<size_t>(categories) * categories;
  std::vector<std::vector<double>> tables;
  for (const auto& [reader, own] : by_reader) {
    std::vector<double> rows(patients.size() * cells, 0.0);
    for (const PairedReading& reading : own) {
      ConfusionTable(categories).Add(reading.first, reading.second);  // Checks the categories.
      rows[patients[reading.patient] * cells + reading.first * categories + reading.second] += 1;
    }
    tables.push_back(std::move(rows));
  }
  const std::vector<double> weights = AgreementWeights(weighting, categories);
  const auto kappa_of = [&](size_t reader, const std::vector<double>& patient_weights) {
    std::vector<double> sums(cells, 0.0);
    for (size_t patient = 0; patient < patient_weights.size(); ++patient) {
      if (patient_weights[patient] == 0) continue;
      const double* row = tables[reader].data() + patient * cells;
      for (size_t cell = 0; cell < cells; ++cell)
        sums[cell] += patient_weights[patient] * row[cell];
    }
    return KappaOf(sums.data(), categories, weights);
  };
  PanelKappa panel;
  const std::vector<double> once(patients.size(), 1.0);
  for (size_t reader = 0; reader < tables.size(); ++reader) {
    panel.readers.push_back(kappa_of(reader, once));
    panel.undefined += std::isnan(panel.readers.back()) ? 1 : 0;
  }
  panel.mean = PanelBootstrap(
      static_cast<int>(tables.size()), static_cast<int>(patients.size()), resamples, random,
      [&](const std::vector<double>& reader_weights, const std::vector<double>& patient_weights) {
        double sum = 0, count = 0;
        for (size_t reader = 0; reader < tables.size(); ++reader) {
          if (reader_weights[reader] == 0) continue;
          const double kappa = kappa_of(reader, patient_weights);
          if (std::isnan(kappa)) continue;
          sum += reader_weights[reader] * kappa;
          count += reader_weights[reader];
        }
        return count > 0 ? sum / count : kNan;
      },
      confidence);
  return panel;
}

}  // namespace maskbench
