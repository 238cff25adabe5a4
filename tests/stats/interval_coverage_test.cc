// Do 95 % intervals hold the truth in 95 % of simulated studies? And do tests reject a true
// hypothesis as rarely as they say?
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/rng.h"
#include "maskbench/stats/agreement.h"
#include "maskbench/stats/diagnostic_accuracy.h"
#include "maskbench/stats/distributions.h"
#include "maskbench/stats/equivalence.h"
#include "maskbench/stats/kappa.h"
#include "maskbench/stats/paired_proportions.h"
#include "maskbench/stats/panel_kappa.h"
#include "maskbench/stats/roc_area.h"

namespace maskbench {
namespace {

constexpr int kStudies = 2000;

/// Share of simulated studies in which something holds.
double ShareOf(const std::string& name, int studies,
               const std::function<bool(NamedRandom* random)>& holds) {
  int count = 0;
  for (int study = 0; study < studies; ++study) {
    NamedRandom random(20260101, name + " " + std::to_string(study), "simulation");
    count += holds(&random) ? 1 : 0;
  }
  return static_cast<double>(count) / studies;
}

bool Holds(const Interval& interval, double truth) {
  return interval.low <= truth && truth <= interval.high;
}

/// One of the cells with these chances.
int DrawCell(const std::vector<double>& chances, NamedRandom* random) {
  double rest = random->Uniform();
  for (size_t i = 0; i + 1 < chances.size(); ++i)
    if ((rest -= chances[i]) < 0) return static_cast<int>(i);
  return static_cast<int>(chances.size()) - 1;
}

/// Two eyes per patient, every tenth patient with one. With the chance `alike` the second eye is
/// read as the first one is, so cells have the same chances in all eyes, and eyes are dependent.
std::vector<PairedReading> DrawReadings(int patients, int categories,
                                        const std::vector<double>& chances, double alike,
                                        NamedRandom* random) {
  std::vector<PairedReading> readings;
  for (int patient = 0; patient < patients; ++patient) {
    int cell = DrawCell(chances, random);
    readings.push_back({patient, cell / categories, cell % categories});
    if (patient % 10 == 0) continue;
    if (random->Uniform() >= alike) cell = DrawCell(chances, random);
    readings.push_back({patient, cell / categories, cell % categories});
  }
  return readings;
}

const std::vector<double> kPresence = {0.45, 0.06, 0.07, 0.42};
const std::vector<double> kGrades = {0.30, 0.05, 0.01, 0.06, 0.22, 0.05, 0.01, 0.05, 0.25};

double TrueKappa(const std::vector<double>& chances, KappaWeighting weighting) {
  const auto k = static_cast<int>(std::lround(std::sqrt(chances.size())));
  return KappaOf(chances.data(), k, AgreementWeights(weighting, k));
}

TEST(IntervalCoverage, OfBootstrappedKappa) {
  const double truth = TrueKappa(kPresence, KappaWeighting::kNone);
  const double coverage = ShareOf("kappa", kStudies, [&](NamedRandom* random) {
    const ClusterCounts counts = CountPairs(DrawReadings(100, 2, kPresence, 0.5, random), 2);
    return Holds(BootstrapKappa(counts, KappaWeighting::kNone, 400, *random).interval, truth);
  });
  RecordProperty("coverage", std::to_string(coverage));
  EXPECT_GE(coverage, 0.93);
  EXPECT_LE(coverage, 0.97);
}

TEST(IntervalCoverage, OfWeightedKappa) {
  double linearised = 0;
  const double linear = TrueKappa(kGrades, KappaWeighting::kLinear);
  const double quadratic = TrueKappa(kGrades, KappaWeighting::kQuadratic);
  const double bootstrap = ShareOf("weighted kappa", kStudies, [&](NamedRandom* random) {
    const ClusterCounts counts = CountPairs(DrawReadings(100, 3, kGrades, 0.5, random), 3);
    const KappaEstimate of_squares = ClusteredKappa(counts, KappaWeighting::kQuadratic);
    linearised += Holds(of_squares.interval, quadratic) ? 1.0 / kStudies : 0;
    return Holds(BootstrapKappa(counts, KappaWeighting::kLinear, 400, *random).interval, linear);
  });
  for (const double coverage : {bootstrap, linearised}) {
    EXPECT_GE(coverage, 0.93);
    EXPECT_LE(coverage, 0.97);
  }
}

TEST(IntervalCoverage, OfClusteredKappaWhereThatOfIndependentEyesIsTooNarrow) {
  const double truth = TrueKappa(kPresence, KappaWeighting::kNone);
  double naive = 0;
  const double coverage = ShareOf("linearised kappa", kStudies, [&](NamedRandom* random) {
    const std::vector<PairedReading> readings = DrawReadings(100, 2, kPresence, 0.8, random);
    ConfusionTable table(2);
    for (const PairedReading& reading : readings) table.Add(reading.first, reading.second);
    naive += Holds(CohenKappa(table).interval, truth) ? 1.0 / kStudies : 0;
    return Holds(ClusteredKappa(CountPairs(readings, 2)).interval, truth);
  });
  RecordProperty("coverage", std::to_string(coverage));
  EXPECT_GE(coverage, 0.93);
  EXPECT_LE(coverage, 0.97);
  EXPECT_LT(naive, 0.9);
}

TEST(IntervalCoverage, OfClusteredSensitivity) {
  for (const double truth : {0.7, 0.9}) {
    const double coverage = ShareOf("sensitivity", kStudies, [&](NamedRandom* random) {
      std::vector<DiagnosticReading> readings;
      for (int patient = 0; patient < 80; ++patient) {
        bool called = random->Uniform() < truth;
        readings.push_back({patient, true, called});
        if (random->Uniform() < 0.3) continue;
        if (random->Uniform() >= 0.6) called = random->Uniform() < truth;
        readings.push_back({patient, true, called});
      }
      return Holds(AccuracyOf(readings).sensitivity.interval, truth);
    });
    RecordProperty("coverage_" + std::to_string(truth).substr(0, 3), std::to_string(coverage));
    EXPECT_GE(coverage, 0.93) << truth;
    EXPECT_LE(coverage, 0.97) << truth;
  }
}

TEST(IntervalCoverage, OfClusteredRocArea) {
  constexpr double kLead = 1.3;
  const double truth = NormalCdf(kLead / std::sqrt(2.0));
  const double coverage = ShareOf("area", kStudies, [&](NamedRandom* random) {
    std::vector<ScoredEye> eyes;
    for (int patient = 0; patient < 70; ++patient) {
      const double shared = random->Normal();
      // A third each: both eyes diseased, one of them, none.
      for (int eye = 0; eye < 2; ++eye) {
        const bool diseased = patient % 3 > eye;
        eyes.push_back(
            {patient, diseased,
             std::sqrt(0.6) * shared + std::sqrt(0.4) * random->Normal() + (diseased ? kLead : 0)});
      }
    }
    return Holds(ClusteredRocArea(eyes).interval, truth);
  });
  RecordProperty("coverage", std::to_string(coverage));
  EXPECT_GE(coverage, 0.93);
  EXPECT_LE(coverage, 0.97);
}

TEST(IntervalCoverage, OfADifferenceOfRocAreas) {
  // The second score has more noise. Areas Φ(d / √2) and Φ(d / √(2 · 1.5)).
  constexpr double kLead = 1.3;
  const double truth = NormalCdf(kLead / std::sqrt(3.0)) - NormalCdf(kLead / std::sqrt(2.0));
  const double coverage = ShareOf("areas", kStudies, [&](NamedRandom* random) {
    std::vector<PairedScores> eyes;
    for (int patient = 0; patient < 70; ++patient) {
      const double shared = random->Normal();
      for (int eye = 0; eye < 2; ++eye) {
        const bool diseased = patient % 3 > eye;
        const double first =
            std::sqrt(0.6) * shared + std::sqrt(0.4) * random->Normal() + (diseased ? kLead : 0);
        eyes.push_back({patient, diseased, first, first + std::sqrt(0.5) * random->Normal()});
      }
    }
    return Holds(CompareRocAreas(eyes).difference.interval, truth);
  });
  RecordProperty("coverage", std::to_string(coverage));
  EXPECT_GE(coverage, 0.93);
  EXPECT_LE(coverage, 0.97);
}

TEST(IntervalCoverage, OfIntraclassCorrelation) {
  // Variances 4 between targets, 0.3 between raters, 1 left: 4 / 5.3.
  const double coverage = ShareOf("icc", kStudies, [](NamedRandom* random) {
    std::vector<double> raters(4);
    for (double& rater : raters) rater = std::sqrt(0.3) * random->Normal();
    std::vector<std::vector<double>> ratings(30);
    for (std::vector<double>& row : ratings) {
      const double target = 2 * random->Normal();
      for (const double rater : raters) row.push_back(target + rater + random->Normal());
    }
    return Holds(IntraclassInterval(ratings).interval, 4 / 5.3);
  });
  RecordProperty("coverage", std::to_string(coverage));
  EXPECT_GE(coverage, 0.93);
  EXPECT_LE(coverage, 0.97);
}

TEST(IntervalCoverage, OfBiasAndLimitsOfAgreement) {
  double bias = 0, limit = 0;
  ShareOf("limits", kStudies, [&](NamedRandom* random) {
    std::vector<double> differences(50);
    for (double& difference : differences) difference = 0.2 + 0.5 * random->Normal();
    const AgreementIntervals intervals = AgreementIntervalsOf(differences);
    bias += Holds(intervals.bias, 0.2) ? 1.0 / kStudies : 0;
    limit += Holds(intervals.upper_limit, 0.2 + 1.96 * 0.5) ? 1.0 / kStudies : 0;
    return true;
  });
  for (const double coverage : {bias, limit}) {
    EXPECT_GE(coverage, 0.93);
    EXPECT_LE(coverage, 0.97);
  }
}

/// Pairs of answers: chances of neither, second only, first only, both.
std::vector<MatchedCluster> DrawPairs(int patients, const std::vector<double>& chances,
                                      double alike, NamedRandom* random) {
  std::vector<MatchedPair> pairs;
  for (const PairedReading& reading : DrawReadings(patients, 2, chances, alike, random))
    pairs.push_back({reading.patient, reading.first == 1, reading.second == 1});
  return GroupByPatient(pairs);
}

TEST(IntervalCoverage, OfAPairedDifference) {
  // Many and few discordant pairs.
  for (const auto& [chances, truth] :
       {std::pair<std::vector<double>, double>{{0.2, 0.06, 0.12, 0.62}, -0.06},
        {{0.1, 0.02, 0.03, 0.85}, -0.01}}) {
    const double coverage =
        ShareOf("paired", kStudies, [&, c = chances, t = truth](NamedRandom* random) {
          return Holds(ComparePairs(DrawPairs(100, c, 0.6, random)).interval, t);
        });
    RecordProperty("coverage_" + std::to_string(truth).substr(0, 5), std::to_string(coverage));
    EXPECT_GE(coverage, 0.93) << truth;
    EXPECT_LE(coverage, 0.97) << truth;
  }
}

TEST(TestSize, OfClusteredPairedTests) {
  const std::vector<double> equal = {0.2, 0.1, 0.1, 0.6};
  double durkalski = 0, mcnemar = 0;
  const double obuchowski = ShareOf("size", kStudies, [&](NamedRandom* random) {
    const std::vector<MatchedCluster> patients = DrawPairs(100, equal, 0.8, random);
    double first_only = 0, second_only = 0;
    for (const MatchedCluster& patient : patients) {
      first_only += patient.first_only;
      second_only += patient.second_only;
    }
    durkalski += DurkalskiTest(patients).p_value <= 0.05 ? 1.0 / kStudies : 0;
    mcnemar += McNemarExact(static_cast<int>(first_only), static_cast<int>(second_only)) <= 0.05
                   ? 1.0 / kStudies
                   : 0;
    return ObuchowskiTest(patients).p_value <= 0.05;
  });
  for (const double size : {obuchowski, durkalski}) {
    EXPECT_GE(size, 0.035);
    EXPECT_LE(size, 0.065);
  }
  // McNemar's test takes the eyes of a patient for independent.
  EXPECT_GT(mcnemar, 0.08);
}

TEST(TestSize, OfEquivalenceAtTheMargin) {
  // The truth lies on the margin, so equivalence may be found in 5 % of studies.
  const std::vector<double> chances = {0.15, 0.03, 0.13, 0.69};
  const double size = ShareOf("margin", kStudies, [&](NamedRandom* random) {
    return TestEquivalence(DrawPairs(150, chances, 0.6, random), 0.1).equivalent;
  });
  RecordProperty("size", std::to_string(size));
  EXPECT_GE(size, 0.03);
  EXPECT_LE(size, 0.065);
}

TEST(TestSize, OfEquivalenceOfKappasAtTheMargin) {
  const std::vector<double> better = {0.47, 0.03, 0.03, 0.47};     // Kappa 0.88.
  const std::vector<double> worse = {0.445, 0.055, 0.055, 0.445};  // 0.78.
  const double size = ShareOf("kappa margin", kStudies, [&](NamedRandom* random) {
    const std::vector<PairedReading> first = DrawReadings(150, 2, better, 0.5, random);
    const std::vector<PairedReading> second = DrawReadings(150, 2, worse, 0.5, random);
    const KappaComparison kappas =
        CompareKappas(first, second, 2, KappaWeighting::kNone, 400, *random);
    return TestEquivalence(kappas.difference, 0.1).equivalent;
  });
  RecordProperty("size", std::to_string(size));
  EXPECT_GE(size, 0.03);
  EXPECT_LE(size, 0.07);
}

TEST(IntervalCoverage, OfThePanelsKappaIsNotTooLow) {
  // Readers change their mind in 2 % to 12 % of eyes; the mean over all readers of 1 − 2 · share
  // (prevalence one half) is 0.86.
  constexpr int kPanels = 500;
  const double coverage = ShareOf("panel", kPanels, [](NamedRandom* random) {
    std::vector<int> truth(100);
    for (int& eye : truth) eye = static_cast<int>(random->Below(2));
    std::vector<PanelReading> readings;
    for (int reader = 0; reader < 12; ++reader) {
      const double share = 0.02 + 0.1 * random->Uniform();
      for (int patient = 0; patient < 100; ++patient) {
        const int first = truth[patient];
        readings.push_back({reader, patient, first, random->Uniform() < share ? 1 - first : first});
      }
    }
    return Holds(PanelKappaOf(readings, 2, KappaWeighting::kNone, 300, *random).mean.interval,
                 0.86);
  });
  RecordProperty("coverage", std::to_string(coverage));
  EXPECT_GE(coverage, 0.93);
}

}  // namespace
}  // namespace maskbench
