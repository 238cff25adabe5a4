// What digital masks of a recording start from: measured once, drawn under any policy.
#include "maskbench/masking/mask_reconstruction.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <Eigen/LU>
#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/head/head_registry.h"
#include "maskbench/masking/mask_switches.h"
#include "maskbench/masking/reconstructor.h"
#include "maskbench/nn/eye_network.h"

namespace maskbench {
namespace {

constexpr char kFormat[] = "maskbench-mask-reconstruction";
constexpr int kVersion = 1;
constexpr double kInSight = 0.5;
constexpr size_t kSightNumbers = 9 + 1 + 2 + 2 * 7;

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Places of both globes' centres from the two orbits of a head. Where something hides one eye, its
/// orbit is put where it usually is against the other one.
class GlobePlaces {
 public:
  explicit GlobePlaces(const EyeFit& fit) : fit_(fit) {
    std::array<std::vector<double>, 2> across;
    for (size_t i = 0; i < fit.head[0].size(); ++i) {
      if (!fit.head[0][i].seen || !InSight(0, i) || !InSight(1, i)) continue;
      const Eigen::Vector2d apart = InHead(i).inverse() * (At(1, i) - At(0, i));
      across[0].push_back(apart.x());
      across[1].push_back(apart.y());
    }
    if (!across[0].empty()) apart_ = Eigen::Vector2d(Median(across[0]), Median(across[1]));
  }

  /// View px of the point between the globes.
  Eigen::Vector2d Between(size_t frame) const {
    const bool right = InSight(0, frame), left = InSight(1, frame);
    if (apart_ && right != left) {
      const Eigen::Vector2d half = InHead(frame) * *apart_ / 2;
      return right ? Eigen::Vector2d(At(0, frame) + half) : Eigen::Vector2d(At(1, frame) - half);
    }
    return (At(0, frame) + At(1, frame)) / 2;
  }

 private:
  bool InSight(size_t s, size_t frame) const {
    return fit_.record.eyes[s].in_sight[frame] >= kInSight;
  }
  /// View px per mm of the frontal plane.
  Eigen::Matrix2d InHead(size_t frame) const {
    const HeadView& view = fit_.head[0][frame];
    return view.scale_px / fit_.size * view.rotation.topLeftCorner<2, 2>();
  }
  Eigen::Vector2d At(size_t s, size_t frame) const {
    const HeadView& view = fit_.head[s][frame];
    return (view.scale_px / fit_.size * (view.rotation * fit_.eyes[s].centre_mm) + view.origin_px)
        .head<2>();
  }

  const EyeFit& fit_;
  std::optional<Eigen::Vector2d> apart_;  ///< Left against right, mm of the frontal plane.
};

MaskEyeSight SightOf(const EyeTraces& traces, size_t frame) {
  return {traces.in_sight[frame],
          traces.shut[frame],
          traces.camera_azimuth_deg.values[frame],
          traces.camera_elevation_deg.values[frame],
          traces.mrd1_mm.values[frame],
          traces.mrd2_mm.values[frame],
          traces.aperture_mm.values[frame]};
}

/// Every number of a sight, in the order of the file.
template <class Sight, class Visit>
void VisitSight(Sight* sight, const Visit& visit) {
  for (Eigen::Index k = 0; k < 9; ++k) visit(&sight->rotation(k / 3, k % 3));
  visit(&sight->px_per_mm);
  visit(&sight->between_px.x());
  visit(&sight->between_px.y());
  for (auto& eye : sight->eyes) {
    for (auto* value : {&eye.in_sight, &eye.shut, &eye.azimuth_deg, &eye.elevation_deg,
                        &eye.mrd1_mm, &eye.mrd2_mm, &eye.aperture_mm})
      visit(value);
  }
}

Json JsonOf(const MaskFaceFit& face) {
  const FaceIdentity& identity = face.identity;
  return {{"known", identity.known},
          {"identity", std::vector<double>(identity.identity.begin(), identity.identity.end())},
          {"scale", identity.scale},
          {"expressions", face.expressions},
          {"activations", face.activations},
          {"reprojection_px_rms", face.reprojection_px_rms},
          {"reprojection_mm_rms", face.reprojection_mm_rms},
          {"residual_px_rms", face.residual_px_rms},
          {"frames_fitted", face.frames_fitted},
          {"frames_without_trust", face.frames_without_trust}};
}

MaskFaceFit FaceOf(const Json& json) {
  MaskFaceFit face;
  face.identity.known = json.at("known");
  const auto identity = json.at("identity").get<std::vector<double>>();
  face.identity.identity = Eigen::Map<const Eigen::VectorXd>(
      identity.data(), static_cast<Eigen::Index>(identity.size()));
  face.identity.scale = json.at("scale");
  face.expressions = json.at("expressions").get<std::vector<std::string>>();
  face.activations = json.at("activations").get<std::vector<std::vector<double>>>();
  face.reprojection_px_rms = json.at("reprojection_px_rms");
  face.reprojection_mm_rms = json.at("reprojection_mm_rms");
  face.residual_px_rms = json.at("residual_px_rms");
  face.frames_fitted = json.at("frames_fitted");
  face.frames_without_trust = json.at("frames_without_trust");
  return face;
}

struct ReconstructionOptions {
  std::string model = "parametric";
  double camera_distance_mm = EyeFitOptions().camera_distance_mm;

