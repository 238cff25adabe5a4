// Searching a gallery against a plain single-precision matrix product in the same process:
//   OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 matching_bench
// "of_sgemm" is the share of the floating-point operations per second that the product of two 4096
// × 4096 matrices reaches, counting 2 · probes · templates · dimension for a search.
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include "maskbench/core/rng.h"
#include "maskbench/core/runtime.h"
#include "maskbench/recognition/matching.h"

extern "C" void sgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* lda,
                       const float* b, const int* ldb, const float* beta, float* c, const int* ldc);

namespace maskbench {
namespace {

double g_sgemm_flops = 0;

std::vector<float> Random(int64_t rows, int64_t columns, const char* name) {
  NamedRandom random(1, name, "bench");
  std::vector<float> values(static_cast<size_t>(rows * columns));
  for (float& value : values) value = static_cast<float>(random.Uniform() - 0.5);
  return values;
}

void PlainProduct(benchmark::State& state) {
  const int n = 4096;
  const std::vector<float> a = Random(n, n, "a"), b = Random(n, n, "b");
  std::vector<float> c(static_cast<size_t>(n) * n);
  const float one = 1, zero = 0;
  double seconds = 0;
  for (auto _ : state) {
    const double start = ThreadCpuSeconds();
    sgemm_("T", "N", &n, &n, &n, &one, a.data(), &n, b.data(), &n, &zero, c.data(), &n);
    benchmark::DoNotOptimize(c.data());
    seconds += ThreadCpuSeconds() - start;
  }
  const double operations = 2.0 * n * n * n * static_cast<double>(state.iterations());
  g_sgemm_flops = operations / seconds;
  state.counters["GFLOPS"] = g_sgemm_flops / 1e9;
}
BENCHMARK(PlainProduct)->Unit(benchmark::kMillisecond);

void Search(benchmark::State& state) {
  const int64_t probes = state.range(0), gallery = state.range(1), dimension = state.range(2);
  const std::vector<float> a = Random(probes, dimension, "probes"),
                           b = Random(gallery, dimension, "gallery");
  MatchingOptions options;
  options.metric = state.range(3) == 0 ? DescriptorMetric::kCosine : DescriptorMetric::kEuclidean;
  std::vector<int64_t> own;
  for (int64_t i = 0; state.range(4) == 1 && i < probes; ++i) own.push_back(i % gallery);
  double seconds = 0;
  for (auto _ : state) {
    const double start = ThreadCpuSeconds();
    benchmark::DoNotOptimize(SearchGallery({a.data(), probes, static_cast<int>(dimension)},
                                           {b.data(), gallery, static_cast<int>(dimension)},
                                           options, own));
    seconds += ThreadCpuSeconds() - start;
  }
  const double operations = 2.0 * static_cast<double>(probes) * static_cast<double>(gallery) *
                            static_cast<double>(dimension) *
                            static_cast<double>(state.iterations());
  state.counters["GFLOPS"] = operations / seconds / 1e9;
  if (g_sgemm_flops > 0) state.counters["of_sgemm"] = operations / seconds / g_sgemm_flops;
}
BENCHMARK(Search)
    ->Unit(benchmark::kMillisecond)
    ->ArgNames({"probes", "gallery", "dimension", "euclidean", "own"})
    ->Args({4096, 4096, 4096, 0, 0})
    ->Args({4096, 4096, 4096, 0, 1})
    ->Args({4096, 65536, 512, 0, 0})
    ->Args({4096, 65536, 512, 0, 1})
    ->Args({4096, 65536, 512, 1, 1})
    ->Args({4096, 65536, 128, 1, 1});

/// What it takes without matrix products.
void OneByOne(benchmark::State& state) {
  const int64_t probes = 64, gallery = 4096;
  const int dimension = 512;
  const std::vector<float> a = Random(probes, dimension, "probes"),
                           b = Random(gallery, dimension, "gallery");
  for (auto _ : state) {
    double sum = 0;
    for (int64_t i = 0; i < probes; ++i) {
      for (int64_t j = 0; j < gallery; ++j) {
        sum += DescriptorDistance(a.data() + i * dimension, b.data() + j * dimension, dimension,
                                  DescriptorMetric::kCosine);
      }
    }
    benchmark::DoNotOptimize(sum);
  }
  state.counters["GFLOPS"] =
      benchmark::Counter(2.0 * static_cast<double>(probes * gallery * dimension) *
                             static_cast<double>(state.iterations()) / 1e9,
                         benchmark::Counter::kIsRate);
}
BENCHMARK(OneByOne)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace maskbench
