#include "maskbench/render/sensor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"

namespace maskbench {
namespace {

const Eigen::Vector3f kLuminance(0.2126f, 0.7152f, 0.0722f);

/// Standard normal numbers from 16 bits each: the inverse distribution function, linear between
/// 4097 knots. The outermost knots are placed so that the variance is exactly 1.
class NormalTable {
 public:
  NormalTable() {
    for (int i = 1; i < kBins; ++i) {
      knots_[i] = static_cast<float>(Quantile(static_cast<double>(i) / kBins));
    }
    double low = 3.0, high = 8.0;
    for (int step = 0; step < 60; ++step) {
      const double end = 0.5 * (low + high);
      knots_[0] = static_cast<float>(-end);
      knots_[kBins] = static_cast<float>(end);
      (Variance() < 1.0 ? low : high) = end;
    }
  }
  float operator()(std::uint32_t bits) const {
    const std::uint32_t bin = bits >> 4;
    const float low = knots_[bin];
    return low + (knots_[bin + 1] - low) * (static_cast<float>(bits & 15u) + 0.5f) * (1.0f / 16.0f);
  }

 private:
  static constexpr int kBins = 4096;

  static double Quantile(double p) {  // By bisection of the distribution function; done once.
    double low = -6.0, high = 6.0;
    for (int step = 0; step < 60; ++step) {
      const double z = 0.5 * (low + high);
      (0.5 * std::erfc(-z / std::sqrt(2.0)) < p ? low : high) = z;
    }
    return 0.5 * (low + high);
  }
  double Variance() const {
    double sum = 0;
    for (std::uint32_t bits = 0; bits < 65536; ++bits) sum += std::pow((*this)(bits), 2);
    return sum / 65536.0;
  }

