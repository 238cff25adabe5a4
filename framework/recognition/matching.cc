#include "maskbench/recognition/matching.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"

// Of the BLAS that LibTorch uses as well; its headers are not needed for one function.
extern "C" void sgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n,
                       const int* k, const float* alpha, const float* a, const int* lda,
                       const float* b, const int* ldb, const float* beta, float* c, const int* ldc);

namespace maskbench {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Products beyond this may overflow on the way.
constexpr double kLargest = 1e37;

/// scores[i·templates + j] = probes[i] · gallery[j].
void Multiply(const float* probes, int probe_count, const float* gallery, int templates,
              int dimension, float* scores) {
  const float one = 1, zero = 0;
  sgemm_("T", "N", &templates, &probe_count, &dimension, &one, gallery, &dimension, probes,
         &dimension, &zero, scores, &templates);
}

/// Σ x² of a row, as DescriptorDistance adds it; NaN or infinite where a number is.
double SumOfSquares(const float* row, int dimension) {
  double squares = 0;
  for (int i = 0; i < dimension; ++i) squares += static_cast<double>(row[i]) * row[i];
  return squares;
}

bool Before(const ProbeSearch::Candidate& a, const ProbeSearch::Candidate& b) {
  return a.distance < b.distance || (a.distance == b.distance && a.row < b.row);
}

/// To single precision without leaving its range: towards −infinity below it, and never above.
float RoundedDown(double value) {
  constexpr float kMost = std::numeric_limits<float>::max();
  if (!(value >= -static_cast<double>(kMost))) return -std::numeric_limits<float>::infinity();
  if (value >= static_cast<double>(kMost)) return kMost;
  const auto rounded = static_cast<float>(value);
  return static_cast<double>(rounded) <= value
             ? rounded
             : std::nextafter(rounded, -std::numeric_limits<float>::infinity());
}

/// The longest and the shortest row of a block but those of length 0 and failures.
struct Lengths {
  double largest = 0, smallest = kInfinity;
};

/// Rows of the gallery that are in memory, with what a product of them is worth.
///
/// A "score" grows as the distance falls: a·b/|b| for cosine, a·b − |b|²/2 for Euclidean.
class Chunk {
 public:
  Chunk(const DescriptorTable& table, int64_t first, int64_t count, DescriptorMetric metric)
      : metric_(metric), first_(first), count_(count), dimension_(table.dimension()) {
    rows_ = table.Rows(first, count, &scratch_);
    squares_.resize(count);
    per_row_.resize(count);
    for (int64_t i = 0; i < count; ++i) {
      squares_[i] = SumOfSquares(Row(i), dimension_);
      const bool cosine = metric == DescriptorMetric::kCosine;
      const double value = !cosine           ? squares_[i] / 2
                           : squares_[i] > 0 ? 1 / std::sqrt(squares_[i])
                                             : 0;
      per_row_[i] = value > static_cast<double>(std::numeric_limits<float>::max())
                        ? std::numeric_limits<float>::infinity()
                        : static_cast<float>(value);
    }
  }

  int64_t first() const { return first_; }
  int64_t count() const { return count_; }
  const float* Row(int64_t i) const { return rows_ + i * dimension_; }
  bool Failed(int64_t i) const { return !std::isfinite(squares_[i]); }
  const float* per_row(int64_t i) const { return per_row_.data() + i; }

  Lengths LengthsOf(int64_t begin, int count) const {
    Lengths lengths;
    for (int64_t j = begin; j < begin + count; ++j) {
      if (Failed(j)) continue;
      const double norm = std::sqrt(squares_[j]);
      lengths.largest = std::max(lengths.largest, norm);
      if (norm > 0) lengths.smallest = std::min(lengths.smallest, norm);
    }
    return lengths;
  }

  /// How far a score of rows of such lengths may be from the exact one, for a probe of this length;
  /// infinite where nothing can be promised.
  double Margin(const Lengths& rows, double probe_norm) const {
    constexpr double kRounding = 0x1p-24, kTiny = 0x1p-126;
    const double d = dimension_;
    if (rows.largest * probe_norm * d > kLargest || rows.largest * rows.largest > kLargest ||
        d > 1e6) {
      return kInfinity;
    }
    // A few more roundings than the products': of lengths and of what is done with the result. What
    // is too small for a normal number may be lost altogether.
    const double relative = (d + 16) * kRounding / (1 - (d + 16) * kRounding);
    if (metric_ == DescriptorMetric::kCosine) {
      return relative * probe_norm +
             (rows.smallest < kInfinity ? 2 * d * kTiny / rows.smallest : 0);
    }
    return relative * (rows.largest * probe_norm + rows.largest * rows.largest) + 2 * d * kTiny;
  }

