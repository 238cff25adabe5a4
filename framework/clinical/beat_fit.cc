#include "maskbench/clinical/beat_fit.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

#include <Eigen/Dense>

namespace maskbench {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// Expected growth of the speed in slow phases and its spread: from none (vestibular) to the
// exponential ones of infantile nystagmus (Dell'Osso & Daroff, Doc Ophthalmol 1975).
constexpr double kGrowth = 0.6, kGrowthSpread = 0.8, kMostGrowth = 2.5;
constexpr int kIterations = 40;
// Sizes of beats vary more than their durations.
constexpr double kSizeIrregularity = 1.5;

// Way covered after a share of a phase, and its derivative.
struct Progress {
  double value, slope;
};
Progress HalfCosine(double t) {
  return {0.5 * (1 - std::cos(kPi * t)), 0.5 * kPi * std::sin(kPi * t)};
}
Progress Ease(double t) { return {t * t * (3 - 2 * t), 6 * t * (1 - t)}; }
Progress Growing(double t, double growth) {
  if (std::abs(growth) < 1e-4) return {t, 1};
  const double whole = std::expm1(growth);
  return {std::expm1(growth * t) / whole, growth * std::exp(growth * t) / whole};
}

// Phase of a jerk's first harmonic at the start of its quick phase; quick phases go up.
double HarmonicPhaseAtQuick(double quick_share, double growth) {
  constexpr int kSteps = 512;
  std::complex<double> sum = 0;
  for (int i = 0; i < kSteps; ++i) {
    const double theta = (i + 0.5) / kSteps;
    const double value = theta < 1 - quick_share
                             ? 0.5 - Growing(theta / (1 - quick_share), growth).value
                             : -0.5 + Ease((theta - 1 + quick_share) / quick_share).value;
    sum += value * std::polar(1.0, -2 * kPi * theta);
  }
  return 2 * kPi * (1 - quick_share) + std::arg(sum);
}

// The curve, its derivatives and the priors as one least-squares problem.
class Problem {
 public:
  Problem(const std::vector<double>& signal, double rate_hz, BeatFit::Shape shape,
          const BeatGuess& guess)
      : signal_(signal), rate_hz_(rate_hz), jerk_(shape == BeatFit::Shape::kJerk), guess_(guess) {}

  // Numbers: pendular t0 v0 t1 v1 …; jerk t0 e0 b0 t1 e1 b1 … growth.
  int per_knot() const { return jerk_ ? 3 : 2; }
  int knots() const { return knots_; }
  Eigen::VectorXd& x() { return x_; }

  void Start(const std::vector<double>& phase);
  void SetExpectation(double period_s, double amplitude) {
    period_s_ = period_s;
    amplitude_ = amplitude;
    quick_s_ = jerk_ ? QuickPhaseSeconds(amplitude, period_s) : 0;
  }
  double period_s() const { return period_s_; }
  double amplitude() const { return amplitude_; }

  bool Valid(const Eigen::VectorXd& x) const {
    const double least = jerk_ ? quick_s_ + 0.15 * period_s_ : 0.15 * period_s_;
    for (int k = 0; k + 1 < knots_; ++k)
      if (!(x[(k + 1) * per_knot()] - x[k * per_knot()] > least)) return false;
    return !jerk_ || std::abs(x[x.size() - 1]) <= kMostGrowth;
  }
  // Half the sum of squares; fills the normal equations when asked.
  double Evaluate(const Eigen::VectorXd& x, Eigen::MatrixXd* data, Eigen::MatrixXd* all,
                  Eigen::VectorXd* gradient) const;
  double ValueAt(const Eigen::VectorXd& x, double t, int* knot, std::vector<int>* where,
                 std::vector<double>* slope) const;
  void Solve();
  BeatFit Result() const;

