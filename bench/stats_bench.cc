// What intervals cost, at the size of a whole study: 405 patients with two eyes each, 400 people in
// a gallery, and the numbers of resamples that configurations ask for.
//   OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 stats_bench
#include <cmath>
#include <vector>

#include <benchmark/benchmark.h>

#include "maskbench/core/rng.h"
#include "maskbench/stats/biometrics.h"
#include "maskbench/stats/bootstrap.h"
#include "maskbench/stats/confusion_table.h"
#include "maskbench/stats/kappa.h"
#include "maskbench/stats/linkability.h"
#include "maskbench/stats/panel_kappa.h"
#include "maskbench/stats/probewise_auc.h"

namespace maskbench {
namespace {

constexpr int kPatients = 405, kPeople = 400, kReaders = 12;

/// Eyes of which a third have a sign; the second reading differs from the first in one of ten.
ClusterCounts Eyes() {
  NamedRandom random(1, "eyes", "bench");
  ClusterCounts counts(4);
  for (int eye = 0; eye < 2 * kPatients; ++eye) {
    const int first = random.Uniform() < 1.0 / 3 ? 1 : 0;
    const int second = random.Uniform() < 0.1 ? 1 - first : first;
    counts.Add(eye / 2, 2 * first + second);
  }
  return counts;
}

/// Everybody against everybody, d' about 1.
std::vector<Comparison> Comparisons() {
  NamedRandom random(1, "comparisons", "bench");
  std::vector<Comparison> all;
  for (int probe = 0; probe < kPeople; ++probe) {
    for (int gallery = 0; gallery < kPeople; ++gallery)
      all.push_back({probe, gallery, random.Normal() + (probe == gallery ? 1 : 0)});
  }
  return all;
}

void KappaOfEyesInPatients(benchmark::State& state) {
  const ClusterCounts counts = Eyes();
  for (auto _ : state) benchmark::DoNotOptimize(ClusteredKappa(counts));
}
BENCHMARK(KappaOfEyesInPatients)->Unit(benchmark::kMicrosecond);

void KappaByBootstrap(benchmark::State& state) {
  const ClusterCounts counts = Eyes();
  const int resamples = static_cast<int>(state.range(0));
  for (auto _ : state)
    benchmark::DoNotOptimize(BootstrapKappa(counts, KappaWeighting::kNone, resamples,
                                            NamedRandom(1, "resamples", "bench")));
}
BENCHMARK(KappaByBootstrap)->Arg(2000)->Unit(benchmark::kMillisecond);

void KappaOfAPanel(benchmark::State& state) {
  NamedRandom random(1, "panel", "bench");
  std::vector<PanelReading> readings;
  for (int reader = 0; reader < kReaders; ++reader) {
    for (int eye = 0; eye < 2 * kPatients; ++eye) {
      const int first = random.Uniform() < 1.0 / 3 ? 1 : 0;
      readings.push_back({reader, eye / 2, first, random.Uniform() < 0.1 ? 1 - first : first});
    }
  }
  const int resamples = static_cast<int>(state.range(0));
  for (auto _ : state)
    benchmark::DoNotOptimize(PanelKappaOf(readings, 2, KappaWeighting::kNone, resamples,
                                          NamedRandom(1, "resamples", "bench")));
}
BENCHMARK(KappaOfAPanel)->Arg(2000)->Unit(benchmark::kMillisecond);

void AucByBootstrap(benchmark::State& state) {
  const Verification verification(Comparisons());
  const int resamples = static_cast<int>(state.range(0));
  for (auto _ : state)
    benchmark::DoNotOptimize(SubjectBootstrap(
        kPeople, resamples, NamedRandom(1, "resamples", "bench"),
        [&](const std::vector<double>& weights) { return verification.Auc(weights); }));
}
BENCHMARK(AucByBootstrap)->Arg(500)->Unit(benchmark::kMillisecond);

void ProbewiseAucByBootstrap(benchmark::State& state) {
  const ProbewiseAuc auc(Comparisons(), [](int, int) { return true; });
  const int resamples = static_cast<int>(state.range(0));
  for (auto _ : state)
    benchmark::DoNotOptimize(
        SubjectBootstrap(kPeople, resamples, NamedRandom(1, "resamples", "bench"),
                         [&](const std::vector<double>& weights) { return auc.Auc(weights); }));
}
BENCHMARK(ProbewiseAucByBootstrap)->Arg(500)->Unit(benchmark::kMillisecond);

void LinkabilityByPermutation(benchmark::State& state) {
  const std::vector<Comparison> comparisons = Comparisons();
  const int permutations = static_cast<int>(state.range(0));
  for (auto _ : state)
    benchmark::DoNotOptimize(PermuteLinkability(comparisons, kPeople, {}, permutations,
                                                NamedRandom(1, "permutations", "bench")));
}
BENCHMARK(LinkabilityByPermutation)->Arg(200)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace maskbench