  std::array<float, kBins + 1> knots_{};
};

/// Output of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014) at a position of its sequence.
inline std::uint64_t MixedBits(std::uint64_t start, std::uint64_t index) {
  std::uint64_t z = start + (index + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/// Where the noise of a frame starts; frames and seeds are far apart.
std::uint64_t FrameStart(std::uint64_t seed, std::int64_t frame) {
  const auto words = [](std::uint64_t value) {
    return std::array<std::uint32_t, 2>{static_cast<std::uint32_t>(value),
                                        static_cast<std::uint32_t>(value >> 32)};
  };
  const auto number = words(static_cast<std::uint64_t>(frame));
  const auto block = Philox4x32({number[0], number[1], 0x736e7372, 0}, words(seed));
  return (static_cast<std::uint64_t>(block[0]) << 32) | block[1];
}

/// Adds noise to one channel's value.
inline float Noisy(float signal, float read_variance, float shot, float normal) {
  return signal + std::sqrt(read_variance + shot * std::max(signal, 0.0f)) * normal;
}

double EncodeSrgb(double linear) {  // IEC 61966-2-1
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1.0 / 2.4) - 0.055;
}

/// Tone curve and rounding to a byte, tabulated over the leading bits of a float.
class ToneTable {
 public:
  explicit ToneTable(double shoulder) {
    const double knee = 1.0 - shoulder;
    for (std::uint32_t i = 0; i < kEntries; ++i) {
      const std::uint32_t bits = ((i + kFirst) << kShift) | (1u << (kShift - 1));  // Bin centre.
      float linear;
      std::memcpy(&linear, &bits, sizeof linear);
      double x = linear;
      if (x > knee)
        x = shoulder > 0 ? knee + shoulder * (1 - std::exp((knee - x) / shoulder)) : 1.0;
      bytes_[i] = static_cast<std::uint8_t>(std::lround(255.0 * std::min(EncodeSrgb(x), 1.0)));
    }
    bytes_[0] = 0;
  }
  std::uint8_t operator()(float linear) const {
    const float clamped = std::clamp(linear, kLowest, kHighest);
    std::uint32_t bits;
    std::memcpy(&bits, &clamped, sizeof bits);
    return bytes_[(bits >> kShift) - kFirst];
  }

 private:
  // 512 steps per octave are finer than a byte of the curve.
  static constexpr std::uint32_t kShift = 23 - 9;
  static constexpr float kLowest = 1.0f / 16384;  // Encodes to less than half a byte's step.
  static constexpr float kHighest = 7.99f;
  static constexpr std::uint32_t kFirst = (127u - 14u) << 9;
  static constexpr std::uint32_t kEntries = (14u + 3u) << 9;
  std::array<std::uint8_t, kEntries> bytes_;
};

/// CIE xy of a white light: Planck's radiator below 4000 K (Kim et al., US patent 7024034), CIE
/// daylight above.
Eigen::Vector2d WhiteChromaticity(double kelvin) {
  const double t = 1000.0 / kelvin;
  if (kelvin >= 4000.0) {
    const double x = kelvin <= 7000.0 ? ((-4.6070 * t + 2.9678) * t + 0.09911) * t + 0.244063
                                      : ((-2.0064 * t + 1.9018) * t + 0.24748) * t + 0.237040;
    return {x, (-3.0 * x + 2.870) * x - 0.275};
  }
  const double x = ((-0.2661239 * t - 0.2343589) * t + 0.8776956) * t + 0.179910;
  const double y = kelvin < 2222.0
                       ? ((-1.1063814 * x - 1.34811020) * x + 2.18555832) * x - 0.20219683
                       : ((-0.9549476 * x - 1.37418593) * x + 2.09137015) * x - 0.16748867;
  return {x, y};
}

Eigen::Vector3d LinearRgbOfWhite(double kelvin) {
  const Eigen::Vector2d xy = WhiteChromaticity(kelvin);
  Eigen::Matrix3d rgb_from_xyz;  // IEC 61966-2-1
  rgb_from_xyz << 3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570;
  const Eigen::Vector3d xyz(xy.x() / xy.y(), 1.0, (1.0 - xy.x() - xy.y()) / xy.y());
  return (rgb_from_xyz * xyz).cwiseMax(0.02);  // Deep orange leaves the primaries' triangle.
}

void CheckLinear(const cv::Mat& image) {
  if (image.empty() || image.type() != CV_32FC3) {
    throw UsageError("A linear picture must hold three 32-bit floating-point channels.");
  }
}

/// v at (x, y): 1 in the centre, 1 − vignetting in the corners.
struct Vignette {
  float centre_x, centre_y, per_square;
  Vignette(const cv::Size& size, double vignetting)
      : centre_x(0.5f * static_cast<float>(size.width - 1)),
        centre_y(0.5f * static_cast<float>(size.height - 1)),
        per_square(static_cast<float>(vignetting) /
                   std::max(1.0f, centre_x * centre_x + centre_y * centre_y)) {}
  float operator()(float x, float y) const {
    const float dx = x - centre_x, dy = y - centre_y;
    return 1.0f - per_square * (dx * dx + dy * dy);
  }
};

}  // namespace

const OptionTable<SensorRecipe>& SensorRecipe::Options() {
  static const OptionTable<SensorRecipe> table = [] {
    OptionTable<SensorRecipe> t;
    t.Add("exposure_ev", &SensorRecipe::exposure_ev, "Exposure in stops; +1 doubles the signal.",
          {Range(-6, 6)});
    t.Add("white_balance_kelvin", &SensorRecipe::white_balance_kelvin,
          "Colour temperature of the light that the camera believes in, K; 6504 is true.",
          {Range(2000, 15000)});
    t.Add("gain_red", &SensorRecipe::gain_red, "Factor on red after the white balance.",
          {Range(0.25, 4)});
    t.Add("gain_blue", &SensorRecipe::gain_blue, "Factor on blue after the white balance.",
          {Range(0.25, 4)});
    t.Add("read_noise", &SensorRecipe::read_noise,
          "Standard deviation of the noise without light; 1 is saturation.", {Range(0, 0.1)});
    t.Add("shot_noise", &SensorRecipe::shot_noise,
          "Variance of the noise per signal: variance = read_noise² + shot_noise · signal.",
          {Range(0, 0.05)});
    t.Add("noise_correlation", &SensorRecipe::noise_correlation,
          "Correlation of the noise between colour channels; 1 is grey noise.", {Range(0, 1)});
    t.Add("blur_px", &SensorRecipe::blur_px,
          "Standard deviation of the lens' point spread, pixels.", {Range(0, 20)});
    t.Add("sharpening", &SensorRecipe::sharpening,
          "Amount of unsharp masking after the tone curve.", {Range(0, 3)});
    t.Add("vignetting", &SensorRecipe::vignetting, "Part of the light lost in the corners.",
          {Range(0, 0.9)});
    t.Add("shoulder", &SensorRecipe::shoulder,
          "Upper part of the signal range in which highlights roll off.", {Range(0, 0.9)});
    t.Add("saturation", &SensorRecipe::saturation, "Colour saturation; 0 is grey, 1 is true.",
          {Range(0, 2)});
    t.Add("jpeg_quality", &SensorRecipe::jpeg_quality,
          "Quality of a JPEG step in the camera, 1 to 100; 0 leaves it out.", {Range(0, 100)});
    return t;
  }();
  return table;
}

Eigen::Vector3f WhiteBalanceGains(double kelvin) {
  const Eigen::Vector3d gains = LinearRgbOfWhite(6504.0).cwiseQuotient(LinearRgbOfWhite(kelvin));
  return (gains / gains.dot(kLuminance.cast<double>())).cast<float>();
}

cv::Mat Expose(const cv::Mat& linear_rgb, const SensorRecipe& recipe, std::uint64_t seed,
               std::int64_t frame) {
  CheckLinear(linear_rgb);
  static const NormalTable normal;
  cv::Mat blurred = linear_rgb;
  if (recipe.blur_px > 0) {
    cv::GaussianBlur(linear_rgb, blurred, {}, recipe.blur_px, recipe.blur_px, cv::BORDER_REPLICATE);
  }
  cv::Mat signal(linear_rgb.size(), CV_32FC3);
  const float exposure = static_cast<float>(std::exp2(recipe.exposure_ev));
  const float read_variance = static_cast<float>(recipe.read_noise * recipe.read_noise);
  const float shot = static_cast<float>(recipe.shot_noise);
  const float common = static_cast<float>(std::sqrt(recipe.noise_correlation));
  const float own = static_cast<float>(std::sqrt(1.0 - recipe.noise_correlation));
  const Vignette vignette(signal.size(), recipe.vignetting);
  const std::uint64_t start = FrameStart(seed, frame);
  std::uint64_t pixel = 0;
  for (int y = 0; y < signal.rows; ++y) {
    const float* in = blurred.ptr<float>(y);
    float* out = signal.ptr<float>(y);
    for (int x = 0; x < signal.cols; ++x, in += 3, out += 3, ++pixel) {
      const float gain = exposure * vignette(static_cast<float>(x), static_cast<float>(y));
      const std::uint64_t bits = MixedBits(start, pixel);
      const float shared = common * normal(static_cast<std::uint32_t>(bits >> 48));
      for (int c = 0; c < 3; ++c) {
        const auto part = static_cast<std::uint32_t>((bits >> (16 * c)) & 0xFFFF);
        out[c] = Noisy(gain * in[c], read_variance, shot, shared + own * normal(part));
      }
    }
  }
  return signal;
}

cv::Mat Develop(const cv::Mat& linear_rgb, const SensorRecipe& recipe, std::uint64_t seed,
                std::int64_t frame) {
  const cv::Mat signal = Expose(linear_rgb, recipe, seed, frame);
  const ToneTable tone(recipe.shoulder);
  Eigen::Vector3f gains = WhiteBalanceGains(recipe.white_balance_kelvin);
  gains.x() *= static_cast<float>(recipe.gain_red);
  gains.z() *= static_cast<float>(recipe.gain_blue);
  const float saturation = static_cast<float>(recipe.saturation);
  const Eigen::Vector3f grey = (1.0f - saturation) * kLuminance.cwiseProduct(gains);
  const Eigen::Vector3f colour = saturation * gains;
  cv::Mat picture(signal.size(), CV_8UC3);
  for (int y = 0; y < signal.rows; ++y) {
    const float* in = signal.ptr<float>(y);
    std::uint8_t* out = picture.ptr<std::uint8_t>(y);
    for (int x = 0; x < signal.cols; ++x, in += 3, out += 3) {
      const float luminance = grey.x() * in[0] + grey.y() * in[1] + grey.z() * in[2];
      out[0] = tone(luminance + colour.z() * in[2]);
      out[1] = tone(luminance + colour.y() * in[1]);
      out[2] = tone(luminance + colour.x() * in[0]);
    }
  }
  if (recipe.sharpening > 0) {
    cv::Mat soft;
    cv::GaussianBlur(picture, soft, {}, 1.0, 1.0, cv::BORDER_REPLICATE);
    cv::addWeighted(picture, 1.0 + recipe.sharpening, soft, -recipe.sharpening, 0.0, picture);
  }
  if (recipe.jpeg_quality > 0) {
    std::vector<std::uint8_t> bytes;
    cv::imencode(".jpg", picture, bytes, {cv::IMWRITE_JPEG_QUALITY, recipe.jpeg_quality});
    picture = cv::imdecode(bytes, cv::IMREAD_COLOR);
  }
  return picture;
}

cv::Mat AverageFrames(const std::vector<cv::Mat>& linear_frames) {
  if (linear_frames.empty()) throw UsageError("There is no frame to average.");
  cv::Mat sum = cv::Mat::zeros(linear_frames.front().size(), CV_32FC3);
  for (const cv::Mat& frame : linear_frames) {
    CheckLinear(frame);
    if (frame.size() != sum.size()) {
      throw UsageError(fmt::format("Frames to average differ in size: {}×{} and {}×{} pixels.",
                                   sum.cols, sum.rows, frame.cols, frame.rows));
    }
    sum += frame;
  }
  return sum * (1.0 / static_cast<double>(linear_frames.size()));
}

}  // namespace maskbench