  /// DescriptorDistance from the probe to rows, several at a time: each is one chain of additions
  /// in the same order, and chains run beside each other.
  /// @param squares  SumOfSquares of the probe.
  void Distances(const float* probe, double squares, const std::vector<int64_t>& rows,
                 std::vector<double>* distances) const {
    constexpr size_t kTogether = 8;
    distances->resize(rows.size());
    for (size_t from = 0; from < rows.size(); from += kTogether) {
      const size_t count = std::min(kTogether, rows.size() - from);
      const float* row[kTogether];
      double sum[kTogether] = {};
      // The last row stands in where there are fewer.
      for (size_t k = 0; k < kTogether; ++k) row[k] = Row(rows[from + std::min(k, count - 1)]);
      if (metric_ == DescriptorMetric::kCosine) {
        for (int i = 0; i < dimension_; ++i) {
          const double x = probe[i];
          for (size_t k = 0; k < kTogether; ++k) sum[k] += x * row[k][i];
        }
      } else {
        for (int i = 0; i < dimension_; ++i) {
          const double x = probe[i];
          for (size_t k = 0; k < kTogether; ++k) {
            const double difference = x - row[k][i];
            sum[k] += difference * difference;
          }
        }
      }
      for (size_t k = 0; k < count; ++k) {
        const double other = squares_[rows[from + k]];
        double distance = std::sqrt(sum[k]);
        if (metric_ == DescriptorMetric::kCosine) {
          distance = squares > 0 && other > 0 ? 1 - sum[k] / std::sqrt(squares * other) : 1;
        }
        (*distances)[from + k] = distance;
      }
    }
  }

 private:
  DescriptorMetric metric_;
  int64_t first_, count_;
  int dimension_;
  std::vector<float> scratch_;
  const float* rows_ = nullptr;
  std::vector<double> squares_;
  std::vector<float> per_row_;
};

/// The exact score of a distance.
double ScoreOf(double distance, double probe_norm, DescriptorMetric metric) {
  if (metric == DescriptorMetric::kCosine) return (1 - distance) * probe_norm;
  return (probe_norm * probe_norm - distance * distance) / 2;
}

/// Rounding of ScoreOf and of the distance itself, in double precision.
double ScoreRounding(double distance, double probe_norm, int dimension, DescriptorMetric metric) {
  const double epsilon = (dimension + 16) * 0x1p-52;
  if (metric == DescriptorMetric::kCosine) return 4 * epsilon * probe_norm;
  return epsilon * (probe_norm * probe_norm + distance * distance);
}

/// What stands in 64 scores, all counted at once: nearly always there is nobody to look at.
struct Stride {
  int hits = 0;       ///< Not below `low`; what is no number is not below either.
  int above = 0;      ///< Above `own_high`.
  int not_below = 0;  ///< Not below `own_low`.
};

constexpr int kStride = 64;

/// Turns products into scores and counts. @param cosine  else Euclidean.
Stride Scan(float* __restrict scores, const float* __restrict per_row, int size, bool cosine,
            float low, float own_low, float own_high) {
  Stride stride;
  if (cosine) {
    for (int j = 0; j < size; ++j) scores[j] *= per_row[j];
  } else {
    for (int j = 0; j < size; ++j) scores[j] -= per_row[j];
  }
  for (int j = 0; j < size; ++j) {
    stride.hits += !(scores[j] < low) ? 1 : 0;
    stride.above += scores[j] > own_high ? 1 : 0;
    stride.not_below += !(scores[j] < own_low) ? 1 : 0;
  }
  return stride;
}

/// The search of one probe in one chunk.
class Searcher {
 public:
  Searcher(const float* probe, int64_t own, int top, const Chunk& chunk, int dimension,
           DescriptorMetric metric, ProbeSearch* result)
      : probe_(probe),
        own_(own),
        top_(static_cast<size_t>(top)),
        chunk_(chunk),
        dimension_(dimension),
        metric_(metric),
        squares_(SumOfSquares(probe, dimension)),
        norm_(std::sqrt(squares_)),
        result_(*result) {}

  bool failed() const { return !std::isfinite(squares_); }

  /// @param products  of the probe with the chunk's rows begin … begin + count − 1; become scores.
  void Take(int64_t begin, int count, const Lengths& lengths, float* products) {
    const double margin = chunk_.Margin(lengths, norm_);
    const float* const per_row = chunk_.per_row(begin);
    const bool cosine = metric_ == DescriptorMetric::kCosine;
    const bool counts = !std::isnan(result_.own_distance);
    double doubt = 0, own_score = 0;
    if (counts) {
      own_score = ScoreOf(result_.own_distance, norm_, metric_);
      doubt = margin + ScoreRounding(result_.own_distance, norm_, dimension_, metric_);
    }
    const float own_low = RoundedDown(own_score - doubt);
    const float own_high = -RoundedDown(-(own_score + doubt));
    for (int from = 0; from < count; from += kStride) {
      const int size = std::min(kStride, count - from);
      float* const scores = products + from;
      const Stride stride = Scan(scores, per_row + from, size, cosine,
                                 RoundedDown(Floor() - margin), own_low, own_high);
      if (top_ > 0 && stride.hits > 0) Pend(begin + from, size, scores, margin);
      if (!counts) continue;
      if (stride.not_below == stride.above) {
        result_.nearer += stride.above;
      } else {
        CountNearer(begin + from, size, scores, own_low, own_high);
      }
    }
  }

