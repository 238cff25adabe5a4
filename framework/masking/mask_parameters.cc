#include "maskbench/masking/mask_parameters.h"

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/json.h"

namespace maskbench {
namespace {

constexpr char kFormat[] = "maskbench-mask-parameters";
constexpr int kVersion = 3;
constexpr std::int64_t kMostFrames = 100'000'000;

/// A whole number that stands in the file: its place in a frame, step and range.
struct Field {
  double* value;
  double step;
  double low, high;  ///< In the value's unit.
  const char* name;
};

/// Every number of a frame but the activations, in the order of the file; statuses are visited as
/// numbers.
template <class Visit>
void VisitFrame(MaskFrame* frame, const Visit& visit) {
  const auto status = [&](auto* what, int last, const char* name) {
    double number = static_cast<double>(*what);
    visit(Field{&number, 1, 0, static_cast<double>(last), name});
    *what = static_cast<std::remove_pointer_t<decltype(what)>>(static_cast<int>(number));
  };
  status(&frame->status, 3, "status");
  visit(Field{&frame->opacity, mask_step::kOpacity, 0, 1, "opacity"});
  visit(Field{&frame->yaw_deg, mask_step::kDegrees, -180, 180, "yaw"});
  visit(Field{&frame->pitch_deg, mask_step::kDegrees, -180, 180, "pitch"});
  visit(Field{&frame->roll_deg, mask_step::kDegrees, -180, 180, "roll"});
  visit(Field{&frame->px_per_mm, mask_step::kPixelsPerMillimetre, 0, 1000, "px per mm"});
  visit(Field{&frame->place_px.x, mask_step::kPixels, -1e5, 1e5, "place x"});
  visit(Field{&frame->place_px.y, mask_step::kPixels, -1e5, 1e5, "place y"});
  for (MaskEye& eye : frame->eyes) {
    status(&eye.status, 3, "status of an eye");
    visit(Field{&eye.azimuth_deg, mask_step::kDegrees, -90, 90, "azimuth"});
    visit(Field{&eye.elevation_deg, mask_step::kDegrees, -90, 90, "elevation"});
    visit(Field{&eye.mrd1_mm, mask_step::kMillimetres, -40, 40, "MRD1"});
    visit(Field{&eye.mrd2_mm, mask_step::kMillimetres, -40, 40, "MRD2"});
    visit(Field{&eye.aperture_mm, mask_step::kMillimetres, 0, 40, "aperture"});
  }
}

Field ActivationField(double* activation) {
  return {activation, mask_step::kActivation, -10, 10, "activation"};
}

std::int64_t Counts(double value, double step) {
  return static_cast<std::int64_t>(std::llround(value / step));
}

double Rounded(double value, double step) {
  return static_cast<double>(Counts(value, step)) * step;
}

/// Little-endian base 128; small numbers of either sign are short.
void PutVarint(std::int64_t number, std::string* bytes) {
  auto bits = (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
  while (bits >= 0x80) {
    bytes->push_back(static_cast<char>(bits | 0x80));
    bits >>= 7;
  }
  bytes->push_back(static_cast<char>(bits));
}

/// False at the end of the bytes and for numbers longer than 64 bits.
bool TakeVarint(const std::string& bytes, size_t* at, std::int64_t* number) {
  std::uint64_t bits = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (*at >= bytes.size()) return false;
    const auto byte = static_cast<std::uint8_t>(bytes[(*at)++]);
    bits |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      *number = static_cast<std::int64_t>(bits >> 1) ^ -static_cast<std::int64_t>(bits & 1);
      return true;
    }
  }
  return false;
}

std::string TextOf(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

Json HeaderJson(const MaskHeader& header) {
  Json identity = Json::array();
  for (const double coefficient : header.identity)
    identity.push_back(Rounded(coefficient, mask_step::kCoefficient));
  return {{"format", kFormat},
          {"format_version", kVersion},
          {"width_px", header.picture_px.width},
          {"height_px", header.picture_px.height},
          {"rate", {header.rate.numerator, header.rate.denominator}},
          {"mode", ToString(header.mode)},
          {"latency_frames", header.latency_frames},
          {"model", header.model},
          {"policy", header.policy},
          {"iris_diameter_mm", header.iris_diameter_mm},
          {"camera_distance_mm", header.camera_distance_mm},
          {"focal_px", Rounded(header.focal_px, mask_step::kFocalPixels)},
          {"eyelid", header.stages.eyelid},
          {"eyeball", header.stages.eyeball},
          {"retargeting", header.stages.retargeting},
          {"identity", identity},
          {"scale", Rounded(header.scale, mask_step::kScale)},
          {"expressions", header.expressions}};
}

MaskHeader HeaderOf(const Json& json, const std::string& origin) {
  MaskHeader header;
  try {
    header.picture_px = {json.at("width_px").get<int>(), json.at("height_px").get<int>()};
    header.rate.numerator = json.at("rate").at(0).get<int>();
    header.rate.denominator = json.at("rate").at(1).get<int>();
    const auto mode = json.at("mode").get<std::string>();
    header.mode = mode == ToString(MaskMode::kCausal) ? MaskMode::kCausal : MaskMode::kOffline;
    if (mode != ToString(header.mode)) {
      throw DataError(fmt::format("{} says mode = {}; offline and causal can be.", origin,
                                  json.at("mode").dump()));
    }
    header.latency_frames = json.at("latency_frames").get<int>();
    header.model = json.at("model").get<std::string>();
    header.policy = json.at("policy").get<std::string>();
    header.iris_diameter_mm = json.at("iris_diameter_mm").get<double>();
    header.camera_distance_mm = json.at("camera_distance_mm").get<double>();
    header.focal_px = json.at("focal_px").get<double>();
    header.stages.eyelid = json.at("eyelid").get<bool>();
    header.stages.eyeball = json.at("eyeball").get<bool>();
    header.stages.retargeting = json.at("retargeting").get<bool>();
    header.identity = json.at("identity").get<std::vector<double>>();
    header.scale = json.at("scale").get<double>();
    header.expressions = json.at("expressions").get<std::vector<std::string>>();
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{} has a header of mask parameters that lacks something: {}.",
                                origin, error.what()));
  }
  const auto positive = [&](double value, double most, const char* name) {
    if (!(value > 0 && value <= most)) {
      throw DataError(fmt::format("{} says {} = {}; more than 0 and at most {} can be.", origin,
                                  name, value, most));
    }
  };
  positive(header.picture_px.width, 16384, "width_px");
  positive(header.picture_px.height, 16384, "height_px");
  if (header.latency_frames < 0) {
    throw DataError(fmt::format("{} says latency_frames = {}; 0 or more can be.", origin,
                                header.latency_frames));
  }
  positive(header.rate.numerator, std::numeric_limits<int>::max(), "rate");
  positive(header.rate.denominator, std::numeric_limits<int>::max(), "rate");
  positive(header.iris_diameter_mm, 100, "iris_diameter_mm");
  positive(header.camera_distance_mm, 1e6, "camera_distance_mm");
  positive(header.focal_px, 1e8, "focal_px");
  positive(header.scale, 10, "scale");
  return header;
}

}  // namespace