 private:
  const std::vector<double>& signal_;
  double rate_hz_;
  bool jerk_;
  BeatGuess guess_;
  int knots_ = 0;
  bool starts_low_ = true;  ///< Pendular: the first turning point is a minimum.
  double period_s_ = 1, amplitude_ = 1, quick_s_ = 0;
  Eigen::VectorXd x_;
};

void Problem::Start(const std::vector<double>& phase) {
  const double sign = jerk_ ? guess_.quick_sign : 1;
  const double step = jerk_ ? 2 * kPi : kPi;
  // For downward quick phases the signal is the mirrored one: half a cycle further.
  const double offset =
      jerk_ ? HarmonicPhaseAtQuick(quick_s_ / period_s_, kGrowth) + (sign < 0 ? kPi : 0) : 0;
  const double pace = 2 * kPi / period_s_;
  const double dt = 1 / rate_hz_;
  const auto count = static_cast<int>(phase.size());
  // Time at which the phase reaches a value, straight on beyond the ends.
  const auto time_of = [&](double wanted) {
    if (wanted <= phase.front()) return (wanted - phase.front()) / pace;
    if (wanted >= phase.back()) return (count - 1) * dt + (wanted - phase.back()) / pace;
    const auto next = std::lower_bound(phase.begin(), phase.end(), wanted);
    const auto i = static_cast<int>(next - phase.begin());
    const double gap = phase[i] - phase[i - 1];
    return (i - (gap > 0 ? (phase[i] - wanted) / gap : 0)) * dt;
  };
  const auto first =
      static_cast<long>(std::floor((phase.front() - offset) / step)) - (jerk_ ? 1 : 0);
  const auto last = static_cast<long>(std::ceil((phase.back() - offset) / step));
  knots_ = static_cast<int>(last - first) + 1;
  starts_low_ = first % 2 != 0;
  // Baseline: the mean within half a period.
  const auto baseline = [&](double t) {
    double sum = 0, weight = 0;
    for (int i = 0; i < count; ++i) {
      if (!std::isfinite(signal_[i])) continue;
      const double away = std::abs(i * dt - t) / (0.5 * period_s_);
      const double w = away <= 1 ? 1 : 1e-3 / (away * away);
      sum += w * signal_[i];
      weight += w;
    }
    return weight > 0 ? sum / weight : 0;
  };
  x_.resize(knots_ * per_knot() + (jerk_ ? 1 : 0));
  double before = -1e9;
  for (int k = 0; k < knots_; ++k) {
    double t = time_of(offset + static_cast<double>(first + k) * step);
    t = std::max(t, before + (jerk_ ? quick_s_ + 0.3 * period_s_ : 0.25 * period_s_));
    before = t;
    const double middle = baseline(t);
    x_[k * per_knot()] = t;
    if (jerk_) {
      x_[k * 3 + 1] = middle - sign * 0.5 * amplitude_;
      x_[k * 3 + 2] = middle + sign * 0.5 * amplitude_;
    } else {
      const bool high = (first + k) % 2 == 0;
      x_[k * 2 + 1] = middle + (high ? 0.5 : -0.5) * amplitude_;
    }
  }
  if (jerk_) x_[x_.size() - 1] = kGrowth;
}

double Problem::ValueAt(const Eigen::VectorXd& x, double t, int* knot, std::vector<int>* where,
                        std::vector<double>* slope) const {
  const int n = per_knot();
  int k = *knot;
  while (k + 2 < knots_ && t >= x[(k + 1) * n]) ++k;
  *knot = k;
  where->clear();
  slope->clear();
  const double t0 = x[k * n], t1 = x[(k + 1) * n];
  if (!jerk_) {
    const double length = t1 - t0, tau = std::clamp((t - t0) / length, 0.0, 1.0);
    const Progress p = HalfCosine(tau);
    const double way = x[(k + 1) * n + 1] - x[k * n + 1];
    *where = {k * n, k * n + 1, (k + 1) * n, (k + 1) * n + 1};
    *slope = {way * p.slope * (tau - 1) / length, 1 - p.value, -way * p.slope * tau / length,
              p.value};
    return x[k * n + 1] + way * p.value;
  }
  const double end = x[k * n + 1], begin = x[k * n + 2];
  if (t < t0 + quick_s_) {
    const double tau = std::clamp((t - t0) / quick_s_, 0.0, 1.0);
    const Progress p = Ease(tau);
    *where = {k * n, k * n + 1, k * n + 2};
    *slope = {-(begin - end) * p.slope / quick_s_, 1 - p.value, p.value};
    return end + (begin - end) * p.value;
  }
  const double from = t0 + quick_s_, length = t1 - from;
  const double tau = std::clamp((t - from) / length, 0.0, 1.0);
  const double growth = x[x.size() - 1];
  const Progress p = Growing(tau, growth);
  const double way = x[(k + 1) * n + 1] - begin;
  constexpr double kStep = 1e-3;
  const double by_growth =
      way * (Growing(tau, growth + kStep).value - Growing(tau, growth - kStep).value) / (2 * kStep);
  *where = {k * n, k * n + 2, (k + 1) * n, (k + 1) * n + 1, static_cast<int>(x.size()) - 1};
  *slope = {way * p.slope * (tau - 1) / length, 1 - p.value, -way * p.slope * tau / length, p.value,
            by_growth};
  return begin + way * p.value;
}

double Problem::Evaluate(const Eigen::VectorXd& x, Eigen::MatrixXd* data, Eigen::MatrixXd* all,
                         Eigen::VectorXd* gradient) const {
  double cost = 0;
  const auto size = x.size();
  if (data) {
    data->setZero(size, size);
    gradient->setZero(size);
  }
  std::vector<int> where;
  std::vector<double> slope;
  const auto row = [&](double residual, double weight, Eigen::MatrixXd* matrix) {
    cost += 0.5 * weight * residual * residual;
    if (!matrix) return;
    for (size_t a = 0; a < where.size(); ++a) {
      (*gradient)[where[a]] += weight * slope[a] * residual;
      for (size_t b = 0; b < where.size(); ++b)
        (*matrix)(where[a], where[b]) += weight * slope[a] * slope[b];
    }
  };
  const double weight = 1 / (guess_.noise * guess_.noise);
  int knot = 0;
  for (size_t i = 0; i < signal_.size(); ++i) {
    if (!std::isfinite(signal_[i])) continue;
    const double value = ValueAt(x, static_cast<double>(i) / rate_hz_, &knot, &where, &slope);
    row(value - signal_[i], weight, data);
  }
  if (all) *all = *data;
  const int n = per_knot();
  const double span = jerk_ ? period_s_ : 0.5 * period_s_;
  const double of_time = 1 / std::pow(guess_.irregularity * span, 2);
  const double of_size = 1 / std::pow(kSizeIrregularity * guess_.irregularity * amplitude_, 2);
  for (int k = 0; k + 1 < knots_; ++k) {
    where = {k * n, (k + 1) * n};
    slope = {-1, 1};
    row(x[(k + 1) * n] - x[k * n] - span, of_time, all);
    if (jerk_) {
      where = {k * n + 2, (k + 1) * n + 1};
      row(x[(k + 1) * n + 1] - x[k * n + 2] + guess_.quick_sign * amplitude_, of_size, all);
    } else {
      where = {k * n + 1, (k + 1) * n + 1};
      const double way = x[(k + 1) * n + 1] - x[k * n + 1];
      const double wanted = (k % 2 == 0) == starts_low_ ? amplitude_ : -amplitude_;
      row(way - wanted, of_size, all);
    }
  }
  if (jerk_) {
    for (int k = 0; k < knots_; ++k) {
      where = {k * n + 1, k * n + 2};
      slope = {-1, 1};
      row(x[k * n + 2] - x[k * n + 1] - guess_.quick_sign * amplitude_, of_size, all);
    }
    where = {static_cast<int>(size) - 1};
    slope = {1};
    row(x[size - 1] - kGrowth, 1 / (kGrowthSpread * kGrowthSpread), all);
  }
  return cost;
}

void Problem::Solve() {
  Eigen::MatrixXd data, all;
  Eigen::VectorXd gradient;
  double cost = Evaluate(x_, &data, &all, &gradient);
  double damping = 1e-3;
  for (int i = 0; i < kIterations; ++i) {
    Eigen::MatrixXd damped = all;
    damped.diagonal() += damping * all.diagonal().cwiseMax(1e-9);
    const Eigen::VectorXd step = damped.ldlt().solve(-gradient);
    const Eigen::VectorXd tried = x_ + step;
    const double now =
        tried.allFinite() && Valid(tried) ? Evaluate(tried, nullptr, nullptr, nullptr) : kNan;
    if (now < cost) {
      const double gain = cost - now;
      x_ = tried;
      cost = Evaluate(x_, &data, &all, &gradient);
      damping = std::max(1e-7, damping * 0.3);
      if (gain < 1e-4 * (1 + cost)) break;
    } else {
      damping *= 5;
      if (damping > 1e8) break;
    }
  }
}

BeatFit Problem::Result() const {
  BeatFit fit;
  fit.shape = jerk_ ? BeatFit::Shape::kJerk : BeatFit::Shape::kPendular;
  fit.quick_s = quick_s_;
  const int n = per_knot();
  Eigen::MatrixXd data, all;
  Eigen::VectorXd gradient;
  Evaluate(x_, &data, &all, &gradient);
  // Share of each number that the data, not the priors, decide (ridge regression's degrees of
  // freedom).
  const Eigen::VectorXd shares = all.ldlt().solve(data).diagonal();
  fit.free_numbers = shares.sum();
  for (int k = 0; k < knots_; ++k) {
    fit.times_s.push_back(x_[k * n]);
    fit.values.push_back(x_[k * n + 1]);
    if (jerk_) fit.starts.push_back(x_[k * n + 2]);
  }
  if (jerk_) fit.growth = x_[x_.size() - 1];
  const std::vector<double> curve = CurveOf(fit, rate_hz_, signal_.size());
  for (size_t i = 0; i < signal_.size(); ++i) {
    if (!std::isfinite(signal_[i])) continue;
    fit.residual_ss += std::pow(signal_[i] - curve[i], 2);
    ++fit.samples;
  }
  const auto cycles_at = [&](double t) {
    int k = 0;
    while (k + 2 < knots_ && t >= fit.times_s[k + 1]) ++k;
    const double share = (t - fit.times_s[k]) / (fit.times_s[k + 1] - fit.times_s[k]);
    return (k + share) * (jerk_ ? 1.0 : 0.5);
  };
  fit.seconds = (static_cast<double>(signal_.size()) - 1) / rate_hz_;
  fit.cycles = cycles_at(fit.seconds) - cycles_at(0);
  const double first = -0.5 / rate_hz_;
  const double last = (static_cast<double>(signal_.size()) - 0.5) / rate_hz_;
  for (int k = 0; k + 1 < knots_; ++k) {
    const double t0 = x_[k * n] + quick_s_, t1 = x_[(k + 1) * n];
    if (x_[k * n] < first || t1 > last) continue;
    fit.sizes.push_back(x_[(k + 1) * n + 1] - x_[k * n + (jerk_ ? 2 : 1)]);
    fit.durations_s.push_back(t1 - t0);
    fit.periods_s.push_back(jerk_ ? t1 - x_[k * n] : 2 * (t1 - t0));
  }
  return fit;
}

}  // namespace