  /// Compares what is pending in double precision.
  void Resolve() {
    ResolveDoubts();
    if (pending_.empty()) return;
    const double floor = Floor();
    rows_.clear();
    for (const Pending& pending : pending_) {
      if (!(pending.upper < floor)) rows_.push_back(pending.row);
    }
    pending_.clear();
    chunk_.Distances(probe_, squares_, rows_, &distances_);
    for (size_t i = 0; i < rows_.size(); ++i) Offer({chunk_.first() + rows_[i], distances_[i]});
  }

 private:
  /// A row that may be among the best: its exact score is at most `upper`.
  struct Pending {
    int64_t row;
    double upper;
  };

  /// The k best rows so far have at least this score.
  double Floor() const {
    double floor = -kInfinity;
    if (top_ == 0) return floor;
    if (lower_.size() == top_) floor = lower_.front();
    if (result_.best.size() == top_) {
      const double farthest = result_.best.front().distance;
      floor = std::max(floor, ScoreOf(farthest, norm_, metric_) -
                                  ScoreRounding(farthest, norm_, dimension_, metric_));
    }
    return floor;
  }

  void Pend(int64_t begin, int count, const float* scores, double margin) {
    // More than the best so far, and more than rounding in double precision can shift.
    const double slack = margin + (dimension_ + 16) * 0x1p-50 * (squares_ + norm_);
    for (int j = 0; j < count; ++j) {
      const double score = scores[j];
      if (score + margin < Floor() || chunk_.Failed(begin + j)) continue;
      const bool bounded = std::isfinite(score) && std::isfinite(slack);
      pending_.push_back({begin + j, bounded ? score + slack : kInfinity});
      if (bounded) {
        lower_.push_back(score - slack);
        std::push_heap(lower_.begin(), lower_.end(), std::greater<>());
        if (lower_.size() > top_) {
          std::pop_heap(lower_.begin(), lower_.end(), std::greater<>());
          lower_.pop_back();
        }
      }
    }
    const size_t limit = std::max<size_t>(256, 4 * top_);
    if (pending_.size() < limit) return;
    const double floor = Floor();
    pending_.erase(std::remove_if(pending_.begin(), pending_.end(),
                                  [&](const Pending& pending) { return pending.upper < floor; }),
                   pending_.end());
    // Many that are as good as equal: memory stays bounded, at the price of comparing all of them.
    if (pending_.size() > limit / 2) Resolve();
  }

  void Offer(const ProbeSearch::Candidate& candidate) {
    std::vector<ProbeSearch::Candidate>& best = result_.best;  // A heap, the farthest on top.
    if (best.size() < top_) {
      best.push_back(candidate);
      std::push_heap(best.begin(), best.end(), Before);
    } else if (Before(candidate, best.front())) {
      std::pop_heap(best.begin(), best.end(), Before);
      best.back() = candidate;
      std::push_heap(best.begin(), best.end(), Before);
    }
  }

  void CountNearer(int64_t begin, int count, const float* scores, float low, float high) {
    for (int j = 0; j < count; ++j) {
      if (scores[j] < low || chunk_.Failed(begin + j)) continue;
      if (chunk_.first() + begin + j == own_) continue;
      if (scores[j] > high) {
        ++result_.nearer;
      } else {
        doubts_.push_back(begin + j);
      }
    }
    if (doubts_.size() >= 256) ResolveDoubts();
  }

  void ResolveDoubts() {
    chunk_.Distances(probe_, squares_, doubts_, &distances_);
    doubts_.clear();
    for (const double distance : distances_) {
      result_.nearer += distance < result_.own_distance ? 1 : 0;
      result_.as_near += distance == result_.own_distance ? 1 : 0;
    }
  }