std::string ToString(MaskMode mode) { return mode == MaskMode::kCausal ? "causal" : "offline"; }

void MaskFrameWriter::Put(const MaskFrame& given, std::string* bytes) {
  const std::int64_t i = index_++;
  MaskFrame frame = given;
  if (frame.expression.size() != expressions_) {
    throw UsageError(fmt::format("frame {} of mask parameters has {} activations of {}.", i,
                                 frame.expression.size(), expressions_));
  }
  size_t k = 0;
  const auto change = [&](const Field& field) {
    if (!(*field.value >= field.low && *field.value <= field.high)) {
      throw UsageError(fmt::format("frame {} of mask parameters has {} = {}; {} to {} can be.", i,
                                   field.name, *field.value, field.low, field.high));
    }
    const std::int64_t counts = Counts(*field.value, field.step);
    if (k == before_.size()) before_.push_back(0);
    return counts - std::exchange(before_[k++], counts);
  };
  VisitFrame(&frame, [&](const Field& field) { PutVarint(change(field), bytes); });
  // Most expressions rest most of the time: which of them changed, then by how much.
  std::string changed((frame.expression.size() + 7) / 8, '\0'), changes;
  for (size_t e = 0; e < frame.expression.size(); ++e) {
    const std::int64_t by = change(ActivationField(&frame.expression[e]));
    if (by == 0) continue;
    changed[e / 8] = static_cast<char>(changed[e / 8] | (1 << (e % 8)));
    PutVarint(by, &changes);
  }
  *bytes += changed + changes;
}

