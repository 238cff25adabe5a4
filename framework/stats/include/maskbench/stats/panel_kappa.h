#pragma once

#include <functional>
#include <vector>

#include "maskbench/core/rng.h"
#include "maskbench/stats/interval_estimate.h"
#include "maskbench/stats/kappa.h"

namespace maskbench {

/// Two readings of one eye by one reader of a panel.
struct PanelReading {
  int reader = 0;
  int patient = 0;
  int first = 0, second = 0;
};

/// Statistic of a panel in which readers and patients count so and so often; NaN where undefined.
using PanelStatistic = std::function<double(const std::vector<double>& reader_weights,
                                            const std::vector<double>& patient_weights)>;

/// Percentile interval and standard error of a statistic when readers *and* patients are resampled,
/// each with replacement and independently (multi-reader multi-case bootstrap; Beiden, Wagner &
/// Campbell, Acad Radiol 7:341, 2000; Owen, Ann Appl Stat 1:386, 2007: such intervals err on the
/// wide side). `kTooFewClusters` below two readers or two patients.
IntervalEstimate PanelBootstrap(int readers, int patients, int resamples, NamedRandom random,
                                const PanelStatistic& statistic, double confidence = 0.95);

/// Agreement of each reader of a panel with himself, original against masked.
struct PanelKappa {
  IntervalEstimate mean;        ///< Mean of the readers' kappas that are defined.
  std::vector<double> readers;  ///< Kappa of each reader, by ascending id; NaN where undefined.
  int undefined = 0;            ///< Readers without a kappa.
};

/// Ids of readers and patients need not be dense; a reader need not have read every patient. Throws
/// UsageError for a category outside 0 … categories − 1.
PanelKappa PanelKappaOf(const std::vector<PanelReading>& readings, int categories,
                        KappaWeighting weighting, int resamples, NamedRandom random,
                        double confidence = 0.95);

}  // namespace maskbench