double QuickPhaseSeconds(double amplitude_deg, double period_s) {
  return std::min(0.45 * period_s, 0.021 + 0.0022 * amplitude_deg);
}

std::vector<double> CurveOf(const BeatFit& beats, double rate_hz, size_t samples) {
  const bool jerk = beats.shape == BeatFit::Shape::kJerk;
  std::vector<double> curve(samples, kNan);
  size_t k = 0;
  for (size_t i = 0; i < samples; ++i) {
    const double t = static_cast<double>(i) / rate_hz;
    while (k + 2 < beats.times_s.size() && t >= beats.times_s[k + 1]) ++k;
    const double t0 = beats.times_s[k], t1 = beats.times_s[k + 1];
    const double end = beats.values[k], next = beats.values[k + 1];
    if (!jerk) {
      curve[i] = end + (next - end) * HalfCosine(std::clamp((t - t0) / (t1 - t0), 0.0, 1.0)).value;
    } else if (t < t0 + beats.quick_s) {
      const double way = std::clamp((t - t0) / beats.quick_s, 0.0, 1.0);
      curve[i] = end + (beats.starts[k] - end) * Ease(way).value;
    } else {
      const double from = t0 + beats.quick_s;
      const double way = std::clamp((t - from) / (t1 - from), 0.0, 1.0);
      curve[i] = beats.starts[k] + (next - beats.starts[k]) * Growing(way, beats.growth).value;
    }
  }
  return curve;
}

