#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "maskbench/core/npy.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {

/// A table of descriptors, one per row: in memory, or in a .npy file of any size. A row with a
/// number that is not finite is a failure to enrol.
class DescriptorTable {
 public:
  /// @param rows  row-major, row_count × dimension floats that outlive the table.
  DescriptorTable(const float* rows, int64_t row_count, int dimension);
  /// Throws DataError when the file has no columns or too many.
  explicit DescriptorTable(std::shared_ptr<const NpyFile> file);

  int64_t rows() const { return rows_; }
  int dimension() const { return dimension_; }
  /// `count` rows from `first` on. @param scratch  may be what the result points into.
  const float* Rows(int64_t first, int64_t count, std::vector<float>* scratch) const;

 private:
  const float* memory_ = nullptr;
  std::shared_ptr<const NpyFile> file_;
  int64_t rows_ = 0;
  int dimension_ = 0;
};

struct MatchingOptions {
  DescriptorMetric metric = DescriptorMetric::kCosine;
  /// So many of the nearest templates are kept for each probe.
  int top = 10;
  /// Probes and templates that one matrix product compares; they shape speed and memory, never the
  /// result. Memory grows with probe_block × gallery_block and with probes × top alone.
  int probe_block = 256;
  int gallery_block = 1024;
  /// Templates that stay in memory, converted, while all probes pass by.
  int64_t gallery_chunk = 32768;
};

/// What a search of one probe in the gallery gave.
struct ProbeSearch {
  struct Candidate {
    int64_t row = 0;  ///< In the gallery.
    double distance = 0;
  };
  /// The nearest templates, nearest first; equal distances in the gallery's order. Templates that
  /// failed to enrol are nobody's neighbours; empty for a probe that failed.
  std::vector<Candidate> best;
  /// With the row of the own template: its distance, NaN where a side failed, and how many others
  /// are nearer, or as near.
  double own_distance = std::numeric_limits<double>::quiet_NaN();
  int64_t nearer = 0, as_near = 0;
};

/// Compares every probe with every template, by blocks of matrix products in single precision.
///
/// The result is exactly that of DescriptorDistance for every pair, sorted by (distance, row): a
/// product only rules out what lies farther than its error bound (|error| ≤ d·2⁻²⁴/(1 − d·2⁻²⁴) ·
/// |a|·|b| for d numbers in whatever order they are added; Higham, "Accuracy and Stability of
/// Numerical Algorithms", 2002, 3.1), and what is left is compared again in double precision. So
/// neither block sizes nor the BLAS change a bit of it. One thread.
///
/// @param own  for each probe the gallery row of its own template, or −1; may be empty.
/// Throws DataError when the tables have different dimensions, Error for options that make no
/// sense.
std::vector<ProbeSearch> SearchGallery(const DescriptorTable& probes,
                                       const DescriptorTable& gallery,
                                       const MatchingOptions& options,
                                       const std::vector<int64_t>& own = {});

}  // namespace maskbench