  static const OptionTable<ReconstructionOptions>& Options() {
    using O = ReconstructionOptions;
    static const auto table =
        OptionTable<O>()
            .Add("model", &O::model, "Head model that the face is fitted with.",
                 {OneOf({"parametric", "canonical468"})})
            .Add("camera_distance_mm", &O::camera_distance_mm,
                 "Distance of the eyes from the camera, mm.", {Range(100, 10000)});
    return table;
  }
};

class MaskReconstructorComponent : public Reconstructor {
 public:
  MaskReconstructorComponent(const ReconstructionOptions& options, const Context& context)
      : options_(options), context_(context) {}

  Json Reconstruct(const ReconstructionJob& job) override {
    if (!maker_) maker_.emplace(*context_.networks, options_.model, options_.camera_distance_mm);
    const MaskReconstruction made = maker_->Reconstruct(job.recording, job.track, true);
    WriteFileAtomically(job.output, SerialiseMaskReconstruction(made));
    return {{"face_fit", made.face->Notes()}};
  }

 private:
  ReconstructionOptions options_;
  Context context_;
  std::optional<MaskReconstructor> maker_;
};

}  // namespace

std::vector<MaskSight> SightsOf(const EyeFit& fit) {
  const GlobePlaces places(fit);
  std::vector<MaskSight> sights(fit.head[0].size());
  for (size_t i = 0; i < sights.size(); ++i) {
    const HeadView& view = fit.head[0][i];
    MaskSight& sight = sights[i];
    sight.seen = view.seen;
    if (!view.seen) continue;
    sight.rotation = view.rotation;
    sight.px_per_mm = view.scale_px / fit.size;
    sight.between_px = places.Between(i);
    for (size_t s = 0; s < 2; ++s) sight.eyes[s] = SightOf(fit.record.eyes[s], i);
  }
  return sights;
}

std::string SerialiseMaskReconstruction(const MaskReconstruction& reconstruction) {
  Json frames = Json::array();
  for (const MaskSight& sight : reconstruction.sights) {
    Json numbers = Json::array();
    if (sight.seen) VisitSight(&sight, [&](const double* value) { numbers.push_back(*value); });
    frames.push_back(std::move(numbers));
  }
  const auto& spacing = reconstruction.eye_spacing_mm;
  const Json json = {
      {"format", kFormat},
      {"format_version", kVersion},
      {"picture_px", {reconstruction.picture_px.width, reconstruction.picture_px.height}},
      {"rate", {reconstruction.rate.numerator, reconstruction.rate.denominator}},
      {"model", reconstruction.model},
      {"camera_distance_mm", reconstruction.camera_distance_mm},
      {"iris_diameter_mm", reconstruction.iris_diameter_mm},
      {"frames", frames},
      {"eye_spacing_mm", spacing ? Json(*spacing) : Json()},
      {"face", reconstruction.face ? JsonOf(*reconstruction.face) : Json()}};
  const std::vector<std::uint8_t> bytes = Json::to_msgpack(json);
  return {bytes.begin(), bytes.end()};
}

MaskReconstruction ParseMaskReconstruction(const std::string& bytes, const std::string& origin) {
  const Json json = Json::from_msgpack(bytes, true, false);
  if (!json.is_object() || json.value("format", Json()) != kFormat ||
      json.value("format_version", Json()) != kVersion) {
    throw DataError(fmt::format("{} is no reconstruction of this version.", origin));
  }
  MaskReconstruction made;
  try {
    made.picture_px = {json.at("picture_px").at(0).get<int>(),
                       json.at("picture_px").at(1).get<int>()};
    made.rate.numerator = json.at("rate").at(0);
    made.rate.denominator = json.at("rate").at(1);
    made.model = json.at("model").get<std::string>();
    made.camera_distance_mm = json.at("camera_distance_mm");
    made.iris_diameter_mm = json.at("iris_diameter_mm");
    for (const Json& numbers : json.at("frames")) {
      MaskSight sight;
      sight.seen = !numbers.empty();
      if (sight.seen && numbers.size() != kSightNumbers) {
        throw DataError(fmt::format("{} has a frame of {} numbers; it needs {}.", origin,
                                    numbers.size(), kSightNumbers));
      }
      size_t next = 0;
      if (sight.seen)
        VisitSight(&sight, [&](double* value) { *value = numbers.at(next++).get<double>(); });
      made.sights.push_back(sight);
    }
    if (!json.at("eye_spacing_mm").is_null())
      made.eye_spacing_mm = json.at("eye_spacing_mm").get<double>();
    if (!json.at("face").is_null()) made.face = FaceOf(json.at("face"));
  } catch (const Json::exception& error) {
    throw DataError(
        fmt::format("{} is a reconstruction that lacks something: {}.", origin, error.what()));
  }
  if (made.face && made.face->activations.size() != made.sights.size()) {
    throw DataError(fmt::format("{} has expressions of {} frames and eyes of {}.", origin,
                                made.face->activations.size(), made.sights.size()));
  }
  return made;
}

MaskReconstructor::MaskReconstructor(const NetworkLibrary& networks, const std::string& model,
                                     double camera_distance_mm)
    : camera_distance_mm_(camera_distance_mm),
      reader_(networks),
      canonical_mm_(CanonicalFace(networks.models_dir())),
      globes_mm_(CanonicalGlobes(networks.models_dir())),
      model_name_(model),
      model_(MakeHeadModel(model, networks.models_dir())) {}

MaskReconstruction MaskReconstructor::Reconstruct(const Recording& recording,
                                                  const std::filesystem::path& track,
                                                  bool with_face) {
  const EyeReading reading = reader_.Read(recording, track, canonical_mm_);
  if (reading.frames_with_face == 0)
    throw DataError("no face was found in any frame, so there is nothing that a mask could show.");
  EyeFitOptions fit_options;
  fit_options.camera_distance_mm = camera_distance_mm_;
  const EyeFit fit = FitEyes(reading, canonical_mm_, globes_mm_, fit_options);
  MaskReconstruction made;
  made.picture_px = reading.picture_px;
  made.rate = recording.info.rate;
  made.model = model_name_;
  made.camera_distance_mm = camera_distance_mm_;
  made.iris_diameter_mm = fit.record.iris_diameter_mm;
  made.sights = SightsOf(fit);
  made.eye_spacing_mm = EyeSpacingMm(fit);
  if (with_face) {
    MaskFaceFitOptions face_options;
    face_options.camera_distance_mm = camera_distance_mm_;
    made.face = FitMaskFace(track, reading, fit, *model_, face_options);
  }
  return made;
}

void RegisterReconstructors(Registry<Reconstructor>* registry) {
  registry->Add<ReconstructionOptions>(
      {kMaskReconstructionType,
       1,
       "What digital masks start from: eyes and head of every frame, and a head model's face.",
       {EyeNetworkContract().name, "head/parametric", "head/canonical468"}},
      [](const ReconstructionOptions& options, const Reconstructor::Context& context) {
        return std::make_unique<MaskReconstructorComponent>(options, context);
      });
}

}  // namespace maskbench