std::vector<double> TrackPhase(const std::vector<double>& signal, double rate_hz,
                               double frequency_hz, double window_cycles) {
  const auto count = static_cast<int>(signal.size());
  const double pace = 2 * kPi * frequency_hz / rate_hz;
  const double width = window_cycles * rate_hz / frequency_hz;
  const int reach = static_cast<int>(std::ceil(2.5 * width));
  std::vector<double> phase(signal.size(), 0.0);
  double before = 0;
  for (int i = 0; i < count; ++i) {
    // Weighted least squares of a constant and one wave around this sample.
    Eigen::Matrix3d normal = Eigen::Matrix3d::Identity() * 1e-9;
    Eigen::Vector3d right = Eigen::Vector3d::Zero();
    for (int j = std::max(0, i - reach); j <= std::min(count - 1, i + reach); ++j) {
      if (!std::isfinite(signal[j])) continue;
      const double away = (j - i) / width, weight = std::exp(-0.5 * away * away);
      const Eigen::Vector3d basis(1, std::cos(pace * (j - i)), std::sin(pace * (j - i)));
      normal += weight * basis * basis.transpose();
      right += weight * signal[j] * basis;
    }
    const Eigen::Vector3d wave = normal.ldlt().solve(right);
    // a cos ωs + b sin ωs = r cos(ωs + φ) with φ = −atan2(b, a), at s = 0.
    double now = -std::atan2(wave[2], wave[1]);
    const double expected = i == 0 ? now : before + pace;
    now += 2 * kPi * std::round((expected - now) / (2 * kPi));
    // The phase goes on, whatever noise says.
    if (i > 0) now = std::max(now, before + 0.2 * pace);
    phase[static_cast<size_t>(i)] = before = now;
  }
  return phase;
}

BeatFit FitBeats(const std::vector<double>& signal, double rate_hz, BeatFit::Shape shape,
                 const BeatGuess& guess) {
  Problem problem(signal, rate_hz, shape, guess);
  problem.SetExpectation(1 / guess.frequency_hz, guess.amplitude);
  problem.Start(TrackPhase(signal, rate_hz, guess.frequency_hz, 0.6));
  if (!problem.Valid(problem.x())) {
    BeatFit none;
    none.shape = shape;
    none.residual_ss = std::numeric_limits<double>::infinity();
    return none;
  }
  problem.Solve();
  return problem.Result();
}

}  // namespace maskbench
