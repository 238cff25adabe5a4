#include "tfjs_weights.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"

namespace maskbench {
namespace {

// IEEE 754 binary16 to binary32; exact for every input, including subnormals.
float HalfToFloat(uint16_t half) {
  const int sign = half >> 15;
  const int exponent = (half >> 10) & 0x1f;
  const int mantissa = half & 0x3ff;
  float magnitude;
  if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(mantissa), -24);
  } else if (exponent == 31) {
    magnitude = mantissa == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else {
    magnitude = std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  }
  return sign ? -magnitude : magnitude;
}

// Consumes a shard group front to back. Values are little-endian, as is the machine.
class ByteReader {
 public:
  ByteReader(std::string bytes, std::string origin)
      : bytes_(std::move(bytes)), origin_(std::move(origin)) {}

  template <typename T>
  std::vector<T> Read(size_t count, const std::string& weight_name) {
    const size_t available = (bytes_.size() - position_) / sizeof(T);
    if (count > available) {
      throw DataError(
          fmt::format("{} is too short: weight '{}' needs {} values of {} bytes at byte "
                      "{}, but the file has {} bytes.",
                      origin_, weight_name, count, sizeof(T), position_, bytes_.size()));
    }
    std::vector<T> values(count);
    if (count > 0) std::memcpy(values.data(), bytes_.data() + position_, count * sizeof(T));
    position_ += count * sizeof(T);
    return values;
  }

  void ExpectEnd() const {
    if (position_ == bytes_.size()) return;
    throw DataError(fmt::format("{} is too long: its weights end at byte {}, but it has {} bytes.",
                                origin_, position_, bytes_.size()));
  }

 private:
  std::string bytes_;
  std::string origin_;
  size_t position_ = 0;
};

template <typename T>
std::vector<float> Dequantise(const std::vector<T>& quantised, double scale, double minimum) {
  std::vector<float> values;
  values.reserve(quantised.size());
  // In double and rounded once, as TensorFlow.js does.
  for (const T q : quantised) values.push_back(static_cast<float>(q * scale + minimum));
  return values;
}

size_t ElementCount(const std::vector<int64_t>& shape, const std::string& name) {
  // Far above any network here; keeps a corrupt manifest from overflowing the product.
  constexpr int64_t kMaxElements = int64_t{1} << 30;
  int64_t count = 1;
  for (const int64_t axis : shape) {
    if (axis < 0 || (axis > 0 && count > kMaxElements / axis)) {
      throw DataError(fmt::format("Weight '{}' has an axis of impossible length {}.", name, axis));
    }
    count *= axis;
  }
  return static_cast<size_t>(count);
}

TfjsWeight ReadWeight(const Json& entry, ByteReader* reader) {
  const std::string name = entry.at("name").get<std::string>();
  const std::string dtype = entry.at("dtype").get<std::string>();
  TfjsWeight weight;
  weight.shape = entry.at("shape").get<std::vector<int64_t>>();
  const size_t count = ElementCount(weight.shape, name);

  if (dtype == "int32" && !entry.contains("quantization")) {
    const std::vector<int32_t> values = reader->Read<int32_t>(count, name);
    weight.integers.assign(values.begin(), values.end());
    return weight;
  }
  if (dtype == "float32") {
    if (!entry.contains("quantization")) {
      weight.floats = reader->Read<float>(count, name);
      return weight;
    }
    const Json& quantization = entry.at("quantization");
    const std::string stored = quantization.at("dtype").get<std::string>();
    if (stored == "float16") {
      for (const uint16_t half : reader->Read<uint16_t>(count, name)) {
        weight.floats.push_back(HalfToFloat(half));
      }
      return weight;
    }
    if (stored == "uint8" || stored == "uint16") {
      const double scale = quantization.at("scale").get<double>();
      const double minimum = quantization.at("min").get<double>();
      weight.floats = stored == "uint8"
                          ? Dequantise(reader->Read<uint8_t>(count, name), scale, minimum)
                          : Dequantise(reader->Read<uint16_t>(count, name), scale, minimum);
      return weight;
    }
    throw DataError(
        fmt::format("Weight '{}' is quantised as '{}', which is not supported.", name, stored));
  }
  throw DataError(fmt::format("Weight '{}' has type '{}'{}, which is not supported.", name, dtype,
                              entry.contains("quantization") ? " (quantised)" : ""));
}

}  // namespace

TfjsWeights ReadTfjsWeights(const Json& manifest, const std::filesystem::path& folder) {
  TfjsWeights weights;
  try {
    for (const Json& group : manifest) {
      std::string bytes;
      std::string origin;
      for (const Json& shard : group.at("paths")) {
        const std::filesystem::path path = folder / shard.get<std::string>();
        bytes += ReadFile(path);
        origin += (origin.empty() ? "" : " + ") + path.string();
      }
      ByteReader reader(std::move(bytes), std::move(origin));
      for (const Json& entry : group.at("weights")) {
        const std::string name = entry.at("name").get<std::string>();
        if (!weights.emplace(name, ReadWeight(entry, &reader)).second) {
          throw DataError(fmt::format("Weight '{}' appears twice in the manifest.", name));
        }
      }
      reader.ExpectEnd();
    }
  } catch (const Json::exception& error) {
    throw DataError(
        fmt::format("Malformed weights manifest beside {}: {}", folder.string(), error.what()));
  }
  return weights;
}

}  // namespace maskbench