  const float* probe_;
  int64_t own_;
  size_t top_;
  const Chunk& chunk_;
  int dimension_;
  DescriptorMetric metric_;
  double squares_, norm_;
  ProbeSearch& result_;
  std::vector<double> lower_;  // A heap of the k best lower bounds, the lowest on top.
  std::vector<Pending> pending_;
  std::vector<int64_t> doubts_;  // Rows that may be nearer than the own template, or not.
  std::vector<int64_t> rows_;
  std::vector<double> distances_;
};

/// Distances of the probes to their own templates, which may lie anywhere in the gallery.
void MeasureOwn(const DescriptorTable& probes, const DescriptorTable& gallery,
                const MatchingOptions& options, const std::vector<int64_t>& own,
                std::vector<ProbeSearch>* searches) {
  std::vector<float> probe_scratch, gallery_scratch;
  for (size_t i = 0; i < own.size(); ++i) {
    if (own[i] < 0) continue;
    const float* const probe = probes.Rows(static_cast<int64_t>(i), 1, &probe_scratch);
    const float* const row = gallery.Rows(own[i], 1, &gallery_scratch);
    const bool enrolled = std::isfinite(SumOfSquares(probe, probes.dimension())) &&
                          std::isfinite(SumOfSquares(row, probes.dimension()));
    if (enrolled) {
      (*searches)[i].own_distance =
          DescriptorDistance(probe, row, probes.dimension(), options.metric);
    }
  }
}

}  // namespace

DescriptorTable::DescriptorTable(const float* rows, int64_t row_count, int dimension)
    : memory_(rows), rows_(row_count), dimension_(dimension) {
  if (row_count < 0 || dimension < 1) {
    throw Error(
        fmt::format("a table of {} × {} descriptors makes no sense.", row_count, dimension));
  }
}

DescriptorTable::DescriptorTable(std::shared_ptr<const NpyFile> file) : file_(std::move(file)) {
  rows_ = file_->rows();
  if (file_->columns() < 1 || file_->columns() > 1000000) {
    throw DataError(fmt::format("{} has descriptors of {} numbers; 1 to 1000000 are possible.",
                                file_->file().string(), file_->columns()));
  }
  dimension_ = static_cast<int>(file_->columns());
}

const float* DescriptorTable::Rows(int64_t first, int64_t count,
                                   std::vector<float>* scratch) const {
  return file_ ? file_->Rows(first, count, scratch) : memory_ + first * dimension_;
}

std::vector<ProbeSearch> SearchGallery(const DescriptorTable& probes,
                                       const DescriptorTable& gallery,
                                       const MatchingOptions& options,
                                       const std::vector<int64_t>& own) {
  const int dimension = probes.dimension();
  if (dimension != gallery.dimension()) {
    throw DataError(fmt::format("probes of {} and a gallery of {} numbers cannot be compared.",
                                dimension, gallery.dimension()));
  }
  if (options.top < 0 || options.probe_block < 1 || options.gallery_block < 1 ||
      options.gallery_chunk < 1) {
    throw Error("matching needs blocks of at least one row and no negative number of results.");
  }
  const auto in_gallery = [&](int64_t row) { return row >= -1 && row < gallery.rows(); };
  if (!own.empty() && (static_cast<int64_t>(own.size()) != probes.rows() ||
                       !std::all_of(own.begin(), own.end(), in_gallery))) {
    throw Error("the rows of own templates do not fit the probes and the gallery.");
  }
  std::vector<ProbeSearch> searches(probes.rows());
  MeasureOwn(probes, gallery, options, own, &searches);
  std::vector<float> probe_scratch, scores;
  for (int64_t first = 0; first < gallery.rows(); first += options.gallery_chunk) {
    const Chunk chunk(gallery, first, std::min(options.gallery_chunk, gallery.rows() - first),
                      options.metric);
    for (int64_t from = 0; from < probes.rows(); from += options.probe_block) {
      const int probe_count =
          static_cast<int>(std::min<int64_t>(options.probe_block, probes.rows() - from));
      const float* const block = probes.Rows(from, probe_count, &probe_scratch);
      std::vector<Searcher> searchers;
      searchers.reserve(probe_count);
      for (int i = 0; i < probe_count; ++i) {
        searchers.emplace_back(block + static_cast<int64_t>(i) * dimension,
                               own.empty() ? -1 : own[from + i], options.top, chunk, dimension,
                               options.metric, &searches[from + i]);
      }
      for (int64_t begin = 0; begin < chunk.count(); begin += options.gallery_block) {
        const int count =
            static_cast<int>(std::min<int64_t>(options.gallery_block, chunk.count() - begin));
        scores.resize(static_cast<size_t>(probe_count) * count);
        Multiply(block, probe_count, chunk.Row(begin), count, dimension, scores.data());
        const Lengths lengths = chunk.LengthsOf(begin, count);
        for (int i = 0; i < probe_count; ++i) {
          if (searchers[i].failed()) continue;
          searchers[i].Take(begin, count, lengths, scores.data() + static_cast<size_t>(i) * count);
        }
      }
      for (Searcher& searcher : searchers) searcher.Resolve();
    }
  }
  for (ProbeSearch& search : searches) std::sort(search.best.begin(), search.best.end(), Before);
  return searches;
}

}  // namespace maskbench