MaskFrame MaskFrameReader::Take(const std::string& bytes, size_t* at) {
  const std::int64_t i = index_++;
  MaskFrame frame;
  frame.expression.resize(expressions_);
  size_t k = 0;
  const auto ends = [&] {
    return DataError(fmt::format("{} ends within frame {} of {}.", origin_, i, count_));
  };
  const auto take = [&](const Field& field, bool changes) {
    std::int64_t change = 0;
    if (changes && !TakeVarint(bytes, at, &change)) throw ends();
    if (k == before_.size()) before_.push_back(0);
    // Unsigned, since damaged files may overflow.
    before_[k] = static_cast<std::int64_t>(static_cast<std::uint64_t>(before_[k]) +
                                           static_cast<std::uint64_t>(change));
    *field.value = static_cast<double>(before_[k++]) * field.step;
    if (!(*field.value >= field.low - field.step / 2 &&
          *field.value <= field.high + field.step / 2)) {
      throw DataError(fmt::format("{}: frame {} has {} = {}; {} to {} can be.", origin_, i,
                                  field.name, *field.value, field.low, field.high));
    }
  };
  VisitFrame(&frame, [&](const Field& field) { take(field, true); });
  const size_t flags = *at;
  *at += (frame.expression.size() + 7) / 8;
  if (*at > bytes.size()) throw ends();
  for (size_t e = 0; e < frame.expression.size(); ++e)
    take(ActivationField(&frame.expression[e]), (bytes[flags + e / 8] >> (e % 8) & 1) != 0);
  return frame;
}

MaskHeader RoundedMaskHeader(const MaskHeader& header) {
  return HeaderOf(Json::parse(HeaderJson(header).dump()), "a header of mask parameters");
}

std::string MaskParametersFile(const MaskHeader& given, size_t frames, const std::string& payload) {
  Json header = HeaderJson(given);
  header["frames"] = frames;
  const std::string body = "\n" + payload;
  header["sha256"] = Sha256OfBytes(header.dump() + body);
  return header.dump() + body;
}

std::string SerialiseMaskParameters(const MaskParameters& parameters) {
  std::string payload;
  MaskFrameWriter writer(parameters.header);
  for (const MaskFrame& frame : parameters.frames) writer.Put(frame, &payload);
  return MaskParametersFile(parameters.header, parameters.frames.size(), payload);
}

MaskParameters ParseMaskParameters(const std::string& bytes, const std::string& origin) {
  const size_t line = bytes.find('\n');
  Json json = Json::parse(bytes.substr(0, line), nullptr, false);
  if (line == std::string::npos || !json.is_object() || TextOf(json, "format") != kFormat) {
    throw DataError(fmt::format("{} is no file of mask parameters.", origin));
  }
  if (json.value("format_version", Json()) != kVersion) {
    throw DataError(fmt::format("{} has format version {}; this program reads version {}.", origin,
                                json.value("format_version", Json()).dump(), kVersion));
  }
  MaskParameters parameters;
  parameters.header = HeaderOf(json, origin);
  const Json frames = json.value("frames", Json());
  if (!frames.is_number_unsigned() || frames.get<std::uint64_t>() > kMostFrames) {
    throw DataError(fmt::format("{} does not say how many frames it has.", origin));
  }
  const std::string payload = bytes.substr(line + 1);
  const auto count = static_cast<size_t>(frames.get<std::uint64_t>());
  MaskFrameReader reader(parameters.header, origin, count);
  size_t at = 0;
  for (size_t i = 0; i < count; ++i) parameters.frames.push_back(reader.Take(payload, &at));
  if (at != payload.size()) {
    throw DataError(
        fmt::format("{} goes on for {} bytes after its last frame.", origin, payload.size() - at));
  }
  const std::string sha256 = TextOf(json, "sha256");
  json.erase("sha256");
  if (sha256 != Sha256OfBytes(json.dump() + "\n" + payload)) {
    throw DataError(fmt::format("{} is damaged: its SHA-256 is another than it says.", origin));
  }
  return parameters;
}

void WriteMaskParameters(const std::filesystem::path& file, const MaskParameters& parameters) {
  WriteFileAtomically(file, SerialiseMaskParameters(parameters));
}

MaskParameters ReadMaskParameters(const std::filesystem::path& file) {
  return ParseMaskParameters(ReadFile(file), file.string());
}

}  // namespace maskbench
